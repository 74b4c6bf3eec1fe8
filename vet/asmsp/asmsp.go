package asmsp

import (
	_ "embed"

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
	Name:     "asm-sp",
	Title:    rule.Title(Analyzer.Doc),
	Severity: evidence.High,
	Doc:      Analyzer.Doc,
	Bad: `TEXT ·f(SB), NOSPLIT, $0-8
	SUBQ $16, SP
	MOVQ x+0(FP), AX // 16 bytes below x
	CALL ·g(SB)      // g can't be unwound
	ADDQ $16, SP
	RET`,
	Good: `TEXT ·f(SB), NOSPLIT, $16-8
	MOVQ x+0(FP), AX
	CALL ·g(SB)
	RET`,
	Fix:    "let the TEXT directive open the frame; pair every PUSHQ with a POPQ on every path",
	Oracle: "stack growth or a garbage collection inside the callee; single steps against the pcsp table",
	Source: "cmd/internal/obj/x86/obj6.go and cmd/internal/obj/arm64/obj7.go (preprocess), runtime/traceback.go (SPWRITE)",
}

// Analyzer is the rule for go/analysis drivers. Its result is *rule.Hits.
var Analyzer = &analysis.Analyzer{
	Name:       "asmsp",
	Doc:        rule.MustDoc(source, "asmsp"),
	Requires:   []*analysis.Analyzer{asmflow.Analyzer},
	ResultType: rule.HitsType,
}

func init() { Analyzer.Run = run } // Run refers to Rule, which refers to Analyzer

func run(pass *analysis.Pass) (any, error) { return asmflow.Rule(pass, Rule, check) }

// checker is the check of one function.
type checker struct {
	*asmflow.Reporter
	f          *asmflow.Func
	moved      int // an instruction on the way that moved SP unseen by the tables, or -1
	first      int // the first such in the text
	misaligned bool
	named      bool
}

func check(r *asmflow.Reporter, f *asmflow.Func) {
	c := &checker{Reporter: r, f: f, moved: -1, first: -1}
	for _, i := range f.Conflicts {
		c.At(f, i, evidence.High, nil, "paths meet here with SP in different places")
	}
	f.Walk(func(i int, in *asmtext.Inst, s *asmflow.State) {
		c.inst(i, in, s)
		if f.IsReturn(in) || in.Op == "JMP" || in.Op == "B" {
			c.moved = c.first // what comes next is reached from elsewhere
			return
		}
		if !s.Known || i+1 == len(f.Recorded) {
			return
		}
		if after := f.After(i, s); after.Known && s.SP-after.SP != f.Recorded[i+1]-f.Recorded[i] {
			c.moved = i
			if c.first < 0 {
				c.first = i
			}
		}
	})
}

// steps leads from what moved SP.
func (c *checker) steps() []rule.Step {
	if c.moved < 0 {
		return nil
	}
	return []rule.Step{c.f.Step(c.moved, "SP is moved here")}
}

func (c *checker) inst(i int, in *asmtext.Inst, s *asmflow.State) {
	if !s.Known {
		if c.f.IsCall(in) {
			c.unwind(i, in, s)
		}
		return
	}
	frame := asmflow.Entry - c.f.Frame.Size
	switch {
	case c.f.IsReturn(in) && len(in.Args) > 0 && in.Args[0].Kind != asmtext.SB: // RET (R1)
	case c.f.IsReturn(in) && s.SP != frame && !c.Program.Runtime():
		c.At(c.f, i, evidence.High, c.steps(), "RET with SP %s", off(s.SP-frame, "where it was on entry"))
	case c.f.IsJump(in):
		c.tail(i, in, s)
	case c.f.IsCall(in):
		c.unwind(i, in, s)
	}
	c.names(i, in, s)
	c.aligned(i, in, s)
}

// off says how far SP is from where it should be.
func off(d int64, what string) string {
	if d < 0 {
		return asmflow.Bytes(-d) + " below " + what
	}
	return asmflow.Bytes(d) + " above " + what
}

// tail wants SP as on entry where control leaves for another function for good.
func (c *checker) tail(i int, in *asmtext.Inst, s *asmflow.State) {
	to, ok := c.Program.Callee(in)
	if !ok || to.Name == "" || to.NoReturn() || s.SP == asmflow.Entry || c.Program.Runtime() {
		return
	}
	if to.Asm != nil && to.Asm.Frame.Size == 0 && to.Asm.Flow.Func.Static {
		return // a piece of code that may know what it finds on the stack
	}
	c.At(c.f, i, evidence.High, c.steps(), "jumps to %s with SP %s, and %s will return to what lies there; RET %s(SB) closes the frame first",
		to, off(s.SP-asmflow.Entry, "where it was on entry"), to, in.Args[len(in.Args)-1].Symbol())
}

// unwind wants the tables to be right where the stack may grow.
func (c *checker) unwind(i int, in *asmtext.Inst, s *asmflow.State) {
	to, ok := c.Program.Callee(in)
	if !ok || c.Program.Runtime() || !c.Program.Splits(to) {
		return
	}
	if c.f.SPWrite >= 0 {
		steps := []rule.Step{c.f.Step(c.f.SPWrite, "the assembler can't follow this and marks the function SPWRITE")}
		c.At(c.f, i, evidence.High, steps, "calls %s, which may grow the stack, from a function that can't be unwound: it writes SP", to)
		return
	}
	if s.Known && asmflow.Entry-s.SP != c.f.Recorded[i] {
		c.At(c.f, i, evidence.High, c.steps(), "calls %s, which may grow the stack, with SP %s",
			to, off(c.f.Recorded[i]-(asmflow.Entry-s.SP), "where the tables for unwinding have it"))
	}
}

// names wants x+0(FP) and x-8(SP) to mean what they say.
func (c *checker) names(i int, in *asmtext.Inst, s *asmflow.State) {
	if c.named {
		return
	}
	for n := range in.Args {
		o := in.Args[n]
		if o.Kind != asmtext.FP && o.Kind != asmtext.SP {
			continue
		}
		at, ok := c.f.Resolve(i, &o, s)
		want := o.Off
		if o.Kind == asmtext.SP {
			want += asmflow.Entry - c.f.Frame.Save
		}
		if ok && at != want {
			c.named = true
			c.At(c.f, i, evidence.High, c.steps(), "%s is %s: the assembler does not count how SP was moved",
				o, off(at-want, "what it names"))
			return
		}
	}
}

func (c *checker) aligned(i int, in *asmtext.Inst, s *asmflow.State) {
	a := c.f.Arch
	if c.misaligned || (s.SP-asmflow.Entry)%a.Align == 0 {
		return
	}
	if a.LR == "" {
		if c.f.IsCall(in) {
			c.misaligned = true
			c.At(c.f, i, evidence.Medium, c.steps(), "calls with SP that is not a multiple of %d", a.Align)
		}
		return
	}
	for _, acc := range a.Accesses(in) {
		o := in.Args[acc.Arg]
		if !acc.Address && (o.Kind != asmtext.Mem || o.Reg == a.SP) {
			c.misaligned = true
			c.At(c.f, i, evidence.High, c.steps(), "accesses memory through SP that is not a multiple of %d, which faults", a.Align)
			return
		}
	}
}
