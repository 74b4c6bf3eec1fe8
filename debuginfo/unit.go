package debuginfo

import (
	"iter"
	"sort"
	"sync/atomic"

	"moho/internal/bounded"
)

// A unit is the header of one compilation unit and, once it was needed, what its
// first entry says.
type unit struct {
	off, end  uint64 // from the header to behind the last entry, in .debug_info
	first     uint64 // its first entry
	abbrevOff uint64
	version   uint8
	addrSize  uint8
	offSize   uint8
	root      atomic.Pointer[root]
}

func (u *unit) format() format { return format{u.addrSize, u.offSize, u.version == 2} }

// A root is what the entry of a unit says about all others in it.
type root struct {
	lang                 uint64
	name, producer       value
	low                  uint64 // what range and location lists count from
	addrBase, strBase    uint64
	rnglistBase, locBase uint64
}

// A Unit is a compilation unit: a package in Go, a source file in C.
type Unit struct {
	d *Data
	u *unit
}

// Name returns what the compiler calls the unit: a package path in Go, the path
// of the source file in C.
func (u Unit) Name() string {
	rt, err := u.d.root(u.u)
	if err != nil {
		return ""
	}
	return u.d.str1(u.u, rt.name)
}

// Producer returns the compiler with its version and flags, as it put it.
func (u Unit) Producer() string {
	rt, err := u.d.root(u.u)
	if err != nil {
		return ""
	}
	return u.d.str1(u.u, rt.producer)
}

// Version returns the version of DWARF, 2 to 5.
func (u Unit) Version() int { return int(u.u.version) }

// Language is the source language of a unit.
type Language uint16

// The languages that programs with Go in them usually have.
const (
	UnknownLanguage Language = 0
	Go              Language = 0x16
	C               Language = 0x0c // C99 and its older and newer forms
	CPlusPlus       Language = 0x04
	Assembly        Language = 0x8001 // assembled by the C tool chain; Go's assembly is of language Go
)

// String returns "go", "c", "c++", "asm" or "unknown".
func (l Language) String() string {
	switch l {
	case Go:
		return "go"
	case C:
		return "c"
	case CPlusPlus:
		return "c++"
	case Assembly:
		return "asm"
	}
	return "unknown"
}

// Language returns the source language.
func (u Unit) Language() Language {
	rt, err := u.d.root(u.u)
	if err != nil {
		return UnknownLanguage
	}
	switch rt.lang {
	case 0x16:
		return Go
	case 0x01, 0x02, 0x0c, 0x1d, 0x2c:
		return C
	case 0x04, 0x1a, 0x21, 0x2b:
		return CPlusPlus
	case 0x8001, 0x31:
		return Assembly
	}
	return UnknownLanguage
}

// Units yields the units in the order of the file. An error ends them.
func (d *Data) Units() iter.Seq2[Unit, error] {
	return func(yield func(Unit, error) bool) {
		units, err := d.units()
		if err != nil {
			yield(Unit{}, err)
			return
		}
		for i := range units {
			if !yield(Unit{d, &units[i]}, nil) {
				return
			}
		}
	}
}

// readUnits hops from header to header.
func (d *Data) readUnits() ([]unit, error) {
	b, err := d.info.get()
	if err != nil {
		return nil, err
	}
	n := 0
	for off := uint64(0); off < uint64(len(b)); n++ { // count first, so that the table is made once
		u, _, err := readUnit(b, off)
		if err != nil {
			return nil, err
		}
		if err := bounded.Check("dwarf: units", uint64(n)+1, maxUnits); err != nil {
			return nil, err
		}
		off = u.end
	}
	units := make([]unit, n)
	n = 0
	for off := uint64(0); off < uint64(len(b)); {
		h, skip, err := readUnit(b, off)
		if err != nil {
			return nil, err
		}
		off = h.end
		if skip {
			continue
		}
		u := &units[n]
		u.off, u.end, u.first, u.abbrevOff = h.off, h.end, h.first, h.abbrevOff
		u.version, u.addrSize, u.offSize = h.version, h.addrSize, h.offSize
		n++
	}
	return units[:n], nil
}

