package objfile

import (
	"encoding/binary"

	"moho/internal/bounded"
)

// An UnwindFunc is the range of one function, or of a part of one, as a PE file's
// exception directory (.pdata) records it. It survives stripping.
type UnwindFunc struct {
	Start, End Addr

	// Primary is where the function begins that this is a part of: Start, unless
	// the unwind information is chained to that of another part.
	Primary Addr
}

// maxChain is how many parts of a function may be chained: the unwinder of
// Windows follows no more.
const maxChain = 32

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
	entry := map[string]int{"amd64": 12, "arm64": 8}[f.machine]
	if entry == 0 {
		return nil, formatErr("pe", -1, "exception directory of machine %s is not read", f.machine)
	}
	if len(raw)%entry != 0 {
		return nil, formatErr("pe", -1, "exception directory has %#x bytes, no multiple of %d", size, entry)
	}
	out := make([]UnwindFunc, 0, len(raw)/entry)
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
			primary, err := f.primary(le.Uint32(raw[i+8:]), begin)
			if err != nil {
				return nil, formatErr("pe", -1, "exception directory entry %d: %v", i/12, err)
			}
			out = append(out, UnwindFunc{Addr(f.pe.base + uint64(begin)), Addr(f.pe.base + uint64(end)), Addr(f.pe.base + uint64(primary))})
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
			out = append(out, UnwindFunc{start, start + Addr(4*length), start})
		}
	}
	return out, nil
}

// primary follows chained unwind information from the UNWIND_INFO at rva to the
// beginning of the function's first part.
func (f *File) primary(rva, start uint32) (uint32, error) {
	const chained = 0x4
	for range maxChain {
		at := Addr(f.pe.base + uint64(rva))
		head, err := f.Slice(at, 4)
		if err != nil {
			return 0, err
		}
		if v := head[0] & 7; v != 1 && v != 2 || head[0]>>3&chained == 0 { // others are laid out otherwise
			return start, nil
		}
		codes := (Addr(head[2]) + 1) &^ 1 // of two bytes each, padded to four
		next, err := f.Slice(at+4+2*codes, 12)
		if err != nil {
			return 0, err
		}
		start, rva = binary.LittleEndian.Uint32(next), binary.LittleEndian.Uint32(next[8:])
	}
	return 0, &bounded.LimitError{Limit: "pe: length of a chain of unwind information", Value: maxChain + 1, Max: maxChain}
}
