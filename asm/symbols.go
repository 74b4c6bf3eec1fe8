package asm

import (
	"bytes"
	"cmp"
	"slices"
	"sort"
	"strconv"

	"moho/decode"
	"moho/gotab"
	"moho/internal/cli"
	"moho/objfile"
)

// symbols is the symbol table, by address: what names data, and code that is
// not Go's. It is empty in a stripped program. Names alias the file.
type symbols struct {
	all []symbol
	err error
}

type symbol struct {
	addr, size uint64
	name       []byte
}

// symbols reads the symbol table when it is asked for first.
func (p *Program) symbols() *symbols {
	p.symsOnce.Do(func() {
		n := 0
		err := p.File.EachSymbol(func(objfile.Symbol, []byte) bool { n++; return true })
		if err != nil {
			p.syms.err = err
			return
		}
		all := make([]symbol, 0, n)
		err = p.File.EachSymbol(func(s objfile.Symbol, name []byte) bool {
			if names(s, name) {
				all = append(all, symbol{uint64(s.Addr), s.Size, name})
			}
			return true
		})
		if err != nil {
			p.syms.err = err
			return
		}
		slices.SortFunc(all, func(a, b symbol) int {
			return cmp.Or(cmp.Compare(a.addr, b.addr), cmp.Compare(a.size, b.size), bytes.Compare(a.name, b.name))
		})
		p.syms.all = all
	})
	return &p.syms
}

// names reports whether s names what lies at its address. The linker's marks at
// the beginning of what it has put together (runtime.gcbits.*) have no size: code
// that computes such an address, or a constant that equals it, means something else.
func names(s objfile.Symbol, name []byte) bool {
	return len(name) > 0 && (s.Size > 0 || !bytes.HasSuffix(name, []byte(".*")))
}

// at returns the index of the symbol that contains a, the smallest if several
// do, or -1.
func (s *symbols) at(a uint64) int {
	const nested = 16 // symbols that may begin between a and the start of its own
	i := sort.Search(len(s.all), func(i int) bool { return s.all[i].addr > a })
	best := -1
	for j := i - 1; j >= 0 && j >= i-nested; j-- {
		x := &s.all[j]
		if a-x.addr >= x.size && a != x.addr {
			continue
		}
		if best < 0 || x.size < s.all[best].size {
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

	learnt int // calls of Learn
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
	at := n.slot(addr)
	if at.addr != addr || at.text == nil {
		at.addr, at.text = addr, n.lookup(at.text[:0], addr)
	}
	return append(dst, at.text...)
}

// fewLearnt is how many functions' addresses are looked up by going through the
// symbol table once for each. For more it pays to sort the table, which takes
// longer and ten times the memory.
const fewLearnt = 8

// Learn looks up addresses that Append will be asked for.
func (n *Names) Learn(addrs []uint64) {
	if n.learnt++; n.learnt > fewLearnt {
		return // Append sorts the table
	}
	slices.Sort(addrs)
	addrs = slices.DeleteFunc(slices.Compact(addrs), func(a uint64) bool {
		_, code := n.p.Table.FuncAt(gotab.PC(a))
		return code
	})
	type found struct {
		sym  objfile.Symbol
		name []byte
	}
	best := make([]found, len(addrs))
	err := n.p.File.EachSymbol(func(s objfile.Symbol, name []byte) bool {
		i, _ := slices.BinarySearch(addrs, uint64(s.Addr))
		for ; i < len(addrs) && names(s, name); i++ {
			if a := addrs[i] - uint64(s.Addr); a != 0 && a >= s.Size {
				break
			}
			if best[i].name == nil || s.Size < best[i].sym.Size {
				best[i] = found{s, name}
			}
		}
		return true
	})
	if err != nil {
		return
	}
	for i, a := range addrs {
		at := n.slot(a)
		at.addr, at.text = a, at.text[:0]
		if at.text == nil {
			at.text = []byte{}
		}
		if b := best[i]; b.name != nil {
			at.text = appendOffset(visible(append(at.text, b.name...)), a-uint64(b.sym.Addr))
		}
	}
}

func (n *Names) slot(addr uint64) *named { return &n.cache[addr*0x9e3779b97f4a7c15>>(64-12)] }

var _ decode.Symbolizer = (*Names)(nil).Append

func (n *Names) lookup(dst []byte, addr uint64) []byte {
	if dst == nil {
		dst = make([]byte, 0, 32)
	}
	if fn, ok := n.p.Table.FuncAt(gotab.PC(addr)); ok {
		return appendOffset(visible(fn.AppendName(dst)), addr-uint64(fn.Entry()))
	}
	s := n.p.symbols()
	i := s.at(addr)
	if i < 0 {
		return dst
	}
	return appendOffset(visible(append(dst, s.all[i].name...)), addr-s.all[i].addr)
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
	return strconv.AppendUint(append(dst, "0x"...), v, 16)
}