type unitHeader struct {
	off, end, first, abbrevOff uint64
	version, addrSize, offSize uint8
}

// readUnit decodes the header at off. skip is set for what has no code of its
// own here: type units, and those whose contents are in another file.
func readUnit(b []byte, off uint64) (u unitHeader, skip bool, err error) {
	r := reader{b: b}
	r.seek(off)
	u.off, u.offSize = off, 4
	length := uint64(r.u32())
	switch {
	case length == 0xffffffff:
		u.offSize = 8
		length = r.u64()
	case length >= 0xfffffff0:
		return u, false, malformed(".debug_info", off, "unit_length %#x is reserved", length)
	}
	if r.bad || length > uint64(len(b))-r.off {
		return u, false, malformed(".debug_info", off, "unit_length %#x exceeds the section of %#x bytes", length, len(b))
	}
	u.end = r.off + length
	r.b = b[:u.end]
	version := r.u16()
	if r.bad || version < 2 || version > 5 {
		return u, false, malformed(".debug_info", off, "version %d of a unit is not one that is read (2 to 5)", version)
	}
	u.version = uint8(version)
	typ := uint8(0)
	if version >= 5 {
		typ, u.addrSize = r.u8(), r.u8()
		u.abbrevOff = r.uint(u.offSize)
		switch typ {
		case unitSkeleton, unitSplitCompile:
			r.u64()
		case unitType, unitSplitType:
			r.u64()
			r.uint(u.offSize)
		}
	} else {
		u.abbrevOff = r.uint(u.offSize)
		u.addrSize = r.u8()
	}
	u.first = r.off
	if r.bad {
		return u, false, malformed(".debug_info", off, "unit_length %#x is too short for the header", length)
	}
	if u.addrSize != 4 && u.addrSize != 8 {
		return u, false, malformed(".debug_info", off, "address_size is %d, want 4 or 8", u.addrSize)
	}
	return u, typ == unitType || typ == unitSplitType || typ == unitSplitCompile, nil
}

// unitAt returns the unit that holds the entry at off.
func (d *Data) unitAt(off uint64) (*unit, error) {
	units, err := d.units()
	if err != nil {
		return nil, err
	}
	i := sort.Search(len(units), func(i int) bool { return units[i].end > off })
	if i == len(units) || off < units[i].first {
		return nil, malformed(".debug_info", off, "a reference leads here, where no entry can be")
	}
	return &units[i], nil
}

// root returns what the first entry of u says, read once.
func (d *Data) root(u *unit) (*root, error) {
	if rt := u.root.Load(); rt != nil {
		return rt, nil
	}
	rt := &root{}
	c, err := d.cursor(u, u.first)
	if err != nil {
		return nil, err
	}
	a, _, err := c.next()
	if err != nil {
		return nil, err
	}
	if a == nil {
		u.root.Store(rt) // no entries at all
		return rt, nil
	}
	var low value
	if u.version >= 5 { // where a unit does not say, tables begin behind their header
		rt.strBase = uint64(u.offSize) * 2
		rt.addrBase = uint64(u.offSize) * 2
	}
	for _, s := range c.specs(a) {
		v, err := c.value(s)
		if err != nil {
			return nil, err
		}
		switch s.attr {
		case attrLanguage:
			rt.lang = v.u
		case attrName:
			rt.name = v
		case attrProducer:
			rt.producer = v
		case attrLowPC:
			low = v
		case attrAddrBase, attrGNUAddrBase:
			rt.addrBase = v.u
		case attrStrOffsetsBase:
			rt.strBase = v.u
		case attrRnglistsBase:
			rt.rnglistBase = v.u
		case attrLoclistsBase:
			rt.locBase = v.u
		}
	}
	if low.form != 0 {
		if rt.low, err = d.addrOf(u, rt, low); err != nil {
			return nil, err
		}
	}
	u.root.Store(rt)
	return rt, nil
}
