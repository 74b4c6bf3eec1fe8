package nonul

import (
	"go/constant"
	"go/token"
	"strings"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/cptr"
	"moho/vet/internal/prov"
	"moho/vet/internal/ssafn"
)

// maxDepth bounds how far bytes are followed to where they come from.
const maxDepth = 8

// unended reports whether it is known that nobody ended the bytes v in a NUL,
// and says what they are.
func unended(p *ssafn.Program, v ssa.Value, at ssa.CallInstruction, depth int) (what string, bad bool) {
	if depth > maxDepth || looked(p, v, at) {
		return "", false
	}
	switch v := v.(type) {
	case *ssa.Const:
		if v.Value == nil || v.Value.Kind() != constant.String || strings.Contains(constant.StringVal(v.Value), "\x00") {
			return "", false
		}
		return "a string constant", true
	case *ssa.Parameter:
		return parameter(p, v, depth)
	case *ssa.Convert: // string(b), []byte(s)
		if what, bad := unended(p, v.X, at, depth+1); bad {
			return "a copy of " + what, true
		}
	case *ssa.ChangeType:
		return unended(p, v.X, at, depth+1)
	case *ssa.BinOp:
		if v.Op == token.ADD && !endsInNUL(v.Y) {
			if what, bad := unended(p, v.Y, at, depth+1); bad {
				return "a string that ends in " + what, true
			}
		}
	case *ssa.MakeSlice:
		if n, ok := v.Len.(*ssa.Call); ok {
			if b, ok := n.Call.Value.(*ssa.Builtin); ok && b.Name() == "len" && filled(p, v) {
				return "a slice with no room for one", true
			}
		}
		if whole(p, v) {
			return "a slice that is filled to its end", true
		}
	case *ssa.Slice: // make with a constant length
		if array, ok := v.X.(*ssa.Alloc); ok && array.Comment == "makeslice" && whole(p, v) {
			return "a slice that is filled to its end", true
		}
	case *ssa.Extract:
		if call, ok := v.Tuple.(*ssa.Call); ok && v.Index == 0 {
			if f := ssafn.Callee(call.Common()); f != nil && foreign[f.String()] {
				return "the result of " + f.String(), true
			}
		}
	case *ssa.Phi:
		for _, e := range v.Edges {
			if e == ssa.Value(v) {
				continue
			}
			if what, bad := unended(p, e, at, depth+1); bad {
				return what, true
			}
		}
	case *ssa.UnOp:
		if v.Op != token.MUL {
			break
		}
		stores, complete := p.StoresTo(v.X)
		if !complete || len(stores) != 1 {
			break
		}
		return unended(p, stores[0].Val, at, depth+1)
	case *ssa.Call:
		return result(p, v, at, depth)
	}
	return "", false
}

// foreign lists functions whose bytes come from outside, as they are there.
var foreign = map[string]bool{
	"os.ReadFile": true, "io.ReadAll": true, "encoding/json.Marshal": true, "encoding/hex.DecodeString": true,
	"(*encoding/base64.Encoding).DecodeString": true,
}

