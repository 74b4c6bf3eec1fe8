package lifetime

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"testing"

	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/ssa/ssautil"
)

// TestLive asks, at the call of at, whether parameter p is used afterwards.
func TestLive(t *testing.T) {
	tests := []struct {
		name, body string
		want       bool
	}{
		{"last use before", "use(p); at()", false},
		{"used after", "at(); use(p)", true},
		{"used on one path", "at(); if c { use(p) }", true},
		{"used on the other path", "if c { at() } else { use(p) }", false},
		{"used in the next round", "for c { use(p); at() }", true},
		{"deferred before", "defer use(p); at()", true},
		{"returned", "at(); return p", true},
		{"assigned anew", "at(); p = nil; use(p)", false},
		{"flows on", "q := p; if c { q = nil }; at(); use(q)", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			source := "package x\nfunc at()\nfunc use(*int)\nfunc f(p *int, c bool) *int {\n" + tt.body + "\nreturn nil\n}\n"
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, "x.go", source, 0)
			if err != nil {
				t.Fatal(err)
			}
			pkg, _, err := ssautil.BuildPackage(&types.Config{Importer: importer.Default()}, fset, types.NewPackage("x", "x"), []*ast.File{file}, 0)
			if err != nil {
				t.Fatal(err)
			}
			f := pkg.Func("f")
			for _, b := range f.Blocks {
				for _, instr := range b.Instrs {
					call, ok := instr.(*ssa.Call)
					if ok && call.Call.StaticCallee() != nil && call.Call.StaticCallee().Name() == "at" {
						if got := Live(f.Params[0], call); got != tt.want {
							t.Errorf("live = %v, want %v", got, tt.want)
						}
						return
					}
				}
			}
			t.Fatal("no call of at")
		})
	}
}
