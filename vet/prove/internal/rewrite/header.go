package rewrite

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
)

// Headers of slices and strings that are made or changed by hand.

// headers are what is known about a function's pointers to headers.
type headers struct {
	elem map[types.Object]int64 // size of the elements of the slice behind a pointer
	data map[types.Object]bool  // variables whose data word is judged where it is set
	last map[ast.Stmt]bool      // stores to a header after which none follows
}

// findHeaders looks for h := (*header)(unsafe.Pointer(&v)) and for stores through
// such pointers.
func (f *file) findHeaders(d *ast.FuncDecl) headers {
	h := headers{elem: map[types.Object]int64{}, data: map[types.Object]bool{}, last: map[ast.Stmt]bool{}}
	ast.Inspect(d.Body, func(n ast.Node) bool {
		var lhs, rhs []ast.Expr
		switch n := n.(type) {
		case *ast.AssignStmt:
			lhs, rhs = n.Lhs, n.Rhs
		case *ast.ValueSpec:
			for _, name := range n.Names {
				lhs = append(lhs, name)
			}
			rhs = n.Values
		}
		if len(lhs) != len(rhs) {
			return true
		}
		for i := range lhs {
			if f.isDataField(lhs[i]) {
				if id, ok := ast.Unparen(ast.Unparen(lhs[i]).(*ast.SelectorExpr).X).(*ast.Ident); ok && f.object(id) != nil {
					h.data[f.object(id)] = true
				}
			}
			if id, ok := lhs[i].(*ast.Ident); ok {
				if lit, ok := ast.Unparen(rhs[i]).(*ast.CompositeLit); ok && isReflectHeader(orInvalid(f.typeOf(lit))) && f.object(id) != nil {
					h.data[f.object(id)] = true
				}
				if size, ok := f.punned(rhs[i]); ok && f.object(id) != nil {
					h.elem[f.object(id)] = size
				}
			}
		}
		return true
	})
	f.lastStores(d.Body.List, map[string]bool{}, h)
	return h
}

// punned returns the element size of the slice or string whose header e points to.
func (f *file) punned(e ast.Expr) (int64, bool) {
	x, t := f.conversion(e)
	if x == nil {
		return 0, false
	}
	p, ok := under[*types.Pointer](t)
	if !ok {
		return 0, false
	}
	if _, ok := f.headerShape(p.Elem()); !ok {
		return 0, false
	}
	v := f.addressOf(x)
	if v == nil {
		return 0, false
	}
	if s, ok := under[*types.Slice](f.typeOf(v)); ok && !isTypeParam(s.Elem()) && !hasTypeParam(s.Elem()) {
		return f.sizes.Sizeof(s.Elem()), true
	}
	if isBasic(f.typeOf(v), types.String) {
		return 1, true
	}
	return 0, false
}

func hasTypeParam(t types.Type) bool {
	found := false
	var walk func(types.Type, int)
	walk = func(t types.Type, depth int) {
		if depth > 6 || found {
			return
		}
		switch t := types.Unalias(t).(type) {
		case *types.TypeParam:
			found = true
		case *types.Array:
			walk(t.Elem(), depth+1)
		case *types.Named:
			for i := range t.TypeArgs().Len() {
				walk(t.TypeArgs().At(i), depth+1)
			}
		case *types.Struct:
			for i := range t.NumFields() {
				walk(t.Field(i).Type(), depth+1)
			}
		}
	}
	walk(t, 0)
	return found
}

// headerBase returns the pointer to a header that a store changes: h of h.Len = n
// and of *h = header{…}.
func (f *file) headerBase(e ast.Expr) ast.Expr {
	var base ast.Expr
	switch e := ast.Unparen(e).(type) {
	case *ast.SelectorExpr:
		base = ast.Unparen(e.X)
	case *ast.StarExpr:
		base = ast.Unparen(e.X)
	default:
		return nil
	}
	p, ok := types.Unalias(orInvalid(f.typeOf(base))).(*types.Pointer)
	if !ok {
		return nil
	}
	if isReflectHeader(p.Elem()) {
		return base
	}
	if _, ok := f.headerShape(p.Elem()); !ok {
		return nil
	}
	// A struct that only looks like one counts when it is known to lie over one.
	if _, ok := f.punned(base); ok {
		return base
	}
	if id, ok := base.(*ast.Ident); ok {
		if o := f.object(id); o != nil {
			if _, ok := f.headers.elem[o]; ok {
				return base
			}
		}
	}
	return nil
}

func orInvalid(t types.Type) types.Type {
	if t == nil {
		return types.Typ[types.Invalid]
	}
	return t
}

// storedHeader returns the base of the header that a statement stores to.
func (f *file) storedHeader(s ast.Stmt) ast.Expr {
	switch s := s.(type) {
	case *ast.AssignStmt:
		for _, l := range s.Lhs {
			if b := f.headerBase(l); b != nil {
				return b
			}
		}
	case *ast.IncDecStmt:
		return f.headerBase(s.X)
	}
	return nil
}

