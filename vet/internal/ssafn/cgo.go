package ssafn

import (
	"errors"
	"go/ast"
	"go/types"
	"os"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/cgoview"
)

// A CFunc is a call of a C function, as the source has it.
type CFunc struct {
	Name  string // C's own name: free, malloc; CString, GoBytes and the like are cgo's
	Args  []ssa.Value
	Sig   *types.Signature // parameters and result as cgo declares them
	Errno bool             // the form that returns errno as an error besides
}

// CCall returns the C function that an instruction calls, deferred and go
// statements included.
func CCall(instr ssa.Instruction) (c CFunc, ok bool) {
	call, ok := instr.(ssa.CallInstruction)
	if !ok {
		return CFunc{}, false
	}
	common := call.Common()
	f := common.StaticCallee()
	if f == nil {
		return CFunc{}, false
	}
	name, errno, ok := CName(f)
	if !ok {
		return CFunc{}, false
	}
	return CFunc{Name: name, Args: common.Args, Sig: f.Signature, Errno: errno}, true
}

// CName returns the name of the C function that f stands for; ok is false when
// f stands for none.
func CName(f *ssa.Function) (name string, errno, ok bool) {
	name, ok = strings.CutPrefix(f.Name(), "_Cfunc_")
	if !ok {
		if name, errno = strings.CutPrefix(f.Name(), "_C2func_"); !errno {
			return "", false, false
		}
	}
	if name == "_CMalloc" {
		name = "malloc"
	}
	return name, errno, true
}

// IsChecked reports whether cgo looks, as the program runs, into what an
// argument for a parameter of type t points to: only then does it see that Go
// memory given to C holds pointers that are not pinned.
//
// Source: $GOROOT/src/cmd/cgo/gcc.go (needsPointerCheck), go1.26.
func IsChecked(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Kind() == types.UnsafePointer
	case *types.Pointer:
		return HasPointer(u.Elem())
	}
	return HasPointer(t)
}

// HasPointer reports whether a value of type t holds a pointer. Type
// parameters are taken to.
func HasPointer(t types.Type) bool { return hasPointer(t, 0) }

func hasPointer(t types.Type, depth int) bool {
	if depth > 20 {
		return true
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Kind() == types.UnsafePointer || u.Info()&types.IsString != 0
	case *types.Array:
		return u.Len() > 0 && hasPointer(u.Elem(), depth+1)
	case *types.Struct:
		for f := range u.Fields() {
			if hasPointer(f.Type(), depth+1) {
				return true
			}
		}
		return false
	}
	return true
}

// unrewrite gives the program the user's own files of a package that cgo went
// over. When they can't be had, it stays with what cgo made of them.
func (p *Program) unrewrite(pass *analysis.Pass) {
	files, err := cgoview.Undo(pass.Fset, pass.Files, os.ReadFile)
	if err != nil || len(files) == 0 || sameFiles(files, pass.Files) {
		return
	}
	info := &types.Info{
		Types:        map[ast.Expr]types.TypeAndValue{},
		Defs:         map[*ast.Ident]types.Object{},
		Uses:         map[*ast.Ident]types.Object{},
		Implicits:    map[ast.Node]types.Object{},
		Instances:    map[*ast.Ident]types.Instance{},
		Scopes:       map[ast.Node]*types.Scope{},
		Selections:   map[*ast.SelectorExpr]*types.Selection{},
		FileVersions: map[*ast.File]string{},
	}
	conf := types.Config{
		Importer:  importedBy{pass.Pkg},
		Sizes:     pass.TypesSizes,
		GoVersion: pass.Pkg.GoVersion(),
		Error:     func(error) {},
	}
	pkg, err := conf.Check(pass.Pkg.Path(), pass.Fset, files, info)
	if err != nil {
		return
	}
	p.Files, p.Info, p.Types = files, info, pkg
}

func sameFiles(a, b []*ast.File) bool {
	for i := range a {
		if i >= len(b) || a[i] != b[i] {
			return false
		}
	}
	return true
}

var errNotImported = errors.New("not imported")

// importedBy imports what a package that is type-checked already imports.
type importedBy struct{ pkg *types.Package }

func (i importedBy) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	for _, imp := range i.pkg.Imports() {
		if imp.Path() == path || strings.HasSuffix(imp.Path(), "/vendor/"+path) || imp.Path() == "vendor/"+path {
			return imp, nil
		}
	}
	return nil, errNotImported
}

// IsCVar reports the variable in which cgo keeps the address of one of C's.
func IsCVar(g *ssa.Global) bool { return strings.HasPrefix(g.Name(), "_Cvar_") }

// IsFuncPointer reports the type that cgo gives to pointers to C functions.
func IsFuncPointer(t types.Type) bool {
	ptr, ok := t.Underlying().(*types.Pointer)
	if !ok {
		return false
	}
	array, ok := ptr.Elem().Underlying().(*types.Array)
	return ok && array.Len() == 0
}

// importsC reports files in which names of C are not resolved.
func importsC(files []*ast.File) bool {
	for _, f := range files {
		for _, imp := range f.Imports {
			if imp.Path.Value == `"C"` {
				return true
			}
		}
	}
	return false
}
