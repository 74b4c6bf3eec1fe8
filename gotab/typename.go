package gotab

import (
	"encoding/binary"

	"moho/objfile"
)

// A nameInfo is a name as type descriptors have it: with a tag, the path of the
// package of an unexported method, and flags.
type nameInfo struct {
	name, tag          []byte
	exported, embedded bool
	pkgPath            int32 // offset of its name from Types, 0 for none
}

const (
	nameExported = 1 << 0
	nameTag      = 1 << 1
	namePkgPath  = 1 << 2
	nameEmbedded = 1 << 3 // since Go 1.19
)

// nameAt decodes the name at a. Nothing is copied.
//
// Source: Name in $GOROOT/src/internal/abi/type.go, go1.26; name in
// $GOROOT/src/reflect/type.go, go1.17 (as later) and go1.16, whose lengths are
// two bytes, the high one first.
func (t *Table) nameAt(r *typeRegion, a objfile.Addr) (nameInfo, bool) {
	if a < r.lo || uint64(a-r.lo) >= uint64(len(r.data)) {
		return nameInfo{}, false
	}
	b := r.data[a-r.lo:]
	flags := b[0]
	n := nameInfo{exported: flags&nameExported != 0, embedded: flags&nameEmbedded != 0}
	var ok bool
	if n.name, b, ok = t.counted(b[1:]); !ok {
		return nameInfo{}, false
	}
	if flags&nameTag != 0 {
		if n.tag, b, ok = t.counted(b); !ok {
			return nameInfo{}, false
		}
	}
	if flags&namePkgPath != 0 {
		if len(b) < 4 {
			return nameInfo{}, false
		}
		n.pkgPath = int32(binary.LittleEndian.Uint32(b))
	}
	return n, true
}

// A copier makes strings of bytes, as long as they are no more than it may.
// Names lie in the region once each; those of a malformed one may overlap.
type copier struct{ room int }

func (c *copier) string(b []byte) string {
	if c.room -= len(b); c.room < 0 {
		return ""
	}
	return string(b)
}

// done returns an error if the strings were too long together.
func (c *copier) done(a objfile.Addr) error {
	if c.room < 0 {
		return typeErr(a, "its names are longer than the region that they are in")
	}
	return nil
}

// counted splits off a string with its length in front.
func (t *Table) counted(b []byte) (s, rest []byte, ok bool) {
	var n uint32
	if t.release() == go116 {
		if len(b) < 2 {
			return nil, nil, false
		}
		n, b = uint32(binary.BigEndian.Uint16(b)), b[2:]
	} else {
		k := 0
		if n, k = uvarint32(b); k == 0 {
			return nil, nil, false
		}
		b = b[k:]
	}
	if uint64(n) > uint64(len(b)) || n > MaxName {
		return nil, nil, false
	}
	return b[:n], b[n:], true
}

// nameOff decodes the name at that offset from Types.
func (t *Table) nameOff(r *typeRegion, off int32) (nameInfo, bool) {
	if off < 0 {
		return nameInfo{}, false
	}
	return t.nameAt(r, r.lo+objfile.Addr(off))
}

// name1 fills in the names of y, whose shape is known.
func (t *Table) name1(r *typeRegion, y *Type) error {
	b, _ := r.bytes(y.Addr, typSize) // shape has read them
	n, ok := t.nameOff(r, int32(binary.LittleEndian.Uint32(b[typStr:])))
	if !ok {
		return typeErr(y.Addr, "its name at offset %#x is malformed", binary.LittleEndian.Uint32(b[typStr:]))
	}
	s := n.name
	if y.tflag&tflagExtraStar != 0 {
		if len(s) == 0 || s[0] != '*' {
			return typeErr(y.Addr, "its name should begin with a star: %.80q", s)
		}
		s = s[1:]
	}
	y.Name = string(s)
	if !y.Defined {
		return nil
	}
	var err error
	y.PkgPath, err = t.pkgPath(r, *y)
	return err
}

// pkgPath returns the package that a type's methods belong to: where it, or what
// it points to, is defined. A type without methods may have none.
func (t *Table) pkgPath(r *typeRegion, y Type) (string, error) {
	if y.extra == 0 {
		return "", nil
	}
	b, ok := r.bytes(y.Addr+objfile.Addr(y.extra), uncommonSize)
	if !ok {
		return "", typeErr(y.Addr, "the part with its methods is outside")
	}
	off := int32(binary.LittleEndian.Uint32(b))
	if off == 0 {
		return "", nil
	}
	n, ok := t.nameOff(r, off)
	if !ok {
		return "", typeErr(y.Addr, "its package path at offset %#x is malformed", off)
	}
	return string(n.name), nil
}
