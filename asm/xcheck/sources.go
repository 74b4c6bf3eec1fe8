package xcheck

import (
	"cmp"
	"errors"
	"slices"
	"sort"

	"moho/debuginfo"
	"moho/gotab"
	"moho/objfile"
)

// A list is what one source says, by address.
type list struct {
	source  Source
	absent  string // why there is nothing
	entries []entry
	unsized bool // the source has no sizes
	unnamed bool // the source has no names

	// appendName appends the name of an entry.
	appendName func(dst []byte, e entry) []byte
	// foreign reports whether the source itself says that an entry is not Go's.
	foreign func(e entry) bool
	// more compares what only this source has.
	more func() error
}

// An entry is one function of a list; ref is the list's own number for it.
type entry struct {
	addr, size objfile.Addr
	ref        int
}

// find returns the first entry at or after an address.
func find(es []entry, at objfile.Addr) int {
	return sort.Search(len(es), func(i int) bool { return es[i].addr >= at })
}

func (l *list) sort() *list {
	slices.SortStableFunc(l.entries, func(a, b entry) int { return cmp.Compare(a.addr, b.addr) })
	return l
}

// readTable lists the pclntab, with exact sizes. A function whose record is
// malformed is an error: there is nothing to hold the others against then.
func (c *comparison) readTable() error {
	l := &list{source: PCLNTab, entries: make([]entry, 0, c.t.NumFunc())}
	for i := range c.t.NumFunc() {
		f, err := c.t.Func(i)
		if err != nil {
			return err
		}
		size, err := f.Size()
		if err != nil {
			return err
		}
		l.entries = append(l.entries, entry{c.place(f.Entry()), objfile.Addr(size), i})
	}
	l.appendName = func(dst []byte, e entry) []byte {
		f, err := c.t.Func(e.ref)
		if err != nil {
			return dst
		}
		return f.AppendName(dst)
	}
	c.pcln = l.sort()
	if m, ok := c.t.Module(); ok {
		c.text, c.end = objfile.Addr(m.Text), objfile.Addr(m.EText)
		if c.f.Format() == "wasm" { // there they count functions, and text is 0
			c.text, c.end = c.place(funcValueOffset<<16), c.place(funcValueOffset<<16+m.EText<<16)
		}
	} else if n := len(l.entries); n > 0 {
		c.text, c.end = l.entries[0].addr, l.entries[n-1].addr+l.entries[n-1].size
	}
	return nil
}

// funcValueOffset is what WASM programs add to the number of a function.
//
// Source: $GOROOT/src/cmd/link/internal/wasm/asm.go, go1.26.
const funcValueOffset = 0x1000

// place is where other sources put the code at a pc: at its address, on wasm at
// the index of its function, imported ones counted.
func (c *comparison) place(pc gotab.PC) objfile.Addr {
	if c.f.Format() == "wasm" {
		return objfile.Addr(pc>>16) - funcValueOffset + objfile.Addr(c.f.WASMNumImports())
	}
	return objfile.Addr(pc)
}

// symtab lists the functions of the symbol table.
func (c *comparison) symtab() (*list, error) {
	l := &list{source: Symtab}
	switch c.f.Format() {
	case "macho", "pe":
		l.unsized = true
	case "wasm":
		return c.wasmNames(l), nil
	}
	syms, err := c.f.Symbols()
	if err != nil {
		return nil, err
	}
	n := 0
	for _, s := range syms {
		if s.Kind == objfile.Func {
			n++
		}
	}
	if n == 0 {
		l.absent = "the file has no symbol table"
		return l, nil
	}
	l.entries = make([]entry, 0, n)
	for i, s := range syms {
		if s.Kind == objfile.Func {
			l.entries = append(l.entries, entry{s.Addr, objfile.Addr(s.Size), i})
		}
	}
	c.f.Forget() // of the symbol table, which was copied
	l.appendName = func(dst []byte, e entry) []byte { return append(dst, syms[e.ref].Name...) }
	return l.sort(), nil
}

// wasmNames lists the functions that the name section of a WASM module names.
func (c *comparison) wasmNames(l *list) *list {
	l.unsized = true
	first := c.f.WASMNumImports()
	for i := first; i < first+c.f.WASMNumFuncs(); i++ {
		if c.f.WASMFuncName(uint32(i)) != "" {
			l.entries = append(l.entries, entry{objfile.Addr(i), 0, i})
		}
	}
	if len(l.entries) == 0 {
		l.absent = "the module has no name section"
	}
	l.appendName = func(dst []byte, e entry) []byte { return append(dst, c.f.WASMFuncName(uint32(e.ref))...) }
	return l
}

// dwarf lists the functions that debug information describes.
func (c *comparison) dwarf() (*list, error) {
	l := &list{source: DWARF}
	d, err := debuginfo.Open(c.f)
	if errors.Is(err, debuginfo.ErrNone) {
		l.absent = "the file has no DWARF"
		return l, nil
	}
	if err != nil {
		return nil, err
	}
	fns, err := d.Index()
	if err != nil {
		return nil, err
	}
	c.f.Forget() // of what was inflated
	l.entries = make([]entry, 0, len(fns))
	for i, f := range fns {
		l.entries = append(l.entries, entry{f.Low, f.High - f.Low, i})
	}
	l.appendName = func(dst []byte, e entry) []byte { return fns[e.ref].AppendName(dst) }
	l.more = func() error { return c.frames(d) }
	l.foreign = func(e entry) bool { return fns[e.ref].Unit().Language() != debuginfo.Go }
	return l, nil
}

// pdata lists the unwind table of a PE file. Its entries have no names.
func (c *comparison) pdata() (*list, error) {
	l := &list{source: PData, unnamed: true}
	if c.f.Format() != "pe" {
		l.absent = "only PE files have one"
		return l, nil
	}
	all, err := c.f.UnwindFuncs()
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		l.absent = "the file has no unwind table"
		return l, nil
	}
	l.entries = make([]entry, 0, len(all))
	for i, u := range all {
		l.entries = append(l.entries, entry{u.Start, u.End - u.Start, i})
	}
	return l.sort(), nil
}

// next returns where the text goes on after o: C functions may share an address.
func (c *comparison) next(o entry) objfile.Addr {
	if i := find(c.pcln.entries, o.addr+1); i < len(c.pcln.entries) {
		return c.pcln.entries[i].addr
	}
	return c.end
}
