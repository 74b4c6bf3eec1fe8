package typestate

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/fact"
	"moho/vet/internal/prov"
	"moho/vet/internal/ssafn"
)

// knowledge is what is known of the functions of one package at a glance.
type knowledge struct {
	p        *ssafn.Program
	touching map[*ssa.Function]int8 // 1 yes, 2 no
	sizes    map[*ssa.Function]int
	storing  map[*ssa.Function]map[*types.Var]bool
	returns  map[token.Pos]*ast.ReturnStmt
	released map[*types.Var]bool
	cfuncs   map[string]*cFunc
}

// returnAt finds a return statement by its position.
func (k *knowledge) returnAt(pos token.Pos) *ast.ReturnStmt {
	if k.returns == nil {
		k.returns = map[token.Pos]*ast.ReturnStmt{}
		for _, f := range k.p.Files {
			ast.Inspect(f, func(n ast.Node) bool {
				if s, ok := n.(*ast.ReturnStmt); ok {
					k.returns[s.Pos()] = s
				}
				return true
			})
		}
	}
	return k.returns[pos]
}

// memo is the key of a package's knowledge in [ssafn.Program.Memo].
type memo struct{}

func of(p *ssafn.Program) *knowledge {
	if k, ok := p.Memo[memo{}].(*knowledge); ok {
		return k
	}
	k := newKnowledge(p)
	p.Memo[memo{}] = k
	return k
}

func newKnowledge(p *ssafn.Program) *knowledge {
	return &knowledge{p: p, cfuncs: map[string]*cFunc{}, touching: map[*ssa.Function]int8{}, sizes: map[*ssa.Function]int{}, storing: map[*ssa.Function]map[*types.Var]bool{}}
}

// reads reports whether f is about raw pointers, or about a type that has a
// field which some function of the package gives back: others want to know then
// what f uses.
func (k *knowledge) reads(f *ssa.Function) bool {
	if k.size(f) > maxBody {
		return false
	}
	for _, param := range f.Params {
		if isRaw(param.Type()) {
			return true
		}
		if s := structOf(deref(param.Type())); s != nil {
			for v := range s.Fields() {
				if k.releasable()[v.Origin()] {
					return true
				}
			}
		}
	}
	return false
}

// isRaw reports unsafe.Pointer and pointers to C types.
func isRaw(t types.Type) bool {
	if b, ok := t.Underlying().(*types.Basic); ok {
		return b.Kind() == types.UnsafePointer
	}
	_, ok := t.Underlying().(*types.Pointer)
	return ok && ssafn.IsCType(t)
}

// releasable lists the fields that some function of the package gives back.
func (k *knowledge) releasable() map[*types.Var]bool {
	if k.released != nil {
		return k.released
	}
	k.released = map[*types.Var]bool{}
	for _, f := range k.p.Funcs {
		for _, b := range f.Blocks {
			for _, in := range b.Instrs {
				call, ok := in.(ssa.CallInstruction)
				if !ok {
					continue
				}
				g := ssafn.Callee(call.Common())
				if g == nil || !k.releaser(g) {
					continue
				}
				for _, a := range call.Common().Args {
					if load, ok := prov.Strip(a).(*ssa.UnOp); ok {
						if addr, ok := load.X.(*ssa.FieldAddr); ok {
							k.released[ssafn.Field(addr)] = true
						}
					}
				}
			}
		}
	}
	return k.released
}

// releaser reports functions that give their first argument back.
func (k *knowledge) releaser(g *ssa.Function) bool {
	if name, ok := cName(g); ok {
		c := k.cFunc(name)
		return c.param(0).frees != ""
	}
	_, ok := releasers[g.String()]
	return ok
}

// size is the number of instructions of a function.
func (k *knowledge) size(f *ssa.Function) int {
	n, ok := k.sizes[f]
	if !ok {
		for _, b := range f.Blocks {
			n += len(b.Instrs)
		}
		k.sizes[f] = n
	}
	return n
}

// touches reports whether walking f can show anything: it makes resources,
// gives them back, or hands something to C; or it calls what does.
func (k *knowledge) touches(f *ssa.Function) bool {
	if t := k.touching[f]; t != 0 {
		return t == 1
	}
	k.touching[f] = 2 // while a cycle is looked at
	yes := k.look(f)
	if yes {
		k.touching[f] = 1
	}
	return yes
}

func (k *knowledge) look(f *ssa.Function) bool {
	for _, anon := range f.AnonFuncs {
		if k.touches(anon) {
			return true
		}
	}
	for _, b := range f.Blocks {
		for _, in := range b.Instrs {
			if m, ok := in.(*ssa.MakeInterface); ok && k.closes(f.Prog, m.X.Type()) {
				return true
			}
			call, ok := in.(ssa.CallInstruction)
			if !ok {
				continue
			}
			g := ssafn.Callee(call.Common())
			if g == nil {
				continue
			}
			if k.concerns(g) || g.Pkg == f.Pkg && len(g.Blocks) > 0 && !ssafn.IsCgo(g) && k.calls(g) {
				return true
			}
		}
	}
	return false
}

