package spflow

import (
	"strings"
	"sync"
	"sync/atomic"

	"moho/arch"
	"moho/asm"
	"moho/decode"
	"moho/gotab"
)

// Functions that never return, of which code alone does not say so: they end in
// switching stacks or in system calls. What else never returns follows from
// them, because all its paths end in calls of such functions, in traps or in
// endless loops. The compiler has the same list, and puts whatever comes next
// behind a call of what is in it.
//
// Source: $GOROOT/src/cmd/compile/internal/ssagen/ssa.go ((*state).expr1,
// BlockExit), go1.18 to go1.27.
var neverReturn = []string{"runtime.throw", "runtime.throwinit", "runtime.gopanic", "runtime.block"}

// What is known of a function.
const (
	notAsked uint32 = iota
	comesBack
	never
	pending // being asked; used under shared.mu only
)

// shared is what all workers on one program have in common.
type shared struct {
	p    *asm.Program
	regs regs

	// status is by function index: does it return? quick says the same of the
	// runtime's own functions and takes for granted that all others return. With
	// it almost everything is proved; the rest is tried again with status.
	status, quick []atomic.Uint32

	mu    sync.Mutex        // around what follows, and around writing to status
	asker *scratch          // with a decoder of its own, unless there is one worker only
	deps  map[int32][]int32 // who waits for the answer about a function
	tries map[int32]int
}

func newShared(p *asm.Program) (*shared, error) {
	r, ok := regsOf(p.Arch())
	if p.Arch() == arch.WASM {
		return &shared{p: p}, nil
	}
	if !ok {
		return nil, ErrArch
	}
	n := p.Table.NumFunc()
	s := &shared{p: p, regs: r, status: make([]atomic.Uint32, n), quick: make([]atomic.Uint32, n)}
	for _, name := range neverReturn {
		for _, fn := range p.Table.FuncNamed(name) {
			s.status[fn.Index()].Store(never)
		}
	}
	return s, nil
}

// verifier returns a Verifier; the first one lends its decoder if it is alone.
func (s *shared) verifier(alone bool) (*Verifier, error) {
	if s.p.Arch() == arch.WASM {
		return &Verifier{scratch: scratch{shared: s}}, nil
	}
	dec, err := decode.New(s.p.Arch())
	if err != nil {
		return nil, err
	}
	if s.asker == nil {
		lent := dec
		if !alone {
			if lent, err = decode.New(s.p.Arch()); err != nil {
				return nil, err
			}
		}
		s.asker = &scratch{shared: s, dec: lent}
	}
	return &Verifier{scratch: scratch{shared: s, dec: dec}}, nil
}

// callee returns the index of the function that begins at target, or -1.
func (s *shared) callee(target uint64) int32 {
	fn, ok := s.p.Table.FuncAt(gotab.PC(target))
	if !ok || uint64(fn.Entry()) != target {
		return -1 // duffcopy is entered anywhere
	}
	return int32(fn.Index())
}

// returns reports whether the function with index i ever returns.
func (s *shared) returns(i int32) bool {
	if i < 0 {
		return true
	}
	if st := s.status[i].Load(); st != notAsked {
		return st == comesBack
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.status[i].Load() == notAsked {
		s.ask(i)
	}
	return s.status[i].Load() == comesBack
}

// quickly is returns for functions of the runtime, and true for all others.
func (s *shared) quickly(i int32) bool {
	if i < 0 {
		return true
	}
	st := s.quick[i].Load()
	if st == notAsked {
		st = comesBack
		if fn, err := s.p.Table.Func(int(i)); err == nil && strings.HasPrefix(fn.Name(), "runtime.") && !s.returns(i) {
			st = never
		}
		s.quick[i].Store(st)
	}
	return st == comesBack
}

// maxTries is how often one function is looked at while it is found out whether
// it returns: each time, one more of the calls in front of its return was found
// to come back. What has more is taken to return.
const maxTries = 64

// ask finds the status of function i and of others on the way: the least set
// of functions that return, such that there is a path to a return along calls
// that do. A function is looked at again when one that it waits for was found
// to return; those still waiting in the end never do.
func (s *shared) ask(i int32) {
	answers := map[int32]uint32{i: pending} // of this question only
	s.deps, s.tries = map[int32][]int32{}, map[int32]int{}
	stack := []int32{i}
	for len(stack) > 0 {
		f := stack[len(stack)-1]
		if answers[f] == comesBack {
			stack = stack[:len(stack)-1]
			continue
		}
		yes, waits := s.explore(f, answers)
		if yes {
			answers[f] = comesBack
			stack = stack[:len(stack)-1]
			for _, d := range s.deps[f] {
				if answers[d] != comesBack {
					stack = append(stack, d)
				}
			}
			delete(s.deps, f)
			continue
		}
		if waits < 0 { // all it waits for is being asked already
			stack = stack[:len(stack)-1]
			continue
		}
		answers[waits] = pending
		stack = append(stack, waits)
	}
	for f, a := range answers {
		if a == pending {
			a = never
		}
		s.status[f].Store(a)
	}
	s.deps, s.tries = nil, nil
}

// explore looks for a path of function f to a return. Without one, it gives the
// first function on the way that was not asked yet, or -1, and has noted for
// which answers f waits.
func (s *shared) explore(f int32, answers map[int32]uint32) (yes bool, waits int32) {
	fn, err := s.p.Table.Func(int(f))
	s.tries[f]++
	if err != nil || s.tries[f] > maxTries || s.asker.read(fn) != nil {
		return true, -1
	}
	if wide(fn) || fn.DeferReturn() != 0 {
		// What switches stacks may be switched back to, and a panic may be
		// recovered.
		return true, -1
	}
	v, b := s.asker, &s.asker.body
	v.restart()
	if len(b.insts) == 0 {
		return true, -1
	}
	waits = -1
	// back reports whether a call comes back as far as is known.
	back := func(target uint64) bool {
		c := s.callee(target)
		if c < 0 {
			return true
		}
		a := s.status[c].Load()
		if a == notAsked {
			a = answers[c]
		}
		switch a {
		case notAsked:
			if waits < 0 {
				waits = c
			}
			fallthrough
		case pending:
			s.deps[c] = append(s.deps[c], f)
		}
		return a == comesBack
	}
	v.todo = append(v.todo, todo{0, 0})
	for len(v.todo) > 0 {
		i := v.todo[len(v.todo)-1].i
		v.todo = v.todo[:len(v.todo)-1]
		for i >= 0 && int(i) < len(b.insts) {
			x := &b.insts[i]
			if x.mark&reached != 0 {
				break
			}
			x.mark |= reached
			switch {
			case x.mark&bad != 0, x.flow == decode.Return:
				return true, -1
			case x.flow == decode.JumpIndirect && b.tableOf(x) == nil:
				return true, -1
			case (x.flow == decode.Jump || x.flow == decode.Branch) && x.to < 0:
				if b.inside(x.target) || back(x.target) {
					return true, -1
				}
			}
			i = v.step(x, i, 0, back)
		}
	}
	return false, waits
}
