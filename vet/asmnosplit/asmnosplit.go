package asmnosplit

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
	Name:     "asm-nosplit",
	Title:    rule.Title(Analyzer.Doc),
	Severity: evidence.High,
	Doc:      Analyzer.Doc,
	Bad: `TEXT ·f(SB), NOSPLIT, $0-0
	SUBQ $4096, SP // nobody has looked whether they are there
	ADDQ $4096, SP
	RET`,
	Good: `TEXT ·f(SB), 0, $4096-0
	RET`,
	Fix:    "give the function its frame in the TEXT directive and drop NOSPLIT, or use less stack",
	Oracle: "calling the function with little stack left; the linker's own check, where it sees the chain",
	Source: "cmd/link/internal/ld/stackcheck.go, internal/abi/stack.go (StackNosplitBase)",
}

// Analyzer is the rule for go/analysis drivers. Its result is *rule.Hits.
var Analyzer = &analysis.Analyzer{
	Name:       "asmnosplit",
	Doc:        rule.MustDoc(source, "asmnosplit"),
	Requires:   []*analysis.Analyzer{asmflow.Analyzer},
	ResultType: rule.HitsType,
}

func init() { Analyzer.Run = run } // Run refers to Rule, which refers to Analyzer

// MaxUnchecked is how many bytes of stack a chain of functions without a check
// may use: 800, less what a call saves outside the frames.
//
// Source: $GOROOT/src/cmd/link/internal/ld/stackcheck.go (doStackCheck), go1.26.
const MaxUnchecked = 792

func run(pass *analysis.Pass) (any, error) {
	needs := map[*asmflow.Func]*need{}
	return asmflow.Rule(pass, Rule, func(r *asmflow.Reporter, f *asmflow.Func) {
		if r.Program.Runtime() {
			return
		}
		c := &counter{r.Program, needs}
		n := c.need(f)
		if n.bytes <= MaxUnchecked || n.over {
			return
		}
		if n.linker <= MaxUnchecked && !r.Program.CalledByGo(f) {
			return // it may be entered from C, on a stack of another size
		}
		var steps []rule.Step
		at := f
		for {
			cur := needs[at]
			if cur.callee == nil {
				if cur.at >= 0 {
					steps = append(steps, at.Step(cur.at, fmt.Sprintf("SP is %d bytes below where %s was entered", cur.depth, at.Name())))
				}
				break
			}
			steps = append(steps, at.Step(cur.at, fmt.Sprintf("calls %s with SP %s lower", cur.callee.Name(), asmflow.Bytes(cur.depth))))
			at = cur.callee
		}
		what := "of stack without a check"
		if f.Frame.Check {
			what = "of stack below its frame without a check"
		}
		saw := "the linker does not see it"
		if n.linker > MaxUnchecked {
			saw = "the linker refuses it"
		}
		r.Text(f, evidence.High, steps, "needs %s %s and may use %d; %s", asmflow.Bytes(n.bytes), what, MaxUnchecked, saw)
	})
}

// A need is what a function uses below SP on entry, or below its frame when it
// checks for that.
type need struct {
	bytes  int64
	linker int64 // what the linker believes
	at     int   // the instruction where it is largest
	depth  int64 // of SP there
	callee *asmflow.Func
	over   bool // a callee needs too much by itself
	open   bool // being computed
}

type counter struct {
	p     *asmflow.Program
	needs map[*asmflow.Func]*need
}

func (c *counter) need(f *asmflow.Func) *need {
	if n, ok := c.needs[f]; ok {
		return n
	}
	n := &need{at: -1, open: true}
	c.needs[f] = n
	base := int64(0)
	if f.Frame.Check {
		base = f.Frame.Size
	}
	push := int64(0)
	if f.Arch.LR == "" {
		push = 8
	}
	consider := func(i int, depth, below int64, callee *asmflow.Func) {
		if total := depth - base + below; total > n.bytes {
			n.bytes, n.at, n.depth, n.callee = total, i, depth, callee
		}
	}
	linker := int64(0)
	f.Walk(func(i int, in *asmtext.Inst, s *asmflow.State) {
		depth := f.Recorded[i]
		if s.Known {
			depth = asmflow.Entry - s.SP
		}
		consider(i, depth, 0, nil)
		linker = max(linker, f.Recorded[i])
		if !f.IsCall(in) {
			return
		}
		to, ok := c.p.Callee(in)
		if !ok || to.Asm == nil {
			consider(i, depth, push, nil)
			return
		}
		below, known := c.need(to.Asm), c.needs[to.Asm]
		if known.open {
			return // recursion: the linker's to refuse
		}
		if to.Asm.Frame.Check {
			consider(i, depth, push+push, nil)
			return
		}
		n.over = n.over || below.bytes > MaxUnchecked
		consider(i, depth, push+below.bytes, to.Asm)
		linker = max(linker, f.Recorded[i]+push+below.linker)
	})
	if !f.Frame.Split {
		n.linker = linker
	}
	n.open = false
	return n
}
