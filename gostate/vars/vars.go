package vars

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"moho/debuginfo"
	"moho/gostate"
	"moho/gostate/value"
	"moho/objfile"
)

// Kind says what a variable is to its function.
type Kind string

const (
	Arg    Kind = "arg"
	Result Kind = "result"
	Local  Kind = "local"
)

// Where says where the value of a variable was found.
type Where string

const (
	Memory    Where = "memory"    // in the frame, or at a fixed address
	Spilled   Where = "spilled"   // in the place of an argument that the tables say was stored; DWARF has none
	Heap      Where = "heap"      // where the frame points to: it escaped
	Registers Where = "registers" // in one register or more
	Pieces    Where = "pieces"    // in more than one place
	Constant  Where = "constant"  // nowhere, but DWARF has the value
	Nowhere   Where = ""          // Why says why
)

// A Var is a variable of a frame.
//
// Without a place, Value has only the type, and Why says what has become of it:
// "optimized out", or what was lost. Shadowed is set where another variable of
// the same name, declared further in, hides it at the frame's line.
type Var struct {
	Name     string
	Kind     Kind
	Type     string
	Line     int // of its declaration, 0 if the compiler does not say
	Shadowed bool
	From     Where
	Why      string
	Value    value.Value
}

// MaxVars bounds the variables of one frame: a generated function can have
// thousands.
const MaxVars = 1000

// OptimizedOut is Var.Why of a variable that is nowhere at the instruction.
const OptimizedOut = "optimized out"

// Vars returns the variables of frame i of g that can be named at its line:
// parameters, results, local variables, each in the order of the source. There
// are none, and no error, for frames that are not Go's.
//
// The error says why they can't be told: there is no DWARF (see [Reader.Gap]),
// or not of this function.
func (r *Reader) Vars(g *gostate.Goroutine, i int, o value.Options) ([]Var, error) {
	f := &g.Frames[i]
	if f.Foreign {
		return nil, nil
	}
	if err := r.names.open(r.w); err != nil {
		return nil, err
	}
	fn, pc, ok := r.lookup(f)
	if !ok {
		return nil, fmt.Errorf("no function at %#x", uint64(f.PC))
	}
	at := objfile.Addr(pc)
	b, err := r.names.at(at)
	if err != nil {
		return nil, err
	}
	var calls []string
	for _, c := range r.w.Table().Frames(nil, fn, pc) {
		calls = append(calls, c.Func)
	}
	inline, ok := b.match(b.calls(at), calls, int(f.Inline))
	if !ok {
		return nil, fmt.Errorf("DWARF does not have the inlined call of %s here", f.Func)
	}
	x := frameReader{r: r, g: g, i: i, f: f, b: b, pc: at, returns: objfile.Addr(uint64(f.PC) - r.w.Bias()), o: o}
	return x.vars(inline), nil
}

// A frameReader reads the variables of one frame.
type frameReader struct {
	r  *Reader
	g  *gostate.Goroutine
	i  int
	f  *gostate.Frame
	b  *body
	pc objfile.Addr // of the call, or of the next instruction

	returns objfile.Addr // where the call returns to

	o    value.Options
	regs *gostate.Registers

	doubtful bool // what DWARF says of registers of the variable at hand
}

func (x *frameReader) vars(inline int) []Var {
	var out []Var
	byName := map[string]int{}
	for i := range x.b.Vars {
		v := &x.b.Vars[i]
		if v.Inline != inline || len(out) >= MaxVars || !x.nameable(v) {
			continue
		}
		one := x.variable(v)
		k, ok := byName[one.Name]
		if ok && strings.HasPrefix(one.Name, "~") {
			// A result without a name, which the compiler lists twice now and
			// then: for what is returned, and for what calls that it inlined did.
			if out[k].From == Nowhere {
				out[k] = one
			}
			continue
		}
		if ok && one.Name != "_" {
			// The file has what is declared further in behind what is further out.
			out[k].Shadowed = true
		}
		byName[one.Name] = len(out)
		out = append(out, one)
	}
	order := map[Kind]int{Arg: 0, Result: 1, Local: 2}
	slices.SortStableFunc(out, func(a, b Var) int { return cmp.Compare(order[a.Kind], order[b.Kind]) })
	return out
}

