package gotab

import (
	"encoding/binary"
	"fmt"
	"sort"
	"sync"

	"moho/arch"
	"moho/objfile"
)

// PC is a program counter in the runtime's own unit, at link time.
type PC uint64

// Memory is where tables lie: an [objfile.File], or the memory of a stopped
// process behind an adapter that gives link addresses.
//
// Slice returns n bytes that stay valid and unchanged as long as the Table is
// used. Word returns a pointer-sized word with relocations applied.
type Memory interface {
	Arch() *arch.Arch
	Slice(a objfile.Addr, n int) ([]byte, error)
	Word(a objfile.Addr) (uint64, error)
}

// A Table is the pclntab of one program. Its methods may be called concurrently.
type Table struct {
	mem    Memory
	addr   objfile.Addr
	hdr    header
	shifts uint   // what turns a text offset into a PC: 0, on wasm 16 since Go 1.25
	skew   uint32 // how far fields of a function's record lie behind their place since Go 1.18
	quant  uint64

	text     PC
	textFrom string
	goFunc   objfile.Addr // base of funcdata, 0 if unknown
	sects    []TextSect   // more than one, or nil
	mod      *Module

	names, cu, files, pctab, fns []byte
	nfunc                        int

	// ftab holds pairs of 4 bytes, text offset and offset in fns, and the end of
	// the last function: the beginning of fns, or made from it for Go 1.16.
	ftab []byte

	// What nothing in the tables says; found out when it is asked for.
	defersOnce, releaseOnce, typesOnce, shiftedOnce sync.Once

	newDefers, shifted bool
	before118          release
	region             typeRegion
}

// New opens the pclntab whose header is at pclntab and which is at most size
// bytes long, for a program whose text begins at text. goFunc is the base of
// funcdata (go:func.*); without it, 0, there are no inline trees and no other
// funcdata. Tables of Go 1.16 and 1.17 need neither: there text only says what
// offsets count from.
//
// It returns an error that wraps objfile.ErrFormat when the table is malformed
// and the error of m when it is not there.
func New(m Memory, pclntab objfile.Addr, size int, text PC, goFunc objfile.Addr) (*Table, error) {
	return newTable(m, pclntab, size, func(t *Table) {
		t.text, t.textFrom, t.goFunc = text, "caller", goFunc
	})
}

// NewModule opens the table that mod, from ReadModule, points to. Errors are
// those of New.
func NewModule(m Memory, mod Module) (*Table, error) {
	return newTable(m, mod.PCHeader, mod.size, func(t *Table) { t.setModule(mod) })
}

func (t *Table) setModule(mod Module) {
	t.mod, t.text, t.textFrom, t.goFunc = &mod, mod.Text, "moduledata", mod.GoFunc
	if len(mod.TextSects) > 1 && mod.Layout != since116 { // which has addresses
		t.sects = mod.TextSects
	}
}

func newTable(m Memory, at objfile.Addr, size int, base func(*Table)) (*Table, error) {
	a := m.Arch()
	if a == nil || a.PtrSize != 8 || a.Order != binary.ByteOrder(binary.LittleEndian) {
		return nil, fmt.Errorf("pclntab: machine is not one whose tables are read: %w", objfile.ErrFormat)
	}
	all, err := m.Slice(at, size)
	if err != nil {
		return nil, fmt.Errorf("pclntab: %w", err)
	}
	h, err := readHeader(all, uint64(len(all)), a)
	if err != nil {
		return nil, err
	}
	t := &Table{
		mem: m, addr: at, hdr: h, quant: uint64(a.Quantum),
		names: all[h.names:h.cu], cu: all[h.cu:h.files], files: all[h.files:h.pctab],
		pctab: all[h.pctab:h.fns], fns: all[h.fns:], nfunc: int(h.nfunc),
	}
	t.ftab = t.fns
	if !a.BytePC && h.version >= V118 && t.entryOff(t.nfunc) < wasmUnshifted {
		t.shifts = 16
	}
	base(t)
	if h.version == V116 {
		if err := t.readTable116(); err != nil {
			return nil, err
		}
	}
	for i := range t.nfunc { // binary search needs it
		if t.entryOff(i) > t.entryOff(i+1) {
			return nil, tableErr("function %d begins at text offset %#x, after function %d at %#x", i, t.entryOff(i), i+1, t.entryOff(i+1))
		}
	}
	return t, nil
}