// result looks at bytes that a call returns.
func result(p *ssafn.Program, v *ssa.Call, at ssa.CallInstruction, depth int) (string, bool) {
	if b, ok := v.Call.Value.(*ssa.Builtin); ok {
		if b.Name() == "append" && len(v.Call.Args) == 2 {
			return appended(p, v.Call.Args[1], at, depth)
		}
		return "", false
	}
	callee := ssafn.Callee(v.Common())
	if callee == nil {
		return "", false
	}
	switch callee.String() {
	case "fmt.Sprintf":
		c, ok := v.Call.Args[0].(*ssa.Const)
		if ok && c.Value != nil && !strings.Contains(constant.StringVal(c.Value), "\x00") && !strings.HasSuffix(constant.StringVal(c.Value), "%s") &&
			!strings.HasSuffix(constant.StringVal(c.Value), "%c") && !strings.HasSuffix(constant.StringVal(c.Value), "%v") {
			return "a formatted string", true
		}
		return "", false
	case "strings.ToUpper", "strings.ToLower", "strings.TrimSpace", "strings.Clone", "bytes.Clone", "strings.Repeat", "bytes.Repeat":
		return unended(p, v.Call.Args[0], at, depth+1)
	case "strconv.Itoa", "strconv.FormatInt", "strconv.Quote":
		return "the result of " + callee.String(), true
	}
	results := prov.Results(callee, 0)
	for _, r := range results {
		if call := lastCall(r); call != nil {
			if what, bad := unended(p, r, call, depth+1); bad {
				return what, true
			}
			continue
		}
		switch r.(type) {
		case *ssa.Const, *ssa.BinOp, *ssa.Convert:
			if what, bad := unended(p, r, at, depth+1); bad {
				return what, true
			}
		}
	}
	return "", false
}

func lastCall(v ssa.Value) ssa.CallInstruction {
	c, _ := v.(*ssa.Call)
	if c == nil {
		return nil
	}
	return c
}

// appended looks at what append puts at the end: a string or slice, or single
// bytes, which are in an array of the call's own.
func appended(p *ssafn.Program, last ssa.Value, at ssa.CallInstruction, depth int) (string, bool) {
	if s, ok := last.(*ssa.Slice); ok {
		if array, ok := s.X.(*ssa.Alloc); ok && array.Comment == "varargs" {
			for _, ref := range *array.Referrers() {
				index, ok := ref.(*ssa.IndexAddr)
				if !ok {
					continue
				}
				for _, r := range *index.Referrers() {
					if st, ok := r.(*ssa.Store); ok && st.Addr == index {
						if c, ok := st.Val.(*ssa.Const); !ok || c.Value == nil || constant.Sign(c.Value) == 0 {
							return "", false
						}
					}
				}
			}
			return "bytes of which the last is not 0", true
		}
	}
	return unended(p, last, at, depth+1)
}

func endsInNUL(v ssa.Value) bool {
	c, ok := v.(*ssa.Const)
	return ok && c.Value != nil && c.Value.Kind() == constant.String && strings.Contains(constant.StringVal(c.Value), "\x00")
}

// parameter asks the callers, where all are known; anybody else's bytes have no
// NUL to rely on.
func parameter(p *ssafn.Program, v *ssa.Parameter, depth int) (string, bool) {
	calls, complete := p.Callers(v.Parent())
	for _, c := range calls {
		if arg := prov.Argument(c, v); arg != nil {
			if what, bad := unended(p, arg, c, depth+1); bad {
				return what, true
			}
		}
	}
	if complete {
		return "", false
	}
	return "parameter " + v.Name(), true
}

// filled reports whether all of a new slice is written to: it is the target of
// copy, or something else got hold of it before C.
func filled(p *ssafn.Program, v ssa.Value) bool {
	for _, ref := range refs(p, v) {
		if c, ok := ref.(*ssa.Call); ok {
			if b, ok := c.Call.Value.(*ssa.Builtin); ok && b.Name() == "copy" && cptr.Root(p, c.Call.Args[0]) == v {
				return true
			}
		}
	}
	return false
}

// whole reports whether a loop up to len(v) puts something into each element
// that is not 0.
func whole(p *ssafn.Program, v ssa.Value) bool {
	for _, ref := range refs(p, v) {
		index, ok := ref.(*ssa.IndexAddr)
		if !ok || index.Index.Referrers() == nil {
			continue
		}
		for _, r := range *index.Referrers() {
			st, ok := r.(*ssa.Store)
			if !ok || st.Addr != index {
				continue
			}
			c, ok := st.Val.(*ssa.Const)
			if ok && c.Value != nil && constant.Sign(c.Value) != 0 && upToLen(p, index.Index, v) {
				return true
			}
		}
	}
	return false
}

