package debuginfo

import (
	"moho/internal/bounded"
	"moho/objfile"
)

// A cursor goes over the entries of one unit in the order of the file. After
// next, the attributes must be passed over with skip or read with value.
type cursor struct {
	reader
	u     *unit
	tab   *table
	depth int // of the entry that next returned: 0 for the unit's own
	below int // of the entry that follows
}

// cursor returns a cursor at the entry at off, which is taken for depth 0.
func (d *Data) cursor(u *unit, off uint64) (cursor, error) {
	b, err := d.info.get()
	if err != nil {
		return cursor{}, err
	}
	t, err := d.table(u)
	if err != nil {
		return cursor{}, err
	}
	c := cursor{reader: reader{b: b[:u.end]}, u: u, tab: t}
	c.seek(off)
	return c, nil
}

// next returns the abbreviation of the next entry and where the entry is; nil at
// the end of the unit. Padding at the end is passed over.
func (c *cursor) next() (*abbrev, uint64, error) {
	for c.off < uint64(len(c.b)) {
		at := c.off
		code := c.uleb()
		if c.bad {
			return nil, 0, malformed(".debug_info", at, "an entry is cut off by the end of its unit")
		}
		if code == 0 {
			c.below--
			continue
		}
		a := c.tab.find(code)
		if a == nil {
			return nil, 0, malformed(".debug_info", at, "abbreviation %d is not in the table at %#x", code, c.u.abbrevOff)
		}
		c.depth = max(c.below, 0)
		if a.children {
			c.below++
		}
		return a, at, nil
	}
	return nil, 0, nil
}

func (c *cursor) specs(a *abbrev) []spec { return c.tab.specs[a.spec0:a.spec1] }

// skip passes over the attributes of an entry.
func (c *cursor) skip(a *abbrev, at uint64) error {
	for _, st := range c.tab.steps[a.step0:a.step1] {
		switch st.kind {
		case skipBytes:
			c.take(uint64(st.n))
		case skipCString:
			c.cstr()
		case skipLEB:
			c.uleb()
		case skipBlock1:
			c.take(uint64(c.u8()))
		case skipBlock2:
			c.take(uint64(c.u16()))
		case skipBlock4:
			c.take(uint64(c.u32()))
		case skipBlock:
			c.take(c.uleb())
		case skipIndirect:
			if _, err := c.value(spec{form: formIndirect}); err != nil {
				return err
			}
		}
	}
	if c.bad {
		return malformed(".debug_info", at, "attributes of an entry exceed its unit")
	}
	return nil
}

// A value is one attribute: a number or bytes, as its form has it. The zero
// value, of form 0, stands for an attribute that is not there.
type value struct {
	form uint16
	u    uint64
	b    []byte
}

// value reads the value of s. References within the unit become offsets in the
// section.
func (c *cursor) value(s spec) (value, error) {
	at := c.off
	form := s.form
	if form == formIndirect {
		f := c.uleb()
		if f == formIndirect || f == formImplicitConst || f > 0xffff {
			return value{}, malformed(".debug_info", at, "an indirect form is %#x", f)
		}
		form = uint16(f)
	}
	v := value{form: form}
	switch form {
	case formAddr:
		v.u = c.uint(c.u.addrSize)
	case formData1, formFlag, formStrx1, formAddrx1:
		v.u = uint64(c.u8())
	case formData2, formStrx2, formAddrx2:
		v.u = uint64(c.u16())
	case formStrx3, formAddrx3:
		v.u = c.uint(3)
	case formData4, formStrx4, formAddrx4, formRefSup4:
		v.u = uint64(c.u32())
	case formData8, formRefSig8, formRefSup8:
		v.u = c.u64()
	case formData16:
		v.b = c.take(16)
	case formRef1:
		v.u = c.u.off + uint64(c.u8())
	case formRef2:
		v.u = c.u.off + uint64(c.u16())
	case formRef4:
		v.u = c.u.off + uint64(c.u32())
	case formRef8:
		v.u = c.u.off + c.u64()
	case formRefUdata:
		v.u = c.u.off + c.uleb()
	case formRefAddr:
		if v.u = c.uint(c.u.offSize); c.u.version == 2 {
			c.off = at
			v.u = c.uint(c.u.addrSize)
		}
	case formFlagPresent:
		v.u = 1
	case formImplicitConst:
		v.u = uint64(c.tab.consts[s.aux])
	case formStrp, formSecOffset, formStrpSup, formLineStrp, formGNURefAlt, formGNUStrpAlt:
		v.u = c.uint(c.u.offSize)
	case formString:
		v.b = c.cstr()
	case formSdata:
		v.u = uint64(c.sleb())
	case formUdata, formStrx, formAddrx, formLoclistx, formRnglistx, formGNUAddrIndex, formGNUStrIndex:
		v.u = c.uleb()
	case formBlock1:
		v.b = c.take(uint64(c.u8()))
	case formBlock2:
		v.b = c.take(uint64(c.u16()))
	case formBlock4:
		v.b = c.take(uint64(c.u32()))
	case formBlock, formExprloc:
		v.b = c.take(c.uleb())
	default:
		return value{}, malformed(".debug_info", at, "form %#x is not known", form)
	}
	if c.bad {
		return value{}, malformed(".debug_info", at, "attribute %#x of form %#x exceeds its unit", s.attr, form)
	}
	return v, nil
}

