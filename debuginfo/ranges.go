package debuginfo

import (
	"moho/internal/bounded"
	"moho/objfile"
)

// A Range is code from Low up to High.
type Range struct {
	Low, High objfile.Addr
}

// Contains reports whether pc is in r.
func (r Range) Contains(pc objfile.Addr) bool { return r.Low <= pc && pc < r.High }

// Kinds of entries of range and location lists, version 5. Both number them
// alike but for what location lists have more.
const (
	listEnd        = 0
	listBaseX      = 1
	listStartXEndX = 2
	listStartXLen  = 3
	listOffsets    = 4
	rngBase        = 5
	rngStartEnd    = 6
	rngStartLen    = 7
	locDefault     = 5
	locView        = 9
)

// A lister decodes the entries of a range or location list. All of its formats
// are a base, which entries may replace, and pairs.
type lister struct {
	d    *Data
	u    *unit
	rt   *root
	base uint64
	reader
}

// next5 returns the next pair of a version 5 list; kind is its kind, listEnd at
// the end.
func (l *lister) next5(isLoc bool) (low, high uint64, kind uint8, err error) {
	for {
		k := l.u8()
		canon := k
		if isLoc && k > locDefault { // number location entries like ranges
			canon = k - 1
		}
		switch {
		case l.bad || k == listEnd:
			return 0, 0, listEnd, nil
		case k == listBaseX:
			if l.base, err = indexed(&l.d.addr, l.rt.addrBase, l.uleb(), l.u.addrSize); err != nil {
				return 0, 0, 0, err
			}
			continue
		case k == listStartXEndX, k == listStartXLen:
			if low, err = indexed(&l.d.addr, l.rt.addrBase, l.uleb(), l.u.addrSize); err != nil {
				return 0, 0, 0, err
			}
			n := l.uleb()
			if high = low + n; k == listStartXEndX {
				high, err = indexed(&l.d.addr, l.rt.addrBase, n, l.u.addrSize)
			}
			return low, high, k, err
		case k == listOffsets:
			low, high = l.base+l.uleb(), l.base+l.uleb()
			return low, high, k, nil
		case isLoc && k == locDefault:
			return 0, ^uint64(0), k, nil
		case isLoc && k == locView:
			l.uleb()
			l.uleb()
			continue
		case canon == rngBase:
			l.base = l.uint(l.u.addrSize)
			continue
		case canon == rngStartEnd:
			low, high = l.uint(l.u.addrSize), l.uint(l.u.addrSize)
			return low, high, k, nil
		case canon == rngStartLen:
			low = l.uint(l.u.addrSize)
			return low, low + l.uleb(), k, nil
		}
		return 0, 0, 0, malformed("list of ranges or locations", l.off-1, "kind %#x of an entry is not known", k)
	}
}

// next4 returns the next pair of a list of version 4 or older.
func (l *lister) next4() (low, high uint64, more bool) {
	for {
		low, high = l.uint(l.u.addrSize), l.uint(l.u.addrSize)
		if l.bad || low == 0 && high == 0 {
			return 0, 0, false
		}
		if low == ^uint64(0) || l.u.addrSize == 4 && low == 0xffffffff {
			l.base = high
			continue
		}
		return l.base + low, l.base + high, true
	}
}

// list returns a lister at the list that v of u refers to.
func (d *Data) list(u *unit, v value, old, new *section, base func(*root) uint64) (*lister, *section, error) {
	rt, err := d.root(u)
	if err != nil {
		return nil, nil, err
	}
	sec, at := old, v.u
	if u.version >= 5 {
		sec = new
	}
	if v.form == formLoclistx || v.form == formRnglistx {
		off, err := indexed(sec, base(rt), v.u, u.offSize)
		if err != nil {
			return nil, nil, err
		}
		at = base(rt) + off
	}
	b, err := sec.get()
	if err != nil {
		return nil, nil, err
	}
	if at >= uint64(len(b)) {
		return nil, nil, malformed(sec.name, at, "a list begins behind the section of %#x bytes", len(b))
	}
	return &lister{d, u, rt, rt.low, reader{b: b, off: at}}, sec, nil
}

// rangesOf reads the list of ranges that v refers to. Ranges without bytes, and
// those of code that the linker dropped, are left out.
func (d *Data) rangesOf(u *unit, v value, most uint64) ([]Range, error) {
	l, sec, err := d.list(u, v, &d.ranges, &d.rnglists, func(rt *root) uint64 { return rt.rnglistBase })
	if err != nil {
		return nil, err
	}
	at := l.off
	var out []Range
	for n := 0; ; n++ {
		var low, high uint64
		kind, more := uint8(listEnd), false
		if u.version >= 5 {
			low, high, kind, err = l.next5(false)
			more = kind != listEnd
		} else {
			low, high, more = l.next4()
		}
		if err != nil {
			return nil, err
		}
		if l.bad {
			return nil, malformed(sec.name, at, "the list of ranges here has no end")
		}
		if !more {
			return out, nil
		}
		if err := bounded.Check("dwarf: ranges in one list", uint64(n)+1, most); err != nil {
			return nil, err
		}
		if a, ok := d.address(u, low); ok && high > low {
			out = append(out, Range{a, objfile.Addr(high)})
		}
	}
}

// span returns the code of an entry from its attributes.
func (d *Data) span(u *unit, low, high, ranges value) ([]Range, error) {
	switch {
	case ranges.form != 0:
		return d.rangesOf(u, ranges, maxRanges)
	case low.form == 0 || high.form == 0:
		return nil, nil
	}
	r, ok, err := d.extent(u, low, high)
	if err != nil || !ok {
		return nil, err
	}
	return []Range{r}, nil
}

// extent is the range that low_pc and high_pc state, not ok if it is empty.
func (d *Data) extent(u *unit, low, high value) (Range, bool, error) {
	rt, err := d.root(u)
	if err != nil {
		return Range{}, false, err
	}
	from, err := d.addrOf(u, rt, low)
	if err != nil {
		return Range{}, false, err
	}
	to := from + high.u // a constant counts from low_pc
	switch high.form {
	case formAddr, formAddrx, formAddrx1, formAddrx2, formAddrx3, formAddrx4, formGNUAddrIndex:
		if to, err = d.addrOf(u, rt, high); err != nil {
			return Range{}, false, err
		}
	}
	a, ok := d.address(u, from)
	return Range{a, objfile.Addr(to)}, ok && to > from, nil
}
