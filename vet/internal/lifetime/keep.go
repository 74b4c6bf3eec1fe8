package lifetime

import (
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/ssafn"
)

// Keepers is what keeps one object alive inside one function: the values that
// refer to it, and whether something outside does.
type Keepers struct {
	Values map[ssa.Value]bool
	// Held is set when something that outlives the function, or that cannot be
	// followed, refers to the object besides.
	Held bool
	// Params are the parameters that the object is, or is reached from.
	Params []*ssa.Parameter
	// Made is set when the object, or the call that made it, is in the function.
	Made bool

	p     *ssafn.Program
	level int // calls deep, when asked whether a callee retains
}

// KeepersOf follows where object o came from in its function, and where it went.
func KeepersOf(p *ssafn.Program, o ssa.Value) *Keepers {
	k := &Keepers{Values: map[ssa.Value]bool{}, p: p}
	k.back(o)
	return k
}

// Live reports whether the object is referred to after an instruction, or by
// the instruction itself as an operand other than what is derived from it.
func (k *Keepers) Live(at ssa.Instruction) bool {
	if k.Held {
		return true
	}
	for v := range k.Values {
		if Live(v, at) {
			return true
		}
	}
	return false
}

// Takes reports whether an instruction is given the object, or a pointer into
// it, to work with: whoever is called then answers for it.
func (k *Keepers) Takes(at ssa.Instruction) bool {
	for _, op := range at.Operands(nil) {
		if *op != nil && k.Values[*op] {
			return true
		}
	}
	return false
}

// back visits what the object was got from.
func (k *Keepers) back(v ssa.Value) {
	if v == nil || k.Values[v] {
		return
	}
	k.add(v)
	switch u := v.(type) {
	case *ssa.Parameter:
		k.Params = append(k.Params, u)
	case *ssa.Phi:
		for _, e := range u.Edges {
			k.back(e)
		}
	case *ssa.ChangeType:
		k.back(u.X)
	case *ssa.Convert:
		if isPointer(u.X.Type()) {
			k.back(u.X)
		} else {
			k.Held = true // made from a number: somebody else's business
		}
	case *ssa.MakeInterface:
		k.back(u.X)
	case *ssa.ChangeInterface:
		k.back(u.X)
	case *ssa.TypeAssert:
		k.back(u.X)
	case *ssa.FieldAddr:
		k.back(u.X) // an object inside an object
	case *ssa.IndexAddr:
		k.back(u.X)
	case *ssa.Slice:
		k.back(u.X)
	case *ssa.Field:
		k.back(u.X)
	case *ssa.UnOp:
		if u.Op == token.MUL {
			k.holder(u.X)
		} else {
			k.Held = true // received from a channel
		}
	case *ssa.Extract:
		k.back(u.Tuple)
	case *ssa.Call:
		k.Made = true
		for _, arg := range u.Call.Args {
			if mayHold(arg.Type(), 0) && !stranger(k.p, arg.Type()) {
				k.back(arg)
			}
		}
		if u.Call.IsInvoke() {
			k.Held = true
		}
	case *ssa.Alloc:
		k.Made = true
		for _, s := range storesInto(u) {
			if mayHold(s.Val.Type(), 0) {
				k.back(s.Val)
			}
		}
	case *ssa.Const:
	default:
		k.Held = true // a global, a captured variable, an element of a map
	}
}

// holder visits the memory that the object was read from.
func (k *Keepers) holder(addr ssa.Value) {
	switch a := addr.(type) {
	case *ssa.Alloc:
		k.add(a)
		for _, s := range storesInto(a) {
			if s.Addr == a && mayHold(s.Val.Type(), 0) {
				k.back(s.Val)
			}
		}
	case *ssa.FieldAddr:
		k.slot(a)
		if root, ok := a.X.(*ssa.Alloc); ok {
			k.add(root)
			for _, s := range storesInto(root) {
				if fa, ok := s.Addr.(*ssa.FieldAddr); ok && fa.Field == a.Field {
					k.back(s.Val)
				}
			}
			return
		}
		k.back(a.X)
	case *ssa.IndexAddr:
		k.add(a)
		k.back(a.X)
	default:
		k.Held = true
	}
}

