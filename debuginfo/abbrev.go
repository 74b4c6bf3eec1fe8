package debuginfo

import (
	"cmp"
	"slices"
	"sort"

	"moho/internal/bounded"
)

// A spec is one attribute of an abbreviation. aux is the index of the value in
// the table for an implicit constant.
type spec struct {
	attr, form uint16
	aux        uint32
}

// A step of the way over an entry's attributes: n bytes, or something that has
// to be looked at.
type stepKind uint8

const (
	skipBytes stepKind = iota
	skipCString
	skipLEB
	skipBlock1
	skipBlock2
	skipBlock4
	skipBlock
	skipIndirect
)

type skipStep struct {
	kind stepKind
	n    uint32
}

// An abbrev says which attributes entries with its code have. Its specs and
// steps are parts of the table's.
type abbrev struct {
	code     uint64
	tag      uint16
	children bool
	spec0    uint32
	spec1    uint32
	step0    uint32
	step1    uint32
}

type table struct {
	dense   bool // codes are 1, 2, 3, …
	abbrevs []abbrev
	specs   []spec
	steps   []skipStep
	consts  []int64
}

// Sizes of forms depend on these three.
type format struct {
	addrSize, offSize uint8
	v2                bool
}

type tableKey struct {
	off uint64
	format
}

// find returns the abbreviation with a code.
func (t *table) find(code uint64) *abbrev {
	if t.dense {
		if code-1 < uint64(len(t.abbrevs)) {
			return &t.abbrevs[code-1]
		}
		return nil
	}
	i := sort.Search(len(t.abbrevs), func(i int) bool { return t.abbrevs[i].code >= code })
	if i < len(t.abbrevs) && t.abbrevs[i].code == code {
		return &t.abbrevs[i]
	}
	return nil
}

// table returns the table of abbreviations of a unit. Tables are kept, and may
// not overlap: a file of a thousand units that each state their own place in one
// long table would take a thousand times its length to read.
func (d *Data) table(u *unit) (*table, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	k := tableKey{u.abbrevOff, u.format()}
	if t := d.tables[k]; t != nil {
		return t, nil
	}
	if d.broken != nil {
		return nil, d.broken
	}
	t, err := d.readTable(k)
	if err != nil {
		d.broken = err // looking again would cost as much again
		return nil, err
	}
	d.tables[k] = t
	return t, nil
}

func (d *Data) readTable(k tableKey) (*table, error) {
	b, err := d.abbrev.get()
	if err != nil {
		return nil, err
	}
	r := reader{b: b}
	r.seek(k.off)
	t := &table{dense: true}
	for {
		at := r.off
		code := r.uleb()
		if code == 0 && !r.bad {
			break
		}
		a := abbrev{code: code, spec0: uint32(len(t.specs)), step0: uint32(len(t.steps))}
		tag := r.uleb()
		a.tag, a.children = uint16(min(tag, 0xffff)), r.u8() != 0
		for {
			attr, form := r.uleb(), r.uleb()
			if r.bad {
				return nil, malformed(".debug_abbrev", at, "abbreviation %d is cut off", code)
			}
			if attr == 0 && form == 0 {
				break
			}
			s := spec{attr: uint16(min(attr, 0xffff)), form: uint16(min(form, 0xffff))}
			if s.form == formImplicitConst {
				s.aux = uint32(len(t.consts))
				t.consts = append(t.consts, r.sleb())
			}
			st, ok := k.step(s.form)
			if !ok {
				return nil, malformed(".debug_abbrev", at, "abbreviation %d: form %#x is not known", code, form)
			}
			t.specs = append(t.specs, s)
			t.addStep(a.step0, st)
			d.specs++
			if err := bounded.Check("dwarf: attributes in abbreviations", uint64(d.specs), maxSpecs); err != nil {
				return nil, err
			}
		}
		a.spec1, a.step1 = uint32(len(t.specs)), uint32(len(t.steps))
		t.abbrevs = append(t.abbrevs, a)
		t.dense = t.dense && code == uint64(len(t.abbrevs))
		if err := bounded.Check("dwarf: abbreviations in one table", uint64(len(t.abbrevs)), maxAbbrevs); err != nil {
			return nil, err
		}
	}
	// Each byte belongs to one table, which is read once for each format.
	if d.parsed += r.off - k.off; d.parsed > 8*uint64(len(b)) {
		return nil, malformed(".debug_abbrev", k.off, "tables of abbreviations overlap")
	}
	if !t.dense {
		slices.SortStableFunc(t.abbrevs, func(a, b abbrev) int { return cmp.Compare(a.code, b.code) })
	}
	return t, nil
}

// addStep appends a step, or makes the one before longer.
func (t *table) addStep(from uint32, st skipStep) {
	if n := len(t.steps); st.kind == skipBytes && uint32(n) > from && t.steps[n-1].kind == skipBytes {
		t.steps[n-1].n += st.n
		return
	}
	if st.kind != skipBytes || st.n > 0 {
		t.steps = append(t.steps, st)
	}
}

// step says how to pass over a value of a form.
func (f format) step(form uint16) (skipStep, bool) {
	fixed := func(n uint8) (skipStep, bool) { return skipStep{skipBytes, uint32(n)}, true }
	switch form {
	case formAddr:
		return fixed(f.addrSize)
	case formData1, formFlag, formRef1, formStrx1, formAddrx1:
		return fixed(1)
	case formData2, formRef2, formStrx2, formAddrx2:
		return fixed(2)
	case formStrx3, formAddrx3:
		return fixed(3)
	case formData4, formRef4, formStrx4, formAddrx4, formRefSup4:
		return fixed(4)
	case formData8, formRef8, formRefSig8, formRefSup8:
		return fixed(8)
	case formData16:
		return fixed(16)
	case formFlagPresent, formImplicitConst:
		return fixed(0)
	case formStrp, formSecOffset, formStrpSup, formLineStrp, formGNURefAlt, formGNUStrpAlt:
		return fixed(f.offSize)
	case formRefAddr:
		if f.v2 {
			return fixed(f.addrSize)
		}
		return fixed(f.offSize)
	case formString:
		return skipStep{kind: skipCString}, true
	case formSdata, formUdata, formRefUdata, formStrx, formAddrx, formLoclistx, formRnglistx, formGNUAddrIndex, formGNUStrIndex:
		return skipStep{kind: skipLEB}, true
	case formBlock1:
		return skipStep{kind: skipBlock1}, true
	case formBlock2:
		return skipStep{kind: skipBlock2}, true
	case formBlock4:
		return skipStep{kind: skipBlock4}, true
	case formBlock, formExprloc:
		return skipStep{kind: skipBlock}, true
	case formIndirect:
		return skipStep{kind: skipIndirect}, true
	}
	return skipStep{}, false
}
