package asm

import (
	"cmp"
	"slices"
	"sort"

	"moho/decode"
	"moho/gotab"
	"moho/internal/cli"
	"moho/objfile"
)

// symbols is the symbol table, by address: what names data, and code that is
// not Go's. It is empty in a stripped program.
type symbols struct {
	all []objfile.Symbol
	err error
}

// symbols reads the symbol table when it is asked for first.
func (p *Program) symbols() *symbols {
	p.symsOnce.Do(func() {
		all, err := p.File.Symbols()
		if err != nil {
			p.syms.err = err
			return
		}
		slices.SortStableFunc(all, func(a, b objfile.Symbol) int { return cmp.Compare(a.Addr, b.Addr) })
		p.syms.all = all
	})
	return &p.syms
}

// at returns the index of the symbol that contains a, the smallest if several
// do, or -1.
func (s *symbols) at(a objfile.Addr) int {
	const nested = 16 // symbols that may begin between a and the start of its own
	i := sort.Search(len(s.all), func(i int) bool { return s.all[i].Addr > a })
	best := -1
	for j := i - 1; j >= 0 && j >= i-nested; j-- {
		x := &s.all[j]
		if x.Name == "" || a-x.Addr >= objfile.Addr(x.Size) && a != x.Addr {
			continue
		}
		if best < 0 || x.Size < s.all[best].Size {
			best = j
		}
	}
	return best
}

// Names names addresses: functions by the pclntab, data and C functions by the
// symbol table where there is one. It remembers what it was asked and must not
// be used concurrently.
type Names struct {
	p     *Program
	lo    uint64 // of the function that Within was given
	hi    uint64
	cache []named
}

// A named is what is remembered of an address. Most calls are of few functions,
// and a search in a hundred thousand of them takes longer than decoding.
type named struct {
	addr uint64
	text []byte
}

const nameCache = 1 << 12 // addresses that are remembered

// Names returns a Names of p.
func (p *Program) Names() *Names {
	return &Names{p: p, cache: make([]named, nameCache)}
}

// Within says in which function the code lies that is about to be read: its own
// addresses but the entry get no name, they are plainer as they are.
func (n *Names) Within(fn gotab.Func) { n.lo, n.hi = uint64(fn.Entry()), uint64(fn.Next()) }

// Append appends the name of addr to dst, with "+0x…" if addr lies inside, or
// nothing if there is none. It is a [decode.Symbolizer]; names are escaped.
func (n *Names) Append(dst []byte, addr uint64) []byte {
	if addr > n.lo && addr < n.hi {
		return dst
	}
	at := &n.cache[addr*0x9e3779b97f4a7c15>>(64-12)]
	if at.addr != addr || at.text == nil {
		at.addr, at.text = addr, n.lookup(at.text[:0], addr)
	}
	return append(dst, at.text...)
}

var _ decode.Symbolizer = (*Names)(nil).Append

func (n *Names) lookup(dst []byte, addr uint64) []byte {
	if dst == nil {
		dst = make([]byte, 0, 32)
	}
	if fn, ok := n.p.Table.FuncAt(gotab.PC(addr)); ok {
		return appendOffset(visible(fn.AppendName(dst)), addr-uint64(fn.Entry()))
	}
	s := n.p.symbols()
	i := s.at(objfile.Addr(addr))
	if i < 0 {
		return dst
	}
	return appendOffset(visible(append(dst, s.all[i].Name...)), addr-uint64(s.all[i].Addr))
}

// visible returns name with everything escaped that a terminal would act on.
func visible(name []byte) []byte {
	for _, c := range name {
		if c < ' ' || c >= 0x7f {
			return append(name[:0], cli.Escape(string(name))...)
		}
	}
	return name
}

// appendOffset appends "+0x…" unless off is 0.
func appendOffset(dst []byte, off uint64) []byte {
	if off == 0 {
		return dst
	}
	return AppendHex(append(dst, '+'), off)
}

// AppendHex appends v as 0x….
func AppendHex(dst []byte, v uint64) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, "0x"...)
	shift := 60
	for shift > 0 && v>>shift == 0 {
		shift -= 4
	}
	for ; shift >= 0; shift -= 4 {
		dst = append(dst, digits[v>>shift&15])
	}
	return dst
}
