package asmflow

import (
	"fmt"
	"strings"

	"golang.org/x/tools/go/analysis"

	"moho/evidence"
	"moho/vet/internal/asmtext"
	"moho/vet/internal/rule"
)

// Reporter collects what one rule finds in a package.
type Reporter struct {
	Program *Program
	hits    []rule.Hit
}

// Rule runs check over the functions of a package and reports what it finds.
// The result is the analyzer's.
func Rule(pass *analysis.Pass, r rule.Rule, check func(*Reporter, *Func)) (any, error) {
	p := pass.ResultOf[Analyzer].(*Program)
	rep := &Reporter{Program: p}
	for _, f := range p.Funcs {
		check(rep, f)
	}
	hits := rule.Report(pass, r, rep.hits)
	hits.Gaps = p.Gaps
	if p.tool && r.Name == "asm-args" {
		p.sayGaps(pass)
	}
	return hits, nil
}

// sayGaps reports the files that could not be read as diagnostics: go vet has
// no other way to learn of them, and silence would mean that all is well.
func (p *Program) sayGaps(pass *analysis.Pass) {
	for _, g := range p.Gaps {
		tf := pass.Fset.AddFile(g.File, -1, max(g.Line, 1))
		lines := make([]int, max(g.Line, 1))
		for i := range lines {
			lines[i] = i
		}
		tf.SetLines(lines)
		pass.Reportf(tf.LineStart(len(lines)), "assembly not analysed: %s", g.Why)
	}
}

// At reports at an instruction; steps lead there, in the order of execution.
func (r *Reporter) At(f *Func, i int, sev evidence.Severity, steps []rule.Step, format string, args ...any) {
	in := &f.Flow.Func.Insts[i]
	last := Text(in)
	if in.Macro != "" {
		steps = append(steps, rule.Step{Pos: f.Pos(in.Body), Text: "in macro " + in.Macro})
	}
	steps = append(steps, rule.Step{Pos: f.Pos(in.At), Text: last})
	r.hit(f, in.At, sev, steps, fmt.Sprintf(format, args...))
}

// Text reports at a function's TEXT directive.
func (r *Reporter) Text(f *Func, sev evidence.Severity, steps []rule.Step, format string, args ...any) {
	steps = append([]rule.Step{{Pos: f.Pos(f.Flow.Func.At), Text: f.Directive()}}, steps...)
	r.hit(f, f.Flow.Func.At, sev, steps, fmt.Sprintf(format, args...))
}

func (r *Reporter) hit(f *Func, at asmtext.Loc, sev evidence.Severity, steps []rule.Step, msg string) {
	pos := f.Pos(at)
	symbol, own := f.Symbol()
	r.hits = append(r.hits, rule.Hit{
		Pos: pos, Severity: sev, Message: f.Name() + ": " + msg, Flow: steps, Symbol: symbol, Own: own,
	})
}

// Step names an instruction on a hit's way.
func (f *Func) Step(i int, text string) rule.Step {
	return rule.Step{Pos: f.Pos(f.Flow.Func.Insts[i].At), Text: text}
}

// Directive is a function's frame and arguments as its TEXT gives them.
func (f *Func) Directive() string {
	t := f.Flow.Func
	if t.Args == asmtext.ArgsUnknown {
		return fmt.Sprintf("TEXT %s, $%d", f.Name(), t.Frame)
	}
	return fmt.Sprintf("TEXT %s, $%d-%d", f.Name(), t.Frame, t.Args)
}

// Text prints an instruction, at most some 60 bytes of it.
func Text(in *asmtext.Inst) string {
	var b strings.Builder
	b.WriteString(in.Op + in.Suffix)
	for i, o := range in.Args {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(" " + o.String())
		if b.Len() > 60 {
			return strings.ToValidUTF8(b.String()[:57], "") + "..."
		}
	}
	return b.String()
}

// Bytes spells a distance: "8 bytes", "1 byte".
func Bytes(n int64) string {
	if n == 1 {
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}

// At0 is the function's TEXT directive as a step.
func (f *Func) At0() rule.Step {
	return rule.Step{Pos: f.Pos(f.Flow.Func.At), Text: f.Directive()}
}

// Stored returns what an instruction that writes memory at at leaves in the
// slot of 8 bytes at slot.
func (f *Func) Stored(i int, in *asmtext.Inst, s *State, at, slot int64) (Value, bool) {
	regs := in.Args[0].Regs
	switch {
	case in.Op == "STP" && len(regs) == 2 && (slot == at || slot == at+8):
		return f.Register(s, f.Arch.Whole(regs[(slot-at)/8])), true
	case slot == at && len(in.Args) == 2 && in.Args[0].Kind == asmtext.Reg:
		return f.Register(s, f.Arch.Whole(in.Args[0].Reg)), true
	}
	return Value{}, false
}
