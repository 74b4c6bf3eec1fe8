// Package ssafn builds the SSA form of one package for the rules of moho vet,
// with the indexes that they walk: callers, closure bindings, stores, and the
// syntax behind each conversion.
//
// It stands in for go/analysis's buildssa, which pulls in the ctrlflow pass
// and its facts about every dependency. Most packages do not import unsafe and
// break none of our rules; they cost nothing here, and without facts go vet
// need not run us over dependencies at all. Which functions never return,
// which is what ctrlflow is for, comes from a table and from the package's own
// bodies, so that standalone and vettool runs see the same control flow.
//
// # Untrusted input
//
// Source code under analysis. The SSA builder is recovered from, because it
// panics on code that it does not understand; the package then fails with an
// error that says so.
//
// # Compatibility
//
// Internal to vet.
package ssafn

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"sync"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/cside"
	"moho/vet/internal/fact"
	"moho/vet/internal/layout"
)

// Analyzer prepares a [Program] for each package; package summary builds it for
// those that need it.
var Analyzer = &analysis.Analyzer{
	Name:       "mohossa",
	Doc:        "prepare SSA form and indexes for packages that touch raw memory",
	Run:        run,
	ResultType: reflect.TypeFor[*Program](),
}

// A Program is one package in SSA form. Funcs is empty and Pkg nil when the
// package cannot touch raw memory.
type Program struct {
	Fset  *token.FileSet
	Pkg   *ssa.Package
	Sizes types.Sizes
	Funcs []*ssa.Function // source functions and literals, the package initialiser included

	// Files, Info and Types are the syntax that SSA was built from. Rules use
	// these and not those of the pass: for a package with cgo they are the
	// user's own files, with names of C resolved, where the pass may have what
	// cgo made of them.
	Files []*ast.File
	Info  *types.Info
	Types *types.Package

	// Partial is set for a package that uses C where cgo could not do its part:
	// there is no SSA form, names of C are still C.f in Files, and what has their
	// types has none in Info.
	Partial bool

	// Own is what this package tells others, as far as it is known by now;
	// Imported returns what a package that this one imports tells, or nil.
	Own      *fact.Package
	Imported func(*types.Package) *fact.Package

	// Memo is for what rooms work out once per package, each under a key of a
	// type of its own.
	Memo map[any]any
	// C returns what is known of the package's C; it is read when first asked for.
	C func() *cside.Unit

	calls    map[*ssa.Function][]ssa.CallInstruction
	closures map[*ssa.Function][]*ssa.MakeClosure
	opened   map[*ssa.Function]bool // used other than as callee: callers unknown
	globals  map[*ssa.Global][]*ssa.Store
	fields   map[*types.Var][]*ssa.Store
	punned   map[*types.Var]bool // fields of types that pointers are cast to
	elems    map[any][]Elem
	indexed  map[*ssa.Function]bool
	convs    map[token.Pos]*ast.CallExpr // by Lparen
	decls    map[*types.Func]*ast.FuncDecl
	once     sync.Map
	slices   map[token.Pos]*ast.SliceExpr // by Lbrack
	lits     []*ast.CompositeLit          // in order of position, outer before inner
	stars    map[*ast.CallExpr]*ast.StarExpr

	elsewhere func() *layout.Another
}

func run(pass *analysis.Pass) (any, error) {
	return &Program{
		Fset:     pass.Fset,
		Sizes:    pass.TypesSizes,
		Files:    pass.Files,
		Info:     pass.TypesInfo,
		Types:    pass.Pkg,
		Own:      &fact.Package{Funcs: map[string]*fact.Func{}, Types: map[string]*fact.Type{}},
		Imported: func(*types.Package) *fact.Package { return nil },
		Memo:     map[any]any{},
		C:        func() *cside.Unit { return nil },
		calls:    map[*ssa.Function][]ssa.CallInstruction{},
		closures: map[*ssa.Function][]*ssa.MakeClosure{},
		opened:   map[*ssa.Function]bool{},
		globals:  map[*ssa.Global][]*ssa.Store{},
		fields:   map[*types.Var][]*ssa.Store{},
		punned:   map[*types.Var]bool{},
		elems:    map[any][]Elem{},
		indexed:  map[*ssa.Function]bool{},
		convs:    map[token.Pos]*ast.CallExpr{},
		slices:   map[token.Pos]*ast.SliceExpr{},
		decls:    map[*types.Func]*ast.FuncDecl{},
		stars:    map[*ast.CallExpr]*ast.StarExpr{},
	}, nil
}

