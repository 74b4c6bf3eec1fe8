package escape

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// A Belief is what is often said of code of some form, whether it holds at one
// place, and what the compiler did there.
type Belief struct {
	Pos    token.Position
	Claim  string
	Holds  bool
	Really string
}

// Within returns the decisions on the lines from first to last of a file, each
// once, in order of position.
func Within(list []Decision, file string, first, last int) []Decision {
	var out []Decision
	seen := map[string]bool{}
	for _, d := range list {
		id := fmt.Sprint(d.Kind, d.Name, d.To, d.Pos)
		if d.Pos.File != file || d.Pos.Line < first || d.Pos.Line > last || seen[id] {
			continue
		}
		seen[id] = true
		out = append(out, d)
	}
	slices.SortStableFunc(out, func(a, b Decision) int {
		if a.Pos.Line != b.Pos.Line {
			return a.Pos.Line - b.Pos.Line
		}
		return a.Pos.Col - b.Pos.Col
	})
	return out
}

// Beliefs goes through a function and holds what is said of its conversions,
// interfaces, slices and literals against what the compiler decided.
func Beliefs(fset *token.FileSet, info *types.Info, fn *ast.FuncDecl, decisions []Decision) []Belief {
	b := &believer{fset: fset, info: info, decisions: decisions, told: map[ast.Node]bool{}}
	if fn.Body != nil {
		ast.Inspect(fn.Body, b.visit)
	}
	return b.out
}

type believer struct {
	fset      *token.FileSet
	info      *types.Info
	decisions []Decision
	told      map[ast.Node]bool // parts of an expression that was talked about
	out       []Belief
}

func (b *believer) say(n ast.Node, claim string, holds bool, format string, args ...any) {
	b.out = append(b.out, Belief{b.fset.Position(n.Pos()), claim, holds, fmt.Sprintf(format, args...)})
}

func (b *believer) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.CallExpr:
		b.call(n)
	case *ast.FuncLit:
		b.literal(n)
	}
	return true
}

func (b *believer) call(call *ast.CallExpr) {
	tv := b.info.Types[call.Fun]
	if len(call.Args) == 0 || b.told[call] {
		return
	}
	switch {
	case tv.IsBuiltin():
		if id, ok := ast.Unparen(call.Fun).(*ast.Ident); ok && id.Name == "make" && len(call.Args) > 1 {
			b.made(call)
		}
	case !tv.IsType():
		b.arguments(call)
	case isUnsafe(tv.Type):
		b.pointer(call)
	case copies(tv.Type, b.info.TypeOf(call.Args[0])):
		b.copied(call)
	case types.IsInterface(tv.Type):
		b.boxed(call.Args[0])
	case isUintptr(tv.Type):
		b.number(call)
	}
}

// pointer: unsafe.Pointer(&x), and unsafe.Pointer(uintptr(unsafe.Pointer(&x))).
func (b *believer) pointer(call *ast.CallExpr) {
	if x := b.address(call.Args[0]); x != nil {
		d := b.moved(x)
		const claim = "converting a variable's address to unsafe.Pointer moves it to the heap"
		switch {
		case d == nil:
			b.say(call, claim, false, "%s stays on the stack: as far as the compiler sees, the pointer does not outlive the function", x.Name())
		default:
			b.say(call, claim, false, "%s is on the heap, as with any pointer: %s", x.Name(), ending(d))
		}
		return
	}
	if x := b.laundered(call.Args[0], 0); x != nil {
		const claim = "going through a uintptr in one expression hides the variable from escape analysis"
		if d := b.moved(x); d != nil {
			b.say(call, claim, false, "the compiler sees through it: %s is on the heap: %s", x.Name(), ending(d))
		} else {
			b.say(call, claim, false, "the compiler sees through it, and the pointer does not outlive the function: %s stays on the stack", x.Name())
		}
	}
}

// number: u := uintptr(unsafe.Pointer(&x)), which hides x in truth.
func (b *believer) number(call *ast.CallExpr) {
	inner, ok := ast.Unparen(call.Args[0]).(*ast.CallExpr)
	if !ok || len(inner.Args) != 1 || !isUnsafe(b.info.TypeOf(inner)) {
		return
	}
	x := b.address(inner.Args[0])
	if x == nil {
		return
	}
	const claim = "a number that holds a variable's address keeps the variable where it is"
	if d := b.moved(x); d != nil {
		b.say(call, claim, false, "%s is on the heap for another reason (%s); the number keeps nothing alive", x.Name(), ending(d))
	} else {
		b.say(call, claim, false, "the compiler does not follow numbers: %s stays on the stack, which may move and will end", x.Name())
	}
}

