package asmclobber

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
	Name:     "asm-clobber",
	Title:    rule.Title(Analyzer.Doc),
	Severity: evidence.High,
	Doc:      Analyzer.Doc,
	Bad: `TEXT ·sum(SB), NOSPLIT, $0-24
	MOVQ n+0(FP), BP // the caller's frame pointer
	RET`,
	Good: `TEXT ·sum(SB), NOSPLIT, $0-24
	MOVQ n+0(FP), R12
	RET`,
	Fix:    "use another register, or give the function a frame: $8 is enough",
	Oracle: "a crash in the execution tracer or a profiler, or at RET",
	Source: "cmd/compile/abi-internal.md (special-purpose registers), cmd/compile/internal/amd64/ssa.go (calls of ABI0)",
}

// Analyzer is the rule for go/analysis drivers. Its result is *rule.Hits.
var Analyzer = &analysis.Analyzer{
	Name:       "asmclobber",
	Doc:        rule.MustDoc(source, "asmclobber"),
	Requires:   []*analysis.Analyzer{asmflow.Analyzer},
	ResultType: rule.HitsType,
}

func init() { Analyzer.Run = run } // Run refers to Rule, which refers to Analyzer

func run(pass *analysis.Pass) (any, error) { return asmflow.Rule(pass, Rule, check) }

// checker is the check of one function. seen holds what was reported, so that
// a function with ten RETs has one finding for each register.
type checker struct {
	*asmflow.Reporter
	f    *asmflow.Func
	seen map[string]bool
}

func check(r *asmflow.Reporter, f *asmflow.Func) {
	if r.Program.Runtime() && f.Flow.Func.ABI == "ABI0" {
		return
	}
	c := &checker{Reporter: r, f: f, seen: map[string]bool{}}
	f.Walk(func(i int, in *asmtext.Inst, s *asmflow.State) {
		switch {
		case f.IsReturn(in):
			c.ret(i, in, s)
		case f.IsCall(in):
			c.call(i, in, s)
		}
		if f.Arch.LR != "" && !r.Program.Runtime() {
			c.reserved(i, in, s)
		}
	})
}

// ret looks at what the caller gets back.
func (c *checker) ret(i int, in *asmtext.Inst, s *asmflow.State) {
	a := c.f.Arch
	c.framePointer(i, s)
	if a.LR != "" {
		c.link(i, in, s)
		return
	}
	c.flags(i, s, "returns")
	if c.f.Flow.Func.ABI == "ABIInternal" {
		c.want(i, c.f.Register(s, a.G), a.G, evidence.High, "returns with R14 changed, which is g in ABIInternal")
		if c.Program.Target.GOOS != "plan9" {
			c.want(i, c.f.Register(s, "X15"), "X15", evidence.High, "returns with X15 changed, which is zero in ABIInternal")
		}
	}
}

func (c *checker) framePointer(i int, s *asmflow.State) {
	a, fp := c.f.Arch, c.f.Arch.FP
	if a.LR == "" && c.f.Frame.Save > 0 || a.LR != "" && c.f.Frame.Size > 0 {
		return // RET restores it; who writes over where it was saved is asm-frame's
	}
	what := "returns with BP changed, the caller's frame pointer, in a function that does not save it"
	if a.LR != "" {
		what = "returns with R29 changed, the caller's frame pointer"
	}
	c.want(i, c.f.Register(s, fp), fp, evidence.High, what)
}

// link looks at the register that RET jumps to on arm64.
func (c *checker) link(i int, in *asmtext.Inst, s *asmflow.State) {
	if len(in.Args) > 0 && in.Args[0].Kind != asmtext.SB {
		return // RET (R1)
	}
	lr := c.f.Arch.LR
	switch {
	case c.f.Frame.Size == 0:
		c.want(i, c.f.Register(s, lr), lr, evidence.High, "returns through R30, which does not hold the return address: a function without a frame does not save it")
	case c.f.Frame.Leaf:
		c.want(i, c.f.Register(s, lr), lr, evidence.High, "returns through R30, which does not hold the return address: RET does not load it in a function that calls nothing")
	}
}

// call looks at what a callee, or whoever unwinds from there, relies on.
func (c *checker) call(i int, in *asmtext.Inst, s *asmflow.State) {
	a := c.f.Arch
	if v := c.f.Register(s, a.FP); v.Kind == asmflow.Written {
		if to, ok := c.Program.Callee(in); ok && c.Program.Splits(to) {
			c.report(i, v, a.FP+" at a call", evidence.Medium, "calls "+to.String()+" while "+a.FP+" is no frame pointer: the tracer and profilers unwind through it")
		}
	}
	if a.LR != "" {
		return
	}
	c.flags(i, s, "calls")
	if n := len(in.Args); c.f.Flow.Func.ABI == "ABIInternal" && n > 0 && in.Args[n-1].ABI == "ABIInternal" {
		c.want(i, c.f.Register(s, a.G), a.G, evidence.High, "calls an ABIInternal function with R14 changed, which is g there")
		if c.Program.Target.GOOS != "plan9" {
			c.want(i, c.f.Register(s, "X15"), "X15", evidence.High, "calls an ABIInternal function with X15 changed, which is zero there")
		}
	}
}

func (c *checker) flags(i int, s *asmflow.State, verb string) {
	if s.DF != 0 && !c.seen["DF"] {
		c.seen["DF"] = true
		c.At(c.f, i, evidence.High, []rule.Step{c.f.Step(int(s.DF-1), "the direction flag is set")}, "%s with the direction flag set", verb)
	}
	if s.MMX != 0 && verb == "returns" && !c.seen["MMX"] {
		c.seen["MMX"] = true
		c.At(c.f, i, evidence.Medium, []rule.Step{c.f.Step(int(s.MMX-1), "an MMX register is used")}, "%s without EMMS after using MMX registers: the x87 state is not usable", verb)
	}
}

// want reports a register that is known to be other than on entry.
func (c *checker) want(i int, v asmflow.Value, reg string, sev evidence.Severity, what string) {
	if intact, known := c.f.Intact(v, reg); known && !intact {
		c.report(i, v, reg, sev, what)
	}
}

func (c *checker) report(i int, v asmflow.Value, key string, sev evidence.Severity, what string) {
	if c.seen[key] {
		return
	}
	c.seen[key] = true
	var steps []rule.Step
	if v.Kind == asmflow.Written && int(v.By) != i {
		steps = append(steps, c.f.Step(int(v.By), asmflow.Text(&c.f.Flow.Func.Insts[v.By])))
	}
	c.At(c.f, i, sev, steps, "%s", what)
}

// reserved reports writes to registers of arm64 that nobody may use.
func (c *checker) reserved(i int, in *asmtext.Inst, s *asmflow.State) {
	for _, reg := range c.f.Arch.Writes(in) {
		switch {
		case reg == c.f.Arch.G && !c.seen["g"]:
			if same, _ := c.f.Intact(c.f.Register(c.f.After(i, s), reg), reg); same {
				continue // code entered from C puts back what it found
			}
			c.seen["g"] = true
			c.At(c.f, i, evidence.High, nil, "writes g: a signal that arrives now finds no goroutine")
		case reg == "R18" && !c.seen["R18"]:
			switch c.Program.Target.GOOS {
			case "darwin", "ios", "windows":
				c.seen["R18"] = true
				c.At(c.f, i, evidence.Medium, nil, "writes R18, which belongs to the system on %s", c.Program.Target.GOOS)
			}
		}
	}
}