// Addr returns the link address of the pclntab's header.
func (t *Table) Addr() objfile.Addr { return t.addr }

// Version returns the generation of the table.
func (t *Table) Version() TableVersion { return t.hdr.version }

// TextBase returns the PC that offsets in the table count from.
func (t *Table) TextBase() PC { return t.text << t.shifts }

// TextBaseFrom says where the text base was found: "moduledata", "pcHeader",
// "symbol", "functab" (the first function's entry), or "caller" when it was
// given to New.
func (t *Table) TextBaseFrom() string { return t.textFrom }

// Module returns the moduledata that belongs to the table, if it was found.
func (t *Table) Module() (Module, bool) {
	if t.mod == nil {
		return Module{}, false
	}
	return *t.mod, true
}

// NumFunc returns the number of functions.
func (t *Table) NumFunc() int { return t.nfunc }

// entryOff returns the text offset at which function i begins; i may be nfunc,
// for the end of the last one. Lengths were checked when the header was read.
func (t *Table) entryOff(i int) uint32 { return binary.LittleEndian.Uint32(t.ftab[8*i:]) }

// Func returns function i in order of address, or an error that wraps
// objfile.ErrFormat if i is out of range or its record is malformed.
func (t *Table) Func(i int) (Func, error) {
	if i < 0 || i >= t.nfunc {
		return Func{}, tableErr("no function %d among %d", i, t.nfunc)
	}
	f := Func{t: t, index: int32(i), off: t.entryOff(i), at: binary.LittleEndian.Uint32(t.ftab[8*i+4:])}
	if !f.valid() {
		return Func{}, tableErr("function %d: record at %#x does not fit the table of %d bytes or is of another function", i, f.at, len(t.fns))
	}
	return f, nil
}

// FuncAt returns the function whose range, padding included, contains pc.
func (t *Table) FuncAt(pc PC) (Func, bool) {
	off, ok := t.offset(pc)
	if !ok || off < t.entryOff(0) || off >= t.entryOff(t.nfunc) {
		return Func{}, false
	}
	lo, hi := 0, t.nfunc // entryOff(lo) <= off < entryOff(hi)
	for hi-lo > 1 {
		mid := int(uint(lo+hi) / 2)
		if t.entryOff(mid) <= off {
			lo = mid
		} else {
			hi = mid
		}
	}
	f, err := t.Func(lo)
	return f, err == nil
}

// FuncNamed returns the functions with that name, as the table stores it.
// There may be several: an assembly function and its ABI wrapper, init
// functions, closures. Addresses are keys, names are not.
func (t *Table) FuncNamed(name string) []Func {
	var out []Func
	for i := range t.nfunc {
		if f, err := t.Func(i); err == nil && f.named(name) {
			out = append(out, f)
		}
	}
	return out
}

// pc turns a text offset into a PC.
func (t *Table) pc(off uint32) PC {
	pc := t.text + PC(off)
	for i, s := range t.sects {
		last := i == len(t.sects)-1
		if off >= s.Off && (off < s.End || last && off == s.End) {
			pc = s.Addr + PC(off-s.Off)
			break
		}
	}
	return pc << t.shifts
}

// offset turns a PC into a text offset; not ok when no text is there.
func (t *Table) offset(pc PC) (uint32, bool) {
	u := pc >> t.shifts
	if t.sects != nil {
		i := sort.Search(len(t.sects), func(i int) bool { return t.sects[i].Addr > u }) - 1
		if i < 0 || u-t.sects[i].Addr >= PC(t.sects[i].End-t.sects[i].Off) {
			return 0, false
		}
		return uint32(u-t.sects[i].Addr) + t.sects[i].Off, true
	}
	if u < t.text || u-t.text > 0xffffffff {
		return 0, false
	}
	return uint32(u - t.text), true
}
