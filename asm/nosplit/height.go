package nosplit

// States of a node while heights are found.
const (
	fresh uint8 = iota
	open        // on the way that is being followed
	found
)

// endless is the height of a function that may call itself again without a
// check: the linker's number for it.
const endless = 1<<15 - 1

// find finds the height of function i and of all that it calls without check.
// The linker asks in the same order, which matters only for cycles.
func (g *Graph) find(i int32) {
	type frame struct {
		i    int32
		edge int
	}
	if g.nodes[i].state == found {
		return
	}
	stack := []frame{{i, 0}}
	g.nodes[i].state = open
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		n := &g.nodes[top.i]
		if n.kind == Checks {
			n.height, n.state = int32(g.CallSize), found // the call of morestack
		}
		if n.state == found || top.edge == len(n.edges) {
			n.state = found
			stack = stack[:len(stack)-1]
			continue
		}
		e := n.edges[top.edge]
		below := 0
		switch e.Target {
		case Local, External:
		case Indirect: // of functions that check, as far as the linker knows
			below = g.CallSize
		default:
			t := &g.nodes[e.Target]
			if t.state == fresh {
				t.state = open
				stack = append(stack, frame{int32(e.Target), 0})
				continue
			}
			if below = int(t.height); t.state == open {
				below = endless
			}
		}
		n.height = max(n.height, int32(min(e.Growth+below, endless)))
		top.edge++
	}
}

// below returns what the target of e uses.
func (g *Graph) below(e Edge) int {
	switch {
	case e.Target >= 0:
		return int(g.nodes[e.Target].height)
	case e.Target == Indirect:
		return g.CallSize
	}
	return 0
}

// deepest returns the edge of n along which most is used.
func (g *Graph) deepest(n *node) (Edge, bool) {
	best, most := Edge{}, -1
	for _, e := range n.edges {
		if h := e.Growth + g.below(e); h > most {
			best, most = e, h
		}
	}
	return best, most >= 0
}
