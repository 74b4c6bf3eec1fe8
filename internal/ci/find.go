package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// A target is one test function. Its name is empty when what was looked for
// stands in a function that is no test.
type target struct{ dir, name string }

// findTests returns the functions of the tree's test files that match, by
// directory, each once.
func findTests(root string, match func(*ast.FuncDecl) bool) ([]target, error) {
	var found []target
	err := walkGo(root, func(name string, file *ast.File) {
		if !strings.HasSuffix(name, "_test.go") {
			return
		}
		dir := path.Dir(name)
		for _, decl := range file.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || !match(fn) {
				continue
			}
			t := target{dir: dir}
			if isTest(fn) || isFuzz(fn) {
				t.name = fn.Name.Name
			}
			if !slices.Contains(found, t) {
				found = append(found, t)
			}
		}
	})
	return found, err
}

// walkGo parses the Go files that ./... compiles somewhere; name is relative
// to root, with slashes.
func walkGo(root string, visit func(name string, file *ast.File)) error {
	return filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			base := d.Name()
			if name != root && (base == "testdata" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_")) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		visit(filepath.ToSlash(rel), file)
		return nil
	})
}

func isFuzz(fn *ast.FuncDecl) bool { return fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Fuzz") }

func isTest(fn *ast.FuncDecl) bool { return fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Test") }

// callsLong reports whether fn skips something, or does less, outside the long part.
func callsLong(fn *ast.FuncDecl) bool {
	found := len(callsTo(fn, "testbin", "Long"))+len(callsTo(fn, "testbin", "IsLong")) > 0
	ast.Inspect(fn, func(n ast.Node) bool {
		lit, ok := n.(*ast.BasicLit)
		found = found || ok && lit.Value == `"MOHO_LONG"`
		return true
	})
	return found
}

// callsTo returns the calls of pkg.name inside node.
func callsTo(node ast.Node, pkg, name string) []*ast.CallExpr {
	var calls []*ast.CallExpr
	ast.Inspect(node, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		sel, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || sel.Sel.Name != name {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); ok && x.Name == pkg {
			calls = append(calls, call)
		}
		return true
	})
	return calls
}
