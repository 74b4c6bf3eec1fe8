package objfile

import (
	"moho/internal/bounded"
)

// SymKind is what a symbol stands for.
type SymKind uint8

const (
	Other SymKind = iota
	Func
	Data
)

// A Symbol is a named address. Size is 0 where the file does not say.
type Symbol struct {
	Name string
	Addr Addr
	Size uint64
	Kind SymKind
}

// Symbols returns the defined symbols of the symbol table in file order, local
// ones included, and nil when the file is stripped. Section and file symbols
// are left out. Only ELF states sizes. WASM has names for functions, which have
// no address: see [File.WASMFuncs]. Errors wrap ErrFormat or ErrLimit.
func (f *File) Symbols() ([]Symbol, error) {
	if err := f.readable(); err != nil {
		return nil, err
	}
	switch {
	case f.macho != nil:
		return f.machoSymbols()
	case f.pe != nil:
		return f.peSymbols()
	case f.wasm != nil:
		return nil, nil // functions have no addresses: see WASMFuncs
	}
	for i, s := range f.elf.shdrs {
		if s.typ == shtSymtab {
			return f.readSymtab(i, s)
		}
	}
	return nil, nil
}

// EachSymbol calls yield with what Symbols returns, until it returns false,
// without making a list. The name aliases the file: see the package comment. The
// Name of the symbol itself is empty. Errors are those of Symbols.
func (f *File) EachSymbol(yield func(sym Symbol, name []byte) bool) error {
	if f.elf != nil {
		for i, s := range f.elf.shdrs {
			if s.typ == shtSymtab {
				return f.walkSymtab(i, s, func(sym Symbol, names []byte, off, n int) bool {
					return yield(sym, names[off:off+n:off+n])
				})
			}
		}
		return nil
	}
	all, err := f.Symbols()
	if err != nil {
		return err
	}
	for _, s := range all {
		name := s.Name
		s.Name = ""
		if !yield(s, []byte(name)) {
			break
		}
	}
	return nil
}

func (f *File) readSymtab(i int, s elfShdr) ([]Symbol, error) {
	var text string // one copy of all names; every name is a part of it
	out := make([]Symbol, 0, min(s.size, uint64(len(f.data)))/24)
	err := f.walkSymtab(i, s, func(sym Symbol, names []byte, off, n int) bool {
		if text == "" {
			text = string(names)
		}
		sym.Name = text[off : off+n]
		out = append(out, sym)
		return true
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// walkSymtab calls yield with each defined symbol of section i. Its name is the
// n bytes at off of names.
func (f *File) walkSymtab(i int, s elfShdr, yield func(sym Symbol, names []byte, off, n int) bool) error {
	entry := uint64(16)
	if f.ptrSize == 8 {
		entry = 24
	}
	if s.entsize != entry {
		return formatErr("elf", -1, "section %d (symtab): sh_entsize is %d, want %d", i, s.entsize, entry)
	}
	if s.size%entry != 0 {
		return formatErr("elf", -1, "section %d (symtab): sh_size %#x is no multiple of sh_entsize %d", i, s.size, entry)
	}
	if uint64(s.link) >= uint64(len(f.elf.shdrs)) {
		return formatErr("elf", -1, "section %d (symtab): sh_link is %d of %d sections", i, s.link, len(f.elf.shdrs))
	}
	str := f.elf.shdrs[s.link]
	raw, ok := bounded.Sub(f.data, s.off, s.size)
	names, ok2 := bounded.Sub(f.data, str.off, str.size)
	if !ok || !ok2 || str.typ != shtStrtab {
		return formatErr("elf", -1, "section %d (symtab): sh_link %d leads to no string table within the file", i, s.link)
	}
	for n := 1; uint64(n)*entry < uint64(len(raw)); n++ { // entry 0 is reserved
		c := bounded.NewCursor(raw[uint64(n)*entry:], f.order)
		var sym Symbol
		var info uint8
		var shndx uint16
		nameOff := c.U32()
		if f.ptrSize == 8 {
			info, _, shndx = c.U8(), c.U8(), c.U16()
			sym.Addr, sym.Size = Addr(c.U64()), c.U64()
		} else {
			sym.Addr, sym.Size = Addr(c.U32()), uint64(c.U32())
			info, _, shndx = c.U8(), c.U8(), c.U16()
		}
		switch info & 0xf {
		case 1, 5, 6: // object, common, thread-local
			sym.Kind = Data
		case 2, 10: // function, indirect function
			sym.Kind = Func
		case 3, 4: // section, file
			continue
		}
		if shndx == 0 {
			continue // undefined: some library has it
		}
		name, err := bounded.CString(names, uint64(nameOff), MaxName)
		if err != nil {
			return formatErr("elf", Off(s.off)+Off(n)*Off(entry), "symbol %d: st_name %#x: %v", n, nameOff, err)
		}
		if !yield(sym, names, int(nameOff), len(name)) {
			return nil
		}
	}
	return nil
}
