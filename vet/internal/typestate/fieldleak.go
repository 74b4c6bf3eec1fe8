package typestate

import (
	"fmt"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/fact"
	"moho/vet/internal/rule"
	"moho/vet/internal/ssafn"
)

// fieldLeaks finds C memory whose address is kept in a field, and nowhere else,
// that no code can free: the field is this package's own, and all that the
// package does with it is reading what it points to.
func fieldLeaks(p *ssafn.Program, k *knowledge) []Event {
	var list []Event
	var uses map[*types.Var][]ssa.Value // where each field is selected
	for _, f := range p.Funcs {
		if ssafn.IsCgo(f) {
			continue
		}
		for _, b := range f.Blocks {
			for _, in := range b.Instrs {
				call, ok := in.(*ssa.Call)
				if !ok {
					continue
				}
				c, ok := ssafn.CCall(call)
				if !ok || k.cFunc(c.Name).owned != fact.Free || c.Errno {
					continue
				}
				t := &trail{k: k}
				if !t.reads(call, 0) || len(t.fields) != 1 {
					continue
				}
				if uses == nil {
					uses = selections(p)
				}
				field := t.fields[0]
				if !own(p, field, t.owner) || !onlyRead(k, uses[field]) {
					continue
				}
				w := newWalker(p, k, f)
				list = append(list, Event{
					Rule: "c-leak", Pos: call.Pos(), Sure: true,
					Message: fmt.Sprintf("what %s in %s makes is kept in the field %s, and nothing frees what is there", w.expr(call), fullName(f), field.Name()),
					Flow:    []rule.Step{{Pos: call.Pos(), Text: "made by " + w.expr(call)}, {Pos: field.Pos(), Text: "kept in this field, which is only read"}},
				})
			}
		}
	}
	return list
}

// trail follows a pointer to everything that is done with it.
type trail struct {
	k      *knowledge
	fields []*types.Var // that it is stored in
	owner  types.Type   // the struct of the last of them
	steps  int
}

// maxTrail bounds how many values are followed from one pointer.
const maxTrail = 200

// reads reports whether all that is done with v is reading and writing what it
// points to, and storing it in fields.
func (t *trail) reads(v ssa.Value, depth int) bool {
	t.steps++
	if t.steps > maxTrail || depth > 12 || v.Referrers() == nil {
		return false
	}
	for _, ref := range *v.Referrers() {
		if !t.use(v, ref, depth) {
			return false
		}
	}
	return true
}

func (t *trail) use(v ssa.Value, ref ssa.Instruction, depth int) bool {
	switch ref := ref.(type) {
	case *ssa.DebugRef, *ssa.BinOp, *ssa.If:
		return true
	case *ssa.UnOp:
		return true // what it points to is no business of ours
	case *ssa.Convert:
		return isPlainPointer(ref.Type()) && t.reads(ref, depth+1)
	case *ssa.ChangeType:
		return t.reads(ref, depth+1)
	case *ssa.FieldAddr, *ssa.IndexAddr:
		return t.reads(ref.(ssa.Value), depth+1)
	case *ssa.Store:
		if ref.Addr == v {
			return ref.Val != v
		}
		addr, ok := ref.Addr.(*ssa.FieldAddr)
		if !ok {
			return false
		}
		if _, ok := addr.X.(*ssa.Global); ok {
			return false
		}
		t.fields = append(t.fields, ssafn.Field(addr))
		t.owner = deref(addr.X.Type())
		return true
	case *ssa.Call:
		if b, ok := ref.Call.Value.(*ssa.Builtin); ok {
			return b.Name() != "append"
		}
		c, ok := ssafn.CCall(ref)
		if !ok {
			return t.harmless(v, ref)
		}
		f := t.k.cFunc(c.Name)
		for i, a := range c.Args {
			p := f.param(i)
			if a == v && (p.frees != "" || p.takes || p.unknown || p.keptIn != "") {
				return false
			}
		}
		return f.inside < 0
	}
	return false
}

// harmless reports a Go function that only reads what v points to.
func (t *trail) harmless(v ssa.Value, call *ssa.Call) bool {
	g := ssafn.Callee(&call.Call)
	if g == nil {
		return false
	}
	f := t.k.p.Fact(g)
	for i, a := range call.Call.Args {
		p := f.Param(i)
		if a == v && (!p.Seen || p.Frees != "" || p.MayFree != "" || p.Retains) {
			return false
		}
	}
	for i := range g.Signature.Results().Len() {
		if len(f.Result(i).PointsTo) > 0 {
			return false
		}
	}
	return true
}

// selections lists where fields of structs are selected.
func selections(p *ssafn.Program) map[*types.Var][]ssa.Value {
	m := map[*types.Var][]ssa.Value{}
	for _, f := range p.Funcs {
		for _, b := range f.Blocks {
			for _, in := range b.Instrs {
				switch in := in.(type) {
				case *ssa.FieldAddr:
					if v := ssafn.Field(in); v != nil {
						m[v] = append(m[v], in)
					}
				case *ssa.Field:
					if s := structOf(in.X.Type()); s != nil {
						v := s.Field(in.Field).Origin()
						m[v] = append(m[v], in)
					}
				}
			}
		}
	}
	return m
}

// own reports a field that no other package can reach, of a type of which there
// may be many: what a package variable holds lives as long as the program.
func own(p *ssafn.Program, field *types.Var, owner types.Type) bool {
	if field == nil || field.Pkg() != p.Types || field.Exported() && p.Types.Name() != "main" || ssafn.IsCType(owner) {
		return false
	}
	scope := p.Types.Scope()
	for _, name := range scope.Names() {
		if v, ok := scope.Lookup(name).(*types.Var); ok && types.Identical(deref(v.Type()), owner) {
			return false
		}
	}
	return true
}

// onlyRead reports whether all that the package does with a field is to store
// in it and to read what it points to.
func onlyRead(k *knowledge, selected []ssa.Value) bool {
	loads := 0
	for _, s := range selected {
		if f, ok := s.(*ssa.Field); ok {
			loads++
			if t := (&trail{k: k}); !t.reads(f, 0) || len(t.fields) > 0 {
				return false
			}
			continue
		}
		for _, ref := range *s.Referrers() {
			switch ref := ref.(type) {
			case *ssa.Store:
				if ref.Addr != s {
					return false
				}
			case *ssa.UnOp:
				loads++
				if t := (&trail{k: k}); !t.reads(ref, 0) || len(t.fields) > 0 {
					return false
				}
			default:
				return false
			}
		}
	}
	return loads > 0
}
