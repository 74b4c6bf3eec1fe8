package lifetime

import (
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/ssafn"
)

// A gift is something that a function gives back: what the field of a
// parameter (or of a captured variable) refers to, or the parameter itself when
// field is "".
type gift struct {
	from  ssa.Value // *ssa.Parameter or *ssa.FreeVar
	field string
}

// gifts lists what f releases of its parameters and captured variables.
func gifts(p *ssafn.Program, f *ssa.Function, depth int) []gift {
	if depth > maxDepth || f == nil {
		return nil
	}
	var out []gift
	add := func(v ssa.Value, inner string) {
		from, field, ok := path(v, 0)
		if !ok {
			return
		}
		if field == "" {
			field = inner
		}
		if g := (gift{from, field}); !slices.Contains(out, g) {
			out = append(out, g)
		}
	}
	for _, b := range f.Blocks {
		for _, instr := range b.Instrs {
			call, ok := instr.(ssa.CallInstruction)
			if !ok {
				continue
			}
			common := call.Common()
			if c, ok := common.Value.(*ssa.MakeClosure); ok {
				closureGifts(p, c, depth, add)
				continue
			}
			callee := ssafn.Callee(common)
			for i, arg := range common.Args {
				if releases(p, common, callee, i) {
					add(arg, "")
				}
			}
			if callee == nil || len(callee.Blocks) == 0 || ssafn.IsCgo(callee) {
				continue
			}
			for _, g := range gifts(p, callee, depth+1) {
				for i, param := range callee.Params {
					if g.from == ssa.Value(param) && i < len(common.Args) {
						add(common.Args[i], g.field)
					}
				}
			}
		}
	}
	return out
}

// closureGifts adds what a literal that is called or deferred releases of the
// function around it.
func closureGifts(p *ssafn.Program, c *ssa.MakeClosure, depth int, add func(ssa.Value, string)) {
	fn, ok := c.Fn.(*ssa.Function)
	if !ok {
		return
	}
	for _, g := range gifts(p, fn, depth+1) {
		for i, v := range fn.FreeVars {
			if g.from == ssa.Value(v) && i < len(c.Bindings) {
				add(c.Bindings[i], g.field)
			}
		}
	}
}

// path takes a value back to the parameter or captured variable that it was
// read from, and to the first field on the way.
func path(v ssa.Value, depth int) (from ssa.Value, field string, ok bool) {
	for range 64 {
		switch u := v.(type) {
		case *ssa.Parameter, *ssa.FreeVar:
			return u, field, true
		case *ssa.FieldAddr:
			if f := ssafn.Field(u); f != nil {
				field = f.Name()
			}
			v = u.X
		case *ssa.Field:
			if st, isStruct := u.X.Type().Underlying().(*types.Struct); isStruct && u.Field < st.NumFields() {
				field = st.Field(u.Field).Name()
			}
			v = u.X
		case *ssa.IndexAddr:
			v = u.X
		case *ssa.Slice:
			v = u.X
		case *ssa.Convert:
			v = u.X
		case *ssa.ChangeType:
			v = u.X
		case *ssa.MakeInterface:
			v = u.X
		case *ssa.SliceToArrayPointer:
			v = u.X
		case *ssa.UnOp:
			if u.Op != token.MUL {
				return nil, "", false
			}
			v = u.X
		case *ssa.Call:
			if _, isBuiltin := u.Call.Value.(*ssa.Builtin); !isBuiltin || len(u.Call.Args) == 0 {
				return nil, "", false
			}
			v = u.Call.Args[0]
		case *ssa.Alloc:
			next := onlyStore(u)
			if next == nil {
				return nil, "", false
			}
			v = next
		case *ssa.Phi:
			if depth > 3 {
				return nil, "", false
			}
			for _, e := range u.Edges {
				if f, inner, ok := path(e, depth+1); ok {
					if field == "" {
						field = inner
					}
					return f, field, true
				}
			}
			return nil, "", false
		default:
			return nil, "", false
		}
	}
	return nil, "", false
}

// onlyStore returns what a local variable holds when it is assigned once.
func onlyStore(a *ssa.Alloc) ssa.Value {
	var val ssa.Value
	for _, ref := range *a.Referrers() {
		if s, ok := ref.(*ssa.Store); ok && s.Addr == a {
			if val != nil {
				return nil
			}
			val = s.Val
		}
	}
	return val
}

