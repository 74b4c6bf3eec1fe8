package typestate

import (
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// step executes one instruction that neither calls nor branches.
func (w *walker) step(st *state, in ssa.Instruction) {
	switch in := in.(type) {
	case *ssa.Store:
		addr, v := w.value(st, in.Addr), w.value(st, in.Val)
		w.use(st, in, in.Pos(), addr, "writes to", true)
		w.store(st, addr, v)
	case *ssa.MapUpdate:
		if isText(in.Key.Type()) {
			w.use(st, in, in.Pos(), w.value(st, in.Key), "reads", true)
		}
		w.share(st, w.value(st, in.Key))
		w.share(st, w.value(st, in.Value))
	case *ssa.Send:
		w.synchronise(st)
		w.share(st, w.value(st, in.X))
	case *ssa.Go:
		w.goes(st, in)
	case ssa.Value:
		w.set(st, in, w.eval(st, in, in.(ssa.Instruction)))
	}
}

// eval is the value of an instruction.
func (w *walker) eval(st *state, v ssa.Value, in ssa.Instruction) sym {
	t := w.tab
	switch v := v.(type) {
	case *ssa.Alloc:
		s := w.fresh(st, in, variable)
		return s
	case *ssa.BinOp:
		x, y := w.value(st, v.X), w.value(st, v.Y)
		if isText(v.X.Type()) && !w.tab.isNull(x) && !w.tab.isNull(y) {
			w.use(st, in, v.Pos(), x, "reads", true) // compared or joined
			w.use(st, in, v.Pos(), y, "reads", true)
		}
		if s := w.shifted(st, v, x, y); s != 0 {
			return s
		}
		return t.binary(v.Op, x, y)
	case *ssa.UnOp:
		return w.unary(st, v)
	case *ssa.ChangeType:
		return w.value(st, v.X)
	case *ssa.Convert:
		x := w.value(st, v.X)
		if isText(v.X.Type()) != isText(v.Type()) || isText(v.Type()) && !types.Identical(v.X.Type().Underlying(), v.Type().Underlying()) {
			w.use(st, in, v.Pos(), x, "copies", true)
			return w.fresh(st, in, opaque)
		}
		return x
	case *ssa.ChangeInterface:
		return w.value(st, v.X)
	case *ssa.SliceToArrayPointer:
		return w.value(st, v.X)
	case *ssa.MakeInterface:
		x := w.value(st, v.X)
		n := node{kind: iface, a: x, at: v.X.Type()}
		if isText(v.X.Type()) || hasFields(v.X.Type()) {
			n.n = 1 // who prints it reads what is behind it
		}
		return t.of(n)
	case *ssa.TypeAssert:
		x := w.value(st, v.X)
		if n := t.node(x); n.kind == iface && !v.CommaOk {
			return n.a
		}
		return w.fresh(st, in, opaque)
	case *ssa.Extract:
		return w.extract(st, w.value(st, v.Tuple), v.Index)
	case *ssa.Field:
		return w.partOf(st, w.value(st, v.X), structOf(v.X.Type()), v.Field)
	case *ssa.FieldAddr:
		return w.fieldOf(w.value(st, v.X), structOf(deref(v.X.Type())), v.Field)
	case *ssa.IndexAddr:
		x := w.value(st, v.X)
		if n := t.node(x); n.kind == view {
			x = n.a // an element of the slice is one of the array
		}
		return t.of(node{kind: index, a: x, b: w.value(st, v.Index)})
	case *ssa.Index:
		w.use(st, in, v.Pos(), w.value(st, v.X), "reads", true)
	case *ssa.Lookup:
		w.use(st, in, v.Pos(), w.value(st, v.X), "reads", true)
		if isText(v.Index.Type()) {
			w.use(st, in, v.Pos(), w.value(st, v.Index), "reads", true)
		}
	case *ssa.Range:
		w.use(st, in, v.Pos(), w.value(st, v.X), "reads", true)
	case *ssa.Slice:
		return w.slice(st, v)
	case *ssa.MakeClosure:
		s := w.fresh(st, in, function)
		var bound []sym
		for _, b := range v.Bindings {
			bound = append(bound, w.value(st, b))
		}
		w.bound[s] = bound
		return s
	case *ssa.Select:
		w.synchronise(st)
	}
	return w.fresh(st, in, opaque)
}

// shifted is pointer arithmetic on integers, 0 for any other.
func (w *walker) shifted(st *state, v *ssa.BinOp, x, y sym) sym {
	if v.Op != token.ADD && v.Op != token.SUB && v.Op != token.AND && v.Op != token.AND_NOT {
		return 0
	}
	for _, p := range [2][2]sym{{x, y}, {y, x}} {
		r := w.tab.root(p[0])
		_, tracked := st.res[r]
		if tracked || w.tab.node(r).kind == variable || w.tab.node(r).kind == global {
			if w.tab.node(w.tab.root(p[1])).kind == variable {
				return 0 // a difference
			}
			return w.tab.of(node{kind: index, a: p[0], b: p[1]})
		}
	}
	return 0
}

func (w *walker) unary(st *state, v *ssa.UnOp) sym {
	x := w.value(st, v.X)
	switch v.Op {
	case token.MUL:
		w.use(st, v, v.Pos(), x, "reads", true)
		return w.load(st, x, v.Type(), v)
	case token.NOT:
		return w.tab.not(x)
	case token.ARROW:
		w.synchronise(st)
		return w.fresh(st, v, opaque)
	}
	return w.tab.of(node{kind: operation, n: int(v.Op), a: x, text: "unary"})
}

func (w *walker) slice(st *state, v *ssa.Slice) sym {
	x := w.value(st, v.X)
	low := sym(0)
	if v.Low != nil {
		low = w.value(st, v.Low)
	}
	if low != 0 && !w.tab.isNull(low) {
		x = w.tab.of(node{kind: index, a: x, b: low})
	}
	if w.tab.node(x).kind == view {
		return x
	}
	if isText(v.X.Type()) && low == 0 {
		return x
	}
	return w.tab.of(node{kind: view, a: x})
}

// isText reports slices and strings.
func isText(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Slice:
		return true
	case *types.Basic:
		return u.Info()&types.IsString != 0
	}
	return false
}

