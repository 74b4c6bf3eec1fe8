package ssafn

import (
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// An Elem is a value that was put into a container: an element of a slice,
// array or map, a message of a channel, the value of a sync/atomic variable.
type Elem struct {
	Val ssa.Value
	At  ssa.Instruction
}

// maxAliases bounds how many values are looked at to find what one container
// holds.
const maxAliases = 400

// indexElem records what an instruction puts into a container.
func (p *Program) indexElem(instr ssa.Instruction) {
	switch instr := instr.(type) {
	case *ssa.Store:
		if ia, ok := instr.Addr.(*ssa.IndexAddr); ok {
			p.put(ia.X, instr.Val, instr)
		}
	case *ssa.MapUpdate:
		p.put(instr.Map, instr.Value, instr)
	case *ssa.Send:
		p.put(instr.Chan, instr.X, instr)
	case *ssa.Select:
		for _, s := range instr.States {
			if s.Dir == types.SendOnly {
				p.put(s.Chan, s.Send, instr)
			}
		}
	case *ssa.Call:
		switch f := Callee(&instr.Call); {
		case f == nil:
		case IsAtomic(f, "Store"), IsAtomic(f, "Swap"):
			p.put(instr.Call.Args[0], instr.Call.Args[1], instr)
		case IsAtomic(f, "CompareAndSwap"):
			p.put(instr.Call.Args[0], instr.Call.Args[2], instr)
		}
	}
}

func (p *Program) put(container, v ssa.Value, at ssa.Instruction) {
	key := p.container(container)
	p.elems[key] = append(p.elems[key], Elem{v, at})
	if t := p.named(container.Type()); t != nil {
		p.elems[t] = append(p.elems[t], Elem{v, at})
	}
}

// named is the type of containers of a type that this package declares, nil for
// others. Those are told apart by type where nothing else is known, as fields
// are by the type of their struct.
func (p *Program) named(t types.Type) *types.TypeName {
	named, ok := types.Unalias(t).(*types.Named)
	if !ok || named.Obj().Pkg() != p.Pkg.Pkg {
		return nil
	}
	switch named.Underlying().(type) {
	case *types.Slice, *types.Map, *types.Chan:
		return named.Origin().Obj()
	}
	return nil
}

// IsAtomic reports the functions and methods of sync/atomic that do op to a
// uintptr, an integer of its size, or a pointer.
func IsAtomic(f *ssa.Function, op string) bool {
	fn, ok := f.Object().(*types.Func)
	if !ok || fn.Pkg() == nil || fn.Pkg().Path() != "sync/atomic" {
		return false
	}
	switch fn.Name() {
	case op, op + "Uintptr", op + "Uint64", op + "Int64", op + "Pointer":
		return true
	}
	return false
}

// container is what identifies a container: the package variable or field that
// it is kept in, the variable, or the value that made it.
func (p *Program) container(v ssa.Value) any {
	for range 32 {
		switch u := v.(type) {
		case *ssa.Slice:
			v = u.X
		case *ssa.ChangeType:
			v = u.X
		case *ssa.IndexAddr:
			v = u.X
		case *ssa.FieldAddr:
			if f := Field(u); f != nil {
				return f
			}
			return u
		case *ssa.UnOp:
			if u.Op != token.MUL {
				return u
			}
			v = u.X
		case *ssa.FreeVar:
			b := p.Bindings(u)
			if len(b) != 1 {
				return u
			}
			v = b[0]
		default:
			return v
		}
	}
	return v
}

// Elems lists what was put into the container that v is, as far as the package
// shows it: through variables, fields, calls and append.
func (p *Program) Elems(v ssa.Value) []Elem {
	w := &elemWalker{p: p, seen: map[ssa.Value]bool{}, keys: map[any]bool{}}
	w.back(v)
	return w.out
}

type elemWalker struct {
	p    *Program
	seen map[ssa.Value]bool
	keys map[any]bool
	out  []Elem
}

func (w *elemWalker) enter(v ssa.Value) bool {
	if v == nil || w.seen[v] || len(w.seen) >= maxAliases {
		return false
	}
	w.seen[v] = true
	if key := w.p.container(v); !w.keys[key] {
		w.keys[key] = true
		w.out = append(w.out, w.p.elems[key]...)
	}
	return true
}

// back looks at where the container came from.
func (w *elemWalker) back(v ssa.Value) {
	if !w.enter(v) {
		return
	}
	w.forward(v)
	switch v := v.(type) {
	case *ssa.Slice:
		w.back(v.X)
	case *ssa.ChangeType:
		w.back(v.X)
	case *ssa.IndexAddr:
		w.back(v.X)
	case *ssa.Phi:
		for _, e := range v.Edges {
			w.back(e)
		}
	case *ssa.UnOp:
		if v.Op == token.MUL {
			w.back(v.X)
		}
	case *ssa.Alloc, *ssa.Global, *ssa.FieldAddr:
		stores, _ := w.p.StoresTo(v)
		for _, s := range stores {
			w.back(s.Val)
		}
	case *ssa.FreeVar:
		for _, b := range w.p.Bindings(v) {
			w.back(b)
		}
	case *ssa.Parameter:
		calls, complete := w.p.Callers(v.Parent())
		if t := w.p.named(v.Type()); t != nil && !complete && !w.keys[t] {
			w.keys[t] = true
			w.out = append(w.out, w.p.elems[t]...)
		}
		for _, c := range calls {
			for i, param := range v.Parent().Params {
				if param == v && i < len(c.Common().Args) {
					w.back(c.Common().Args[i])
				}
			}
		}
	case *ssa.Call:
		w.call(v)
	}
}

func (w *elemWalker) call(v *ssa.Call) {
	if b, ok := v.Call.Value.(*ssa.Builtin); ok {
		if b.Name() == "append" {
			for _, a := range v.Call.Args {
				w.back(a)
			}
		}
		return
	}
	f := Callee(&v.Call)
	if f == nil {
		return
	}
	for _, b := range f.Blocks {
		if len(b.Instrs) == 0 {
			continue
		}
		if r, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return); ok && len(r.Results) == 1 {
			w.back(r.Results[0])
		}
	}
}

