package nosplit

import (
	"cmp"
	"fmt"
	"slices"

	"moho/gotab"
)

// A Report is a Graph as people read it.
type Report struct {
	Limit     int    `json:"limit"` // bytes
	LimitFrom string `json:"limitFrom"`
	CallSize  int    `json:"callSize"`

	Checks  int `json:"checks"`  // functions that check their stack
	NoSplit int `json:"nosplit"` // that do not
	Leaf    int `json:"leaf"`    // that do not, without a frame
	Unknown int `json:"unknown"` // without code

	Functions []Function `json:"functions"` // that do not check, by height, then by address
	Chains    []Chain    `json:"chains"`    // the deepest, each from a function that no other of its kind calls
	Over      []Chain    `json:"over"`      // those that use more than the limit
}

// A Function is one that does not check its stack.
type Function struct {
	Name   string `json:"name"`
	Entry  string `json:"entry"`
	Kind   Kind   `json:"kind"`
	Frame  int    `json:"frame"`  // bytes below SP at the entry, at most
	Height int    `json:"height"` // with all that it calls without a check
	Room   int    `json:"room"`   // what the limit leaves
	// Indirect is how many of its calls go where only a register knows. They
	// are taken to go to functions that check.
	Indirect int `json:"indirect"`
}

// A Frame is one function of a chain.
type Frame struct {
	Name  string `json:"name"`
	Frame int    `json:"frame"` // bytes below SP at its entry, at the call
	Off   uint32 `json:"off"`   // of the call from the entry
	// Uses is Frame and what the call itself puts on the stack; the sum of a
	// chain's Uses is its Total.
	Uses int `json:"uses"`
}

// A Chain is calls without check, the outermost function first.
type Chain struct {
	Total  int     `json:"total"`
	Room   int     `json:"room"` // less than 0: over the limit by so much
	Frames []Frame `json:"frames"`
	// End says how the chain ends: "leaf", "checks" (a call of a function that
	// checks and needs room for calling runtime.morestack), "indirect",
	// "external" or "cycle".
	End string `json:"end"`
}

// maxFrames is how many functions of a chain are told; real ones have a dozen.
const maxFrames = 1 << 10

// Report lists what was found, with the n deepest chains.
func (g *Graph) Report(n int) Report {
	r := Report{
		Limit: g.Limit.Bytes, LimitFrom: g.Limit.From, CallSize: g.CallSize,
		Functions: []Function{}, Chains: []Chain{}, Over: []Chain{},
	}
	var roots []int32
	for i := range g.nodes {
		x := &g.nodes[i]
		switch x.kind {
		case Unknown:
			r.Unknown++
			continue
		case Checks:
			r.Checks++
			continue
		case NoSplit:
			r.NoSplit++
		case Leaf:
			r.Leaf++
		}
		fn, err := g.p.Table.Func(i)
		if err != nil {
			continue
		}
		f := Function{
			Name: fn.Name(), Entry: fmt.Sprintf("%#x", uint64(fn.Entry())), Kind: x.kind,
			Frame: int(x.frame), Height: int(x.height), Room: g.Limit.Bytes - int(x.height),
		}
		for _, e := range x.edges {
			if e.Target == Indirect {
				f.Indirect++
			}
		}
		r.Functions = append(r.Functions, f)
		if !slices.ContainsFunc(x.ins, func(c int32) bool { return c != int32(i) }) || int(x.height) > g.Limit.Bytes && g.cyclic(int32(i)) {
			roots = append(roots, int32(i))
		}
	}
	slices.SortStableFunc(r.Functions, func(a, b Function) int { return cmp.Compare(b.Height, a.Height) })
	slices.SortStableFunc(roots, func(a, b int32) int { return cmp.Compare(g.nodes[b].height, g.nodes[a].height) })
	for k, i := range roots {
		over := int(g.nodes[i].height) > g.Limit.Bytes
		if k >= n && !over {
			break
		}
		c := g.chain(i)
		if k < n {
			r.Chains = append(r.Chains, c)
		}
		if over {
			r.Over = append(r.Over, c)
		}
	}
	return r
}

