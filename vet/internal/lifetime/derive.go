package lifetime

import (
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/ssafn"
)

// A Use is an instruction that touches what an object's finalizer gives back.
type Use struct {
	At      ssa.Instruction
	Calls   bool // a call or conversion during which memory may be collected
	Leaves  bool // the derived value is returned or stored where it outlives the function
	Derived ssa.Value
}

// Derived is what one function reads from a released field of one object.
type Derived struct {
	Owner ssa.Value // the pointer to the object
	Field string
	Read  ssa.Instruction // where the derived value was got
	Uses  []Use

	p      *ssafn.Program
	values map[ssa.Value]bool
	number bool // an integer handle: only calls of C and the system use it
}

// DerivedIn lists what f reads from released fields of objects, and what it gets
// from functions that do.
func DerivedIn(p *ssafn.Program, f *ssa.Function) []*Derived {
	var out []*Derived
	for _, b := range f.Blocks {
		for _, instr := range b.Instrs {
			switch instr := instr.(type) {
			case *ssa.FieldAddr:
				if field := releasedField(p, instr); field != "" {
					out = append(out, readsOf(p, instr, field)...)
				}
			case *ssa.Call:
				out = append(out, lentBy(p, instr)...)
			}
		}
	}
	return out
}

// releasedField names the field that an address selects when the finalizer of
// the object gives back what it refers to.
func releasedField(p *ssafn.Program, fa *ssa.FieldAddr) string {
	tf := p.TypeFact(fa.X.Type())
	v := ssafn.Field(fa)
	if tf == nil || !tf.Finalizer || v == nil || !slices.Contains(tf.Releases, v.Name()) {
		return ""
	}
	return v.Name()
}

func readsOf(p *ssafn.Program, fa *ssa.FieldAddr, field string) []*Derived {
	var out []*Derived
	for _, ref := range *fa.Referrers() {
		load, ok := ref.(*ssa.UnOp)
		if !ok || load.Op != token.MUL {
			continue
		}
		out = append(out, derive(p, fa.X, field, load, load))
	}
	return out
}

// lentBy is what a call returns that belongs to one of its arguments.
func lentBy(p *ssafn.Program, call *ssa.Call) []*Derived {
	callee := ssafn.Callee(call.Common())
	if callee == nil {
		return nil
	}
	fact := p.Fact(callee)
	if fact == nil {
		return nil
	}
	var out []*Derived
	for i, r := range fact.Results {
		for _, param := range r.Lent {
			if param >= len(call.Call.Args) {
				continue
			}
			owner := call.Call.Args[param]
			if len(fact.Results) == 1 && callee.Signature.Results().Len() == 1 {
				out = append(out, derive(p, owner, callee.Name()+"()", call, call))
				continue
			}
			for _, ref := range *call.Referrers() {
				if e, ok := ref.(*ssa.Extract); ok && e.Index == i {
					out = append(out, derive(p, owner, callee.Name()+"()", e, e))
				}
			}
		}
	}
	return out
}

func derive(p *ssafn.Program, owner ssa.Value, field string, read ssa.Instruction, v ssa.Value) *Derived {
	d := &Derived{Owner: owner, Field: field, Read: read, p: p, values: map[ssa.Value]bool{}}
	if b, ok := v.Type().Underlying().(*types.Basic); ok && b.Info()&types.IsInteger != 0 {
		d.number = true
	}
	d.add(v)
	return d
}

func (d *Derived) add(v ssa.Value) {
	if d.values[v] || len(d.values) > 400 || v.Referrers() == nil {
		return
	}
	d.values[v] = true
	for _, ref := range *v.Referrers() {
		d.use(v, ref)
	}
}

func (d *Derived) touch(at ssa.Instruction, v ssa.Value, calls bool) {
	d.Uses = append(d.Uses, Use{At: at, Calls: calls, Derived: v})
}

