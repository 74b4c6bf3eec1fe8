package cgoptrinarg

import (
	"fmt"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"moho/evidence"
	"moho/vet/internal/cptr"
	"moho/vet/internal/prov"
	"moho/vet/internal/rule"
	"moho/vet/internal/ssafn"
)

// maxParts bounds the parts of an object that are looked at.
const maxParts = 512

// argument looks into the objects that a call hands to C. stored is where the
// pointer was put into the object.
func argument(p *ssafn.Program, call ssa.CallInstruction) (h rule.Hit, stored token.Pos, ok bool) {
	c, ok := ssafn.CCall(call)
	if !ok || builtin[c.Name] {
		return rule.Hit{}, token.NoPos, false
	}
	for i, arg := range c.Args {
		if !pointer(arg.Type()) {
			continue
		}
		if h, ok := inside(p, call, c, i, arg); ok {
			return h, h.Flow[1].Pos, true
		}
	}
	return rule.Hit{}, token.NoPos, false
}

// builtin lists what cgo itself provides: it copies bytes, or frees.
var builtin = map[string]bool{"CString": true, "CBytes": true, "GoString": true, "GoStringN": true, "GoBytes": true, "free": true}

func inside(p *ssafn.Program, call ssa.CallInstruction, c ssafn.CFunc, i int, arg ssa.Value) (rule.Hit, bool) {
	part, ok := holds(p, arg, call)
	if !ok {
		return rule.Hit{}, false
	}
	pos, end := cptr.Span(p, call)
	checked := ", and the program panics here"
	if !ssafn.IsChecked(c.Sig.Params().At(min(i, c.Sig.Params().Len()-1)).Type()) {
		checked = ", and nothing checks it at run time"
	}
	return rule.Hit{
		Pos: pos, End: end, Severity: evidence.High,
		Message: fmt.Sprintf("%s in %s points to Go memory in which %s is a pointer to %s that is not pinned%s",
			cptr.Arg(p, call, i), prov.FuncName(call.Parent()), part.text, part.origin.Text, checked),
		Flow: []rule.Step{
			{Pos: part.origin.Pos, Text: part.origin.Text},
			{Pos: part.pos, Text: "its address is put into the object"},
			{Pos: pos, Text: "C." + c.Name + " gets the object"},
		},
		Window: rule.Span{Pos: pos, End: end},
	}, true
}

// A part is a pointer inside an object.
type part struct {
	origin prov.Origin
	pos    token.Pos
	text   string
}

// holds looks for a Go pointer that is not pinned in what v points to.
func holds(p *ssafn.Program, v ssa.Value, call ssa.CallInstruction) (part, bool) {
	w := &parts{p: p, call: call, seen: map[ssa.Value]bool{}}
	w.object(cptr.Root(p, v))
	return w.found, w.ok
}

type parts struct {
	p     *ssafn.Program
	call  ssa.CallInstruction
	seen  map[ssa.Value]bool
	found part
	ok    bool
}

// object looks at what is stored in the variable or slice that v is, or points to.
func (w *parts) object(v ssa.Value) {
	if w.ok || w.seen[v] || len(w.seen) > maxParts {
		return
	}
	w.seen[v] = true
	switch v := v.(type) {
	case *ssa.Alloc:
		w.stores(v, v.Comment)
	case *ssa.MakeSlice:
		w.stores(v, "")
	case *ssa.Phi:
		for _, e := range v.Edges {
			w.object(cptr.Root(w.p, e))
		}
	case *ssa.Call:
		if b, ok := v.Call.Value.(*ssa.Builtin); ok && b.Name() == "append" {
			for _, a := range v.Call.Args {
				w.object(cptr.Root(w.p, a))
			}
			return
		}
		callee := ssafn.Callee(v.Common())
		if callee == nil || ssafn.IsCgo(callee) {
			return
		}
		for _, r := range prov.Results(callee, 0) {
			w.object(cptr.Root(w.p, r))
		}
	case *ssa.UnOp:
		if v.Op != token.MUL {
			return
		}
		stores, _ := w.p.StoresTo(v.X)
		if _, local := v.X.(*ssa.Alloc); local {
			for _, s := range stores {
				w.object(cptr.Root(w.p, s.Val))
			}
		}
	case *ssa.Parameter:
		calls, complete := w.p.Callers(v.Parent())
		if !complete {
			return
		}
		for _, c := range calls {
			if arg := prov.Argument(c, v); arg != nil {
				w.object(cptr.Root(w.p, arg))
			}
		}
	}
}

