package asmflow

import (
	"go/ast"
	"go/types"
	"strings"

	"moho/vet/internal/asmtext"
)

// A Callee is what an instruction calls or jumps to outside its function.
//
// Asm is set for assembly of this package, Go for a function of this package
// with a body. Both are nil for other packages' functions and for calls
// through a register or memory, which have no Name.
type Callee struct {
	Name string
	ABI  string
	Asm  *Func
	Go   *ast.FuncDecl
}

// String is the callee's name in messages.
func (c Callee) String() string { return strings.TrimPrefix(c.Name, ".") }

// Callee returns what instruction in calls or jumps to, ok false when it is no
// call and no jump out of the function.
func (p *Program) Callee(in *asmtext.Inst) (c Callee, ok bool) {
	n := len(in.Args)
	e := p.Arch.exit(in)
	if n == 0 || e == falls || in.Target >= 0 || e == stops && !p.Arch.isCall(in.Op) {
		return Callee{}, false
	}
	o := in.Args[n-1]
	switch o.Kind {
	case asmtext.SB:
	case asmtext.Label, asmtext.PC:
		return Callee{}, false
	default:
		return Callee{}, e != branches
	}
	c.Name, c.ABI = o.Name, o.ABI
	if c.Asm = p.Lookup(o.Name, o.Static); c.Asm == nil && !o.Static {
		if fd := p.GoFunc(o.Name); fd != nil && fd.Body != nil {
			c.Go = fd
		}
	}
	return c, true
}

// IsCall reports a call that comes back.
func (fl *Flow) IsCall(in *asmtext.Inst) bool { return fl.Arch.exit(in) == calls }

// IsJump reports an unconditional or conditional jump.
func (fl *Flow) IsJump(in *asmtext.Inst) bool {
	e := fl.Arch.exit(in)
	return e == jumps || e == branches
}

// IsReturn reports RET.
func (fl *Flow) IsReturn(in *asmtext.Inst) bool { return fl.Arch.exit(in) == returns }

// NoReturn reports a callee that is known not to come back.
func (c Callee) NoReturn() bool { return noReturn(c.Name) }

// CalledByGo reports a function that Go code calls for certain, or assembly of
// the package: one that has a Go declaration or is the target of a CALL. Others
// may be entered from C, which has other rules for what is on its stack.
func (p *Program) CalledByGo(f *Func) bool {
	if p.called == nil {
		p.called = map[*Func]bool{}
		for _, g := range p.Funcs {
			for i := range g.Flow.Func.Insts {
				in := &g.Flow.Func.Insts[i]
				if c, ok := p.Callee(in); ok && c.Asm != nil && p.Arch.isCall(in.Op) {
					p.called[c.Asm] = true
				}
			}
		}
	}
	return f.Layout != nil || p.called[f]
}

// Splits reports whether a call may grow the stack for certain to be possible:
// the callee is Go, or assembly with a stack check, or calls such.
func (p *Program) Splits(c Callee) bool { return p.splits(c, map[*Func]bool{}) }

func (p *Program) splits(c Callee, seen map[*Func]bool) bool {
	if c.Go != nil {
		return !nosplitGo(c.Go)
	}
	f := c.Asm
	if f == nil || seen[f] {
		return false
	}
	seen[f] = true
	if f.Frame.Check {
		return true
	}
	for i := range f.Flow.Func.Insts {
		in := &f.Flow.Func.Insts[i]
		if !p.Arch.isCall(in.Op) {
			continue
		}
		if next, ok := p.Callee(in); ok && p.splits(next, seen) {
			return true
		}
	}
	return false
}

// nosplitGo reports a declaration with a go:nosplit directive.
func nosplitGo(d *ast.FuncDecl) bool {
	if d.Doc == nil {
		return false
	}
	for _, c := range d.Doc.List {
		if strings.HasPrefix(c.Text, "//go:nosplit") {
			return true
		}
	}
	return false
}

// ArgsOf returns the size of a callee's arguments and results on the stack.
func (p *Program) ArgsOf(c Callee) (size int64, ok bool) {
	if c.ABI == "ABIInternal" {
		return 0, false
	}
	switch {
	case c.Asm != nil && c.Asm.Layout != nil && c.Asm.Flow.Func.ABI == "ABI0":
		return c.Asm.Layout.Args, true
	case c.Go != nil:
		if obj, ok := p.info.Defs[c.Go.Name].(*types.Func); ok {
			return layoutOf(obj.Signature(), p.sizes).Args, true
		}
	}
	return 0, false
}

// Register returns what a register holds.
func (fl *Flow) Register(s *State, name string) Value { return s.regs[fl.Arch.index[name]] }

// Intact reports that a value is what a register held on entry; known is false
// when that can't be told.
func (fl *Flow) Intact(v Value, name string) (intact, known bool) {
	return v.Kind == Original && v.Of == fl.Arch.index[name], v.Kind != unknown
}