// cyclic reports whether all callers of i are as high as a cycle is: then it
// may have no root.
func (g *Graph) cyclic(i int32) bool {
	return g.nodes[i].height == endless && !slices.ContainsFunc(g.nodes[i].ins, func(c int32) bool { return c < i })
}

// chain follows the deepest calls from i.
func (g *Graph) chain(i int32) Chain {
	c := Chain{Frames: []Frame{}}
	seen := map[int32]bool{}
	for len(c.Frames) < maxFrames {
		x := &g.nodes[i]
		if seen[i] {
			c.End = "cycle"
			break
		}
		seen[i] = true
		if x.kind == Checks {
			c.Total += g.CallSize
			c.End = "checks"
			break
		}
		e, ok := g.deepest(x)
		f := Frame{Name: g.name(i), Frame: int(x.frame)}
		if !ok { // no frame, and calls nothing
			c.Frames = append(c.Frames, f)
			c.End = "leaf"
			break
		}
		f.Uses, f.Frame, f.Off = e.Growth, e.Growth, e.Off
		if e.Target != Local {
			f.Frame -= g.CallSize
		}
		c.Frames = append(c.Frames, f)
		c.Total += e.Growth
		if e.Target < 0 {
			switch e.Target {
			case Local:
				c.End = "leaf"
			case Indirect:
				c.End = "indirect"
				c.Total += g.CallSize
			default:
				c.End = "external"
			}
			break
		}
		i = int32(e.Target)
	}
	c.Room = g.Limit.Bytes - c.Total
	return c
}

func (g *Graph) name(i int32) string {
	fn, err := g.p.Table.Func(int(i))
	if err != nil {
		return ""
	}
	return fn.Name()
}

// Kind returns what fn does about its stack.
func (g *Graph) Kind(fn gotab.Func) Kind { return g.nodes[fn.Index()].kind }

// Height returns how many bytes fn and what it calls use without a check. For a
// function that checks that is what calling runtime.morestack needs.
func (g *Graph) Height(fn gotab.Func) int { return int(g.nodes[fn.Index()].height) }

// Edges returns the calls of fn, in order of address, if it does not check; the
// last one may be its own frame, if no call is made where it is largest.
func (g *Graph) Edges(fn gotab.Func) []Edge { return slices.Clone(g.nodes[fn.Index()].edges) }

// ChainFrom returns the deepest chain that begins with fn.
func (g *Graph) ChainFrom(fn gotab.Func) Chain { return g.chain(int32(fn.Index())) }

// ChainTo returns the deepest chain that leads through fn: down to it, and from
// it on.
func (g *Graph) ChainTo(fn gotab.Func) Chain {
	up := map[int32]caller{}
	g.up(int32(fn.Index()), up, 0)
	var path []caller
	i := int32(fn.Index())
	for len(path) < maxFrames {
		c := up[i]
		if c.edge.Growth == 0 && c.depth == 0 {
			break
		}
		path = append(path, c)
		i = c.i
	}
	c := g.chain(int32(fn.Index()))
	slices.Reverse(path)
	frames := []Frame{}
	for _, s := range path {
		frames = append(frames, Frame{Name: g.name(s.i), Frame: s.edge.Growth - g.CallSize, Off: s.edge.Off, Uses: s.edge.Growth})
		c.Total += s.edge.Growth
	}
	c.Frames = append(frames, c.Frames...)
	c.Room = g.Limit.Bytes - c.Total
	return c
}

// A caller is the one of a function's callers that is deepest itself.
type caller struct {
	i     int32
	edge  Edge
	depth int // of the function that is called
}

// up finds how deep function i may begin, and through whom.
func (g *Graph) up(i int32, done map[int32]caller, levels int) int {
	if c, ok := done[i]; ok || levels > maxFrames {
		return c.depth
	}
	done[i] = caller{} // should it come around
	best := caller{}
	for _, c := range g.nodes[i].ins {
		for _, e := range g.nodes[c].edges {
			if e.Target != int(i) || c == i {
				continue
			}
			if d := g.up(c, done, levels+1) + e.Growth; d > best.depth {
				best = caller{c, e, d}
			}
		}
	}
	done[i] = best
	return best.depth
}