// stores goes over the stores to addr and to what is selected from it.
func (w *parts) stores(addr ssa.Value, text string) {
	if addr.Referrers() == nil {
		return
	}
	for _, ref := range *addr.Referrers() {
		if w.ok {
			return
		}
		switch ref := ref.(type) {
		case *ssa.FieldAddr:
			if ref.X == addr {
				name := "a field"
				if f := ssafn.Field(ref); f != nil {
					name = "field " + f.Name()
				}
				w.into(ref, name)
			}
		case *ssa.IndexAddr:
			if ref.X == addr {
				w.into(ref, "an element")
			}
		case *ssa.Slice:
			if ref.X == addr {
				w.stores(ref, text)
			}
		case *ssa.Convert, *ssa.ChangeType:
			if v := ref.(ssa.Value); pointer(v.Type()) {
				w.into(v, text)
			}
		case *ssa.Store:
			if ref.Addr == addr {
				w.value(ref, text)
			} else if s, ok := ref.Addr.(*ssa.Alloc); ok && w.isSlice(addr) {
				w.loads(s, text)
			}
		}
	}
}

func (w *parts) isSlice(v ssa.Value) bool {
	_, ok := v.Type().Underlying().(*types.Slice)
	return ok
}

// loads follows a slice through the variable that it is kept in.
func (w *parts) loads(cell *ssa.Alloc, text string) {
	for _, ref := range *cell.Referrers() {
		if load, ok := ref.(*ssa.UnOp); ok && load.Op == token.MUL {
			w.into(load, text)
		}
	}
}

func (w *parts) into(v ssa.Value, text string) {
	if !w.seen[v] && len(w.seen) <= maxParts {
		w.seen[v] = true
		w.stores(v, text)
	}
}

// value looks at what one store puts into the object.
func (w *parts) value(s *ssa.Store, text string) {
	if !w.reaches(s) {
		return
	}
	if load, ok := s.Val.(*ssa.UnOp); ok && load.Op == token.MUL {
		if from, ok := load.X.(*ssa.Alloc); ok {
			if _, isStruct := s.Val.Type().Underlying().(*types.Struct); isStruct {
				w.object(from) // a literal that is copied
				return
			}
		}
	}
	if o, ok := unpinned(w.p, s.Val, w.call); ok {
		if s.Parent() != w.call.Parent() {
			if _, ok := unpinned(w.p, s.Val, s); !ok {
				return
			}
		}
		w.found, w.ok = part{origin: o, pos: s.Pos(), text: text}, true
	}
}

// reaches reports whether what a store puts there can still be there at the
// call: it comes before it, and nothing overwrites it in between.
func (w *parts) reaches(s *ssa.Store) bool {
	if s.Parent() != w.call.Parent() {
		return true
	}
	if s.Block() == w.call.Block() {
		return cptr.Before(s, w.call)
	}
	seen := map[*ssa.BasicBlock]bool{}
	queue := []*ssa.BasicBlock{s.Block()}
	for len(queue) > 0 {
		b := queue[0]
		queue = queue[1:]
		for _, next := range b.Succs {
			if next == w.call.Block() {
				return true
			}
			if !seen[next] {
				seen[next] = true
				queue = append(queue, next)
			}
		}
	}
	return false
}
