package asmframe

import (
	_ "embed"
	"fmt"

	"golang.org/x/tools/go/analysis"

	"moho/evidence"
	"moho/vet/internal/asmflow"
	"moho/vet/internal/asmtext"
	"moho/vet/internal/rule"
)

//go:embed doc.go
var source string

// Rule is what people read about the analyzer.
var Rule = rule.Rule{
	Name:     "asm-frame",
	Title:    rule.Title(Analyzer.Doc),
	Severity: evidence.High,
	Doc:      Analyzer.Doc,
	Bad: `TEXT ·f(SB), NOSPLIT, $8-0
	MOVQ AX, 0(SP)
	MOVQ BX, 8(SP) // the saved BP
	RET`,
	Good: `TEXT ·f(SB), NOSPLIT, $16-0
	MOVQ AX, 0(SP)
	MOVQ BX, 8(SP)
	RET`,
	Fix:    "make the frame in the TEXT directive as large as what the function uses and what its callees take",
	Oracle: "a crash at RET, or a traceback that ends in the function",
	Source: "cmd/compile/abi-internal.md (stack layout), cmd/internal/obj/arm64/obj7.go (preprocess)",
}

// Analyzer is the rule for go/analysis drivers. Its result is *rule.Hits.
var Analyzer = &analysis.Analyzer{
	Name:       "asmframe",
	Doc:        rule.MustDoc(source, "asmframe"),
	Requires:   []*analysis.Analyzer{asmflow.Analyzer},
	ResultType: rule.HitsType,
}

func init() { Analyzer.Run = run } // Run refers to Rule, which refers to Analyzer

func run(pass *analysis.Pass) (any, error) { return asmflow.Rule(pass, Rule, check) }

// checker is the check of one function.
type checker struct {
	*asmflow.Reporter
	f     *asmflow.Func
	below bool // an access below SP was reported
}

func check(r *asmflow.Reporter, f *asmflow.Func) {
	if f.Frame.Bad != "" {
		r.Text(f, evidence.High, nil, "frame size %d %s: the assembler refuses it", f.Flow.Func.Frame, f.Frame.Bad)
		return
	}
	if r.Program.Runtime() {
		return
	}
	c := &checker{Reporter: r, f: f}
	f.Walk(func(i int, in *asmtext.Inst, s *asmflow.State) {
		for _, acc := range f.Arch.Accesses(in) {
			if !acc.Address {
				c.access(i, in, s, acc)
			}
		}
		if f.IsCall(in) {
			c.outgoing(i, in, s)
		}
	})
}

// access judges one operand in memory.
func (c *checker) access(i int, in *asmtext.Inst, s *asmflow.State, acc asmflow.Access) {
	f := c.f
	o := f.Operand(in, acc.Arg)
	at, ok := f.Resolve(i, &o, s)
	if !ok || o.Index != "" || !s.Known {
		return
	}
	if at >= 0 && f.Layout != nil && (o.Kind == asmtext.FP || o.Kind == asmtext.Mem && o.Reg != f.Arch.SP) {
		return // asm-args compares these with the declaration
	}
	sp := s.SP
	if o.Kind == asmtext.Mem && o.Reg == f.Arch.SP && in.Suffix != "" {
		sp = min(sp, at) // pre-indexed: SP moves with the access
	}
	end := at + max(acc.Width, 1)
	if acc.Write && c.saved(i, in, s, o, at, end) {
		return
	}
	top := asmflow.Entry - f.Frame.Save
	switch {
	case f.Arch.LR != "" && f.Frame.Save > 0 && at < asmflow.Entry && top < end:
		if f.Frame.Save == 16 && end <= asmflow.Entry-8 || !c.Program.CalledByGo(f) {
			c.report(i, o, evidence.Medium, "is beyond the frame of %s, in what the assembler happens to add", asmflow.Bytes(f.Frame.Locals))
		}
	case f.Arch.LR != "" && f.Frame.Size > 0 && at == asmflow.Entry-f.Frame.Size-8:
		// the saved R29, which the assembler put there
	case at < sp:
		if !c.below {
			c.below = true
			c.report(i, o, evidence.Medium, "is %s below SP, where it may be overwritten at any time", asmflow.Bytes(sp-at))
		}
	case end > 0:
		c.above(i, o, at, end, acc)
	}
}