// copied: []byte(s) and string(b).
func (b *believer) copied(call *ast.CallExpr) {
	const claim = "a conversion between string and []byte allocates"
	if b.find(call, Zero, "") != nil {
		b.say(call, claim, false, "the compiler proved that nobody writes: nothing is copied")
		return
	}
	if d := b.find(call, Escapes, ""); d != nil {
		b.say(call, claim, true, "the copy outlives the function: %s", ending(d))
	} else if b.find(call, Stays, "") != nil {
		b.say(call, claim, false, "the copy stays in the function: up to 32 bytes lie on the stack, more on the heap")
	}
}

// made: make with a length.
func (b *believer) made(call *ast.CallExpr) {
	if _, ok := b.info.TypeOf(call).Underlying().(*types.Slice); !ok {
		return
	}
	for _, arg := range call.Args[1:] {
		if b.info.Types[arg].Value == nil {
			const claim = "a slice of variable size lies on the heap"
			if d := b.find(call, Escapes, "make("); d != nil {
				b.say(call, claim, true, "%s", ending(d))
			} else if b.find(call, Stays, "make(") != nil {
				b.say(call, claim, false, "it does not outlive the function: a small one lies on the stack (Go 1.25 and newer), and moves with it")
			}
			return
		}
	}
	const claim = "make allocates"
	if d := b.find(call, Escapes, "make("); d != nil {
		b.say(call, claim, true, "%s", ending(d))
	} else if b.find(call, Stays, "make(") != nil {
		b.say(call, claim, false, "its size is known and it does not outlive the function: it lies on the stack")
	}
}

func (b *believer) literal(lit *ast.FuncLit) {
	const claim = "a function literal allocates"
	if d := b.find(lit, Escapes, "func literal"); d != nil {
		b.say(lit, claim, true, "%s", ending(d))
	} else if b.find(lit, Stays, "func literal") != nil {
		b.say(lit, claim, false, "it does not outlive the function: it lies on the stack with what it captures")
	}
}

// arguments: values that become interfaces because a parameter is one.
func (b *believer) arguments(call *ast.CallExpr) {
	sig, ok := b.info.TypeOf(call.Fun).(*types.Signature)
	if !ok || call.Ellipsis.IsValid() {
		return
	}
	for i, arg := range call.Args {
		var t types.Type
		switch n := sig.Params().Len(); {
		case sig.Variadic() && i >= n-1:
			t = sig.Params().At(n - 1).Type().(*types.Slice).Elem()
		case i < n:
			t = sig.Params().At(i).Type()
		}
		if t != nil && types.IsInterface(t) {
			b.boxed(arg)
		}
	}
}

// boxed: a value in an interface.
func (b *believer) boxed(arg ast.Expr) {
	tv := b.info.Types[arg]
	if tv.Type == nil || types.IsInterface(tv.Type) || tv.IsNil() {
		return
	}
	const claim = "putting a value into an interface allocates"
	switch {
	case pointerShaped(tv.Type):
		b.say(arg, claim, false, "%s is a pointer: it is the interface's second word, nothing is allocated for it", types.ExprString(arg))
	case tv.Value != nil:
		b.say(arg, claim, false, "%s is a constant: the compiler keeps it in read-only data", types.ExprString(arg))
	default:
		if d := b.at(arg, Escapes); d != nil {
			b.say(arg, claim, true, "%s", ending(d))
		} else if b.at(arg, Stays) != nil {
			b.say(arg, claim, false, "the interface does not outlive the function: the value lies on the stack")
		}
	}
}

// address returns the local variable x of &x, &x.f or &x[i].
func (b *believer) address(e ast.Expr) *types.Var {
	u, ok := ast.Unparen(e).(*ast.UnaryExpr)
	if !ok || u.Op != token.AND {
		return nil
	}
	e = u.X
	for {
		switch x := ast.Unparen(e).(type) {
		case *ast.SelectorExpr:
			e = x.X
			continue
		case *ast.IndexExpr:
			if _, isArray := b.info.TypeOf(x.X).Underlying().(*types.Array); isArray {
				e = x.X
				continue
			}
		case *ast.Ident:
			v, ok := b.info.Uses[x].(*types.Var)
			if ok && v.Pkg() != nil && v.Parent() != v.Pkg().Scope() && !isPointer(v.Type()) {
				return v
			}
		}
		return nil
	}
}

