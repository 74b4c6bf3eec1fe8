package debuginfo

import (
	"moho/internal/bounded"
	"moho/objfile"
)

// VarKind says what a variable is to its function.
type VarKind uint8

const (
	Local VarKind = iota
	Param
	Result
)

// String returns "local", "param" or "result".
func (k VarKind) String() string {
	switch k {
	case Param:
		return "param"
	case Result:
		return "result"
	}
	return "local"
}

// A Body is what DWARF says about the inside of a function. Vars and Inlines are
// in the order of the file, which for parameters is that of the source.
type Body struct {
	Vars    []Var
	Inlines []Inline
}

// A Var is a variable. A function that was inlined twice has its variables
// twice, with different Inline.
type Var struct {
	Name   string
	Kind   VarKind
	Line   int     // of its declaration, 0 if the compiler does not say
	Inline int     // index in Body.Inlines of the call that it belongs to, -1 for the function itself
	Scope  []Range // where the variable can be named; nil for the whole of the function or call
	Type   Type

	// Captured is set of a variable of a function around a closure, as the
	// closure sees it. The compiler says so since Go 1.23.
	Captured bool

	m        machine
	where    value
	constant bool // where is the value, not the place
	whole    Range
}

// An Inline is one call whose callee was compiled in place.
type Inline struct {
	Name   string // of the callee
	Line   int    // of the call
	Parent int    // index of the call that this one is in, -1 for the function itself
	Ranges []Range
}

// A Loc says where a variable is while the program counter is in Range. The
// pieces are in order and together the variable; parts that none describes are
// nowhere.
type Loc struct {
	Range
	Pieces []Piece
}

// scope is what encloses an entry while a function is walked.
type scope struct {
	depth  int
	inline int
	ranges []Range
}

// Body reads the variables of f and the calls that were inlined into it. Errors
// wrap objfile.ErrFormat or objfile.ErrLimit.
func (f Func) Body() (Body, error) {
	c, err := f.d.cursor(f.u, f.off)
	if err != nil {
		return Body{}, err
	}
	var b Body
	w := walker{f: f, cursor: c, body: &b}
	if err := w.walk(); err != nil {
		return Body{}, err
	}
	return b, nil
}

type walker struct {
	f Func
	cursor
	body      *Body
	frameBase []byte
	scopes    []scope
	entries   uint64 // variables, blocks and calls so far
	ranges    uint64 // of blocks and calls so far
}

// count is called for each variable, block or call.
func (w *walker) count() error {
	w.entries++
	return bounded.Check("dwarf: entries of a function", w.entries, maxEntries)
}

func (w *walker) walk() error {
	for first := true; ; first = false {
		a, at, err := w.next()
		switch {
		case err != nil:
			return err
		case a == nil || !first && w.depth == 0:
			return nil
		}
		for n := len(w.scopes); n > 0 && w.scopes[n-1].depth >= w.depth; n-- {
			w.scopes = w.scopes[:n-1]
		}
		switch {
		case first:
			err = w.function(a)
		case a.tag == tagLexicalBlock, a.tag == tagInlinedSubroutine:
			err = w.open(a, at)
		case a.tag == tagFormalParameter, a.tag == tagVariable:
			err = w.variable(a, at)
		default: // types, labels, calls; functions inside functions
			err = w.pass(a, at)
		}
		if err != nil {
			return err
		}
	}
}

// function reads the frame base.
func (w *walker) function(a *abbrev) error {
	for _, s := range w.specs(a) {
		v, err := w.value(s)
		if err != nil {
			return err
		}
		if s.attr == attrFrameBase && v.block() {
			w.frameBase = v.b
		}
	}
	return nil
}

// pass goes over an entry with all that is below it.
func (w *walker) pass(a *abbrev, at uint64) error {
	depth := w.depth
	for {
		if err := w.skip(a, at); err != nil {
			return err
		}
		if w.below <= depth {
			return nil
		}
		before := w.cursor
		var err error
		if a, at, err = w.next(); err != nil || a == nil {
			return err
		}
		if w.depth <= depth { // one too far
			w.cursor = before
			return nil
		}
	}
}

// inner returns the innermost scope.
func (w *walker) inner() scope {
	if n := len(w.scopes); n > 0 {
		return w.scopes[n-1]
	}
	return scope{inline: -1}
}