// lastStores marks the stores of a list after which no statement of it, and none
// that follows the list, stores to the same header. Fields are often set one by one
// in an order in which the header is wrong for a moment.
func (f *file) lastStores(list []ast.Stmt, later map[string]bool, h headers) {
	old := f.headers
	f.headers = h
	defer func() { f.headers = old }()
	seen := map[string]bool{}
	for k := range later {
		seen[k] = true
	}
	for i := len(list) - 1; i >= 0; i-- {
		s := list[i]
		if b := f.storedHeader(s); b != nil {
			if key := f.source(b); !seen[key] {
				h.last[s] = true
				seen[key] = true
			}
			continue
		}
		inside := map[string]bool{}
		ast.Inspect(s, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BlockStmt:
				f.lastStores(n.List, seen, h)
				return false
			case *ast.CaseClause:
				f.lastStores(n.Body, seen, h)
				return false
			case *ast.CommClause:
				f.lastStores(n.Body, seen, h)
				return false
			}
			return true
		})
		ast.Inspect(s, func(n ast.Node) bool {
			if st, ok := n.(ast.Stmt); ok {
				if b := f.storedHeader(st); b != nil {
					inside[f.source(b)] = true
				}
			}
			return true
		})
		for k := range inside {
			seen[k] = true
		}
	}
}

// headerStore puts a check behind the last store to a header, and judges integers
// that are stored as the data of a header that is a variable.
func (f *file) headerStore(s ast.Stmt) {
	if a, ok := s.(*ast.AssignStmt); ok && len(a.Lhs) == len(a.Rhs) && a.Tok == token.ASSIGN {
		for i, l := range a.Lhs {
			if f.isDataField(l) {
				f.wrap(a.Rhs[i], "_mohoData(", ")")
			}
		}
	}
	if a, ok := s.(*ast.AssignStmt); ok {
		for _, r := range a.Rhs {
			f.stringData(s, r)
		}
	}
	if !f.headers.last[s] {
		return
	}
	base := f.storedHeader(s)
	if base == nil || !f.repeatable(base) {
		return
	}
	t, ok := types.Unalias(orInvalid(f.typeOf(base))).(*types.Pointer)
	if !ok {
		return
	}
	sh, ok := f.headerShape(t.Elem())
	if !ok {
		return
	}
	size, ok := f.punned(base)
	if !ok {
		size = 1
		if id, isID := base.(*ast.Ident); isID && f.object(id) != nil && f.headers.elem[f.object(id)] > 0 {
			size = f.headers.elem[f.object(id)]
		}
	}
	f.after(s, fmt.Sprintf("_mohoAt(%s, %d, %v)", f.source(base), size, sh.slice))
}

// stringData notes the string whose data a header gets.
func (f *file) stringData(s ast.Stmt, e ast.Expr) {
	sel, ok := ast.Unparen(e).(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != "Data" || !f.repeatable(sel.X) {
		return
	}
	p, ok := under[*types.Pointer](f.typeOf(sel.X))
	if !ok || !isReflectHeader(p.Elem()) {
		return
	}
	if sh, ok := f.headerShape(p.Elem()); ok && !sh.slice {
		f.after(s, "_mohoIce(*(*string)(unsafe.Pointer("+f.source(sel.X)+")))")
	}
}

// repeatable is pure, or a conversion of the address of something pure.
func (f *file) repeatable(e ast.Expr) bool {
	if pure(e) {
		return true
	}
	for {
		x, _ := f.conversion(e)
		if x == nil {
			break
		}
		e = x
	}
	if u, ok := ast.Unparen(e).(*ast.UnaryExpr); ok && u.Op == token.AND {
		return pure(u.X)
	}
	return pure(e)
}

// isDataField reports v.Data of a header v that is no pointer.
func (f *file) isDataField(e ast.Expr) bool {
	s, ok := ast.Unparen(e).(*ast.SelectorExpr)
	if !ok || s.Sel.Name != "Data" {
		return false
	}
	return isReflectHeader(orInvalid(f.typeOf(s.X)))
}

// headerLiteral judges the integer that a literal of a header has as its data.
func (f *file) headerLiteral(c *ast.CompositeLit) {
	if !isReflectHeader(orInvalid(f.typeOf(c))) {
		return
	}
	for i, e := range c.Elts {
		kv, ok := e.(*ast.KeyValueExpr)
		if !ok {
			if i == 0 && !f.isConst(e) {
				f.wrap(e, "_mohoData(", ")")
			}
			return
		}
		if id, ok := kv.Key.(*ast.Ident); ok && id.Name == "Data" && !f.isConst(kv.Value) {
			f.wrap(kv.Value, "_mohoData(", ")")
		}
	}
}

// headerPun judges (*[]T)(unsafe.Pointer(&h)) and (*string)(unsafe.Pointer(&h)) for a
// variable h that is a header.
func (f *file) headerPun(c *ast.CallExpr) {
	x, t := f.conversion(c)
	if x == nil || !isUnsafePointer(f.typeOf(x)) {
		return
	}
	p, ok := under[*types.Pointer](t)
	if !ok || isTypeParam(p.Elem()) {
		return
	}
	size := int64(1)
	switch e := p.Elem().Underlying().(type) {
	case *types.Slice:
		if !hasTypeParam(e.Elem()) {
			size = f.sizes.Sizeof(e.Elem())
		}
	case *types.Basic:
		if e.Kind() != types.String {
			return
		}
	default:
		return
	}
	u := f.addressOfVar(x)
	if u == nil {
		return
	}
	sh, ok := f.headerShape(f.typeOf(u.X))
	if !ok {
		return
	}
	// The integer of a literal was judged where it stands.
	if _, literal := ast.Unparen(u.X).(*ast.CompositeLit); literal && isReflectHeader(f.typeOf(u.X)) {
		sh.integer = false
	}
	if id, ok := ast.Unparen(u.X).(*ast.Ident); ok && f.headers.data[f.object(id)] {
		sh.integer = false
	}
	f.wrap(u, "_mohoVar(", fmt.Sprintf(", %d, %v, %v)", size, sh.slice, sh.integer))
}
