package asmflow

import (
	"container/heap"

	"moho/vet/internal/asmtext"
)

// A Flow is what is known of one function.
//
// Recorded is where the tables that the assembler writes have SP before each
// instruction, in bytes below Entry: on amd64 the frame and what PUSHQ, POPQ
// and ADJSP did in the order of the text, on arm64 the frame and what ADD and
// SUB of constants did. Conflicts lists the instructions at which two ways
// meet with SP in different places. SPWrite is the first instruction that the
// assembler marks the function for as one that cannot be unwound, or -1.
type Flow struct {
	Arch      *Arch
	Func      *asmtext.Func
	Frame     Frame
	Recorded  []int64
	Conflicts []int
	SPWrite   int
	TooLarge  bool // more than MaxBlocks: nothing is known
	results   []Span
	leaders   map[int]*State
}

// Analyze follows one function. results are its results' extents, up to 64.
func Analyze(a *Arch, f *asmtext.Func, results []Span) *Flow {
	fl := &Flow{Arch: a, Func: f, Frame: a.FrameOf(f), SPWrite: -1, results: results, leaders: map[int]*State{}}
	if len(results) > 64 {
		fl.results = results[:64]
	}
	fl.record()
	if len(f.Insts) == 0 || fl.Frame.Bad != "" {
		return fl
	}
	fl.solve()
	return fl
}

// A Span is the half-open range of bytes from From to To, relative to FP.
type Span struct{ From, To int64 }

// entry is the state before the first instruction, after the prologue.
func (fl *Flow) entry() *State {
	a := fl.Arch
	s := &State{SP: Entry - fl.Frame.Size, Known: true}
	for _, i := range a.index {
		s.regs[i] = Value{Kind: Original, Of: i}
	}
	fp := a.index[a.FP]
	switch {
	case a.LR == "" && fl.Frame.Save > 0:
		s.store(Entry-8, 8, s.regs[fp])
		s.regs[fp] = Value{Kind: Pointer, Off: Entry - 8}
	case a.LR != "" && fl.Frame.Size > 0:
		s.store(s.SP, 8, s.regs[a.index[a.LR]])
		s.store(s.SP-8, 8, s.regs[fp])
		s.regs[fp] = Value{Kind: Pointer, Off: s.SP - 8}
	}
	if fl.Frame.Check {
		// The call to morestack comes back to the start, not here.
		if a.LR != "" {
			s.regs[a.index["R16"]], s.regs[a.index["R17"]] = Value{}, Value{}
		}
	}
	return s
}

// solve finds the states at the start of every block that can be reached.
func (fl *Flow) solve() {
	insts := fl.Func.Insts
	target := make([]bool, len(insts)+1)
	blocks := 1
	for i := range insts {
		if t := insts[i].Target; t >= 0 && !target[t] {
			target[t] = true
			blocks++
		}
		if fl.Arch.exit(&insts[i]) == branches {
			blocks++
		}
	}
	if fl.TooLarge = blocks > MaxBlocks; fl.TooLarge {
		return
	}
	w := worklist{fl: fl, queued: make([]bool, len(insts)), conflict: map[int]bool{}}
	w.flow(0, fl.entry())
	for len(w.heap) > 0 {
		i := w.pop()
		s := fl.leaders[i].clone()
		for {
			in := &insts[i]
			e := fl.Arch.exit(in)
			fl.step(i, s)
			if (e == jumps || e == branches) && in.Target >= 0 {
				w.flow(in.Target, s)
			}
			if e == jumps || e == returns || e == stops || i+1 == len(insts) {
				break
			}
			i++
			if target[i] || e == branches {
				w.flow(i, s)
				break
			}
		}
	}
	for i := range insts {
		if w.conflict[i] {
			fl.Conflicts = append(fl.Conflicts, i)
		}
	}
}

// worklist holds the blocks whose state has changed, the first in the text
// first: in code without loops each is then looked at once.
type worklist struct {
	fl       *Flow
	heap     []int
	queued   []bool
	conflict map[int]bool
}

// flow joins a state into that of a block.
func (w *worklist) flow(to int, s *State) {
	have, ok := w.fl.leaders[to]
	changed := !ok
	if ok {
		var conflict bool
		if changed, conflict = have.join(s); conflict {
			w.conflict[to] = true
		}
	} else {
		w.fl.leaders[to] = s.clone()
	}
	if changed && !w.queued[to] {
		w.queued[to] = true
		heap.Push(w, to)
	}
}

func (w *worklist) pop() int {
	i := heap.Pop(w).(int)
	w.queued[i] = false
	return i
}

// Len, Less, Swap, Push and Pop are those of heap.Interface.
func (w *worklist) Len() int           { return len(w.heap) }
func (w *worklist) Less(i, j int) bool { return w.heap[i] < w.heap[j] }
func (w *worklist) Swap(i, j int)      { w.heap[i], w.heap[j] = w.heap[j], w.heap[i] }
func (w *worklist) Push(x any)         { w.heap = append(w.heap, x.(int)) }
func (w *worklist) Pop() any {
	last := w.heap[len(w.heap)-1]
	w.heap = w.heap[:len(w.heap)-1]
	return last
}

// After returns the state after instruction i, s being the one before it.
func (fl *Flow) After(i int, s *State) *State {
	t := s.clone()
	fl.step(i, t)
	return t
}

// Walk calls visit for every instruction that can be reached, in order, with
// the state before it. visit must not keep the state.
func (fl *Flow) Walk(visit func(i int, in *asmtext.Inst, s *State)) {
	var s *State
	for i := range fl.Func.Insts {
		if at, ok := fl.leaders[i]; ok {
			s = at.clone()
		}
		if s == nil {
			continue
		}
		in := &fl.Func.Insts[i]
		visit(i, in, s)
		switch fl.Arch.exit(in) {
		case jumps, returns, stops, branches:
			s = nil // what follows is a leader, if it can be reached
		default:
			fl.step(i, s)
		}
	}
}
