package objfile

import (
	"bytes"
	"slices"
	"sort"
)

// relativeType is the relocation that adds the load bias to a link address, by
// GOARCH. Of position independent programs it is the only one that tables of
// the Go runtime need; others refer to symbols of shared libraries.
var relativeType = map[string]uint32{"amd64": 8, "arm64": 1027}

// A reloc says that the word at Addr holds addend (plus the load bias).
type reloc struct {
	addr   Addr
	addend uint64
}

// A relocTable is sorted by address. RELR entries keep their addend in place,
// so that they need no entry here.
type relocTable []reloc

func (t relocTable) addend(a Addr) (uint64, bool) {
	i := sort.Search(len(t), func(i int) bool { return t[i].addr >= a })
	if i < len(t) && t[i].addr == a {
		return t[i].addend, true
	}
	return 0, false
}

// readRelocs reads the RELATIVE entries of DT_RELA. DT_RELR has nothing to
// apply: its addends are what the file holds at the place. A table can't have
// more entries than fit the file, and an entry here is smaller than one there.
//
// Source: System V ABI, "Relocation"; x86-64 psABI table 4.9;
// ELF for the Arm 64-bit Architecture, "Dynamic relocations".
func (f *File) readRelocs() (relocTable, error) {
	want, ok := relativeType[f.machine]
	if f.elf == nil || !ok || f.ptrSize != 8 {
		return nil, nil
	}
	dyn, err := f.dynamics()
	if err != nil {
		return nil, err
	}
	var addr Addr
	var size, ent uint64
	for _, d := range dyn {
		switch d.tag {
		case dtRela:
			addr = Addr(d.val)
		case dtRelasz:
			size = d.val
		case dtRelaent:
			ent = d.val
		}
	}
	if size == 0 {
		return nil, nil
	}
	const entry = 24
	if ent != entry || size%entry != 0 || size > uint64(len(f.data)) {
		return nil, formatErr("elf", -1, "DT_RELASZ is %#x with DT_RELAENT %d, want entries of %d bytes within the file of %d bytes", size, ent, entry, len(f.data))
	}
	raw, err := f.Slice(addr, int(size))
	if err != nil {
		return nil, formatErr("elf", -1, "DT_RELA: %v", err)
	}
	var out relocTable
	for ; len(raw) >= entry; raw = raw[entry:] {
		if uint32(f.order.Uint64(raw[8:])) == want {
			out = append(out, reloc{Addr(f.order.Uint64(raw)), f.order.Uint64(raw[16:])})
		}
	}
	slices.SortStableFunc(out, func(a, b reloc) int {
		switch {
		case a.addr < b.addr:
			return -1
		case a.addr > b.addr:
			return 1
		}
		return 0
	})
	return out, nil
}

// FindWord returns the addresses, ascending and at most limit of them, of the
// pointer-aligned words that hold v once RELATIVE relocations are applied. Only
// bytes that the file holds are searched, segments that the program may write
// to before the others. Errors are those of Word.
func (f *File) FindWord(v uint64, limit int) ([]Addr, error) {
	if err := f.readable(); err != nil {
		return nil, err
	}
	if f.macho != nil && f.macho.chained {
		return nil, errChained()
	}
	if _, err := f.content(); err != nil {
		return nil, err
	}
	rel, err := f.relocs()
	if err != nil {
		return nil, err
	}
	var found []Addr
	for _, r := range rel {
		if r.addend == v && len(found) < limit {
			found = append(found, r.addr)
		}
	}
	for _, writable := range []bool{true, false} {
		for _, s := range f.segments {
			if s.Write == writable {
				found = f.findIn(s, v, found, limit)
			}
		}
		if len(found) > 0 {
			break
		}
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

// findIn appends the aligned places in s that hold v without a relocation.
func (f *File) findIn(s Segment, v uint64, found []Addr, limit int) []Addr {
	data, err := f.Slice(s.Addr, int(s.FileSize))
	if err != nil {
		return found
	}
	pattern := make([]byte, f.ptrSize)
	if f.ptrSize == 4 {
		f.order.PutUint32(pattern, uint32(v))
	} else {
		f.order.PutUint64(pattern, v)
	}
	for from := 0; len(found) < limit; {
		i := bytes.Index(data[from:], pattern)
		if i < 0 {
			break
		}
		at := s.Addr + Addr(from+i)
		if uint64(at)%uint64(f.ptrSize) == 0 {
			if w, err := f.Word(at); err == nil && w == v {
				found = append(found, at)
			}
		}
		from += i + 1
	}
	return found
}
