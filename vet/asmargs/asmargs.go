package asmargs

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
	Name:     "asm-args",
	Title:    rule.Title(Analyzer.Doc),
	Severity: evidence.High,
	Doc:      Analyzer.Doc,
	Bad: `// func f(s []byte, n uint32) uint64
TEXT ·f(SB), NOSPLIT, $0-32
	MOVQ n+24(FP), AX   // n has 4 bytes
	MOVL AX, ret+32(FP) // the result has 8
	RET`,
	Good: `// func f(s []byte, n uint32) uint64
TEXT ·f(SB), NOSPLIT, $0-40
	MOVL n+24(FP), AX
	MOVQ AX, ret+32(FP)
	RET`,
	Fix:    "use the name, offset and width of the Go declaration",
	Oracle: "calling the function with every bit of its arguments and of the results' place set",
	Source: "cmd/compile/abi-internal.md (ABI0), doc/asm.html, cmd/vet asmdecl",
}

// Analyzer is the rule for go/analysis drivers. Its result is *rule.Hits.
var Analyzer = &analysis.Analyzer{
	Name:       "asmargs",
	Doc:        rule.MustDoc(source, "asmargs"),
	Requires:   []*analysis.Analyzer{asmflow.Analyzer},
	ResultType: rule.HitsType,
}

func init() { Analyzer.Run = run } // Run refers to Rule, which refers to Analyzer

func run(pass *analysis.Pass) (any, error) { return asmflow.Rule(pass, Rule, check) }

func check(r *asmflow.Reporter, f *asmflow.Func) {
	if f.Flow.Func.ABI != "ABI0" {
		return
	}
	if f.Layout == nil {
		undeclared(r, f)
		return
	}
	size(r, f)
	c := &checker{Reporter: r, f: f, missing: map[int][]int{}}
	for i := range f.Flow.Func.Insts {
		c.names(i, &f.Flow.Func.Insts[i])
	}
	f.Walk(func(i int, in *asmtext.Inst, s *asmflow.State) {
		c.derived(i, in, s)
		if f.IsReturn(in) {
			c.results(i, in, s)
		}
	})
	c.report()
}

// undeclared reports a function that Go could call and does not know.
func undeclared(r *asmflow.Reporter, f *asmflow.Func) {
	t := f.Flow.Func
	if _, own := f.Symbol(); !own || t.Static || t.Args <= 0 || t.Flags&asmtext.NOFRAME != 0 || r.Program.GoFunc(t.Name) != nil {
		return
	}
	r.Text(f, evidence.Low, nil, "takes %s of arguments and has no Go declaration: nothing says what they are, and the collector can't see them", asmflow.Bytes(t.Args))
}

// size compares the size of the arguments.
func size(r *asmflow.Reporter, f *asmflow.Func) {
	t, want := f.Flow.Func, f.Layout.Args
	have := t.Args
	if have == want || have == (want+7)&^7 || have == asmtext.ArgsUnknown && want == 0 {
		return
	}
	nosplit := t.Flags&asmtext.NOSPLIT != 0
	switch {
	case have <= 0 && nosplit:
		return // nothing looks at it
	case have == asmtext.ArgsUnknown:
		r.Text(f, evidence.Medium, nil, "gives no size of arguments and results; the Go declaration has %s, $%d-%d", asmflow.Bytes(want), t.Frame, want)
		return
	}
	sev := evidence.High
	if nosplit {
		sev = evidence.Medium
	}
	r.Text(f, sev, nil, "has %s of arguments and results; the Go declaration has %d", asmflow.Bytes(have), want)
}

type checker struct {
	*asmflow.Reporter
	f       *asmflow.Func
	missing map[int][]int // result to the RETs that no way to writes it
	returns int
}

// names judges every x+8(FP) of an instruction.
func (c *checker) names(i int, in *asmtext.Inst) {
	acc := map[int]asmflow.Access{}
	for _, a := range c.f.Arch.Accesses(in) {
		acc[a.Arg] = a
	}
	for n, o := range in.Args {
		a, ok := acc[n]
		if o.Kind != asmtext.FP || !ok || o.Opaque || o.Off == -8 {
			continue // the return PC on amd64; its address is the caller's SP
		}
		v := c.f.Layout.Lookup(o.Name)
		if v == nil {
			if o.Name == "argframe" && o.Off == 0 {
				continue
			}
			if at := c.f.Layout.At(o.Off); at != nil {
				c.At(c.f, i, evidence.Low, nil, "%s: no argument has that name; %s is there", o, at)
				if !a.Address && o.Index == "" {
					c.width(i, in, o.String(), at, o.Off, a)
				}
			} else {
				c.At(c.f, i, evidence.High, nil, "%s: no argument has that name, and none is there", o)
			}
			continue
		}
		if o.Off != v.Off {
			c.At(c.f, i, evidence.High, nil, "%s is at another offset: %s", o, v)
			continue
		}
		if !a.Address && o.Index == "" {
			c.width(i, in, o.String(), v, o.Off, a)
		}
	}
}