// block reports whether the value is an expression rather than a number.
func (v value) block() bool {
	switch v.form {
	case formBlock1, formBlock2, formBlock4, formBlock, formExprloc:
		return true
	}
	return false
}

// ref reports whether the value is the place of another entry.
func (v value) ref() bool {
	switch v.form {
	case formRef1, formRef2, formRef4, formRef8, formRefUdata, formRefAddr:
		return true
	}
	return false
}

// text returns the bytes of a string of any form.
func (d *Data) text(u *unit, v value) ([]byte, error) {
	at := v.u
	sec := &d.str
	switch v.form {
	case 0:
		return nil, nil
	case formString:
		return v.b[:min(len(v.b), MaxName)], nil
	case formStrp:
	case formLineStrp:
		sec = &d.lineStr
	case formStrx, formStrx1, formStrx2, formStrx3, formStrx4, formGNUStrIndex:
		rt, err := d.root(u)
		if err != nil {
			return nil, err
		}
		if at, err = indexed(&d.strOffsets, rt.strBase, v.u, u.offSize); err != nil {
			return nil, err
		}
	default: // in another file
		return nil, nil
	}
	b, err := sec.get()
	if err != nil {
		return nil, err
	}
	s, err := bounded.CString(b, at, MaxName)
	if err != nil {
		return nil, malformed(sec.name, at, "%v", err)
	}
	return s, nil
}

// str1 is text for callers to whom a name that can't be read is none.
func (d *Data) str1(u *unit, v value) string {
	b, err := d.text(u, v)
	if err != nil {
		return ""
	}
	return string(b)
}

// indexed returns entry i, of size bytes, of the table at base in a section.
func indexed(s *section, base, i uint64, size uint8) (uint64, error) {
	b, err := s.get()
	if err != nil {
		return 0, err
	}
	if !bounded.Fits(i, uint64(size), uint64(len(b))) || !bounded.Within(base, (i+1)*uint64(size), uint64(len(b))) {
		return 0, malformed(s.name, base, "entry %d of %d bytes exceeds the section of %#x bytes", i, size, len(b))
	}
	r := reader{b: b, off: base + i*uint64(size)}
	return r.uint(size), nil
}

// addrOf returns the address that a value of class address is.
func (d *Data) addrOf(u *unit, rt *root, v value) (uint64, error) {
	switch v.form {
	case formAddr:
		return v.u, nil
	case formAddrx, formAddrx1, formAddrx2, formAddrx3, formAddrx4, formGNUAddrIndex:
		return indexed(&d.addr, rt.addrBase, v.u, u.addrSize)
	}
	return 0, malformed(".debug_info", u.off, "an address of form %#x in the unit here", v.form)
}

// address is [objfile.Addr] with the tombstones of linkers told apart: what they
// write where the code was dropped.
func (d *Data) address(u *unit, a uint64) (objfile.Addr, bool) { return d.live(a, u.addrSize) }

func (d *Data) live(a uint64, size uint8) (objfile.Addr, bool) {
	if size == 4 {
		return objfile.Addr(a), (a != 0 || d.zeroCode) && a < 0xfffffffe
	}
	return objfile.Addr(a), (a != 0 || d.zeroCode) && a < ^uint64(1)
}
