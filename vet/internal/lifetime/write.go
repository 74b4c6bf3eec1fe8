package lifetime

import (
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/fact"
	"moho/vet/internal/rule"
	"moho/vet/internal/ssafn"
)

// A Write is an instruction that changes the bytes behind Target.
type Write struct {
	At     ssa.Instruction
	Target ssa.Value
	How    string        // "stored to", "passed to copy", …
	Callee *ssa.Function // the function that writes, when a call does
	Param  int           // the callee's parameter that it writes through
	Arg    int           // the argument of the call, the receiver being 0; -1 for a store
}

// Text is the expression that is written to, as the source has it.
func (w Write) Text(p *ssafn.Program) string {
	pos := w.At.Pos()
	if call := p.Call(pos); call != nil && w.Arg >= 0 {
		arg := w.Arg
		if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && p.Info.Selections[sel] != nil {
			if arg == 0 {
				return rule.Expr(sel.X)
			}
			arg--
		}
		if arg < len(call.Args) {
			return rule.Expr(call.Args[arg])
		}
	}
	if s, ok := w.At.(*ssa.Store); ok {
		if !pos.IsValid() {
			pos = s.Addr.Pos()
		}
		for _, n := range PathTo(p, pos) {
			switch n := n.(type) {
			case *ast.IncDecStmt:
				return rule.Expr(n.X)
			case *ast.AssignStmt:
				if len(n.Lhs) == 1 {
					return rule.Expr(n.Lhs[0])
				}
			}
		}
	}
	return Name(p, w.Target)
}

// Writes lists what f does to bytes. Stores to variables and their fields are
// not among them, unless the address was made by conversion.
func Writes(p *ssafn.Program, f *ssa.Function) []Write {
	var out []Write
	for _, b := range f.Blocks {
		for _, instr := range b.Instrs {
			switch instr := instr.(type) {
			case *ssa.Store:
				if throughView(instr.Addr) {
					out = append(out, Write{At: instr, Target: instr.Addr, How: "is assigned to", Arg: -1})
				}
			case ssa.CallInstruction:
				out = append(out, callWrites(p, instr)...)
			}
		}
	}
	return out
}

// throughView reports addresses that need not belong to a Go variable: elements
// of slices, and pointers that were made by conversion or given. A field of a
// struct behind a pointer is a variable of Go's.
func throughView(addr ssa.Value) bool {
	field := false
	for range 16 {
		switch a := addr.(type) {
		case *ssa.IndexAddr:
			if _, slice := a.X.Type().Underlying().(*types.Slice); slice && !field {
				return true
			}
			addr = a.X
		case *ssa.FieldAddr:
			field = true
			addr = a.X
		case *ssa.Convert:
			return true
		case *ssa.Parameter, *ssa.Phi, *ssa.Call, *ssa.Extract, *ssa.UnOp, *ssa.SliceToArrayPointer:
			return !field
		default:
			return false
		}
	}
	return false
}

func callWrites(p *ssafn.Program, call ssa.CallInstruction) []Write {
	common := call.Common()
	if b, ok := common.Value.(*ssa.Builtin); ok {
		switch b.Name() {
		case "copy", "clear":
			return []Write{{At: call, Target: common.Args[0], How: "is passed to " + b.Name()}}
		case "append":
			if s, ok := common.Args[0].(*ssa.Slice); ok && s.High != nil {
				return []Write{{At: call, Target: s, How: "is appended to from its beginning"}}
			}
		}
		return nil
	}
	if common.IsInvoke() {
		if i := invokedWrites(common.Method); i >= 0 && i < len(common.Args) {
			return []Write{{At: call, Target: common.Args[i], How: "is passed to " + common.Method.Name(), Arg: i + 1}}
		}
		return nil
	}
	callee := ssafn.Callee(common)
	if callee == nil {
		if c, ok := common.Value.(*ssa.MakeClosure); ok {
			callee, _ = c.Fn.(*ssa.Function)
		}
		if callee == nil {
			return nil
		}
	}
	var out []Write
	fp := p.Fact(callee)
	for i, arg := range common.Args {
		switch {
		case fp.Param(i).Writes:
			out = append(out, Write{At: call, Target: arg, How: "is passed to " + callee.Name() + ", which writes to it", Callee: callee, Param: i, Arg: i})
		case len(callee.Blocks) == 0 && systemWrites(callee, i, arg):
			out = append(out, Write{At: call, Target: arg, How: "is passed to " + callee.Name(), Arg: i})
		}
	}
	return out
}

// invokedWrites returns which argument a method of a well-known interface
// fills, -1 when none.
func invokedWrites(m *types.Func) int {
	sig := m.Signature()
	if sig.Params().Len() == 0 || !isBytes(sig.Params().At(0).Type()) {
		return -1
	}
	switch m.Name() {
	case "Read", "ReadAt", "XORKeyStream", "Encrypt", "Decrypt", "CryptBlocks", "ReadFrom", "PutUint16", "PutUint32", "PutUint64":
		return 0
	}
	return -1
}