// derived judges accesses to the arguments by way of a register.
func (c *checker) derived(i int, in *asmtext.Inst, s *asmflow.State) {
	for _, a := range c.f.Arch.Accesses(in) {
		o := c.f.Operand(in, a.Arg)
		if o.Kind != asmtext.Mem || o.Reg == c.f.Arch.SP || o.Index != "" || a.Address {
			continue
		}
		at, ok := c.f.Resolve(i, &o, s)
		if !ok || at < 0 {
			continue
		}
		if end := at + max(a.Width, 1); end > (c.f.Layout.Args+7)&^7 {
			sev, verb := evidence.Medium, "reads"
			if a.Write {
				sev, verb = evidence.High, "writes"
			}
			c.At(c.f, i, sev, nil, "%s %s the caller's frame: the arguments end at %d from FP, this is at %d", o, verb, c.f.Layout.Args, at)
			continue
		}
		if v := c.f.Layout.At(at); v != nil {
			c.width(i, in, o.String(), v, at, a)
		}
	}
}

// width compares an access at offset at, where v is, with what v has.
func (c *checker) width(i int, in *asmtext.Inst, what string, v *asmflow.Var, at int64, a asmflow.Access) {
	if a.Width == 0 || fits(v, at, a.Width) || a.Width >= 16 && at == v.Off && c.coversAll(at, at+a.Width) {
		return
	}
	part := whole(v)
	sev, verb := evidence.Medium, "reads"
	if a.Write {
		verb = "writes"
	}
	end := at + a.Width
	switch {
	case c.padding(part, end), !a.Write && at == part.Off && end < part.Off+part.Size:
		sev = evidence.Low // the low half of a number is often what is wanted
	case a.Write && (end > part.Off+part.Size || part.Result):
		sev = evidence.High
	}
	c.At(c.f, i, sev, nil, "%s: %s %s %s of %s, which has %d (%s)", what, in.Op+in.Suffix, verb, asmflow.Bytes(a.Width), part, part.Size, part.Type)
}

// coversAll reports whether [from, to) is several whole arguments or results,
// as LDP and vector instructions take them.
func (c *checker) coversAll(from, to int64) bool {
	end := from
	for _, list := range [][]*asmflow.Var{c.f.Layout.Params, c.f.Layout.Results} {
		for _, v := range list {
			lo, hi := max(from, v.Off), min(to, v.Off+v.Size)
			if lo < hi && !covers(v, lo, hi) {
				return false
			}
			end = max(end, hi)
		}
	}
	return end == to
}

// padding reports an access that goes beyond v into bytes that belong to none.
func (c *checker) padding(v *asmflow.Var, end int64) bool {
	after := v.Off + v.Size
	if end <= after || end > (c.f.Layout.Args+7)&^7 {
		return false
	}
	for off := after; off < end; off++ {
		if c.f.Layout.At(off) != nil {
			return false
		}
	}
	return true
}

// whole is the first part of a variable that is accessed in one piece.
func whole(v *asmflow.Var) *asmflow.Var {
	for !v.Whole && len(v.Inner) > 0 {
		v = v.Inner[0]
	}
	return v
}

// fits reports an access that covers whole variables and nothing else: v
// itself, or several fields or elements of one argument.
func fits(v *asmflow.Var, at, width int64) bool {
	if at == v.Off && (width == v.Size || !v.Whole && len(v.Inner) == 0) {
		return true
	}
	if part := whole(v); part.Whole && at == part.Off && width == part.Size {
		return true
	}
	return at == v.Off && covers(v.Top, at, at+width)
}

// covers reports whether [from, to) lies in v and cuts through none of its
// parts.
func covers(v *asmflow.Var, from, to int64) bool {
	if to > v.Off+v.Size || from < v.Off {
		return false
	}
	if len(v.Inner) == 0 {
		return from <= v.Off && v.Off+v.Size <= to
	}
	for _, p := range v.Inner {
		lo, hi := max(from, p.Off), min(to, p.Off+p.Size)
		if lo < hi && !covers(p, lo, hi) {
			return false
		}
	}
	return true
}

// results notes what no path to a RET has written.
func (c *checker) results(i int, in *asmtext.Inst, s *asmflow.State) {
	if len(in.Args) > 0 {
		return // RET f(SB): f writes them
	}
	c.returns++
	if s.Escaped || !s.Known {
		return
	}
	for k, v := range c.f.Layout.Results {
		if k < 64 && v.Size != 0 && v.Name != "_" && s.Results&(1<<k) == 0 {
			c.missing[k] = append(c.missing[k], i)
		}
	}
}

// report reports results that are never written, and with low severity those
// that are written on the way to another RET: a caller may know when.
func (c *checker) report() {
	for k, v := range c.f.Layout.Results {
		rets := c.missing[k]
		if len(rets) == 0 {
			continue
		}
		steps := []rule.Step{c.f.At0()}
		if len(rets) == c.returns {
			c.At(c.f, rets[0], evidence.High, steps, "RET without writing the result %s, which nothing writes: its %s are what was there before", v, asmflow.Bytes(v.Size))
			continue
		}
		c.At(c.f, rets[0], evidence.Low, steps, "RET without writing the result %s, which is written on the way to another RET", v)
	}
}
