package layout

import (
	"go/ast"
	"go/token"
	"go/types"
)

// Another is a package as the compiler would see it where words have the other
// size: constants made with unsafe.Sizeof, and arrays that are as long, differ.
// Its files are those of the target under analysis.
type Another struct {
	Sizes types.Sizes
	Err   error // why it does not compile there, nil when it does
	pkg   *types.Package
	defs  map[token.Pos]types.Object
	exprs map[ast.Expr]types.TypeAndValue
}

// Elsewhere type-checks a package once more, with the other sizes. Imported
// packages are taken as they are here.
func Elsewhere(fset *token.FileSet, files []*ast.File, pkg *types.Package, sizes types.Sizes) *Another {
	a := &Another{Sizes: Other(sizes), defs: map[token.Pos]types.Object{}}
	info := &types.Info{Defs: map[*ast.Ident]types.Object{}, Types: map[ast.Expr]types.TypeAndValue{}}
	a.pkg, a.Err = recheck(fset, files, pkg, a.Sizes, info)
	if a.Err != nil {
		// An error that is there with the sizes of here says nothing.
		if _, err := recheck(fset, files, pkg, sizes, &types.Info{}); err != nil {
			a.Err = nil
		}
	}
	for id, obj := range info.Defs {
		if obj != nil {
			a.defs[id.Pos()] = obj
		}
	}
	a.exprs = info.Types
	return a
}

func recheck(fset *token.FileSet, files []*ast.File, pkg *types.Package, sizes types.Sizes, info *types.Info) (*types.Package, error) {
	known := map[string]*types.Package{}
	for _, imp := range pkg.Imports() {
		known[imp.Path()] = imp
	}
	var first error
	conf := types.Config{
		Importer:    vendored{known},
		Sizes:       sizes,
		GoVersion:   pkg.GoVersion(),
		FakeImportC: true,
		Error: func(err error) {
			if first == nil {
				first = err
			}
		},
	}
	out, _ := conf.Check(pkg.Path(), fset, files, info)
	return out, first
}

// vendored finds packages by the path in the import clause, which is the end of
// the real one for those that Go's own source vendors.
type vendored struct{ known map[string]*types.Package }

func (v vendored) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	if p, ok := v.known[path]; ok {
		return p, nil
	}
	if p, ok := v.known["vendor/"+path]; ok {
		return p, nil
	}
	return nil, types.Error{Msg: "no package " + path}
}

// Type returns what t, of the package as it is here, is there.
func (a *Another) Type(t types.Type) types.Type {
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		if t.TypeArgs().Len() > 0 {
			return t
		}
		if obj, ok := a.defs[t.Obj().Pos()].(*types.TypeName); ok && obj.Name() == t.Obj().Name() {
			return obj.Type()
		}
	case *types.Pointer:
		return types.NewPointer(a.Type(t.Elem()))
	case *types.Slice:
		return types.NewSlice(a.Type(t.Elem()))
	case *types.Array:
		return types.NewArray(a.Type(t.Elem()), t.Len())
	}
	return t
}

// TypeAt returns the type of the variable that is declared at pos, or t, as it
// is there.
func (a *Another) TypeAt(pos token.Pos, t types.Type) types.Type {
	if v, ok := a.defs[pos].(*types.Var); ok {
		return v.Type()
	}
	return a.Type(t)
}

// TypeOf returns the type of an expression, nil when it has none.
func (a *Another) TypeOf(e ast.Expr) types.Type { return a.exprs[e].Type }