// laundered finds uintptr(unsafe.Pointer(&x)) in a sum.
func (b *believer) laundered(e ast.Expr, depth int) *types.Var {
	if depth > 8 {
		return nil
	}
	switch x := ast.Unparen(e).(type) {
	case *ast.BinaryExpr:
		if v := b.laundered(x.X, depth+1); v != nil {
			return v
		}
		return b.laundered(x.Y, depth+1)
	case *ast.CallExpr:
		if len(x.Args) != 1 || !isUintptr(b.info.TypeOf(x)) || !b.info.Types[x.Fun].IsType() {
			return nil
		}
		inner, ok := ast.Unparen(x.Args[0]).(*ast.CallExpr)
		if ok && len(inner.Args) == 1 && isUnsafe(b.info.TypeOf(inner)) {
			b.told[x], b.told[inner] = true, true
			return b.address(inner.Args[0])
		}
	}
	return nil
}

// moved returns the decision to move a variable to the heap, nil without one.
func (b *believer) moved(v *types.Var) *Decision {
	p := b.fset.Position(v.Pos())
	for i, d := range b.decisions {
		if d.Kind == Moved && d.Name == v.Name() && d.Pos.Line == p.Line && d.Pos.Col == p.Column {
			return &b.decisions[i]
		}
	}
	return nil
}

// find returns a decision about the value that an expression makes: the
// compiler's place for it lies between the expression's ends.
func (b *believer) find(n ast.Node, k Kind, prefix string) *Decision {
	start, end := b.fset.Position(n.Pos()), b.fset.Position(n.End())
	for i, d := range b.decisions {
		if d.Kind != k || !strings.HasPrefix(d.Name, prefix) || d.Pos.Line < start.Line || d.Pos.Line > end.Line ||
			d.Pos.Line == start.Line && d.Pos.Col < start.Column || d.Pos.Line == end.Line && d.Pos.Col >= end.Column {
			continue
		}
		if prefix == "" && k != Zero && !strings.HasPrefix(d.Name, "([]byte)(") && !strings.HasPrefix(d.Name, "string(") && !strings.HasPrefix(d.Name, "([]rune)(") {
			continue
		}
		if prefix == "func literal" && d.Pos != (Position{d.Pos.File, start.Line, start.Column}) {
			continue // one inside it
		}
		return &b.decisions[i]
	}
	return nil
}

// at returns a decision about the expression that starts where e does.
func (b *believer) at(e ast.Expr, k Kind) *Decision {
	p, name := b.fset.Position(e.Pos()), types.ExprString(e)
	for i, d := range b.decisions {
		if d.Kind == k && d.Name == name && d.Pos.Line == p.Line {
			return &b.decisions[i]
		}
	}
	return nil
}

// ending puts the last step of a flow into words.
func ending(d *Decision) string {
	if len(d.Flow) == 0 {
		return "the compiler gives no reason"
	}
	last := d.Flow[len(d.Flow)-1]
	switch last.Why {
	case "return":
		return "it is returned on line " + fmt.Sprint(last.Pos.Line)
	case "too large for stack":
		return "it is too large for the stack"
	case "non-constant size":
		return "its size is not known when the function is compiled"
	}
	return fmt.Sprintf("%s (%s) on line %d", last.Text, last.Why, last.Pos.Line)
}

func isUnsafe(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Kind() == types.UnsafePointer
}

func isUintptr(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Kind() == types.Uintptr
}

func isPointer(t types.Type) bool {
	_, ok := t.Underlying().(*types.Pointer)
	return ok
}

// pointerShaped reports types whose values an interface holds as they are.
func pointerShaped(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Pointer, *types.Map, *types.Chan, *types.Signature:
		return true
	case *types.Basic:
		return u.Kind() == types.UnsafePointer
	}
	return false
}

func copies(to, from types.Type) bool {
	_, s1 := to.Underlying().(*types.Slice)
	_, s2 := from.Underlying().(*types.Slice)
	return s1 != s2 && (s1 && isString(from) || s2 && isString(to))
}

func isString(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsString != 0
}