func (w *walker) extract(st *state, tuple sym, i int) sym {
	if parts, ok := st.tuples[tuple]; ok && i < len(parts) {
		return parts[i]
	}
	return w.tab.of(node{kind: part, a: tuple, n: i})
}

// partOf is field i of a struct value.
func (w *walker) partOf(st *state, s sym, t *types.Struct, i int) sym {
	if v, ok := st.cells[w.fieldOf(s, t, i)]; ok {
		return v
	}
	return w.tab.of(node{kind: part, a: s, n: i})
}

// fieldOf is the address of field i of the struct at a.
func (w *walker) fieldOf(a sym, t *types.Struct, i int) sym {
	n := node{kind: field, a: a, n: i}
	if t != nil && i < t.NumFields() {
		n.at = t.Field(i).Origin()
	}
	return w.tab.of(n)
}

func structOf(t types.Type) *types.Struct {
	s, _ := t.Underlying().(*types.Struct)
	return s
}

// load is what lies at an address.
func (w *walker) load(st *state, addr sym, t types.Type, at *ssa.UnOp) sym {
	if _, ok := t.Underlying().(*types.Struct); ok {
		return w.loadStruct(st, addr, at)
	}
	if v, ok := st.cells[addr]; ok {
		return v
	}
	if isText(t) {
		if v := w.header(st, addr); v != 0 {
			return v
		}
	}
	if n := w.tab.node(addr); n.kind == field {
		if v, ok := st.cells[n.a]; ok { // assigned as a whole
			if f, ok := st.cells[w.tab.of(node{kind: field, a: v, n: n.n, at: n.at})]; ok {
				return f
			}
			return w.tab.of(node{kind: part, a: v, n: n.n})
		}
	}
	root := w.tab.root(addr)
	n := w.tab.node(root)
	if n.kind == variable && st.version[root] == 0 && !st.shared[root] && w.fixedAddress(addr) {
		return w.zero(t, addr)
	}
	v := w.tab.of(node{kind: content, a: addr, n: st.version[root]})
	st.cells[addr] = v
	return v
}

// header is the string or slice whose first word was assigned as a field, 0
// where it was not.
func (w *walker) header(st *state, addr sym) sym {
	for a, v := range st.cells {
		n := w.tab.node(a)
		f, ok := n.at.(*types.Var)
		if ok && n.kind == field && n.a == addr && n.n == 0 && pointerish(f.Type()) && !isText(f.Type()) {
			return w.tab.of(node{kind: view, a: v})
		}
	}
	return 0
}

