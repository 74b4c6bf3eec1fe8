package prov

import (
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/ssafn"
)

// cellName says in words where a value is kept.
func cellName(addr ssa.Value) string {
	switch a := addr.(type) {
	case *ssa.Alloc:
		return "variable " + a.Comment
	case *ssa.FreeVar:
		return "captured variable " + a.Name()
	case *ssa.Global:
		return "package variable " + a.Name()
	case *ssa.FieldAddr:
		if f := ssafn.Field(a); f != nil {
			return "field " + f.Name()
		}
	}
	return "memory"
}

// valueName is [cellName] for a container: a slice, array, map or channel.
func valueName(v ssa.Value) string {
	kind := "a container"
	switch v.Type().Underlying().(type) {
	case *types.Slice:
		kind = "a slice"
	case *types.Map:
		kind = "a map"
	case *types.Chan:
		kind = "a channel"
	}
	for range 8 {
		switch u := v.(type) {
		case *ssa.UnOp:
			v = u.X
			continue
		case *ssa.Slice:
			v = u.X
			continue
		case *ssa.Parameter:
			return "parameter " + u.Name()
		}
		break
	}
	if name := cellName(v); name != "memory" && !strings.HasSuffix(name, " ") && !madeInPlace(v) {
		return name
	}
	return kind
}

func madeInPlace(v ssa.Value) bool {
	a, ok := v.(*ssa.Alloc)
	if !ok {
		return false
	}
	switch a.Comment {
	case "new", "complit", "slicelit", "makeslice", "varargs":
		return true
	}
	return false
}

func fieldName(f *ssa.Field) string {
	if st, ok := f.X.Type().Underlying().(*types.Struct); ok && f.Field < st.NumFields() {
		return st.Field(f.Field).Name()
	}
	return "of a struct"
}

// FuncName is a function's name for a message: F, T.M, or "a function literal".
func FuncName(f *ssa.Function) string {
	if f.Parent() != nil {
		return "a function literal in " + FuncName(f.Parent())
	}
	if recv := f.Signature.Recv(); recv != nil {
		t := recv.Type()
		if ptr, ok := t.(*types.Pointer); ok {
			t = ptr.Elem()
		}
		return types.TypeString(t, func(*types.Package) string { return "" }) + "." + f.Name()
	}
	return f.Name()
}

// CalleeName is the name of what a call enters, for a message.
func CalleeName(c *ssa.CallCommon) string {
	if f := ssafn.Callee(c); f != nil {
		if f.Pkg != nil && f.Signature.Recv() == nil && len(f.Blocks) == 0 {
			return f.Pkg.Pkg.Name() + "." + f.Name()
		}
		return FuncName(f)
	}
	if c.IsInvoke() {
		return c.Method.Name()
	}
	return "a function value"
}

// CellName says in words what memory an address is of.
func CellName(addr ssa.Value) string { return cellName(addr) }
