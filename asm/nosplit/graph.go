package nosplit

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"moho/arch"
	"moho/asm"
	"moho/decode"
	"moho/gotab"
)

// A Kind is what a function does about its stack.
type Kind uint8

const (
	Unknown Kind = iota // has no code that could be read
	Checks              // calls runtime.morestack when there is too little
	NoSplit             // does not check
	Leaf                // does not check; has no frame and calls nothing, so it may not be NOSPLIT (arm64)
)

var kindNames = [...]string{"unknown", "checks", "nosplit", "leaf"}

// String returns unknown, checks, nosplit or leaf.
func (k Kind) String() string { return kindNames[min(int(k), len(kindNames)-1)] }

// MarshalText gives JSON the words of String.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Targets of edges that are no functions of the table.
const (
	Local    = -1 // none: the function's own frame where it is largest
	Indirect = -2 // an address from a register or memory
	External = -3 // code that is not Go's
)

// An Edge is a call, or a jump to another function, in a function that does not
// check its stack.
type Edge struct {
	Off    uint32 // of the instruction, from the entry
	Growth int    // bytes below SP at the entry when the callee begins, its return address included
	Target int    // index of the function, or one of the above
}

// A node is one function. Heights are bytes.
type node struct {
	kind   Kind
	state  uint8 // while heights are found
	frame  int32 // largest SP
	height int32 // bytes that the function and what it calls use without check
	edges  []Edge
	ins    []int32 // functions that do not check and call this one
}

// A Graph is the calls between functions that do not check their stacks.
type Graph struct {
	Limit    Limit
	CallSize int // bytes that a call itself puts on the stack

	p     *asm.Program
	nodes []node
}

// Options say how to build a Graph.
type Options struct {
	Limit    int // bytes, if not that of the program's target and release
	Workers  int // goroutines, by default one for each processor
	Progress func(done, total int64)
}

// ErrArch is wrapped when the program's code is not of an architecture whose
// instructions are read.
var ErrArch = errors.New("calls of this architecture are not read")

// morestacks are the functions that make a stack grow.
var morestacks = []string{"runtime.morestack", "runtime.morestack_noctxt", "runtime.morestackc"}

// chunk is how many functions a worker takes at a time.
const chunk = 512

// Analyze reads the calls of all functions that do not check their stack. The
// error wraps ErrArch, or is that of ctx.
func Analyze(ctx context.Context, p *asm.Program, o Options) (*Graph, error) {
	g := &Graph{p: p, Limit: limitOf(p), nodes: make([]node, p.Table.NumFunc())}
	switch p.Arch() {
	case arch.AMD64:
		g.CallSize = 8
	case arch.ARM64:
	default:
		return nil, fmt.Errorf("%s: %s: %w", p.File.Name(), p.Arch().Name, ErrArch)
	}
	if o.Limit > 0 {
		g.Limit = Limit{Bytes: o.Limit, From: "given"}
	}
	more := map[uint64]bool{}
	for _, name := range morestacks {
		for _, fn := range p.Table.FuncNamed(name) {
			more[uint64(fn.Entry())] = true
		}
	}
	workers := o.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	total := len(g.nodes)
	var next atomic.Int64
	var mu sync.Mutex // around Progress
	var done int64
	var wg sync.WaitGroup
	for range workers {
		dec, err := decode.New(p.Arch())
		if err != nil {
			return nil, err
		}
		r := reader{g: g, dec: dec, more: more}
		wg.Go(func() {
			for ctx.Err() == nil {
				lo := (int(next.Add(1)) - 1) * chunk
				if lo >= total {
					return
				}
				hi := min(lo+chunk, total)
				for i := lo; i < hi; i++ {
					r.read(i)
				}
				if o.Progress != nil {
					mu.Lock()
					done += int64(hi - lo)
					o.Progress(done, int64(total))
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for _, fn := range p.Table.FuncNamed("runtime.morestack") {
		g.nodes[fn.Index()].edges = nil // what it calls, it calls on another stack
	}
	for i := range g.nodes {
		for _, e := range g.nodes[i].edges {
			if e.Target >= 0 {
				g.nodes[e.Target].ins = append(g.nodes[e.Target].ins, int32(i))
			}
		}
	}
	for i := range g.nodes {
		g.find(int32(i))
	}
	return g, nil
}

// A reader reads functions into a graph.
type reader struct {
	g    *Graph
	dec  *decode.Decoder
	in   decode.Inst
	more map[uint64]bool
	rows []gotab.Row
}

// read finds out what function i is and, if it does not check, what it calls.
func (r *reader) read(i int) {
	p, n := r.g.p, &r.g.nodes[i]
	fn, err := p.Table.Func(i)
	if err != nil {
		return
	}
	code, err := p.Code(fn)
	if err != nil || len(code) == 0 {
		return
	}
	if r.rows, err = fn.AppendSPRows(r.rows[:0]); err != nil {
		return
	}
	for _, row := range r.rows {
		n.frame = max(n.frame, row.Value)
	}
	if n.kind = NoSplit; p.StackCheck(fn) > asm.NoCheck {
		n.kind = Checks
		return
	}
	calls := false
	row, entry := 0, uint64(fn.Entry())
	for off := 0; off < len(code); off += max(r.in.Len, 1) {
		if r.dec.Decode(code[off:], entry+uint64(off), &r.in) != nil {
			continue
		}
		for row+1 < len(r.rows) && uint32(off) >= r.rows[row].End {
			row++
		}
		target := Local
		switch r.in.Flow {
		case decode.CallIndirect:
			target, calls = Indirect, true
		case decode.Call:
			calls = true
			if r.more[r.in.Target] {
				n.kind, n.edges = Checks, nil // behind what StackCheck saw
				return
			}
			target = r.target(r.in.Target)
		case decode.Jump, decode.Branch:
			if r.in.Target-entry >= uint64(len(code)) {
				target = r.target(r.in.Target)
			}
		}
		if target != Local {
			n.edges = append(n.edges, Edge{uint32(off), int(r.rows[row].Value) + r.g.CallSize, target})
		}
	}
	if !calls && n.frame == 0 && r.g.CallSize == 0 {
		n.kind = Leaf
	}
	most := 0
	for _, e := range n.edges {
		most = max(most, e.Growth)
	}
	if int(n.frame) > most {
		n.edges = append(n.edges, Edge{0, int(n.frame), Local})
	}
}

// target returns the index of the function that addr lies in. Some, such as
// runtime.duffzero, are entered in their middle.
func (r *reader) target(addr uint64) int {
	fn, ok := r.g.p.Table.FuncAt(gotab.PC(addr))
	if !ok {
		return External
	}
	return fn.Index()
}