// Build makes the SSA form and the indexes of the package of a pass. It is not
// called for a package that cannot touch raw memory, which stays empty.
func (p *Program) Build(pass *analysis.Pass) (err error) {
	p.elsewhere = sync.OnceValue(func() *layout.Another {
		return layout.Elsewhere(p.Fset, p.Files, p.Types, p.Sizes)
	})
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("package %s: no SSA form: %v", pass.Pkg.Path(), r)
		}
	}()
	p.unrewrite(pass)
	if p.Partial = importsC(p.Files); p.Partial {
		return nil
	}
	p.C = sync.OnceValue(func() *cside.Unit { return cside.Package(p.Fset, p.Files, pass.OtherFiles) })
	p.syntax()
	prog := ssa.NewProgram(pass.Fset, ssa.BuilderMode(0))
	prog.SetNoReturn(neverReturns(p.Files, p.Info))
	for _, imp := range p.Types.Imports() {
		prog.CreatePackage(imp, nil, nil, true)
	}
	p.Pkg = prog.CreatePackage(p.Types, p.Files, p.Info, false)
	p.Pkg.Build()
	p.collect()
	for _, f := range p.Funcs {
		p.index(f)
	}
	// Captured variables are told apart by what they are bound to, which is
	// known only now.
	for _, f := range p.Funcs {
		for _, b := range f.Blocks {
			for _, instr := range b.Instrs {
				p.indexElem(instr)
			}
		}
	}
	return nil
}

// syntax indexes the conversions and declarations of all files.
func (p *Program) syntax() {
	for _, f := range p.Files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				p.convs[n.Lparen] = n
			case *ast.SliceExpr:
				p.slices[n.Lbrack] = n
			case *ast.StarExpr:
				if call, ok := ast.Unparen(n.X).(*ast.CallExpr); ok {
					p.stars[call] = n
				}
			case *ast.CompositeLit:
				p.lits = append(p.lits, n)
			case *ast.FuncDecl:
				if fn, ok := p.Info.Defs[n.Name].(*types.Func); ok {
					p.decls[fn] = n
				}
			}
			return true
		})
	}
}

// collect lists the functions in source order, literals after the function
// that contains them, and last the initialiser, which holds the literals of
// package-level variables.
func (p *Program) collect() {
	var add func(f *ssa.Function)
	add = func(f *ssa.Function) {
		p.Funcs = append(p.Funcs, f)
		for _, anon := range f.AnonFuncs {
			add(anon)
		}
	}
	for _, file := range p.Files {
		for _, decl := range file.Decls {
			if d, ok := decl.(*ast.FuncDecl); ok {
				if fn, ok := p.Info.Defs[d.Name].(*types.Func); ok {
					if f := p.Pkg.Prog.FuncValue(fn); f != nil {
						add(f)
					}
				}
			}
		}
	}
	if f := p.Pkg.Func("init"); f != nil {
		add(f)
	}
}

// Call returns the call expression of an explicit conversion or call, nil when
// the instruction has none.
func (p *Program) Call(pos token.Pos) *ast.CallExpr { return p.convs[pos] }

// SliceExpr returns the slice expression whose bracket is at pos, nil without one.
func (p *Program) SliceExpr(pos token.Pos) *ast.SliceExpr { return p.slices[pos] }

// Composite returns the innermost composite literal around pos, nil without one.
func (p *Program) Composite(pos token.Pos) *ast.CompositeLit {
	var best *ast.CompositeLit
	for _, lit := range p.lits {
		if lit.Lbrace <= pos && pos < lit.End() {
			best = lit
		}
	}
	return best
}

// Deref returns the expression that reads through what a call or conversion
// gives, *f(x), nil without one.
func (p *Program) Deref(call *ast.CallExpr) *ast.StarExpr { return p.stars[call] }

// Decl returns the declaration of a function, nil for literals and for
// functions of other packages.
func (p *Program) Decl(f *ssa.Function) *ast.FuncDecl {
	if fn, ok := f.Object().(*types.Func); ok {
		return p.decls[fn]
	}
	return nil
}

// Sizeof returns the size of t in bytes; ok is false where it depends on a
// type parameter.
func (p *Program) Sizeof(t types.Type) (size int64, ok bool) {
	return layout.Sizeof(p.Sizes, t)
}

// Elsewhere is the package as it is where words have the other size. It is
// worked out once, by type-checking everything again: ask only when an answer
// depends on it.
func (p *Program) Elsewhere() *layout.Another { return p.elsewhere() }

// Offsetof returns the offset of field i of a struct that is not generic.
func (p *Program) Offsetof(st *types.Struct, i int) int64 {
	return layout.Offsetof(p.Sizes, st, i)
}
