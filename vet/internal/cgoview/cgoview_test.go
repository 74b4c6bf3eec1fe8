package cgoview_test

import (
	"go/ast"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"

	"moho/internal/testbin"
	"moho/vet/internal/cgoview"
)

// undo loads packages as a compiler sees them and undoes cgo's rewriting.
func undo(t *testing.T, dir string, patterns ...string) {
	t.Helper()
	fset := token.NewFileSet()
	pkgs, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedSyntax | packages.NeedImports |
			packages.NeedTypes | packages.NeedTypesInfo | packages.NeedTypesSizes,
		Dir: dir, Fset: fset,
	}, patterns...)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pkgs {
		for _, e := range p.Errors {
			t.Fatal(e)
		}
		files, err := cgoview.Undo(fset, p.Syntax, os.ReadFile)
		if err != nil {
			t.Fatalf("%s: %v", p.PkgPath, err)
		}
		compare(t, fset, p, files)
	}
}

// compare type-checks what Undo gave, and wants every function to call the same
// C functions as often as in what cgo made.
func compare(t *testing.T, fset *token.FileSet, p *packages.Package, files []*ast.File) {
	t.Helper()
	imports := map[string]*types.Package{}
	for path, imp := range p.Imports {
		imports[path] = imp.Types
	}
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}, Types: map[ast.Expr]types.TypeAndValue{}}
	conf := types.Config{
		Sizes: p.TypesSizes,
		Importer: importer(func(path string) (*types.Package, error) {
			if path == "unsafe" {
				return types.Unsafe, nil
			}
			return imports[path], nil
		}),
	}
	if _, err := conf.Check(p.PkgPath, fset, files, info); err != nil {
		t.Errorf("%s: %v", p.PkgPath, err)
		return
	}
	before, after := calls(p.Syntax), calls(files)
	n := 0
	for name, count := range before {
		n += count
		if after[name] != count {
			t.Errorf("%s: %s: %d calls, cgo made %d", p.PkgPath, name, after[name], count)
		}
	}
	own := 0
	for _, f := range files {
		at, physical := fset.PositionFor(f.Package, true), fset.PositionFor(f.Package, false)
		if at != physical {
			t.Errorf("%s: package clause at %v, in the file at %v", p.PkgPath, at, physical)
		}
		for _, name := range p.GoFiles {
			if at.Filename == name {
				own++
			}
		}
	}
	if own != len(p.GoFiles) {
		t.Errorf("%s: %d of %d files are the user's own", p.PkgPath, own, len(p.GoFiles))
	}
	t.Logf("%s: %d calls of C", p.PkgPath, n)
}

type importer func(path string) (*types.Package, error)

func (f importer) Import(path string) (*types.Package, error) { return f(path) }

// calls counts the calls of each C function by name, by the function around them.
func calls(files []*ast.File) map[string]int {
	count := map[string]int{}
	for _, f := range files {
		for _, d := range f.Decls {
			name := "variables"
			if fd, ok := d.(*ast.FuncDecl); ok {
				name = fd.Name.Name
			}
			ast.Inspect(d, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				if id, ok := ast.Unparen(call.Fun).(*ast.Ident); ok && (strings.HasPrefix(id.Name, "_Cfunc_") || strings.HasPrefix(id.Name, "_C2func_")) {
					count[name+" "+id.Name]++
				}
				return true
			})
		}
	}
	return count
}

func TestUndo(t *testing.T) {
	testbin.NeedTool(t, "gcc")
	dir := t.TempDir()
	text, err := os.ReadFile("testdata/forms.go")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"go.mod": "module forms\n\ngo 1.26\n", "forms.go": string(text)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	undo(t, dir, ".")
}

// TestUndoStd does the same with Go's own cgo packages.
func TestUndoStd(t *testing.T) {
	testbin.NeedTool(t, "gcc")
	undo(t, "", "net", "os/user", "runtime/cgo", "strconv")
}
