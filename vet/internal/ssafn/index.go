package ssafn

import (
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// index records what one function calls, binds and stores.
func (p *Program) index(f *ssa.Function) {
	if p.indexed[f] {
		return
	}
	p.indexed[f] = true
	for _, b := range f.Blocks {
		for _, instr := range b.Instrs {
			p.indexInstr(instr)
		}
	}
}

func (p *Program) indexInstr(instr ssa.Instruction) {
	var callee ssa.Value
	switch instr := instr.(type) {
	case ssa.CallInstruction:
		common := instr.Common()
		if f := Callee(common); f != nil {
			p.calls[f] = append(p.calls[f], instr)
			callee = common.Value
		} else if f := kept(common.Value); f != nil {
			p.calls[f] = append(p.calls[f], instr)
		}
	case *ssa.MakeClosure:
		if f, ok := instr.Fn.(*ssa.Function); ok {
			p.closures[f] = append(p.closures[f], instr)
			if f.Synthetic != "" {
				p.index(f) // a method value: its body calls the method
			}
			if !onlyCalled(instr) {
				p.opened[f] = true
			}
			callee = instr.Fn
		}
	case *ssa.Store:
		p.indexStore(instr)
	case *ssa.Convert:
		if ptr, ok := instr.Type().Underlying().(*types.Pointer); ok {
			p.pun(ptr.Elem(), 0)
		}
	}
	for _, op := range instr.Operands(nil) {
		if f, ok := (*op).(*ssa.Function); ok && *op != callee {
			p.opened[origin(f)] = true
		}
	}
}

// pun notes that memory of another type is read and written as t: what is
// stored into its fields is not all that they may hold.
func (p *Program) pun(t types.Type, depth int) {
	st, ok := t.Underlying().(*types.Struct)
	if !ok || depth > 4 {
		return
	}
	for f := range st.Fields() {
		if p.punned[f.Origin()] {
			return
		}
		p.punned[f.Origin()] = true
		p.pun(f.Type(), depth+1)
	}
}

func (p *Program) indexStore(s *ssa.Store) {
	switch addr := s.Addr.(type) {
	case *ssa.Global:
		p.globals[addr] = append(p.globals[addr], s)
	case *ssa.FieldAddr:
		if v := Field(addr); v != nil {
			p.fields[v] = append(p.fields[v], s)
		}
	}
}

// onlyCalled reports whether a closure value is used as a callee and nowhere else.
func onlyCalled(c *ssa.MakeClosure) bool {
	for _, ref := range *c.Referrers() {
		call, ok := ref.(ssa.CallInstruction)
		if !ok || call.Common().Value != c {
			return false
		}
		for _, arg := range call.Common().Args {
			if arg == c {
				return false
			}
		}
	}
	return true
}

// kept returns the function that is called through a variable which nothing
// else is ever put into.
func kept(v ssa.Value) *ssa.Function {
	load, ok := v.(*ssa.UnOp)
	if !ok || load.Op != token.MUL {
		return nil
	}
	cell, ok := load.X.(*ssa.Alloc)
	if !ok {
		return nil
	}
	var f *ssa.Function
	for _, ref := range *cell.Referrers() {
		s, ok := ref.(*ssa.Store)
		if !ok {
			continue
		}
		if s.Addr != cell || f != nil {
			return nil
		}
		switch val := s.Val.(type) {
		case *ssa.Function:
			f = val
		case *ssa.MakeClosure:
			f, _ = val.Fn.(*ssa.Function)
		}
		if f == nil {
			return nil
		}
	}
	return f
}

// Callee returns the function that a call enters, as declared: an instance of
// a generic function is that function. It is nil for dynamic calls.
func Callee(c *ssa.CallCommon) *ssa.Function {
	if f := c.StaticCallee(); f != nil {
		return origin(f)
	}
	return nil
}

func origin(f *ssa.Function) *ssa.Function {
	if o := f.Origin(); o != nil {
		return o
	}
	return f
}

// Field returns the field that an address selects, in its generic form.
func Field(a *ssa.FieldAddr) *types.Var {
	ptr, ok := a.X.Type().Underlying().(*types.Pointer)
	if !ok {
		return nil
	}
	st, ok := ptr.Elem().Underlying().(*types.Struct)
	if !ok || a.Field >= st.NumFields() {
		return nil
	}
	return st.Field(a.Field).Origin()
}

// Callers lists the static calls of f in this package. complete is false when
// there may be others: f is exported from an importable package, a method that
// an interface may reach, or its value is passed around.
func (p *Program) Callers(f *ssa.Function) (calls []ssa.CallInstruction, complete bool) {
	calls = p.calls[f]
	return calls, len(calls) > 0 && !p.opened[f] && !p.reachable(f)
}

// reachable reports whether code outside the package can call f.
func (p *Program) reachable(f *ssa.Function) bool {
	if f.Parent() != nil {
		return false // a literal; opened tells whether it travels
	}
	if f.Signature.Recv() != nil {
		return true // through an interface, even when unexported
	}
	return token.IsExported(f.Name()) && p.Pkg.Pkg.Name() != "main"
}

// Bindings lists the values that free variable v of f is bound to.
func (p *Program) Bindings(v *ssa.FreeVar) []ssa.Value {
	f := v.Parent()
	i := 0
	for i < len(f.FreeVars) && f.FreeVars[i] != v {
		i++
	}
	var out []ssa.Value
	for _, c := range p.closures[f] {
		if i < len(c.Bindings) {
			out = append(out, c.Bindings[i])
		}
	}
	return out
}

// StoresTo lists what is stored at an address: into a local variable and the
// closures that capture it, into a global of this package, or into a field of
// any value of its struct type. complete is false when others may store there.
func (p *Program) StoresTo(addr ssa.Value) (stores []*ssa.Store, complete bool) {
	switch addr := addr.(type) {
	case *ssa.Alloc:
		return p.storesToCell(addr, map[ssa.Value]bool{}), true
	case *ssa.FreeVar:
		seen := map[ssa.Value]bool{}
		for _, b := range p.Bindings(addr) {
			stores = append(stores, p.storesToCell(b, seen)...)
		}
		return stores, true
	case *ssa.Global:
		return p.globals[addr], addr.Pkg == p.Pkg && !token.IsExported(addr.Name())
	case *ssa.FieldAddr:
		if root, ok := addr.X.(*ssa.Alloc); ok {
			if list, whole := localField(root, addr.Field); !whole && len(list) > 0 {
				return list, true
			}
		}
		v := Field(addr)
		if v == nil {
			return nil, false
		}
		return p.fields[v], !v.Exported() && !p.punned[v] && v.Pkg() == p.Pkg.Pkg && len(p.fields[v]) > 0
	}
	return nil, false
}

// storesToCell follows a captured variable into the literals that capture it.
func (p *Program) storesToCell(cell ssa.Value, seen map[ssa.Value]bool) []*ssa.Store {
	if seen[cell] || cell.Referrers() == nil {
		return nil
	}
	seen[cell] = true
	var out []*ssa.Store
	for _, ref := range *cell.Referrers() {
		switch ref := ref.(type) {
		case *ssa.Store:
			if ref.Addr == cell {
				out = append(out, ref)
			}
		case *ssa.MakeClosure:
			fn, ok := ref.Fn.(*ssa.Function)
			if !ok {
				continue
			}
			for i, b := range ref.Bindings {
				if b == cell && i < len(fn.FreeVars) {
					out = append(out, p.storesToCell(fn.FreeVars[i], seen)...)
				}
			}
		}
	}
	if fv, ok := cell.(*ssa.FreeVar); ok {
		for _, b := range p.Bindings(fv) {
			out = append(out, p.storesToCell(b, seen)...)
		}
	}
	return out
}

// localField lists the stores to one field of a local struct. whole reports
// that the struct is also assigned as a whole, so that the list is not all.
func localField(root *ssa.Alloc, field int) (stores []*ssa.Store, whole bool) {
	for _, ref := range *root.Referrers() {
		switch ref := ref.(type) {
		case *ssa.FieldAddr:
			if ref.Field != field {
				continue
			}
			for _, r := range *ref.Referrers() {
				if s, ok := r.(*ssa.Store); ok && s.Addr == ref {
					stores = append(stores, s)
				}
			}
		case *ssa.Store:
			if ref.Addr == root {
				whole = true
			}
		}
	}
	return stores, whole
}

// IsCgo reports whether f is code that cgo generated around a C function.
func IsCgo(f *ssa.Function) bool {
	name := f.Name()
	return strings.HasPrefix(name, "_Cfunc_") || strings.HasPrefix(name, "_C2func_") ||
		strings.HasPrefix(name, "_cgo_") || strings.HasPrefix(name, "_cgo")
}

// IsCType reports whether t, or what it points to, is a type of C's.
func IsCType(t types.Type) bool {
	for range 4 {
		switch u := types.Unalias(t).(type) {
		case *types.Named:
			return strings.HasPrefix(u.Obj().Name(), "_Ctype_")
		case *types.Pointer:
			t = u.Elem()
		case *types.Slice:
			t = u.Elem()
		case *types.Array:
			t = u.Elem()
		default:
			return false
		}
	}
	return false
}