// releases reports whether a call gives its i-th argument back to where it
// came from. It is asked about what finalizers and cleanups do: a handle that
// one gives to C or to the system is given up.
func releases(p *ssafn.Program, common *ssa.CallCommon, callee *ssa.Function, i int) bool {
	t := common.Args[i].Type()
	if callee == nil {
		// A C function behind a variable, as purego and dlopen wrappers have it.
		load, ok := common.Value.(*ssa.UnOp)
		if !ok || common.IsInvoke() {
			return false
		}
		switch load.X.(type) {
		case *ssa.Global, *ssa.FieldAddr:
			return isAddress(t)
		}
		return false
	}
	if ssafn.IsCgo(callee) {
		switch callee.Name() {
		case "_Cfunc_GoString", "_Cfunc_GoStringN", "_Cfunc_GoBytes", "_Cfunc_CString", "_Cfunc_CBytes":
			return false
		}
		return isHandle(t)
	}
	if fp := p.Fact(callee).Param(i); fp.Frees != "" || fp.MayFree != "" {
		return true
	}
	return len(callee.Blocks) == 0 && systemRelease(callee) && (isHandle(t) || isBytes(t))
}

// systemRelease reports functions of other packages that unmap, close or free.
func systemRelease(f *ssa.Function) bool {
	name := f.String()
	if strings.HasSuffix(name, "Proc).Call") || strings.Contains(name, "syscall.Syscall") ||
		strings.Contains(name, "unix.Syscall") || strings.Contains(name, "unix.RawSyscall") || strings.Contains(name, "purego.SyscallN") {
		return true
	}
	if strings.Contains(strings.ToLower(f.Name()), "unmap") {
		return true
	}
	if f.Pkg == nil {
		return false
	}
	switch f.Pkg.Pkg.Path() {
	case "syscall", "golang.org/x/sys/unix", "golang.org/x/sys/windows":
		switch f.Name() {
		case "Close", "CloseHandle", "Closesocket", "VirtualFree", "FreeLibrary", "LocalFree", "SysvShmDetach", "RegCloseKey":
			return true
		}
	}
	return false
}

func isAddress(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && (b.Kind() == types.UnsafePointer || b.Kind() == types.Uintptr)
}

// isHandle reports types by which C or the system knows an object: pointers,
// integers, and C's own structs.
func isHandle(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		return true
	case *types.Basic:
		return u.Kind() == types.UnsafePointer || u.Info()&types.IsInteger != 0
	case *types.Struct, *types.Array:
		return ssafn.IsCType(t)
	}
	return false
}

func isBytes(t types.Type) bool {
	_, ok := t.Underlying().(*types.Slice)
	return ok
}

// releasers is the functions of the package that run as finalizers and cleanups
// or that those call, and the functions of others that they give something to.
func releasers(p *ssafn.Program) map[*ssa.Function]bool {
	return p.Once("lifetime.releasers", func() any {
		out := map[*ssa.Function]bool{}
		var add func(f *ssa.Function)
		add = func(f *ssa.Function) {
			if f == nil || out[f] {
				return
			}
			out[f] = true
			for _, b := range f.Blocks {
				for _, instr := range b.Instrs {
					call, ok := instr.(ssa.CallInstruction)
					if !ok {
						continue
					}
					callee := ssafn.Callee(call.Common())
					if c, ok := call.Common().Value.(*ssa.MakeClosure); ok {
						callee, _ = c.Fn.(*ssa.Function)
					}
					if callee == nil {
						continue
					}
					for i := range call.Common().Args {
						if ssafn.IsCgo(callee) && releases(p, call.Common(), callee, i) {
							out[callee] = true
						}
					}
					if callee.Pkg == p.Pkg && len(callee.Blocks) > 0 && !ssafn.IsCgo(callee) {
						add(callee)
					}
				}
			}
		}
		for _, f := range p.Funcs {
			for _, fin := range finalizers(p, f) {
				add(fin.fn)
			}
		}
		return out
	}).(map[*ssa.Function]bool)
}