func (d *Derived) use(v ssa.Value, ref ssa.Instruction) {
	switch ref := ref.(type) {
	case *ssa.FieldAddr, *ssa.IndexAddr, *ssa.Slice, *ssa.ChangeType, *ssa.Phi, *ssa.SliceToArrayPointer, *ssa.Field, *ssa.MakeInterface, *ssa.Extract, *ssa.TypeAssert:
		d.add(ref.(ssa.Value))
	case *ssa.Convert:
		if copies(ref) {
			d.touch(ref, v, true)
			return
		}
		d.add(ref)
	case *ssa.BinOp:
		d.binary(v, ref)
	case *ssa.UnOp:
		d.load(v, ref)
	case *ssa.Store:
		switch {
		case ref.Val == v:
			d.stored(v, ref, ref.Addr)
		case d.foreign(v):
			d.touch(ref, v, false)
		}
	case *ssa.Lookup, *ssa.Index, *ssa.Range:
		d.touch(ref, v, false)
	case *ssa.Return, *ssa.Send:
		d.Uses = append(d.Uses, Use{At: ref, Leaves: true, Derived: v})
	case *ssa.MapUpdate:
		d.stored(v, ref, ref.Map)
	case *ssa.MakeClosure:
		d.add(ref)
	case ssa.CallInstruction:
		d.call(v, ref)
	}
}

// copies reports the conversions between string and slice, which allocate.
func copies(c *ssa.Convert) bool {
	_, from := c.X.Type().Underlying().(*types.Slice)
	_, to := c.Type().Underlying().(*types.Slice)
	return from != to && (from || to)
}

func (d *Derived) binary(v ssa.Value, op *ssa.BinOp) {
	switch op.Op {
	case token.ADD, token.SUB, token.AND_NOT:
		if isString(v.Type()) {
			d.touch(op, v, true)
		} else if isAddress(v.Type()) {
			d.add(op)
		}
	default:
		if isString(v.Type()) {
			d.touch(op, v, false)
		}
	}
}

func isString(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsString != 0
}

// load judges a read through a derived pointer or of a variable that holds one.
func (d *Derived) load(v ssa.Value, load *ssa.UnOp) {
	if load.Op != token.MUL {
		return
	}
	if local(v) {
		if refersOrHandle(load.Type()) {
			d.add(load)
		}
		return
	}
	if d.foreign(v) {
		d.touch(load, v, false)
	}
	if refers(load.Type()) && (d.foreign(v) || ssafn.IsCType(load.Type())) {
		d.add(load)
	}
}

// local reports an address in a variable of the function itself.
func local(addr ssa.Value) bool {
	for range 32 {
		switch a := addr.(type) {
		case *ssa.Alloc:
			return true
		case *ssa.FieldAddr:
			addr = a.X
		case *ssa.IndexAddr:
			addr = a.X
		default:
			return false
		}
	}
	return false
}

// foreign reports whether a derived address lies in the memory that is given
// back, rather than in a Go struct that holds the handle.
func (d *Derived) foreign(addr ssa.Value) bool {
	if d.number || local(addr) {
		return false
	}
	for range 32 {
		switch a := addr.(type) {
		case *ssa.FieldAddr:
			addr = a.X
		case *ssa.IndexAddr:
			addr = a.X
		default:
			ptr, ok := addr.Type().Underlying().(*types.Pointer)
			if !ok {
				return true
			}
			_, isStruct := ptr.Elem().Underlying().(*types.Struct)
			return !isStruct || ssafn.IsCType(ptr) || fromUnsafe(addr)
		}
	}
	return false
}

// fromUnsafe reports a pointer that was made by conversion.
func fromUnsafe(v ssa.Value) bool {
	c, ok := v.(*ssa.Convert)
	return ok && isAddress(c.X.Type())
}

// stored follows a derived value into a variable of the function; anywhere else
// it may outlive the object.
func (d *Derived) stored(v ssa.Value, at ssa.Instruction, in ssa.Value) {
	for range 32 {
		switch a := in.(type) {
		case *ssa.Alloc:
			d.add(a)
			return
		case *ssa.FieldAddr:
			in = a.X
		case *ssa.IndexAddr:
			in = a.X
		case *ssa.Slice:
			in = a.X
		case *ssa.MakeSlice, *ssa.MakeMap:
			d.add(a)
			return
		default:
			d.Uses = append(d.Uses, Use{At: at, Leaves: true, Derived: v})
			return
		}
	}
}

func (d *Derived) call(v ssa.Value, call ssa.CallInstruction) {
	common := call.Common()
	if b, ok := common.Value.(*ssa.Builtin); ok {
		d.builtin(v, call, b)
		return
	}
	callee := ssafn.Callee(common)
	if callee != nil {
		if watches(callee) {
			return
		}
		if d.number && !takesHandle(callee) {
			return
		}
	} else if d.number {
		return
	}
	d.touch(call, v, callee == nil || !quick(callee, 0))
	val := call.Value()
	if val == nil {
		return
	}
	if callee != nil && ssafn.IsCgo(callee) {
		return
	}
	if passesOn(d.p, common, callee, v) {
		d.add(val)
	}
}

