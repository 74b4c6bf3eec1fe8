package typestate

import (
	"go/token"
	"maps"
	"slices"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/fact"
)

type status uint8

const (
	live   status = iota
	freed         // given back on this path
	maybe         // given back, or not: nothing is said of it from here on
	absent        // nil, or not made because its maker failed
)

// A resource is what a path has seen of one block, mapping or handle.
type resource struct {
	status  status
	owned   bool // made on this path, and nobody else has it
	escaped bool // somebody else may give it back
	family  fact.Release
	born    ssa.Instruction // in the walked function
	inner   ssa.Instruction // the same, or inside of what that calls
	turn    int             // which execution of born it was, where that is a call that was walked into
	failed  sym             // the error that came with it
	free    *release
	back    *ssa.BasicBlock // where the round of a loop ended that it was made in
	kept    string          // the C variable that holds its address
	started ssa.Instruction
}

// A release is one act of giving back.
type release struct {
	at       ssa.Instruction // the call, or the defer statement
	pos      token.Pos
	block    *ssa.BasicBlock // in the walked function, for dominance
	by       string
	deferred bool
	always   bool // whenever block is run
	depth    int  // decisions that the path had taken by then
	failed   sym  // the error that came of it
	moved    sym  // nil when nothing was given back
	outer    ssa.Instruction
	turn     int
}

// A frame is one function that is being walked.
type frame struct {
	fn     *ssa.Function
	env    []sym
	visits []uint8
	defers []deferred
	call   ssa.Instruction // in the frame below; nil for the bottom one
	late   bool            // runs deferred
	depth  int             // decisions taken before
}

type deferred struct {
	at     *ssa.Defer
	callee sym
	args   []sym
	block  *ssa.BasicBlock
}

// A state is what is known at one point of one path.
type state struct {
	frames  []frame
	res     map[sym]resource
	cells   map[sym]sym // by address
	version map[sym]int // by root of address
	facts   map[sym]bool
	shared  map[sym]bool // variables and memory that others know of
	tuples  map[sym][]sym
	touched map[sym]bool // roots whose memory was used
	count   map[ssa.Instruction]int
	depth   int // decisions that could have gone either way
}

func (st *state) clone() *state {
	c := &state{
		frames: slices.Clone(st.frames), res: maps.Clone(st.res), cells: maps.Clone(st.cells), version: maps.Clone(st.version),
		facts: maps.Clone(st.facts), shared: maps.Clone(st.shared), tuples: maps.Clone(st.tuples), touched: maps.Clone(st.touched), count: maps.Clone(st.count),
		depth: st.depth,
	}
	for i := range c.frames {
		f := &c.frames[i]
		f.env, f.visits, f.defers = slices.Clone(f.env), slices.Clone(f.visits), slices.Clone(f.defers)
	}
	return c
}

func newState() *state {
	return &state{
		res: map[sym]resource{}, cells: map[sym]sym{}, version: map[sym]int{}, facts: map[sym]bool{},
		shared: map[sym]bool{}, tuples: map[sym][]sym{}, touched: map[sym]bool{}, count: map[ssa.Instruction]int{},
	}
}

func (st *state) top() *frame { return &st.frames[len(st.frames)-1] }

// mix hashes a pair so that sums of pairs tell sets apart.
func mix(a, b uint64) uint64 {
	h := a*0x9e3779b97f4a7c15 ^ b*0xc2b2ae3d27d4eb4f
	h ^= h >> 29
	h *= 0xbf58476d1ce4e5b9
	return h ^ h>>32
}

// signature is equal for states that a walk need not go on from twice. What
// integers a path has computed does not count.
func (w *walker) signature(st *state) uint64 {
	var h uint64
	for s, r := range st.res {
		v := uint64(r.status)<<3 | uint64(len(r.kept))<<40
		if r.escaped {
			v |= 1
		}
		if r.free != nil {
			v |= uint64(r.free.at.Pos()) << 5
			if r.free.depth == st.depth {
				v |= 2
			}
		}
		h += mix(uint64(s), v+1)
	}
	for a, s := range st.cells {
		if w.steers(s) {
			h += mix(uint64(a)<<20, uint64(s))
		}
	}
	for c, truth := range st.facts {
		if !w.matters(c) {
			continue
		}
		if truth {
			h += mix(uint64(c)<<40, 1)
		} else {
			h += mix(uint64(c)<<40, 2)
		}
	}
	for s := range st.shared {
		h += mix(uint64(s)<<50, 3)
	}
	for i := range st.frames {
		f := &st.frames[i]
		if f.call != nil {
			h += mix(uint64(f.call.Pos()), uint64(i)+7)
		}
		for j, d := range f.defers {
			h += mix(uint64(d.at.Pos())<<8, uint64(i)<<16|uint64(j)+11)
		}
		for _, n := range w.phis(f.fn) {
			if s := f.env[n]; s != 0 {
				h += mix(uint64(n)<<32|uint64(i), uint64(s))
			}
		}
	}
	return h
}

// steers reports whether a value may decide where a path goes or what is freed.
func (w *walker) steers(s sym) bool {
	n := w.tab.node(s)
	return n.kind != operation || n.text != ""
}
