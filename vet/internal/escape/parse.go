// Package escape asks the Go compiler what it keeps on the stack and what it
// moves to the heap, and why.
//
// It runs go build with -gcflags=-m=2 for the packages asked for and reads what
// the compiler prints, which the go command keeps with the compiled package: the
// second question costs nothing. The text is meant for people and differs from
// release to release; what is read here has been stable from Go 1.24 to 1.27.
//
// # Untrusted input
//
// The compiler's output contains names and expressions of the code that it
// compiles. Lines that are not of a known form are skipped; the number of
// decisions and of steps in a flow is bounded.
//
// # Compatibility
//
// Internal to vet.
package escape

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// A Kind is what the compiler decided about a value.
type Kind string

// The kinds of decisions.
const (
	Moved   Kind = "moved"     // a variable lies on the heap
	Escapes Kind = "escapes"   // the storage for an expression's value does
	Stays   Kind = "stays"     // it lies on the stack
	Leaks   Kind = "leaks"     // a parameter's memory outlives the call
	Zero    Kind = "zero-copy" // a conversion copies nothing at all
)

// A Position is a place in the source as the compiler names it.
type Position struct {
	File      string
	Line, Col int
}

// A Hop is one step of the way on which the address of a value gets away.
type Hop struct {
	Text string // the expression
	Why  string // the compiler's word for the step: assign, return, call parameter
	Pos  Position
}

// A Decision is what the compiler decided about a variable, a parameter or the
// storage for an expression's value, and the way that made it.
type Decision struct {
	Kind Kind
	Name string
	To   string // where a parameter leaks to: "result ~r0", "the heap", "" when the compiler does not say
	Pos  Position
	Flow []Hop
}

// Bounds of one package's output.
const (
	maxDecisions = 200_000 // decisions of one package
	maxHops      = 64      // steps of one flow
	maxLine      = 1 << 20 // bytes in a line: the compiler prints whole functions
)

var (
	lineForm = regexp.MustCompile(`^(.+?):(\d+):(\d+): (.*)$`)
	fromForm = regexp.MustCompile(`^    from (.*) \(([^()]*(?:\([^()]*\)[^()]*)*)\) at (.+):(\d+):(\d+)$`)
	headForm = regexp.MustCompile(`^(.*) escapes to heap(?: in .*)?:$`)
	leakHead = regexp.MustCompile(`^parameter (.*) leaks to (.*?)(?: for .*)? with derefs=\d+:$`)
)

type key struct {
	pos  Position
	name string
}

// Parse reads what the compiler prints with -m=2. On error there is no result.
func Parse(r io.Reader) ([]Decision, error) {
	p := parser{flows: map[key][]Hop{}}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		m := lineForm.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		pos, ok := position(m[1], m[2], m[3])
		if !ok {
			continue
		}
		p.line(pos, m[4])
		if len(p.out) > maxDecisions {
			return nil, fmt.Errorf("more than %d decisions in one package", maxDecisions)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("the compiler's output: %w", err)
	}
	for i := range p.out {
		d := &p.out[i]
		d.Flow = p.flows[key{d.Pos, d.Name}]
	}
	return p.out, nil
}

type parser struct {
	out   []Decision
	flows map[key][]Hop
	open  key // whose flow the lines belong to
}

func (p *parser) line(pos Position, text string) {
	if strings.HasPrefix(text, "  ") {
		p.hop(text)
		return
	}
	if m := headForm.FindStringSubmatch(text); m != nil {
		p.begin(key{pos, m[1]})
		return
	}
	if m := leakHead.FindStringSubmatch(text); m != nil {
		p.begin(key{pos, m[1]})
		return
	}
	p.open = key{}
	switch {
	case strings.HasPrefix(text, "moved to heap: "):
		p.add(Moved, pos, strings.TrimPrefix(text, "moved to heap: "), "")
	case strings.HasSuffix(text, " escapes to heap"):
		p.add(Escapes, pos, strings.TrimSuffix(text, " escapes to heap"), "")
	case strings.HasSuffix(text, " does not escape"):
		p.add(Stays, pos, strings.TrimSuffix(text, " does not escape"), "")
	case strings.HasPrefix(text, "leaking param content: "):
		p.add(Leaks, pos, strings.TrimPrefix(text, "leaking param content: "), "the heap, what it points to only")
	case strings.HasPrefix(text, "leaking param: "):
		name, to := strings.TrimPrefix(text, "leaking param: "), "the heap"
		if n, result, ok := strings.Cut(name, " to result "); ok {
			name = n
			to, _, _ = strings.Cut("result "+result, " level=")
		}
		p.add(Leaks, pos, name, to)
	case strings.HasPrefix(text, "zero-copy "):
		p.add(Zero, pos, strings.TrimPrefix(text, "zero-copy "), "")
	}
}

func (p *parser) add(k Kind, pos Position, name, to string) {
	p.out = append(p.out, Decision{Kind: k, Pos: pos, Name: name, To: to})
}

// begin opens the flow of a value. A value may have several; the first is told.
func (p *parser) begin(k key) {
	p.open = k
	if _, seen := p.flows[k]; seen {
		p.open = key{}
		return
	}
	p.flows[k] = nil
}

func (p *parser) hop(text string) {
	m := fromForm.FindStringSubmatch(text)
	if m == nil || p.open == (key{}) || len(p.flows[p.open]) >= maxHops {
		return
	}
	if pos, ok := position(m[3], m[4], m[5]); ok {
		p.flows[p.open] = append(p.flows[p.open], Hop{Text: m[1], Why: m[2], Pos: pos})
	}
}

func position(file, line, col string) (Position, bool) {
	l, err1 := strconv.Atoi(line)
	c, err2 := strconv.Atoi(col)
	return Position{file, l, c}, err1 == nil && err2 == nil
}