// slot notes a field that refers to the object, and what else is read from it.
func (k *Keepers) slot(a *ssa.FieldAddr) {
	for _, ref := range *a.X.Referrers() {
		same, ok := ref.(*ssa.FieldAddr)
		if !ok || same.X != a.X || same.Field != a.Field {
			continue
		}
		k.add(same)
		for _, r := range *same.Referrers() {
			if load, ok := r.(*ssa.UnOp); ok && load.Op == token.MUL {
				k.add(load)
			}
		}
	}
}

// add notes a value that refers to the object and follows where it goes.
func (k *Keepers) add(v ssa.Value) {
	if k.Values[v] || len(k.Values) > 400 {
		return
	}
	k.Values[v] = true
	refs := v.Referrers()
	if refs == nil {
		return
	}
	for _, ref := range *refs {
		k.use(v, ref)
	}
}

func (k *Keepers) use(v ssa.Value, ref ssa.Instruction) {
	switch ref := ref.(type) {
	case *ssa.FieldAddr, *ssa.IndexAddr, *ssa.ChangeType, *ssa.MakeInterface, *ssa.ChangeInterface, *ssa.Slice, *ssa.Phi:
		k.add(ref.(ssa.Value))
	case *ssa.TypeAssert:
		k.add(ref)
	case *ssa.Extract:
		if mayHold(ref.Type(), 0) {
			k.add(ref)
		}
	case *ssa.Convert:
		if isPointer(ref.Type()) {
			k.add(ref)
		}
	case *ssa.UnOp:
		// What is read from a variable that holds the object may be the object;
		// what is read from the object itself is not.
		if ref.Op == token.MUL && k.variable(v) && mayHold(ref.Type(), 0) {
			k.add(ref)
		}
	case *ssa.Store:
		if ref.Val == v {
			k.stored(ref.Addr)
		}
	case *ssa.MapUpdate:
		if ref.Value == v || ref.Key == v {
			k.stored(ref.Map)
		}
	case *ssa.Send, *ssa.Go:
		k.Held = true
	case *ssa.MakeClosure:
		k.closure(ref)
	case *ssa.Call:
		k.call(v, ref)
	}
}

