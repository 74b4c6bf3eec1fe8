package postmortem

import (
	"cmp"
	"slices"
	"strings"
)

// A NotRun is deferred calls that did not run before the process ended: Count of
// them, from one defer statement, which Goroutines of the first few have.
type NotRun struct {
	Count      int      `json:"count"`
	Func       string   `json:"func"`
	Wraps      string   `json:"wraps,omitempty"`
	In         string   `json:"in"`
	File       string   `json:"file"`
	Statement  *int     `json:"statement"`
	Goroutines []uint64 `json:"goroutines"`
}

// Name is [Defer.Name].
func (n *NotRun) Name() string {
	d := Defer{Func: n.Func, Wraps: n.Wraps}
	return d.Name()
}

const (
	// maxLooked is how many goroutines may be looked at one by one, beyond their
	// stacks, for the first screen, which should be there at once: about a second.
	maxLooked = 200_000

	maxNotRun = 1 << 10 // defer statements that are told apart
	maxIDs    = 8       // goroutines that are named of each
)

// notRun collects the deferred calls that are pending, of all goroutines but the
// runtime's own. known is false if there are too many goroutines to look.
func (c *Case) notRun() (list []NotRun, known bool) {
	if c.World == nil || c.World.NumG() > maxLooked {
		return nil, false
	}
	type key struct {
		fn, in string
		line   int
	}
	at := map[key]int{}
	for g := range c.World.Goroutines() {
		if g.System {
			continue
		}
		defers, _ := c.World.Defers(g)
		for i := range defers {
			d := &defers[i]
			if d.Running || strings.HasPrefix(d.In, "runtime.") {
				continue
			}
			k := key{d.Func, d.In, d.Statement}
			n, ok := at[k]
			if !ok {
				if len(list) == maxNotRun {
					continue
				}
				n = len(list)
				at[k] = n
				x := NotRun{Func: d.Func, Wraps: d.Wraps, In: d.In}
				if d.Statement != 0 {
					x.Statement = &k.line
				}
				if d.Frame >= 0 {
					x.File = g.Frames[d.Frame].File
				}
				list = append(list, x)
			}
			x := &list[n]
			if x.Count++; len(x.Goroutines) < maxIDs && !slices.Contains(x.Goroutines, g.ID) {
				x.Goroutines = append(x.Goroutines, g.ID)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b NotRun) int { return cmp.Compare(b.Count, a.Count) })
	return list, true
}
