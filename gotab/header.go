package gotab

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"moho/arch"
	"moho/internal/bounded"
	"moho/objfile"
)

// ErrNoTable is wrapped by the errors of Open when the file holds no pclntab:
// it is no Go program, or not one that can be told.
var ErrNoTable = errors.New("no pclntab")

// TableVersion is a generation of the pclntab, named after the first Go release
// that wrote it. Releases share generations: this is not the version of Go.
type TableVersion uint8

const (
	V12  TableVersion = iota + 1 // Go 1.2 to 1.15, recognised only
	V116                         // Go 1.16 and 1.17
	V118                         // Go 1.18 and 1.19
	V120                         // Go 1.20 and newer
)

// String returns "1.18" for V118.
func (v TableVersion) String() string {
	switch v {
	case V12:
		return "1.2"
	case V116:
		return "1.16"
	case V118:
		return "1.18"
	case V120:
		return "1.20"
	}
	return "unknown"
}

var magics = map[uint32]TableVersion{
	0xfffffffb: V12, 0xfffffffa: V116, 0xfffffff0: V118, 0xfffffff1: V120,
}

// headerSize is the length of a pcHeader with 8-byte pointers, since Go 1.18;
// before, there was no textStart.
const (
	headerSize    = 8 + 8*8
	headerSize116 = 8 + 7*8
)

// A header is a decoded pcHeader. Offsets count from the header itself; each
// table ends where the next one begins.
type header struct {
	version                      TableVersion
	nfunc, nfiles                uint64
	textStart                    uint64
	names, cu, files, pctab, fns uint64
}

// readHeader decodes the header at the start of b, of which size bytes may
// belong to the table. It checks everything that can be checked without
// looking further.
func readHeader(b []byte, size uint64, a *arch.Arch) (header, error) {
	if n := min(uint64(len(b)), size); n < headerSize116 {
		return header{}, tableErr("header is cut at %d bytes, want %d", n, headerSize)
	}
	magic := binary.LittleEndian.Uint32(b)
	h := header{version: magics[magic]}
	prev := uint64(headerSize)
	if h.version == V116 {
		prev = headerSize116
	}
	switch {
	case h.version == 0:
		return header{}, tableErr("magic is %#x, want 0xfffffff1", magic)
	case b[4] != 0 || b[5] != 0:
		return header{}, tableErr("pad is %d, %d, want 0, 0", b[4], b[5])
	case int(b[6]) != a.Quantum:
		return header{}, tableErr("minLC is %d, want %d on %s", b[6], a.Quantum, a.Name)
	case int(b[7]) != a.PtrSize:
		return header{}, tableErr("ptrSize is %d, want %d on %s", b[7], a.PtrSize, a.Name)
	case h.version < V116:
		return header{}, tableErr("is in the format of Go %v, Go 1.16 and newer are read", h.version)
	case uint64(len(b)) < prev || size < prev:
		return header{}, tableErr("header is cut at %d bytes, want %d", min(uint64(len(b)), size), prev)
	}
	fields := []*uint64{&h.nfunc, &h.nfiles, &h.textStart, &h.names, &h.cu, &h.files, &h.pctab, &h.fns}
	if h.version == V116 {
		fields = slices.Delete(fields, 2, 3)
	}
	for i, p := range fields {
		*p = binary.LittleEndian.Uint64(b[8+8*i:])
	}
	for _, o := range []struct {
		name string
		off  uint64
	}{
		{"funcnameOffset", h.names},
		{"cuOffset", h.cu},
		{"filetabOffset", h.files},
		{"pctabOffset", h.pctab},
		{"pclnOffset", h.fns},
	} {
		if o.off < prev || o.off > size {
			return header{}, tableErr("%s is %#x, want %#x to %#x", o.name, o.off, prev, size)
		}
		prev = o.off
	}
	// nfunc pairs (entry, offset), then the entry that ends the last function.
	word := uint64(4)
	if h.version == V116 {
		word = 8
	}
	if room := size - h.fns; room < word || !bounded.Fits(h.nfunc, 2*word, room-word) || h.nfunc == 0 {
		return header{}, tableErr("nfunc is %d, but the function table has %d bytes", h.nfunc, room)
	}
	if !bounded.Fits(h.nfiles, 1, h.pctab-h.files) {
		return header{}, tableErr("nfiles is %d, but the file table has %d bytes", h.nfiles, h.pctab-h.files)
	}
	return h, nil
}

// tableErr returns an error about the pclntab; it wraps objfile.ErrFormat.
func tableErr(what string, args ...any) error {
	return fmt.Errorf("pclntab: %s: %w", fmt.Sprintf(what, args...), objfile.ErrFormat)
}