// forward looks at where else the container goes: into functions that fill it,
// and into variables and fields through which it is filled.
func (w *elemWalker) forward(v ssa.Value) {
	if v.Referrers() == nil {
		return
	}
	for _, ref := range *v.Referrers() {
		switch ref := ref.(type) {
		case ssa.CallInstruction:
			f := Callee(ref.Common())
			if f == nil {
				continue
			}
			for i, a := range ref.Common().Args {
				if a == v && i < len(f.Params) && w.enter(f.Params[i]) {
					w.forward(f.Params[i])
				}
			}
		case *ssa.Store:
			if ref.Val == v {
				w.enter(ref.Addr)
			}
		case *ssa.Slice, *ssa.ChangeType, *ssa.Phi:
			if u := ref.(ssa.Value); w.enter(u) {
				w.forward(u)
			}
		}
	}
}

// StoresToField lists what is stored in the field of any value of its struct type.
func (p *Program) StoresToField(f *ssa.Field) []*ssa.Store {
	st, ok := f.X.Type().Underlying().(*types.Struct)
	if !ok || f.Field >= st.NumFields() {
		return nil
	}
	return p.fields[st.Field(f.Field).Origin()]
}

// StoresToVar lists what is stored in field v of any value of its struct type.
func (p *Program) StoresToVar(v *types.Var) []*ssa.Store { return p.fields[v.Origin()] }

// Closures lists where literal f is made a value.
func (p *Program) Closures(f *ssa.Function) []*ssa.MakeClosure { return p.closures[f] }

// Travels reports whether the value of f is passed around, so that anybody may
// call it.
func (p *Program) Travels(f *ssa.Function) bool { return p.opened[f] }