// nameable reports whether the program could use the variable's name here.
func (x *frameReader) nameable(v *debuginfo.Var) bool {
	if v.Name == "" || strings.Contains(v.Name, ".") { // the compiler's own: .dict, text.ptr
		return false
	}
	if v.Scope != nil && !slices.ContainsFunc(v.Scope, func(r debuginfo.Range) bool { return r.Contains(x.pc) }) {
		return false
	}
	if v.Kind != debuginfo.Local || v.Captured || v.Line < x.f.Line || x.f.Line == 0 {
		return true
	}
	// Of a variable that has one place for good DWARF does not say when it is
	// set; while its declaration is being executed it most likely is not yet.
	return v.Line == x.f.Line && !x.settled(v)
}

// settled reports whether a variable has one place in all of the function.
func (x *frameReader) settled(v *debuginfo.Var) bool {
	locs, err := v.Locs()
	return err == nil && len(locs) == 1 && locs[0].Low <= x.b.Low && x.b.High <= locs[0].High
}

func (x *frameReader) variable(v *debuginfo.Var) Var {
	out := Var{Name: v.Name, Line: v.Line, Kind: Local, Type: v.Type.Name()}
	switch v.Kind {
	case debuginfo.Param:
		out.Kind = Arg
	case debuginfo.Result:
		out.Kind = Result
	}
	typ := v.Type
	// The compiler turns a variable that escapes into a pointer of that name.
	name, escaped := strings.CutPrefix(v.Name, "&")
	if escaped = escaped && typ.Kind() == reflect.Pointer; escaped {
		out.Name, out.Type = name, typ.Elem().Name()
	}
	t, err := x.r.values.DWARF(typ)
	if err != nil {
		out.Why = err.Error()
		return out
	}
	pieces, err := x.pieces(v)
	if err != nil {
		out.Why = err.Error()
		return out
	}
	if len(pieces) == 0 && t.Size() > 0 {
		out.Why = OptimizedOut
		out.Value = value.Value{Type: out.Type, Kind: t.Kind()}
	} else {
		x.place(&out, t, pieces)
	}
	if out.From == Nowhere && out.Kind == Arg {
		x.argument(&out, v, t)
	}
	if escaped && out.From != Nowhere {
		x.escaped(&out, t)
	}
	return out
}

// pieces returns where a variable is.
//
// Of one that is in a register when a call is made and has been spilled before
// it, DWARF names the register up to the call, and the place in memory from
// where the call returns to. Nothing has been executed in between.
func (x *frameReader) pieces(v *debuginfo.Var) ([]debuginfo.Piece, error) {
	here, err := v.At(x.pc)
	if err != nil {
		return nil, err
	}
	x.doubtful = false
	if x.f.Exact {
		x.doubtful = slices.ContainsFunc(here, inRegister) && !x.believed(v)
		return here, nil
	}
	var after []debuginfo.Piece
	for i := range here {
		if here[i].Kind != debuginfo.Register {
			continue
		}
		if after == nil {
			if after, err = v.At(x.returns); err != nil {
				return here, nil // the register will be missing
			}
		}
		for _, p := range after {
			if p.Kind == debuginfo.Frame && p.Off == here[i].Off && p.Size == here[i].Size {
				here[i] = p
			}
		}
	}
	return here, nil
}

func inRegister(p debuginfo.Piece) bool { return p.Kind == debuginfo.Register }

// believed reports whether the range in which v is where it is now can be right.
func (x *frameReader) believed(v *debuginfo.Var) bool {
	locs, err := v.Locs()
	if err != nil {
		return false
	}
	for _, l := range locs {
		if l.Contains(x.pc) {
			return x.survives(l.Range)
		}
	}
	return false
}

// escaped replaces the pointer that out is by what it points to.
func (x *frameReader) escaped(out *Var, t value.Type) {
	p := out.Value.Pointer
	elem, err := x.r.values.Elem(t)
	switch {
	case err != nil:
		out.From, out.Why = Nowhere, err.Error()
	case out.Value.Unreadable != "":
		out.From, out.Why = Nowhere, out.Value.Unreadable
	case p == 0:
		out.From, out.Why = Nowhere, "not set yet"
		out.Value = value.Value{Type: elem.Name(), Kind: elem.Kind()}
	default:
		out.From = Heap
		out.Value = x.r.values.At(elem, p, x.o)
	}
}