// variable reports the address of a local variable, or of a part of one that is
// not such an object itself.
func (k *Keepers) variable(addr ssa.Value) bool {
	for range 16 {
		switch a := addr.(type) {
		case *ssa.Alloc:
			t := k.p.TypeFact(a.Type())
			return t == nil || !t.Finalizer
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

// stored follows an object into what it was stored in.
func (k *Keepers) stored(in ssa.Value) {
	for range 32 {
		switch a := in.(type) {
		case *ssa.Alloc:
			k.add(a)
			return
		case *ssa.MakeMap:
			k.add(a)
			return
		case *ssa.FieldAddr:
			in = a.X
		case *ssa.IndexAddr:
			in = a.X
		case *ssa.Slice:
			in = a.X
		case *ssa.MakeSlice:
			k.add(a)
			return
		default:
			if k.Values[in] {
				return // into itself
			}
			k.Held = true
			return
		}
	}
	k.Held = true
}

// closure follows an object that a literal captures.
func (k *Keepers) closure(c *ssa.MakeClosure) {
	k.add(c)
}

func (k *Keepers) call(v ssa.Value, call *ssa.Call) {
	common := call.Common()
	if common.Value == v { // a literal that has it is called
		return
	}
	if b, ok := common.Value.(*ssa.Builtin); ok {
		if b.Name() == "append" {
			k.add(call)
		}
		return
	}
	callee := ssafn.Callee(common)
	switch {
	case callee == nil:
		if !common.IsInvoke() || common.Value != v {
			k.Held = true // handed to a stranger
		}
	case ssafn.IsCgo(callee), watches(callee):
		return
	case k.retains(v, common, callee):
		k.Held = true
	}
	if mayHold(call.Type(), 0) {
		k.add(call)
	}
}

// watches reports the functions that take an object without holding it.
func watches(f *ssa.Function) bool {
	switch f.String() {
	case "runtime.SetFinalizer", "runtime.AddCleanup", "runtime.KeepAlive", "weak.Make":
		return true
	}
	return false
}

// retains reports whether a callee may put v where it stays.
func (k *Keepers) retains(v ssa.Value, common *ssa.CallCommon, callee *ssa.Function) bool {
	for i, arg := range common.Args {
		if arg != v {
			continue
		}
		if k.p.Fact(callee).Param(i).Retains {
			return true
		}
		if len(callee.Blocks) > 0 {
			if i < len(callee.Params) && retainsParam(k.p, callee, i, k.level+1) {
				return true
			}
			continue
		}
		if _, boxed := arg.Type().Underlying().(*types.Interface); boxed && !printsOnly(callee) {
			return true
		}
	}
	return false
}

// printsOnly reports packages whose functions do not keep what they are given
// as an interface.
func printsOnly(f *ssa.Function) bool {
	if f.Pkg == nil {
		return false
	}
	switch f.Pkg.Pkg.Path() {
	case "fmt", "log", "errors", "runtime", "reflect", "testing", "os", "io", "encoding/json", "log/slog":
		return true
	}
	return false
}

// retainsParam reports whether a function of the package stores parameter i in
// memory that it did not make, or gives it to a goroutine.
func retainsParam(p *ssafn.Program, f *ssa.Function, i, level int) bool {
	if level > 3 {
		return false
	}
	k := &Keepers{Values: map[ssa.Value]bool{}, p: p, level: level}
	k.add(f.Params[i])
	return k.Held
}

func isPointer(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		return true
	case *types.Basic:
		return u.Kind() == types.UnsafePointer
	}
	return false
}

// stranger reports a type of the standard library, which knows none of the
// package's and has no room for one of them.
func stranger(p *ssafn.Program, t types.Type) bool {
	n := pointee(t)
	if n == nil {
		n, _ = types.Unalias(t).(*types.Named)
	}
	if n == nil || n.Obj().Pkg() == nil || n.Obj().Pkg() == p.Pkg.Pkg {
		return false
	}
	if _, ok := n.Underlying().(*types.Interface); ok {
		return false
	}
	switch n.Obj().Pkg().Path() {
	case "os", "io", "bytes", "bufio", "strings", "net", "time", "regexp", "math/big", "log":
		return true
	}
	return false
}

// mayHold reports whether a value of type t can lead to a Go object: through a
// pointer to a Go struct, an interface, a function, a map, a channel. Bytes,
// numbers, strings and C's own pointers lead to none.
func mayHold(t types.Type, depth int) bool {
	if depth > 4 || ssafn.IsCType(t) {
		return depth > 4
	}
	if types.Identical(t, types.Universe.Lookup("error").Type()) {
		return false // says what went wrong with it
	}
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		if ssafn.IsCType(u) {
			return false
		}
		_, basic := u.Elem().Underlying().(*types.Basic)
		return !basic
	case *types.Slice:
		return mayHold(u.Elem(), depth+1)
	case *types.Array:
		return mayHold(u.Elem(), depth+1)
	case *types.Struct:
		for f := range u.Fields() {
			if mayHold(f.Type(), depth+1) {
				return true
			}
		}
		return false
	case *types.Tuple:
		for v := range u.Variables() {
			if mayHold(v.Type(), depth+1) {
				return true
			}
		}
		return false
	case *types.Basic:
		return false
	}
	return true
}