// open begins a block or an inlined call.
func (w *walker) open(a *abbrev, at uint64) error {
	var low, high, ranges, origin value
	line := 0
	depth := w.depth
	if err := w.count(); err != nil {
		return err
	}
	for _, s := range w.specs(a) {
		v, err := w.value(s)
		if err != nil {
			return err
		}
		switch s.attr {
		case attrLowPC:
			low = v
		case attrHighPC:
			high = v
		case attrRanges:
			ranges = v
		case attrAbstractOrigin:
			origin = v
		case attrCallLine:
			line = int(min(v.u, 1<<31-1))
		}
	}
	rs, err := w.f.d.span(w.f.u, low, high, ranges)
	if err != nil {
		return err
	}
	w.ranges += uint64(len(rs))
	if err := bounded.Check("dwarf: ranges inside a function", w.ranges, maxInside); err != nil {
		return err
	}
	in := w.inner()
	s := scope{depth: depth, inline: in.inline, ranges: rs}
	if rs == nil {
		s.ranges = in.ranges
	}
	if a.tag == tagInlinedSubroutine {
		call := Inline{Line: line, Parent: in.inline, Ranges: rs}
		if origin.ref() {
			u, err := w.f.d.unitAt(origin.u)
			if err != nil {
				return err
			}
			fs, err := w.f.d.facts(u, origin.u)
			if err != nil {
				return err
			}
			call.Name = fs.name
		}
		s.inline, s.ranges = len(w.body.Inlines), nil
		w.body.Inlines = append(w.body.Inlines, call)
	}
	if !a.children {
		return nil
	}
	if err := bounded.Check("dwarf: nested blocks and inlined calls", uint64(len(w.scopes))+1, maxScopes); err != nil {
		return err
	}
	w.scopes = append(w.scopes, s)
	return nil
}

// variable reads a parameter or a variable.
func (w *walker) variable(a *abbrev, at uint64) error {
	if err := w.count(); err != nil {
		return err
	}
	fs, err := w.f.d.facts(w.f.u, at)
	if err != nil {
		return err
	}
	in := w.inner()
	v := Var{Name: fs.name, Line: fs.line, Type: fs.typ, Inline: in.inline, Scope: in.ranges, whole: w.f.Range}
	v.m = machine{d: w.f.d, u: w.f.u, frameBase: w.frameBase}
	switch {
	case fs.result:
		v.Kind = Result
	case a.tag == tagFormalParameter:
		v.Kind = Param
	}
	for _, s := range w.specs(a) {
		val, err := w.value(s)
		if err != nil {
			return err
		}
		switch s.attr {
		case attrLocation:
			v.where, v.constant = val, false
		case attrConstValue:
			if v.where.form == 0 {
				v.where, v.constant = val, true
			}
		case attrGoClosure:
			v.Captured = true
		}
	}
	w.body.Vars = append(w.body.Vars, v)
	return nil
}

// Locs returns where the variable is, one Loc for each range of code, in the
// order of the file; nil if it is nowhere. Errors wrap objfile.ErrFormat or
// objfile.ErrLimit.
func (v Var) Locs() ([]Loc, error) {
	var out []Loc
	err := v.locs(func(l Loc) bool {
		out = append(out, l)
		return true
	}, nil)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// At returns the pieces of the variable when the instruction at pc is about to
// execute; nil if it is nowhere then. Errors are those of Locs.
func (v Var) At(pc objfile.Addr) ([]Piece, error) {
	var out []Piece
	err := v.locs(func(l Loc) bool {
		out = l.Pieces
		return false
	}, func(r Range) bool { return r.Contains(pc) })
	if err != nil {
		return nil, err
	}
	return out, nil
}

// locs calls yield with each location in a range that want asks for, until that
// returns false. Without want it is all of them.
func (v Var) locs(yield func(Loc) bool, want func(Range) bool) error {
	size := v.Type.Size()
	give := func(r Range, expr []byte) (more bool, err error) {
		if want != nil && !want(r) {
			return true, nil
		}
		ps, err := v.m.pieces(expr, size)
		return err == nil && yield(Loc{r, ps}), err
	}
	switch {
	case v.where.form == 0:
		return nil
	case v.constant:
		p := Piece{Size: size, Kind: Constant, At: int64(v.where.u)}
		if v.where.b != nil {
			p.Kind, p.At = Unknown, 0
		}
		if want == nil || want(v.whole) {
			yield(Loc{v.whole, []Piece{p}})
		}
		return nil
	case v.where.block():
		_, err := give(v.whole, v.where.b)
		return err
	}
	d, u := v.m.d, v.m.u
	l, sec, err := d.list(u, v.where, &d.loc, &d.loclists, func(rt *root) uint64 { return rt.locBase })
	if err != nil {
		return err
	}
	at := l.off
	for n := uint64(1); ; n++ {
		r, expr, more, err := l.loc(v.whole)
		switch {
		case err != nil:
			return err
		case l.bad:
			return malformed(sec.name, at, "the list of locations here has no end")
		case !more:
			return nil
		}
		if err := bounded.Check("dwarf: locations of a variable", n, maxLocs); err != nil {
			return err
		}
		if r.High <= r.Low {
			continue
		}
		if more, err := give(r, expr); err != nil || !more {
			return err
		}
	}
}

// loc reads the next entry of a list of locations.
func (l *lister) loc(whole Range) (r Range, expr []byte, more bool, err error) {
	var low, high, n uint64
	if l.u.version < 5 {
		if low, high, more = l.next4(); !more {
			return Range{}, nil, false, nil
		}
		n = uint64(l.u16())
	} else {
		var kind uint8
		if low, high, kind, err = l.next5(true); err != nil || kind == listEnd {
			return Range{}, nil, false, err
		}
		if kind == locDefault {
			low, high = uint64(whole.Low), uint64(whole.High)
		}
		n = l.uleb()
	}
	return Range{objfile.Addr(low), objfile.Addr(high)}, l.take(n), true, nil
}