func (d *Derived) builtin(v ssa.Value, call ssa.CallInstruction, b *ssa.Builtin) {
	switch b.Name() {
	case "Slice", "String", "Add", "SliceData", "StringData":
		if val := call.Value(); val != nil {
			d.add(val)
		}
	case "copy":
		if d.foreign(v) {
			d.touch(call, v, false)
		}
	case "append":
		if len(call.Common().Args) == 2 && call.Common().Args[1] == v && !local(v) {
			d.touch(call, v, true)
		}
	}
}

// takesHandle reports functions to which an integer is a handle: C's, and the
// system's.
func takesHandle(f *ssa.Function) bool {
	if ssafn.IsCgo(f) {
		return true
	}
	if f.Pkg == nil {
		return false
	}
	switch f.Pkg.Pkg.Path() {
	case "syscall", "golang.org/x/sys/unix", "golang.org/x/sys/windows", "github.com/ebitengine/purego":
		return true
	}
	return false
}

// passesOn reports whether a call's result leads to the memory behind v.
func passesOn(p *ssafn.Program, common *ssa.CallCommon, callee *ssa.Function, v ssa.Value) bool {
	if callee == nil {
		return false
	}
	switch callee.String() {
	case "bytes.NewReader", "bytes.NewBuffer", "strings.NewReader", "bytes.TrimSpace", "bytes.TrimRight", "bytes.TrimLeft",
		"strings.TrimSpace", "io.NewSectionReader", "bytes.Fields", "bytes.Split", "strings.Split":
		return true
	}
	fact := p.Fact(callee)
	for i, arg := range common.Args {
		if arg != v || fact == nil {
			continue
		}
		for _, r := range fact.Results {
			if slices.Contains(r.PointsTo, i) || slices.Contains(r.Lent, i) {
				return true
			}
		}
	}
	return false
}

// quick reports functions that end before a garbage collection can: assembly of
// the standard library that is not preempted, and functions of a few
// instructions without calls and loops.
func quick(f *ssa.Function, depth int) bool {
	if f.Pkg == nil && f.Object() == nil || ssafn.IsCgo(f) {
		return false
	}
	if len(f.Blocks) > 0 {
		return depth < 3 && leaf(f, depth)
	}
	pkg := f.Pkg
	if pkg == nil {
		return false
	}
	switch pkg.Pkg.Path() {
	case "encoding/binary":
		return f.Signature.Recv() != nil // ByteOrder's methods
	case "math", "math/bits", "sync/atomic", "unsafe", "internal/byteorder":
		return true
	case "bytes", "strings":
		switch f.Name() {
		case "Equal", "Compare", "IndexByte", "LastIndexByte", "HasPrefix", "HasSuffix", "Index":
			return true
		}
	}
	return false
}

func leaf(f *ssa.Function, depth int) bool {
	n := 0
	for _, b := range f.Blocks {
		n += len(b.Instrs)
		if n > 60 {
			return false
		}
		for _, s := range b.Succs {
			if s.Dominates(b) {
				return false // a loop
			}
		}
		for _, instr := range b.Instrs {
			if Safepoint(instr) {
				call, ok := instr.(*ssa.Call)
				if !ok {
					return false
				}
				if callee := ssafn.Callee(call.Common()); callee == nil || !quick(callee, depth+1) {
					return false
				}
			}
		}
	}
	return true
}

// Safepoint reports instructions during which memory may be collected for sure
// enough to count on it: calls that are not quick, waiting, copies.
func Safepoint(instr ssa.Instruction) bool {
	switch instr := instr.(type) {
	case *ssa.Call:
		if b, ok := instr.Call.Value.(*ssa.Builtin); ok {
			return b.Name() == "append" || b.Name() == "print" || b.Name() == "println"
		}
		callee := ssafn.Callee(instr.Common())
		return callee == nil || !quickCallee(callee)
	case *ssa.Send, *ssa.Select:
		return true
	case *ssa.UnOp:
		return instr.Op == token.ARROW
	case *ssa.Convert:
		return copies(instr)
	}
	return false
}

func quickCallee(f *ssa.Function) bool { return len(f.Blocks) == 0 && quick(f, 0) }
