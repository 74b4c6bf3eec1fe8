package asm

import (
	"cmp"
	"slices"
	"sort"

	"moho/decode"
	"moho/gotab"
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

// at returns the symbol that contains a, with the smallest size if several do.
func (s *symbols) at(a objfile.Addr) (objfile.Symbol, bool) {
	const nested = 16 // symbols that may begin between a and the start of its own
	i := sort.Search(len(s.all), func(i int) bool { return s.all[i].Addr > a })
	var best objfile.Symbol
	found := false
	for j := i - 1; j >= 0 && j >= i-nested; j-- {
		x := s.all[j]
		if x.Name == "" || a-x.Addr >= objfile.Addr(x.Size) && a != x.Addr {
			continue
		}
		if !found || x.Size < best.Size {
			best, found = x, true
		}
	}
	return best, found
}

// Symbolizer returns a function that names addresses: functions by the
// pclntab, data and C functions by the symbol table where there is one. It
// remembers what it was asked last and must not be used concurrently.
func (p *Program) Symbolizer() decode.Symbolizer {
	s := symbolizer{p: p}
	return s.append
}

type symbolizer struct {
	p  *Program
	fn gotab.Func // that holds [lo, hi)

	lo, hi uint64
}

func (s *symbolizer) append(dst []byte, addr uint64) []byte {
	if addr < s.lo || addr >= s.hi {
		fn, ok := s.p.Table.FuncAt(gotab.PC(addr))
		if !ok {
			return s.data(dst, addr)
		}
		s.fn, s.lo, s.hi = fn, uint64(fn.Entry()), uint64(fn.Next())
	}
	return appendOffset(s.fn.AppendName(dst), addr-s.lo)
}

func (s *symbolizer) data(dst []byte, addr uint64) []byte {
	sym, ok := s.p.symbols().at(objfile.Addr(addr))
	if !ok {
		return dst
	}
	return appendOffset(append(dst, sym.Name...), addr-uint64(sym.Addr))
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