// loadStruct takes a copy of a struct's fields, as far as they are known.
func (w *walker) loadStruct(st *state, addr sym, at *ssa.UnOp) sym {
	if v, ok := st.cells[addr]; ok && !w.fieldsKnown(st, addr) {
		return v
	}
	s := w.fresh(st, at, snapshot)
	whole, assigned := st.cells[addr]
	root := w.tab.root(addr)
	t := structOf(at.Type())
	if t == nil {
		return s
	}
	for i := range t.NumFields() {
		from := w.fieldOf(addr, t, i)
		v, ok := st.cells[from]
		switch {
		case ok:
		case assigned:
			v = w.partOf(st, whole, t, i)
		case w.tab.node(root).kind == variable && st.version[root] == 0 && !st.shared[root] && w.fixedAddress(addr):
			v = w.zero(t.Field(i).Type(), from)
		default:
			v = w.tab.of(node{kind: content, a: from, n: st.version[root]})
		}
		st.cells[w.fieldOf(s, t, i)] = v
	}
	return s
}

func deref(t types.Type) types.Type {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		return p.Elem()
	}
	return t
}

func (w *walker) fieldsKnown(st *state, addr sym) bool {
	for a := range st.cells {
		if n := w.tab.node(a); n.kind == field && n.a == addr {
			return true
		}
	}
	return false
}

// fixedAddress reports an address without indexes that are not constant.
func (w *walker) fixedAddress(s sym) bool {
	for range 64 {
		switch n := w.tab.node(s); n.kind {
		case field:
			s = n.a
		case index:
			if w.tab.node(n.b).kind != literal {
				return false
			}
			s = n.a
		case view:
			s = n.a
		default:
			return true
		}
	}
	return false
}

func (w *walker) zero(t types.Type, addr sym) sym {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		switch {
		case u.Info()&types.IsBoolean != 0:
			return w.tab.boolean(false)
		case u.Info()&types.IsInteger != 0:
			return w.tab.of(node{kind: literal, text: "0"})
		case u.Kind() == types.UnsafePointer:
			return w.tab.null()
		}
	case *types.Pointer, *types.Slice, *types.Interface, *types.Map, *types.Chan, *types.Signature:
		return w.tab.null()
	}
	return w.tab.of(node{kind: content, a: addr})
}

// store puts v at an address.
func (w *walker) store(st *state, addr, v sym) {
	for a := range st.cells {
		if a != addr && w.tab.under(a, addr) {
			delete(st.cells, a)
		}
	}
	root := w.tab.root(addr)
	if !w.private(st, root) {
		w.share(st, v)
	}
	if !w.fixedAddress(addr) {
		w.share(st, v) // into an array, from where a loop may take it
	}
	st.cells[addr] = v
	// Two names for one field are told apart only by what they start from;
	// what another name saw there is no longer sure.
	n := w.tab.node(addr)
	if n.kind == field && w.tab.node(root).kind != variable {
		for a := range st.cells {
			if m := w.tab.node(a); m.kind == field && m.at == n.at && a != addr && w.tab.node(w.tab.root(a)).kind != variable && !w.tab.under(a, root) {
				delete(st.cells, a)
				st.version[w.tab.root(a)]++
			}
		}
	}
}

// private reports a variable that nobody outside the walk knows.
func (w *walker) private(st *state, root sym) bool {
	n := w.tab.node(root)
	return (n.kind == variable || n.kind == snapshot) && !st.shared[root]
}

// share makes a value known outside: whatever it leads to may be given back by
// others, and variables may be changed.
func (w *walker) share(st *state, v sym) {
	if v == 0 {
		return
	}
	root := w.tab.root(v)
	if parts, ok := st.tuples[root]; ok {
		for _, p := range parts {
			w.share(st, p)
		}
	}
	if r, ok := st.res[root]; ok && !r.escaped {
		r.escaped = true
		st.res[root] = r
	}
	n := w.tab.node(root)
	switch {
	case st.shared[root]:
		return
	case n.kind == function:
		st.shared[root] = true
		for _, b := range w.bound[root] {
			w.share(st, b)
		}
		return
	case n.kind == literal, n.kind == global:
		return
	}
	st.shared[root] = true
	for a, s := range st.cells {
		if w.tab.under(a, root) {
			w.share(st, s)
		}
	}
}

// forget drops what is known of variables that others know of, because code
// has run that is not walked. What fields of the package's own types hold is
// kept when keep says that the code cannot change them.
func (w *walker) forget(st *state, keep func(addr sym) bool) {
	for a := range st.cells {
		root := w.tab.root(a)
		n := w.tab.node(root)
		if n.kind == snapshot || n.kind == variable && !st.shared[root] || keep != nil && keep(a) {
			continue
		}
		delete(st.cells, a)
		st.version[root]++
	}
	for root := range st.shared {
		st.version[root]++
	}
}
