package rewrite

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/token"
	"path/filepath"
	"strings"
)

// A file is one file of a package and what is to be changed in it.
type file struct {
	*pkg
	edits
	ast  *ast.File
	src  []byte
	name string // base name
	tail string // declarations that follow the file's own

	headers headers
	parents []ast.Node
}

func newFile(p *pkg, f *ast.File, src []byte, name string) *file {
	return &file{pkg: p, ast: f, src: src, name: name, edits: edits{base: p.fset.File(f.Pos()).Base()}}
}

func (f *file) isStubs() bool { return f.name == "_cgo_gotypes.go" }

// text is the file as the compiler gets it. Positions are those of path.
func (f *file) text(path string) []byte {
	var out bytes.Buffer
	if !bytes.HasPrefix(f.src, []byte("//line ")) && !f.isStubs() {
		if abs, err := filepath.Abs(path); err == nil {
			path = abs
		}
		fmt.Fprintf(&out, "//line %s:1:1\n", path)
	}
	out.Write(f.apply(f.src))
	if f.tail != "" {
		out.WriteString("\n" + f.tail)
	}
	return out.Bytes()
}

func (f *file) source(n ast.Node) string {
	return string(f.src[int(n.Pos())-f.base : int(n.End())-f.base])
}

// rewrite collects the edits of the file.
func (f *file) rewrite() {
	if f.isStubs() {
		f.stubs()
		return
	}
	for _, d := range f.ast.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			// These run where nothing may be called, or ask not to be checked.
			if d.Body == nil || hasPragma(d, "nosplit", "nocheckptr", "norace", "systemstack", "nowritebarrier", "nowritebarrierrec", "yeswritebarrierrec") {
				continue
			}
			f.function(d)
		case *ast.GenDecl:
			if d.Tok == token.VAR {
				f.walk(d)
			}
		}
	}
}

// hasPragma reports whether a //go: directive of one of the names stands over a
// function.
func hasPragma(d *ast.FuncDecl, names ...string) bool {
	if d == nil || d.Doc == nil {
		return false
	}
	for _, c := range d.Doc.List {
		for _, n := range names {
			if c.Text == "//go:"+n || strings.HasPrefix(c.Text, "//go:"+n+" ") {
				return true
			}
		}
	}
	return false
}

func (f *file) function(d *ast.FuncDecl) {
	f.headers = f.findHeaders(d)
	f.leaving(d.Body, d.Body)
	f.walk(d.Body)
}

// walk visits expressions and statements, outer ones first, with the nodes around
// each at hand.
func (f *file) walk(root ast.Node) {
	f.parents = f.parents[:0]
	ast.Inspect(root, func(n ast.Node) bool {
		if n == nil {
			f.parents = f.parents[:len(f.parents)-1]
			return true
		}
		if g, ok := n.(*ast.GenDecl); ok && g.Tok == token.CONST {
			return false
		}
		f.visit(n)
		f.parents = append(f.parents, n)
		return true
	})
}

// parent returns the i-th node around the one being visited, without parentheses.
func (f *file) parent(i int) ast.Node {
	for k := len(f.parents) - 1; k >= 0; k-- {
		if _, ok := f.parents[k].(*ast.ParenExpr); ok {
			continue
		}
		if i == 0 {
			return f.parents[k]
		}
		i--
	}
	return nil
}

func (f *file) visit(n ast.Node) {
	switch n := n.(type) {
	case *ast.BlockStmt:
		f.statements(n.List)
	case *ast.CaseClause:
		f.statements(n.Body)
	case *ast.CommClause:
		f.statements(n.Body)
	case *ast.CompositeLit:
		f.headerLiteral(n)
	case *ast.StarExpr:
		f.load(n)
	case *ast.CallExpr:
		f.call(n)
	}
}

func (f *file) statements(list []ast.Stmt) {
	for _, s := range list {
		f.headerStore(s)
		f.byteStore(s)
	}
}

func (f *file) call(c *ast.CallExpr) {
	path, name := f.callee(c)
	switch {
	case path == "unsafe" && name == "Slice" && len(c.Args) == 2:
		if !isTypeParam(f.typeOf(c.Args[0])) {
			f.wrap(c.Args[0], "_mohoEsc(", ")")
		}
	case path == "unsafe" && name == "StringData" && len(c.Args) == 1 && !f.isConst(c.Args[0]):
		f.wrap(c.Args[0], "_mohoIce(", ")")
	case path == "unsafe" && name == "Add" && len(c.Args) == 2:
		f.sum(c)
	case path == "unsafe" && name == "String" && len(c.Args) == 2 && !f.isConst(c):
		f.wrap(c, "_mohoStr(", ")")
		f.wrap(c.Args[0], "_mohoEsc(", ")")
	case isSyscall(path, name):
		for _, a := range c.Args {
			f.intArg(a)
		}
	case path == "sync/atomic" && len(c.Args) > 0:
		f.atomicArg(c.Args[0], name)
	case f.isBirth(c):
		f.birth(c)
	}
	f.alignedCast(c)
	f.headerPun(c)
}