// maxPiecewise bounds the bytes of a variable that is put together.
const maxPiecewise = 64 << 10

// place reads a variable from where DWARF says that it is.
func (x *frameReader) place(out *Var, t value.Type, pieces []debuginfo.Piece) {
	size := t.Size()
	if len(pieces) == 1 && (pieces[0].Size == 0 || pieces[0].Size >= size) || size == 0 {
		var p debuginfo.Piece
		if len(pieces) > 0 {
			p = pieces[0]
		}
		switch p.Kind {
		case debuginfo.Frame, debuginfo.FrameRef, debuginfo.Based, debuginfo.Absolute:
			a, from, why := x.address(p)
			if why != "" {
				out.Why = why
				out.Value = value.Value{Type: t.Name(), Kind: t.Kind()}
				return
			}
			out.From, out.Value = from, x.r.values.At(t, a, x.o)
			return
		}
	}
	if size > maxPiecewise {
		out.Why = fmt.Sprintf("%d bytes in pieces", size)
		return
	}
	x.assemble(out, t, pieces, size)
}

// assemble puts a variable together.
func (x *frameReader) assemble(out *Var, t value.Type, pieces []debuginfo.Piece, size uint64) {
	b := value.Bytes{Data: make([]byte, size)}
	end := uint64(0)
	have, missing := map[Where]bool{}, uint64(0)
	why := OptimizedOut
	miss := func(off, n uint64, reason string) {
		if n > 0 {
			b.Missing = append(b.Missing, value.Missing{Off: off, Size: n, Why: reason})
			missing += n
			why = reason
		}
	}
	for _, p := range pieces {
		if p.Size == 0 {
			p.Size = size
		}
		if p.Off >= size {
			break
		}
		p.Size = min(p.Size, size-p.Off)
		if p.Off > end {
			miss(end, p.Off-end, OptimizedOut)
		}
		end = max(end, p.Off+p.Size)
		from, reason := x.piece(b.Data[p.Off:p.Off+p.Size], p)
		if reason != "" {
			miss(p.Off, p.Size, reason)
			continue
		}
		have[from] = true
	}
	miss(end, size-end, OptimizedOut)
	switch {
	case size > 0 && missing >= size:
		out.Why = why
		out.Value = value.Value{Type: t.Name(), Kind: t.Kind()}
		return
	case len(have) == 1:
		for from := range have {
			out.From = from
		}
	default:
		out.From = Pieces
	}
	out.Value = x.r.values.Of(t, b, x.o)
	if v := &out.Value; v.Unreadable != "" && v.Text == "" && len(v.Children) == 0 { // not enough of it
		out.From, out.Why = Nowhere, v.Unreadable
		if v.Len > 0 && (v.Kind == reflect.String || v.Kind == reflect.Slice) {
			out.Why += fmt.Sprintf(", but for its length, %d", v.Len)
		}
	}
}

// piece copies one piece to dst; why says what it lacks.
func (x *frameReader) piece(dst []byte, p debuginfo.Piece) (from Where, why string) {
	switch p.Kind {
	case debuginfo.None:
		return Nowhere, OptimizedOut
	case debuginfo.Constant:
		for i := range dst {
			dst[i] = byte(p.At >> min(8*i, 63))
		}
		return Constant, ""
	case debuginfo.Register:
		if x.doubtful {
			return Nowhere, badRegister
		}
		b, why := x.register(p.Reg)
		if why != "" {
			return Nowhere, why
		}
		if len(b) < len(dst) {
			return Nowhere, "only a part of its register was saved"
		}
		copy(dst, b)
		return Registers, ""
	case debuginfo.Unknown:
		return Nowhere, "DWARF says where in a way that is not understood"
	}
	a, from, why := x.address(p)
	if why != "" {
		return Nowhere, why
	}
	b, err := x.r.view.Slice(a, len(dst))
	if err != nil {
		return Nowhere, err.Error()
	}
	copy(dst, b)
	return from, ""
}
