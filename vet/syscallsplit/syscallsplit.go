package syscallsplit

import (
	_ "embed"
	"go/token"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"moho/evidence"
	"moho/vet/internal/prov"
	"moho/vet/internal/rule"
	"moho/vet/internal/ssafn"
	"moho/vet/internal/summary"
)

//go:embed doc.go
var source string

// Rule is what people read about the analyzer.
var Rule = rule.New(source, rule.Rule{
	Name:     "syscall-split",
	Severity: evidence.High,
	Bad: `p := uintptr(unsafe.Pointer(&value))
prepare()
syscall.Syscall(syscall.SYS_IOCTL, fd, request, p)`,
	Good: `prepare()
syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(unsafe.Pointer(&value)))`,
	Fix:    "move the conversion into the argument list of the system call; give structs fields of pointer type, and functions that pass addresses on parameters of type unsafe.Pointer",
	Oracle: "stack growth (efence=1) and garbage collections (clobberfree=1) injected before the system call",
	Source: "package unsafe, rule (4) of type Pointer",
})

// Analyzer is the rule for go/analysis drivers. Its result is *rule.Hits.
var Analyzer = Rule.Analyzer(run, summary.Analyzer)

// A checker is one package's state. A place is reported once, whatever number
// of calls it reaches.
type checker struct {
	pass  *analysis.Pass
	p     *ssafn.Program
	hits  map[token.Pos]rule.Hit
	order []token.Pos

	arguments map[[2]token.Pos]token.Pos // place of a hit by call and birth
}

func run(pass *analysis.Pass) ([]rule.Hit, error) {
	p := pass.ResultOf[summary.Analyzer].(*ssafn.Program)
	if p.Pkg == nil || p.Pkg.Pkg.Path() == "syscall" {
		return nil, nil // which is what keeps rule (4)
	}
	c := &checker{pass: pass, p: p, hits: map[token.Pos]rule.Hit{}, arguments: map[[2]token.Pos]token.Pos{}}
	for _, f := range p.Funcs {
		if ssafn.IsCgo(f) {
			continue
		}
		for _, b := range f.Blocks {
			for _, instr := range b.Instrs {
				for _, s := range prov.Sinks(p, instr) {
					c.sink(s)
				}
			}
		}
	}
	hits := make([]rule.Hit, 0, len(c.order))
	for _, pos := range c.order {
		if h, ok := c.hits[pos]; ok {
			hits = append(hits, h)
		}
	}
	return hits, nil
}

// instead makes room for a hit about an address that another argument of the
// same call was reported for: elements of a list are not told apart, and
// addresses come after what they are for.
func (c *checker) instead(call, birth, at token.Pos) {
	key := [2]token.Pos{call, birth}
	if old, ok := c.arguments[key]; ok && old != at {
		delete(c.hits, old)
	}
	c.arguments[key] = at
}

// add keeps the more severe of two hits at one place.
func (c *checker) add(h rule.Hit) {
	old, ok := c.hits[h.Pos]
	if !ok {
		c.order = append(c.order, h.Pos)
	}
	if ok && old.Severity.Rank() >= h.Severity.Rank() {
		return
	}
	c.hits[h.Pos] = h
}

// sink looks at one argument: at the number itself, and at the fields of what
// it is the address of.
func (c *checker) sink(s prov.Sink) {
	if prov.IsPointer(s.Value.Type()) {
		c.hidden(s, s.Value, nil, 0)
		return
	}
	for _, b := range prov.Births(c.p, s.Value, nil) {
		if b.Pointer != nil {
			c.hidden(s, b.Pointer, nil, 0)
		}
		if s.Direct && b.Straight && within(c.p, s.Call, b.Pos) {
			continue // rule (4) of package unsafe
		}
		if b.Reflect && b.Straight {
			continue
		}
		c.split(s, b)
	}
}

// within reports whether pos lies in the argument list of a call.
func within(p *ssafn.Program, call ssa.CallInstruction, pos token.Pos) bool {
	e := p.Call(call.Pos())
	if e == nil {
		e = p.Call(call.Common().Pos())
	}
	return e != nil && e.Pos() <= pos && pos < e.End()
}

// maxNested bounds how deep structs are followed that hold addresses of others.
const maxNested = 4

// hidden looks for addresses in the integer fields of what ptr points to.
func (c *checker) hidden(s prov.Sink, ptr ssa.Value, way []rule.Step, depth int) {
	if depth >= maxNested {
		return
	}
	for _, f := range prov.Fields(c.p, ptr) {
		for _, store := range c.p.StoresToVar(f) {
			for _, b := range prov.Births(c.p, store.Val, nil) {
				step := rule.Step{Pos: store.Pos(), Text: "kept in field " + f.Name()}
				next := append([]rule.Step{step}, way...)
				if c.field(s, b, f, next) && b.Pointer != nil {
					c.hidden(s, b.Pointer, next, depth+1)
				}
			}
		}
	}
}
