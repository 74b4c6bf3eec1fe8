package objfile

import (
	"encoding/binary"
)

// An UnwindFunc is the range of one function as a PE file's exception directory
// (.pdata) records it. It survives stripping.
type UnwindFunc struct{ Start, End Addr }

// UnwindFuncs returns the entries of the exception directory in file order, nil
// where there is none. A part of a function that is chained to another entry is
// an entry of its own. Files of other formats have none. Errors wrap ErrFormat.
//
// Source: Microsoft, "x64 exception handling" and "ARM64 exception handling".
func (f *File) UnwindFuncs() ([]UnwindFunc, error) {
	if f.pe == nil {
		return nil, nil
	}
	rva, size, ok := f.pe.dir(peDirException)
	if !ok {
		return nil, nil
	}
	if uint64(size) > uint64(len(f.data)) {
		return nil, formatErr("pe", -1, "exception directory has %#x bytes, more than the file", size)
	}
	raw, err := f.Slice(Addr(f.pe.base+uint64(rva)), int(size))
	if err != nil {
		return nil, formatErr("pe", -1, "exception directory: %v", err)
	}
	le := binary.LittleEndian
	var out []UnwindFunc
	switch f.machine {
	case "amd64":
		for i := 0; i+12 <= len(raw); i += 12 {
			begin, end := le.Uint32(raw[i:]), le.Uint32(raw[i+4:])
			if begin == 0 && end == 0 {
				continue
			}
			if end <= begin {
				return nil, formatErr("pe", -1, "exception directory entry %d: EndAddress %#x is not after BeginAddress %#x", i/12, end, begin)
			}
			out = append(out, UnwindFunc{Addr(f.pe.base + uint64(begin)), Addr(f.pe.base + uint64(end))})
		}
	case "arm64":
		for i := 0; i+8 <= len(raw); i += 8 {
			begin, unwind := le.Uint32(raw[i:]), le.Uint32(raw[i+4:])
			if begin == 0 && unwind == 0 {
				continue
			}
			length := unwind >> 2 & 0x7ff // packed
			if unwind&3 == 0 {
				x, err := f.Slice(Addr(f.pe.base+uint64(unwind)), 4)
				if err != nil {
					return nil, formatErr("pe", -1, "exception directory entry %d: unwind data %#x: %v", i/8, unwind, err)
				}
				length = le.Uint32(x) & 0x3ffff
			}
			start := Addr(f.pe.base + uint64(begin))
			out = append(out, UnwindFunc{start, start + Addr(4*length)})
		}
	}
	return out, nil
}