// systemWrites reports functions of the standard library and of x/sys that
// write to their i-th argument, the receiver being 0.
//
// Source: the packages' documentation, go1.26.
func systemWrites(f *ssa.Function, i int, arg ssa.Value) bool {
	if f.Pkg == nil && f.Object() == nil {
		return false
	}
	obj := f.Object()
	if obj == nil || obj.Pkg() == nil {
		return false
	}
	path, name := obj.Pkg().Path(), f.Name()
	method := f.Signature.Recv() != nil
	first := 0
	if method {
		first = 1
	}
	if i == first && isBytes(arg.Type()) && method {
		switch name {
		case "Read", "ReadAt", "XORKeyStream", "Encode", "Decode", "PutUint16", "PutUint32", "PutUint64", "FillBytes", "ReadFrom", "Recvfrom":
			return true
		}
	}
	switch path {
	case "io":
		return (name == "ReadFull" || name == "ReadAtLeast") && i == 1 || name == "CopyBuffer" && i == 2
	case "crypto/rand", "math/rand":
		return name == "Read" && i == 0
	case "sort":
		return i == 0 && (name == "Slice" || name == "SliceStable" || name == "Sort" || name == "Stable")
	case "slices":
		if i != 0 {
			return false
		}
		switch name {
		case "Sort", "SortFunc", "SortStableFunc", "Reverse", "Delete", "DeleteFunc", "Compact", "CompactFunc", "Replace", "Insert":
			return true
		}
	case "encoding/binary":
		return i == 0 && strings.HasPrefix(name, "Put") || name == "Encode" && i == 0
	case "encoding/hex", "encoding/ascii85":
		return i == 0 && (name == "Encode" || name == "Decode")
	case "unicode/utf8":
		return name == "EncodeRune" && i == 0
	case "crypto/subtle":
		return (name == "XORBytes" || name == "ConstantTimeCopy") && i == first+map[string]int{"ConstantTimeCopy": 1}[name]
	case "strconv", "fmt", "time":
		if strings.HasPrefix(name, "Append") && i == 0 {
			s, ok := arg.(*ssa.Slice)
			return ok && s.High != nil
		}
	case "syscall", "golang.org/x/sys/unix", "golang.org/x/sys/windows":
		switch name {
		case "Read", "Pread", "Recvfrom", "ReadFile":
			return i == 1
		}
	case "reflect":
		return false
	}
	return false
}

// SummariseBytes adds which parameters a function writes through, and which a
// result is laid over.
func SummariseBytes(p *ssafn.Program, f *ssa.Function, out *fact.Func) {
	if len(f.Params) == 0 || len(f.Blocks) == 0 || ssafn.IsCgo(f) {
		return
	}
	if !anyBytes(f) {
		return
	}
	for _, w := range allWrites(p, f) {
		for _, r := range RootsOf(p, w.Target, false) {
			if i := paramOf(f, r.Value); i >= 0 {
				out.SetParam(i).Writes = true
			}
		}
	}
	results := f.Signature.Results()
	for i := range results.Len() {
		if !leadsToBytes(results.At(i).Type()) {
			continue
		}
		for _, b := range f.Blocks {
			ret, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return)
			if !ok || i >= len(ret.Results) {
				continue
			}
			for _, r := range RootsOf(p, ret.Results[i], false) {
				if j := paramOf(f, r.Value); j >= 0 {
					addIndex(&out.SetResult(i).PointsTo, j)
				}
			}
		}
	}
}

// allWrites is [Writes] for a function and the literals inside it.
func allWrites(p *ssafn.Program, f *ssa.Function) []Write {
	out := Writes(p, f)
	for _, anon := range f.AnonFuncs {
		out = append(out, allWrites(p, anon)...)
	}
	return out
}

func paramOf(f *ssa.Function, v ssa.Value) int {
	for i, param := range f.Params {
		if ssa.Value(param) == v {
			return i
		}
	}
	return -1
}

func anyBytes(f *ssa.Function) bool {
	for _, param := range f.Params {
		if leadsToBytes(param.Type()) {
			return true
		}
	}
	return false
}

// leadsToBytes reports strings, slices of plain values, and pointers to such.
func leadsToBytes(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Kind() == types.UnsafePointer || u.Info()&types.IsString != 0
	case *types.Slice:
		return !refers(u.Elem())
	case *types.Pointer:
		_, basic := u.Elem().Underlying().(*types.Basic)
		_, array := u.Elem().Underlying().(*types.Array)
		return basic || array
	}
	return false
}
