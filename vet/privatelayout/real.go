package privatelayout

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A source reads declarations of the standard library from the toolchain's
// source text. It needs no types of them to be exported, nor any build.
type source struct {
	root string // $GOROOT/src
	pkgs map[string]*stdPackage
}

type stdPackage struct {
	types   map[string]decl
	funcs   map[string]decl
	consts  map[string]ast.Expr
	imports map[string]string // of all files: name to path
}

type decl struct {
	typ ast.Expr // what a type is declared as, or a function's *ast.FuncType
}

const maxNesting = 12 // structs inside of structs that are taken apart

func (s *source) load(path string) *stdPackage {
	if p, ok := s.pkgs[path]; ok {
		return p
	}
	p := &stdPackage{types: map[string]decl{}, funcs: map[string]decl{}, consts: map[string]ast.Expr{}, imports: map[string]string{}}
	s.pkgs[path] = p
	names, _ := filepath.Glob(filepath.Join(s.root, filepath.FromSlash(path), "*.go"))
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
		if err != nil {
			continue
		}
		p.add(f)
	}
	return p
}

func (p *stdPackage) add(f *ast.File) {
	for _, imp := range f.Imports {
		if path, err := strconv.Unquote(imp.Path.Value); err == nil {
			name := path[strings.LastIndexByte(path, '/')+1:]
			if imp.Name != nil {
				name = imp.Name.Name
			}
			p.imports[name] = path
		}
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				p.funcs[d.Name.Name] = decl{d.Type}
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					if spec.TypeParams == nil {
						p.types[spec.Name.Name] = decl{spec.Type}
					}
				case *ast.ValueSpec:
					for i, name := range spec.Names {
						if i < len(spec.Values) {
							p.consts[name.Name] = spec.Values[i]
						}
					}
				}
			}
		}
	}
}

// typ lays out the type that an expression in package path stands for; nil when
// that can't be told. What a pointer points to does not matter.
func (s *source) typ(path string, e ast.Expr, depth int) types.Type {
	if depth > maxNesting {
		return nil
	}
	p := s.load(path)
	switch e := e.(type) {
	case *ast.ParenExpr:
		return s.typ(path, e.X, depth)
	case *ast.StarExpr, *ast.FuncType, *ast.MapType, *ast.ChanType:
		return types.Typ[types.UnsafePointer]
	case *ast.InterfaceType:
		return types.NewInterfaceType(nil, nil)
	case *ast.Ident:
		if d, ok := p.types[e.Name]; ok {
			return s.typ(path, d.typ, depth+1)
		}
		if obj, ok := types.Universe.Lookup(e.Name).(*types.TypeName); ok {
			return obj.Type()
		}
	case *ast.SelectorExpr:
		pkg, ok := e.X.(*ast.Ident)
		if !ok {
			return nil
		}
		if pkg.Name == "unsafe" && e.Sel.Name == "Pointer" {
			return types.Typ[types.UnsafePointer]
		}
		if from := p.imports[pkg.Name]; from != "" {
			return s.typ(from, e.Sel, depth+1)
		}
	case *ast.IndexExpr: // a generic type: atomic.Pointer[T]
		if sel, ok := e.X.(*ast.SelectorExpr); ok && sel.Sel.Name == "Pointer" {
			return types.Typ[types.UnsafePointer]
		}
	case *ast.ArrayType:
		elem := s.typ(path, e.Elt, depth+1)
		if elem == nil {
			return nil
		}
		if e.Len == nil {
			return types.NewSlice(elem)
		}
		if n, ok := p.number(e.Len, 0); ok && n < 1<<20 {
			return types.NewArray(elem, n)
		}
	case *ast.StructType:
		return s.structure(path, e, depth)
	}
	return nil
}

func (s *source) structure(path string, e *ast.StructType, depth int) types.Type {
	var fields []*types.Var
	for _, f := range e.Fields.List {
		t := s.typ(path, f.Type, depth+1)
		if t == nil {
			return nil
		}
		names := []string{""}
		if len(f.Names) > 0 {
			names = names[:0]
			for _, n := range f.Names {
				names = append(names, n.Name)
			}
		}
		for i, name := range names {
			if name == "" || name == "_" {
				name = "field" + strconv.Itoa(len(fields)+i)
			}
			fields = append(fields, types.NewField(token.NoPos, nil, name, t, false))
		}
	}
	return types.NewStruct(fields, nil)
}

func (p *stdPackage) number(e ast.Expr, depth int) (int64, bool) {
	if depth > 4 {
		return 0, false
	}
	switch e := e.(type) {
	case *ast.BasicLit:
		n, err := strconv.ParseInt(e.Value, 0, 64)
		return n, err == nil
	case *ast.Ident:
		if v, ok := p.consts[e.Name]; ok {
			return p.number(v, depth+1)
		}
	}
	return 0, false
}

// named lays out a struct of the standard library.
func (s *source) named(path, name string) types.Type {
	d, ok := s.load(path).types[name]
	if !ok {
		return nil
	}
	return s.typ(path, d.typ, 0)
}

// parameters lists what the pointer parameters of a function point to, by
// index; nil for the others.
func (s *source) parameters(path, name string) []types.Type {
	d, ok := s.load(path).funcs[name]
	if !ok {
		return nil
	}
	ft, ok := d.typ.(*ast.FuncType)
	if !ok {
		return nil
	}
	var list []types.Type
	for _, f := range ft.Params.List {
		var t types.Type
		if star, ok := f.Type.(*ast.StarExpr); ok {
			t = s.typ(path, star.X, 0)
		}
		for range max(1, len(f.Names)) {
			list = append(list, t)
		}
	}
	return list
}
