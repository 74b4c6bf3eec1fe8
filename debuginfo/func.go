package debuginfo

import (
	"cmp"
	"iter"
	"slices"
	"sort"

	"moho/internal/bounded"
	"moho/objfile"
)

// A Func is the code of one function: a small value. A function whose code is in
// several pieces, as C compilers make them, has one Func for each. The zero Func
// is of no file and has no methods to be called.
type Func struct {
	Range
	d   *Data
	u   *unit
	off uint64
}

// Unit returns the unit that the function is in.
func (f Func) Unit() Unit { return Unit{f.d, f.u} }

// Name returns the name as the linker knows it, "" if there is none. Go writes
// the same name into the pclntab.
func (f Func) Name() string {
	a, err := f.d.facts(f.u, f.off)
	if err != nil {
		return ""
	}
	return a.name
}

// AppendName appends the name to dst.
func (f Func) AppendName(dst []byte) []byte { return append(dst, f.Name()...) }

// Line returns the line of the declaration, 0 if the compiler does not say.
func (f Func) Line() int {
	a, err := f.d.facts(f.u, f.off)
	if err != nil {
		return 0
	}
	return a.line
}

// Funcs yields the functions that have code, in the order of the file. It keeps
// none of them. An error ends them.
func (d *Data) Funcs() iter.Seq2[Func, error] {
	return func(yield func(Func, error) bool) {
		units, err := d.units()
		if err != nil {
			yield(Func{}, err)
			return
		}
		for i := range units {
			more, err := d.unitFuncs(&units[i], func(f Func) bool { return yield(f, nil) })
			if err != nil {
				yield(Func{}, err)
				return
			}
			if !more {
				return
			}
		}
	}
}

// unitFuncs passes the functions of one unit to yield until that returns false.
func (d *Data) unitFuncs(u *unit, yield func(Func) bool) (more bool, err error) {
	c, err := d.cursor(u, u.first)
	if err != nil {
		return false, err
	}
	for {
		a, at, err := c.next()
		if err != nil {
			return false, err
		}
		if a == nil {
			return true, nil
		}
		if a.tag != tagSubprogram {
			if err := c.skip(a, at); err != nil {
				return false, err
			}
			continue
		}
		var low, high, ranges value
		for _, s := range c.specs(a) {
			v, err := c.value(s)
			if err != nil {
				return false, err
			}
			switch s.attr {
			case attrLowPC:
				low = v
			case attrHighPC:
				high = v
			case attrRanges:
				ranges = v
			}
		}
		if ranges.form == 0 {
			if low.form == 0 || high.form == 0 {
				continue
			}
			r, ok, err := d.extent(u, low, high)
			if err != nil {
				return false, err
			}
			if ok && !yield(Func{r, d, u, at}) {
				return false, nil
			}
			continue
		}
		rs, err := d.rangesOf(u, ranges, maxParts)
		if err != nil {
			return false, err
		}
		for _, r := range rs {
			if !yield(Func{r, d, u, at}) {
				return false, nil
			}
		}
	}
}

// readIndex returns all functions by address.
func (d *Data) readIndex() ([]Func, error) {
	info, err := d.info.get()
	if err != nil {
		return nil, err
	}
	out := make([]Func, 0, min(len(info)/256, maxFuncs)) // Go's have 290 bytes and more
	for f, err := range d.Funcs() {
		if err == nil {
			err = bounded.Check("dwarf: functions", uint64(len(out))+1, maxFuncs)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	slices.SortStableFunc(out, func(a, b Func) int { return cmp.Compare(a.Low, b.Low) })
	return out, nil
}

// Index returns all functions that have code, by address. It is read once and
// must not be changed. More than a million are an error that wraps
// objfile.ErrLimit.
func (d *Data) Index() ([]Func, error) { return d.index() }

// FuncAt returns the function whose code pc is in; not ok if there is none. The
// first call reads the headers of all entries. Where functions overlap it is the
// one that begins last. Errors are those of Index.
func (d *Data) FuncAt(pc objfile.Addr) (f Func, ok bool, err error) {
	all, err := d.index()
	if err != nil {
		return Func{}, false, err
	}
	i := sort.Search(len(all), func(i int) bool { return all[i].Low > pc }) - 1
	if i < 0 || !all[i].Contains(pc) {
		return Func{}, false, nil
	}
	return all[i], true, nil
}

// facts are what an entry says about itself, or an entry that it refers to does.
type facts struct {
	name   string
	line   int
	result bool
	typ    Type
}

// facts reads the entry at off and follows it to its abstract origin or its
// declaration for what it does not say.
func (d *Data) facts(u *unit, off uint64) (facts, error) {
	var out facts
	for range maxOrigins {
		c, err := d.cursor(u, off)
		if err != nil {
			return facts{}, err
		}
		a, _, err := c.next()
		if err != nil {
			return facts{}, err
		}
		if a == nil {
			return facts{}, malformed(".debug_info", off, "a reference leads to the end of a unit")
		}
		var origin, name, linkage value
		for _, s := range c.specs(a) {
			v, err := c.value(s)
			if err != nil {
				return facts{}, err
			}
			switch s.attr {
			case attrName:
				name = v
			case attrLinkageName, attrMIPSLinkage:
				linkage = v
			case attrDeclLine:
				if out.line == 0 {
					out.line = int(min(v.u, 1<<31-1))
				}
			case attrVariableParam:
				out.result = out.result || v.u != 0
			case attrType:
				if out.typ.d == nil && v.ref() {
					out.typ = Type{d, v.u}
				}
			case attrAbstractOrigin, attrSpecification:
				origin = v
			}
		}
		if out.name == "" {
			if linkage.form != 0 {
				name = linkage
			}
			if out.name, err = d.name(u, name); err != nil {
				return facts{}, err
			}
		}
		if !origin.ref() {
			return out, nil
		}
		off = origin.u
		if u, err = d.unitAt(off); err != nil {
			return facts{}, err
		}
	}
	return facts{}, malformed(".debug_info", off, "more than %d entries refer to each other for a name", maxOrigins)
}

// name is text as a string.
func (d *Data) name(u *unit, v value) (string, error) {
	b, err := d.text(u, v)
	return string(b), err
}