// upToLen reports whether i is compared with the length of v as loops do.
func upToLen(p *ssafn.Program, i, v ssa.Value) bool {
	for _, ref := range *i.Referrers() {
		less, ok := ref.(*ssa.BinOp)
		if !ok || less.Op != token.LSS || less.X != i {
			continue
		}
		if n, ok := less.Y.(*ssa.Call); ok {
			if b, ok := n.Call.Value.(*ssa.Builtin); ok && b.Name() == "len" && same(p, n.Call.Args[0], cptr.Root(p, v)) {
				return true
			}
		}
	}
	return false
}

// refs lists the uses of a slice in its function, through the variable that it
// is kept in.
func refs(p *ssafn.Program, v ssa.Value) []ssa.Instruction {
	if v.Referrers() == nil {
		return nil
	}
	var out []ssa.Instruction
	for _, ref := range *v.Referrers() {
		out = append(out, ref)
		if s, ok := ref.(*ssa.Store); ok && s.Val == v {
			if cell, ok := s.Addr.(*ssa.Alloc); ok {
				for _, r := range *cell.Referrers() {
					if load, ok := r.(*ssa.UnOp); ok && load.Op == token.MUL {
						out = append(out, *load.Referrers()...)
					}
				}
			}
		}
	}
	return out
}

// looked reports whether the function puts a 0 into the bytes or looks for one.
func looked(p *ssafn.Program, v ssa.Value, at ssa.CallInstruction) bool {
	switch v.(type) {
	case *ssa.Const:
		return false
	}
	root := cptr.Root(p, v)
	f := v.Parent()
	if f == nil {
		f = at.Parent()
	}
	for _, b := range f.Blocks {
		for _, instr := range b.Instrs {
			switch instr := instr.(type) {
			case *ssa.Store:
				index, ok := instr.Addr.(*ssa.IndexAddr)
				if !ok || !same(p, index.X, root) {
					continue
				}
				if c, ok := instr.Val.(*ssa.Const); ok && c.Value != nil && constant.Sign(c.Value) == 0 {
					return true
				}
			case *ssa.BinOp: // if b[n-1] != 0
				if zeroTest(p, instr, root) {
					return true
				}
			case ssa.CallInstruction:
				if searches(p, instr, root) {
					return true
				}
			}
		}
	}
	return false
}

func same(p *ssafn.Program, v, root ssa.Value) bool {
	r := cptr.Root(p, v)
	if r == root {
		return true
	}
	x, ok := r.(*ssa.UnOp)
	y, ok2 := root.(*ssa.UnOp)
	return ok && ok2 && x.X == y.X
}

func zeroTest(p *ssafn.Program, v *ssa.BinOp, root ssa.Value) bool {
	if v.Op != token.EQL && v.Op != token.NEQ {
		return false
	}
	c, ok := v.Y.(*ssa.Const)
	if !ok || c.Value == nil || c.Value.Kind() != constant.Int || constant.Sign(c.Value) != 0 {
		return false
	}
	switch x := v.X.(type) {
	case *ssa.UnOp:
		index, ok := x.X.(*ssa.IndexAddr)
		return ok && same(p, index.X, root)
	case *ssa.Lookup:
		return same(p, x.X, root)
	case *ssa.Index:
		return same(p, x.X, root)
	}
	return false
}

func searches(p *ssafn.Program, call ssa.CallInstruction, root ssa.Value) bool {
	callee := call.Common().StaticCallee()
	if callee == nil || callee.Pkg == nil {
		return false
	}
	switch callee.Pkg.Pkg.Path() {
	case "bytes", "strings", "slices":
	default:
		return false
	}
	switch name := callee.Name(); {
	case strings.HasPrefix(name, "Index"), strings.HasPrefix(name, "Contains"), strings.HasPrefix(name, "HasSuffix"), strings.HasPrefix(name, "LastIndex"):
		return len(call.Common().Args) > 0 && same(p, call.Common().Args[0], root)
	}
	return false
}
