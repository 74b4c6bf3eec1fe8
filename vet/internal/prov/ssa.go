package prov

import (
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/ssafn"
)

// Push returns the context inside a call that is entered through its result.
func Push(ctx *Context, call ssa.CallInstruction) *Context {
	depth := 1
	if ctx != nil {
		depth = ctx.depth + 1
	}
	return &Context{call: call, up: ctx, depth: depth}
}

// enters reports whether the innermost call of the context enters f.
func (c *Context) enters(p *ssafn.Program, f *ssa.Function) bool {
	if c == nil {
		return false
	}
	if callee := ssafn.Callee(c.call.Common()); callee != nil {
		return callee == f
	}
	return slices.Contains(p.Targets(c.call.Common()), f)
}

// Argument returns what a call passes for parameter v of its callee, the
// receiver of a method that is called through an interface among them.
func Argument(call ssa.CallInstruction, v *ssa.Parameter) ssa.Value {
	common := call.Common()
	shift := 0
	if common.IsInvoke() {
		shift = 1
	}
	for i, param := range v.Parent().Params {
		if param != v {
			continue
		}
		switch i -= shift; {
		case i == -1:
			return common.Value
		case i < len(common.Args):
			return common.Args[i]
		}
	}
	return nil
}

// Results lists what a function returns as its i-th result.
func Results(f *ssa.Function, i int) []ssa.Value {
	var out []ssa.Value
	for _, b := range f.Blocks {
		if len(b.Instrs) == 0 {
			continue
		}
		if r, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return); ok && i < len(r.Results) {
			out = append(out, r.Results[i])
		}
	}
	return out
}

// Strip removes conversions between pointer types, which do not change where
// a pointer points.
func Strip(v ssa.Value) ssa.Value {
	for range 32 {
		switch u := v.(type) {
		case *ssa.Convert:
			if !isPointerLike(u.X.Type()) {
				return v
			}
			v = u.X
		case *ssa.ChangeType:
			v = u.X
		default:
			return v
		}
	}
	return v
}

// Sum takes apart uintptr(p) + c, the one-expression form; base is p.
func Sum(v ssa.Value) (base ssa.Value, delta int64, ok bool) {
	for range 8 {
		switch u := v.(type) {
		case *ssa.BinOp:
			c, known := Int(u.Y)
			if !known || u.Op != token.ADD {
				return nil, 0, false
			}
			delta += c
			v = u.X
		case *ssa.Convert:
			if Pointee(u.X.Type()) == nil && !isUnsafePointer(u.X.Type()) {
				return nil, 0, false
			}
			return u.X, delta, true
		default:
			return nil, 0, false
		}
	}
	return nil, 0, false
}

// Int returns an integer constant, through conversions, of a size that an
// offset or a length may have.
func Int(v ssa.Value) (int64, bool) {
	for {
		c, ok := v.(*ssa.Convert)
		if !ok {
			break
		}
		v = c.X
	}
	c, ok := v.(*ssa.Const)
	if !ok || c.Value == nil || c.Value.Kind() != constant.Int {
		return 0, false
	}
	n, exact := constant.Int64Val(c.Value)
	return n, exact && n > -1<<40 && n < 1<<40
}

// TypeName prints a type the way the code that uses it would.
func TypeName(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string { return p.Name() })
}

func isUnsafePointer(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Kind() == types.UnsafePointer
}

func isUintptr(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Kind() == types.Uintptr
}

func isInteger(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsInteger != 0
}

func isPointerLike(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Pointer, *types.Slice, *types.Signature, *types.Map, *types.Chan, *types.Interface:
		return true
	case *types.Basic:
		return u.Kind() == types.UnsafePointer || u.Info()&types.IsString != 0
	}
	return false
}

// IsRoundtrip reports whether v makes a pointer out of an integer.
func IsRoundtrip(v *ssa.Convert) bool {
	return isUnsafePointer(v.Type()) && isUintptr(v.X.Type())
}

// foreign reports functions whose result is memory that Go's allocator knows
// nothing of, or the raw result of a system call.
func foreign(f *ssa.Function) bool {
	name := f.String()
	if strings.HasPrefix(name, "(*syscall.Proc).") || strings.HasPrefix(name, "(*syscall.LazyProc).") ||
		strings.HasPrefix(name, "(*golang.org/x/sys/windows.Proc).") ||
		strings.HasPrefix(name, "(*golang.org/x/sys/windows.LazyProc).") {
		return true
	}
	pkg, base, ok := strings.Cut(name[strings.LastIndex(name, "/")+1:], ".")
	if !ok {
		return false
	}
	switch pkg {
	case "syscall", "unix", "windows", "sys", "mmap":
	default:
		return false
	}
	for _, part := range []string{"mmap", "Mmap", "Mremap", "mremap", "Syscall", "syscall", "SysvShm", "VirtualAlloc", "MapViewOfFile", "LocalAlloc"} {
		if strings.Contains(base, part) {
			return true
		}
	}
	return false
}

// IsPointer reports pointers, unsafe ones too.
func IsPointer(t types.Type) bool {
	_, ok := t.Underlying().(*types.Pointer)
	return ok || isUnsafePointer(t)
}

// IsInteger reports integer types.
func IsInteger(t types.Type) bool { return isInteger(t) }

// Carries reports whether integer v holds the address that was born at b.
func Carries(p *ssafn.Program, v ssa.Value, b Birth) bool {
	if !isInteger(v.Type()) {
		return false
	}
	for _, other := range Births(p, v, nil) {
		if other.Pos == b.Pos {
			return true
		}
	}
	return false
}