// closes reports whether a method of t gives something back.
func (k *knowledge) closes(prog *ssa.Program, t types.Type) bool {
	if _, ok := types.Unalias(deref(t)).(*types.Named); !ok || types.IsInterface(t) {
		return false
	}
	for sel := range prog.MethodSets.MethodSet(t).Methods() {
		if fn, ok := sel.Obj().(*types.Func); ok && releasing(k.p.FuncFact(fn)) {
			return true
		}
	}
	return false
}

// calls reports whether a function of the package, called from another, makes
// or gives back something itself.
func (k *knowledge) calls(g *ssa.Function) bool { return releasing(k.p.Fact(g)) }

// releasing reports facts of a function that gives something back or makes
// something that has to be.
func releasing(f *fact.Func) bool {
	if f == nil {
		return false
	}
	for _, p := range f.Params {
		if p.Frees != "" || p.MayFree != "" {
			return true
		}
		for _, e := range p.Fields {
			if e.Frees != "" || e.MayFree != "" {
				return true
			}
		}
	}
	for _, r := range f.Results {
		if r.Owned != "" {
			return true
		}
	}
	return false
}

func (k *knowledge) concerns(g *ssa.Function) bool {
	if _, ok := cName(g); ok {
		for v := range g.Signature.Params().Variables() {
			if pointerish(v.Type()) {
				return true
			}
		}
		for v := range g.Signature.Results().Variables() {
			if pointerish(v.Type()) {
				return true
			}
		}
		return false
	}
	name := g.String()
	if _, ok := releasers[name]; ok {
		return true
	}
	if _, ok := makers[name]; ok {
		return true
	}
	return name == "(runtime/cgo.Handle).Value" || k.calls(g)
}

func pointerish(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Pointer, *types.Slice:
		return true
	case *types.Basic:
		return u.Kind() == types.UnsafePointer || u.Kind() == types.Uintptr || strings.Contains(t.String(), "_Ctype_") && u.Info()&types.IsInteger != 0
	}
	return false
}

// frees reports whether f or a literal in it gives something back itself.
func (k *knowledge) frees(f *ssa.Function) bool {
	for _, b := range f.Blocks {
		for _, in := range b.Instrs {
			call, ok := in.(ssa.CallInstruction)
			if !ok {
				continue
			}
			g := ssafn.Callee(call.Common())
			if g == nil {
				continue
			}
			if _, ok := releasers[g.String()]; ok {
				return true
			}
			if name, ok := cName(g); ok {
				c := k.cFunc(name)
				for _, p := range c.params {
					if p.frees != "" {
						return true
					}
				}
			}
			if fact := k.p.Fact(g); fact != nil {
				for _, p := range fact.Params {
					if p.Frees != "" || p.MayFree != "" {
						return true
					}
				}
			}
		}
	}
	for _, anon := range f.AnonFuncs {
		if k.frees(anon) {
			return true
		}
	}
	return false
}

// stores lists the fields that f or what it calls may assign, nil when that
// may be any.
func (k *knowledge) stores(f *ssa.Function) map[*types.Var]bool {
	if s, ok := k.storing[f]; ok {
		return s
	}
	set := map[*types.Var]bool{}
	if !k.gather(f, set, map[*ssa.Function]bool{}) {
		set = nil
	}
	k.storing[f] = set
	return set
}

// maxGather bounds how many functions are looked into for what they assign.
const maxGather = 60

func (k *knowledge) gather(f *ssa.Function, set map[*types.Var]bool, seen map[*ssa.Function]bool) bool {
	if seen[f] {
		return true
	}
	seen[f] = true
	if len(seen) > maxGather {
		return false
	}
	for _, b := range f.Blocks {
		for _, in := range b.Instrs {
			switch in := in.(type) {
			case *ssa.Store:
				switch a := in.Addr.(type) {
				case *ssa.FieldAddr:
					if v := ssafn.Field(a); v != nil {
						set[v] = true
					}
				default:
					if t, ok := deref(in.Addr.Type()).Underlying().(*types.Struct); ok {
						for v := range t.Fields() {
							set[v.Origin()] = true
						}
					}
				}
			case ssa.CallInstruction:
				c := in.Common()
				if _, ok := c.Value.(*ssa.Builtin); ok {
					continue
				}
				g := ssafn.Callee(c)
				switch {
				case g == nil && c.IsInvoke() && !token.IsExported(c.Method.Name()):
					return false
				case g == nil && !c.IsInvoke():
					return false
				case g != nil && g.Pkg == f.Pkg && !k.gather(g, set, seen):
					return false
				}
			}
		}
	}
	for _, anon := range f.AnonFuncs {
		if !k.gather(anon, set, seen) {
			return false
		}
	}
	return true
}

func isHandle(t types.Type) bool { return types.TypeString(t, nil) == "runtime/cgo.Handle" }

// hasFields reports structs and pointers to them.
func hasFields(t types.Type) bool { return structOf(deref(t)) != nil }
