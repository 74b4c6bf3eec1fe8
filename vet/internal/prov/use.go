package prov

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/ssafn"
)

// A Use is what becomes of an argument in a function and in those that it calls.
type Use struct {
	Pointer bool      // an integer becomes a pointer that is followed or kept
	Kernel  bool      // it, or the address that a pointer is, goes to the kernel
	Address string    // the system call that takes an address in the place it goes to
	Pos     token.Pos // of the first of these
}

// UseOf tells what becomes of a parameter. Of a function whose summary there is,
// deep asks again, for what a summary does not say.
func UseOf(p *ssafn.Program, param *ssa.Parameter, deep bool) Use {
	u := uses{p: p, seen: map[ssa.Value]bool{}, deep: deep}
	u.walk(param, 0)
	return u.Use
}

type uses struct {
	Use
	p    *ssafn.Program
	seen map[ssa.Value]bool
	deep bool
}

func (u *uses) note(pos token.Pos) {
	if !u.Pos.IsValid() {
		u.Pos = pos
	}
}

func (u *uses) walk(v ssa.Value, depth int) {
	if depth > 16 || u.seen[v] || v.Referrers() == nil {
		return
	}
	u.seen[v] = true
	for _, ref := range *v.Referrers() {
		switch ref := ref.(type) {
		case *ssa.Convert:
			if IsRoundtrip(ref) {
				if !onlyCompared(ref) {
					u.Pointer = true
					u.note(ref.Pos())
				}
			} else {
				u.walk(ref, depth+1)
			}
		case *ssa.ChangeType:
			u.walk(ref, depth+1)
		case *ssa.BinOp:
			if isInteger(ref.Type()) && ref.X == v && (ref.Op == token.ADD || ref.Op == token.SUB || ref.Op == token.AND_NOT || ref.Op == token.OR) {
				u.walk(ref, depth+1)
			}
		case *ssa.Phi:
			u.walk(ref, depth+1)
		case *ssa.Store:
			if ref.Val == v {
				u.cell(ref.Addr, depth)
			}
		case ssa.CallInstruction:
			u.call(ref, v, depth)
		}
	}
}

// cell follows a value that was put into a local variable or variadic list.
func (u *uses) cell(addr ssa.Value, depth int) {
	if ia, ok := addr.(*ssa.IndexAddr); ok {
		addr = ia.X
	}
	a, ok := addr.(*ssa.Alloc)
	if !ok {
		return
	}
	for _, ref := range *a.Referrers() {
		switch ref := ref.(type) {
		case *ssa.UnOp:
			u.walk(ref, depth+1)
		case *ssa.Slice:
			u.walk(ref, depth+1)
		}
	}
}

func (u *uses) call(call ssa.CallInstruction, v ssa.Value, depth int) {
	callee := ssafn.Callee(call.Common())
	if callee == nil {
		return
	}
	for i, arg := range call.Common().Args {
		if arg != v {
			continue
		}
		if IsKernel(callee) {
			if takesMapping(u.p, call) {
				continue
			}
			u.Kernel = true
			u.note(call.Common().Pos())
			if name := u.takesAddress(call, i); name != "" && u.Address == "" {
				u.Address, u.Pos = name, call.Common().Pos()
			}
			continue
		}
		if u.deep && len(callee.Blocks) > 0 && i < len(callee.Params) && !KeepsIntegers(u.p, callee) {
			u.walk(callee.Params[i], depth+4)
			continue
		}
		param := u.p.Fact(callee).Param(i)
		if param.AsPointer || param.ToKernel {
			u.note(call.Common().Pos())
		}
		u.Pointer = u.Pointer || param.AsPointer
		u.Kernel = u.Kernel || param.ToKernel
	}
}

// onlyCompared reports a pointer that nobody follows: nil tests and the like.
func onlyCompared(v ssa.Value) bool {
	if v.Referrers() == nil {
		return true
	}
	for _, ref := range *v.Referrers() {
		op, ok := ref.(*ssa.BinOp)
		if !ok || !(op.Op == token.EQL || op.Op == token.NEQ) {
			return false
		}
	}
	return true
}

// addressArgs lists, by the name of a system call's constant, the arguments
// that are addresses on every system that has the call, the number being 0.
//
// Source: the manual pages of section 2.
var addressArgs = map[string][]int{
	"SYS_IOCTL": {3}, "SYS_READ": {2}, "SYS_WRITE": {2}, "SYS_PREAD64": {2}, "SYS_PWRITE64": {2},
	"SYS_READV": {2}, "SYS_WRITEV": {2}, "SYS_SENDMSG": {2}, "SYS_RECVMSG": {2}, "SYS_SENDTO": {2, 5},
	"SYS_RECVFROM": {2, 5, 6}, "SYS_CONNECT": {2}, "SYS_BIND": {2}, "SYS_GETSOCKOPT": {4, 5},
	"SYS_SETSOCKOPT": {4}, "SYS_FSTAT": {2}, "SYS_GETDENTS64": {2}, "SYS_BPF": {2}, "SYS_IO_SUBMIT": {3},
	"SYS_IO_GETEVENTS": {4}, "SYS_IO_URING_SETUP": {2}, "SYS_PERF_EVENT_OPEN": {1}, "SYS_CLOCK_GETTIME": {2},
	"SYS_NANOSLEEP": {1, 2}, "SYS_OPENAT": {2}, "SYS_OPEN": {1}, "SYS_PROCESS_VM_READV": {2, 4},
}

// takesAddress names the system call that argument i of a call is an address
// for; "" when that is not known.
func (u *uses) takesAddress(call ssa.CallInstruction, i int) string {
	e := u.p.Call(call.Common().Pos())
	if e == nil || len(e.Args) == 0 {
		return ""
	}
	var id *ast.Ident
	switch trap := ast.Unparen(e.Args[0]).(type) {
	case *ast.Ident:
		id = trap
	case *ast.SelectorExpr:
		id = trap.Sel
	default:
		return ""
	}
	if _, ok := u.p.Info.Uses[id].(*types.Const); ok && slices.Contains(addressArgs[id.Name], i) {
		return id.Name
	}
	return ""
}
