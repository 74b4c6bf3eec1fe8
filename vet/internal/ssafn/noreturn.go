package ssafn

import (
	"go/ast"
	"go/types"
)

// known lists functions of the standard library that never return.
var known = map[string]bool{
	"os.Exit":                   true,
	"syscall.Exit":              true,
	"runtime.Goexit":            true,
	"log.Fatal":                 true,
	"log.Fatalf":                true,
	"log.Fatalln":               true,
	"log.Panic":                 true,
	"log.Panicf":                true,
	"log.Panicln":               true,
	"(*log.Logger).Fatal":       true,
	"(*log.Logger).Fatalf":      true,
	"(*log.Logger).Fatalln":     true,
	"(*log.Logger).Panic":       true,
	"(*log.Logger).Panicf":      true,
	"(*log.Logger).Panicln":     true,
	"(*testing.common).Fatal":   true,
	"(*testing.common).Fatalf":  true,
	"(*testing.common).FailNow": true,
	"(*testing.common).Skip":    true,
	"(*testing.common).Skipf":   true,
	"(*testing.common).SkipNow": true,
}

// neverReturns answers the SSA builder's question for this package: functions
// that the table names, and functions of the package whose body contains no
// return and ends in a panic or in a call of such a function.
func neverReturns(files []*ast.File, info *types.Info) func(*types.Func) bool {
	local := map[*types.Func]bool{}
	is := func(fn *types.Func) bool {
		return local[fn.Origin()] || known[fn.FullName()]
	}
	for changed := true; changed; {
		changed = false
		for _, file := range files {
			for _, decl := range file.Decls {
				d, ok := decl.(*ast.FuncDecl)
				if !ok || d.Body == nil {
					continue
				}
				fn, ok := info.Defs[d.Name].(*types.Func)
				if ok && !local[fn] && stops(info, d.Body, is) {
					local[fn] = true
					changed = true
				}
			}
		}
	}
	return is
}

// stops reports whether a body ends in a call that never returns and has no
// way around it. Deferred calls may recover, so a body with one returns.
func stops(info *types.Info, body *ast.BlockStmt, is func(*types.Func) bool) bool {
	if len(body.List) == 0 {
		return false
	}
	last, ok := body.List[len(body.List)-1].(*ast.ExprStmt)
	if !ok {
		return false
	}
	call, ok := ast.Unparen(last.X).(*ast.CallExpr)
	if !ok || !stopping(info, call, is) {
		return false
	}
	around := false
	ast.Inspect(body, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt, *ast.DeferStmt, *ast.BranchStmt:
			around = true
		}
		return !around
	})
	return !around
}

func stopping(info *types.Info, call *ast.CallExpr, is func(*types.Func) bool) bool {
	switch fun := ast.Unparen(call.Fun).(type) {
	case *ast.Ident:
		if b, ok := info.Uses[fun].(*types.Builtin); ok {
			return b.Name() == "panic"
		}
		fn, ok := info.Uses[fun].(*types.Func)
		return ok && is(fn)
	case *ast.SelectorExpr:
		fn, ok := info.Uses[fun.Sel].(*types.Func)
		return ok && is(fn)
	}
	return false
}
