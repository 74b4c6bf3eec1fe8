package align

import (
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/ssafn"
)

// Atomic returns the address that a call of package sync/atomic works on, and
// the alignment that it needs; nil for any other call. typed tells methods of
// types like atomic.Int64, which are aligned by themselves, from functions.
//
// Source: $GOROOT/src/sync/atomic/doc.go (Bugs), go1.26.
func Atomic(call ssa.CallInstruction) (addr ssa.Value, need int64, typed bool) {
	callee := ssafn.Callee(call.Common())
	args := call.Common().Args
	if callee == nil || callee.Pkg == nil || callee.Pkg.Pkg.Path() != "sync/atomic" || len(args) == 0 {
		return nil, 0, false
	}
	if callee.Signature.Recv() != nil {
		switch pointee(args[0].Type()).String() {
		case "sync/atomic.Int64", "sync/atomic.Uint64":
			return args[0], 8, true
		case "sync/atomic.Int32", "sync/atomic.Uint32":
			return args[0], 4, true
		}
		return nil, 0, false
	}
	if _, ok := args[0].Type().Underlying().(*types.Pointer); !ok {
		return nil, 0, false
	}
	switch name := callee.Name(); {
	case strings.HasSuffix(name, "64"):
		return args[0], 8, false
	case strings.HasSuffix(name, "32"):
		return args[0], 4, false
	}
	return nil, 0, false
}