// saved reports a write over what was saved on the stack.
func (c *checker) saved(i int, in *asmtext.Inst, s *asmflow.State, o asmtext.Operand, at, end int64) bool {
	f := c.f
	touches := func(lo int64, reg string) bool {
		return at < lo+8 && lo < end && !restores(f, i, in, s, at, lo, reg)
	}
	if f.Arch.LR == "" {
		switch {
		case touches(asmflow.Entry, ""):
			c.report(i, o, evidence.High, "writes over the return address")
		case f.Frame.Save > 0 && touches(asmflow.Entry-8, f.Arch.FP):
			c.report(i, o, evidence.High, "writes over the saved BP: the frame has %s", asmflow.Bytes(f.Frame.Locals))
		default:
			return false
		}
		return true
	}
	bottom := asmflow.Entry - f.Frame.Size
	switch {
	case touches(asmflow.Entry, ""):
		c.report(i, o, evidence.High, "writes to the caller's frame, where its return address is saved")
	case touches(asmflow.Entry-8, f.Arch.FP) && c.Program.CalledByGo(f):
		c.report(i, o, evidence.High, "writes over the frame pointer that the caller saved below its SP")
	case f.Frame.Size > 0 && !f.Frame.Leaf && touches(bottom-8, f.Arch.FP):
		c.report(i, o, evidence.High, "writes over the saved R29, which RET loads from 8 bytes below the frame")
	case f.Frame.Size > 0 && !f.Frame.Leaf && touches(bottom, f.Arch.LR):
		c.report(i, o, evidence.High, "writes over the saved LR: locals start at 8(RSP)")
	default:
		return false
	}
	return true
}

// above judges an access to the caller's frame by way of SP.
func (c *checker) above(i int, o asmtext.Operand, at, end int64, acc asmflow.Access) {
	f := c.f
	size := f.Flow.Func.Args
	if f.Layout != nil {
		size = max(size, f.Layout.Args)
	}
	if size < 0 || f.Frame.None && f.Layout == nil {
		return
	}
	size = (size + 7) &^ 7
	if end > size {
		sev, verb := evidence.Medium, "reads"
		if acc.Write {
			sev, verb = evidence.High, "writes"
		}
		c.report(i, o, sev, "%s the caller's frame: it is at %d from FP and the arguments end at %d", verb, at, size)
		return
	}
	if f.Layout != nil && o.Kind == asmtext.Mem && o.Reg == f.Arch.SP {
		if v := f.Layout.At(at); v != nil {
			c.report(i, o, evidence.Low, "reaches an argument by way of SP; %s is its name", v)
		}
	}
}

func (c *checker) report(i int, o asmtext.Operand, sev evidence.Severity, format string, args ...any) {
	c.At(c.f, i, sev, nil, "%s %s", o, fmt.Sprintf(format, args...))
}

// restores reports a store that puts back into a slot what belongs there.
func restores(f *asmflow.Func, i int, in *asmtext.Inst, s *asmflow.State, at, slot int64, reg string) bool {
	v, ok := f.Stored(i, in, s, at, slot)
	if !ok {
		return false
	}
	intact, _ := f.Intact(v, reg)
	return intact
}

// outgoing wants room for what a callee takes.
func (c *checker) outgoing(i int, in *asmtext.Inst, s *asmflow.State) {
	f := c.f
	to, ok := c.Program.Callee(in)
	if !ok || !s.Known {
		return
	}
	need, ok := c.Program.ArgsOf(to)
	if !ok || need == 0 {
		return
	}
	need = (need + 7) &^ 7
	room := asmflow.Entry - f.Frame.Save - s.SP - f.Frame.Low
	if room < 0 {
		room = 0
	}
	if need > room {
		c.At(f, i, evidence.High, []rule.Step{f.At0()}, "calls %s, which takes %s of arguments and results, with %s of frame for them", to, asmflow.Bytes(need), asmflow.Bytes(room))
	}
}
