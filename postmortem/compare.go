package postmortem

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"moho/evidence"
	"moho/gostate"
)

// SchemaCompare is the kind that [Compare] gives.
const SchemaCompare = "moho/corecompare/v1"

// A Comparison is the goroutines of two targets beside each other.
//
// Groups lists the differences, those that have grown most first: what grows
// between two moments is what leaks. Same counts the goroutines of A whose groups
// have not changed. Program says whether both are of one program, and Why how
// that is known.
type Comparison struct {
	Schema   string         `json:"schema"`
	A        Side           `json:"a"`
	B        Side           `json:"b"`
	Program  string         `json:"program"` // same, other, unknown
	Why      string         `json:"why"`
	Groups   []Change       `json:"groups"`
	Same     Unchanged      `json:"same"`
	Differs  bool           `json:"differs"`
	Complete bool           `json:"complete"`
	Gaps     []evidence.Gap `json:"gaps"`
}

// A Side is one of the two targets.
type Side struct {
	Path       string         `json:"path"`
	Target     Target         `json:"target"`
	Goroutines *int           `json:"goroutines"` // without the runtime's own unless asked for; null = unknown
	OldestWait *float64       `json:"oldestWait"` // seconds, a lower bound; null = unknown
	States     map[string]int `json:"states"`     // how many goroutines are in each
}

// Unchanged counts what both sides have alike.
type Unchanged struct {
	Groups     int `json:"groups"`
	Goroutines int `json:"goroutines"`
}

// A Change is a group of goroutines that differs. Frames are without the
// runtime's. Match says by what it was recognised in both: lines, functions
// (the lines differ), or program (calls of the standard library differ).
type Change struct {
	Change    string    `json:"change"` // grown, shrunk, new, gone, state
	Match     string    `json:"match"`
	A         GroupSide `json:"a"`
	B         GroupSide `json:"b"`
	Frames    []Call    `json:"frames"`
	Elided    bool      `json:"elided,omitempty"` // frames in the middle are left out
	CreatedBy *Call     `json:"createdBy"`
}

// A GroupSide is a group as one side has it.
type GroupSide struct {
	Count      int            `json:"count"`
	States     map[string]int `json:"states"`
	OldestWait *float64       `json:"oldestWait"` // seconds; null = unknown
	IDs        []uint64       `json:"ids"`        // the first few
}

// A Call is a frame as far as two builds have it in common.
type Call struct {
	Func string `json:"func"`
	File string `json:"file"`
	Line int    `json:"line"`
}

// Compare compares the goroutines of two cases, group by group: those whose
// stacks call the same functions at the same lines, whatever their addresses,
// architecture or kind of target. system includes the runtime's own.
func Compare(a, b *Case, system bool) *Comparison {
	r := &Comparison{Schema: SchemaCompare, Groups: []Change{}, Gaps: []evidence.Gap{}}
	ga, gb := a.countGroups(&r.A, system), b.countGroups(&r.B, system)
	r.Program, r.Why = sameProgram(a, b)
	for _, ch := range matchGroups(ga, gb) {
		switch {
		case ch.A.Count == 0:
			ch.Change = "new"
		case ch.B.Count == 0:
			ch.Change = "gone"
		case ch.B.Count > ch.A.Count:
			ch.Change = "grown"
		case ch.B.Count < ch.A.Count:
			ch.Change = "shrunk"
		case differ(ch.A.States, ch.B.States):
			ch.Change = "state"
		default:
			r.Same.Groups++
			r.Same.Goroutines += ch.A.Count
			continue
		}
		r.Groups = append(r.Groups, ch)
	}
	slices.SortStableFunc(r.Groups, func(x, y Change) int {
		return cmp.Or(
			cmp.Compare(changeRank[x.Change], changeRank[y.Change]),
			-cmp.Compare(abs(x.B.Count-x.A.Count), abs(y.B.Count-y.A.Count)),
			-cmp.Compare(seconds(x.B.OldestWait), seconds(y.B.OldestWait)),
			-cmp.Compare(x.B.Count, y.B.Count),
		)
	})
	r.Differs = len(r.Groups) > 0
	r.Gaps = append(append(r.Gaps, a.Gaps...), b.Gaps...)
	r.Complete = len(r.Gaps) == 0
	return r
}

var changeRank = map[string]int{"grown": 0, "new": 1, "shrunk": 2, "gone": 3, "state": 4}

// Known reports whether both sides could be read.
func (r *Comparison) Known() bool { return r.A.Goroutines != nil && r.B.Goroutines != nil }

func abs(n int) int { return max(n, -n) }

func seconds(s *float64) float64 {
	if s == nil {
		return 0
	}
	return *s
}

// differ reports whether two groups of the same size are in other states, where
// both are known.
func differ(a, b map[string]int) bool {
	if len(a) == 0 || len(b) == 0 {
		return false
	}
	if len(a) != len(b) {
		return true
	}
	for state, n := range a {
		if b[state] != n {
			return true
		}
	}
	return false
}

// countGroups reads one side.
func (c *Case) countGroups(side *Side, system bool) []gostate.Group {
	side.Path, side.Target, side.States = c.Path, c.Target(), map[string]int{}
	source := c.Source()
	if source == nil {
		return nil
	}
	groups, rest := source.Groups(gostate.GroupOptions{System: system})
	n := rest
	if rest > 0 {
		c.gap("groups", c.Path, fmt.Sprintf("%d goroutines have stacks that differ from those of all groups compared", rest))
	}
	var oldest time.Duration
	for i := range groups {
		n += groups[i].Count
		oldest = max(oldest, groups[i].MaxWait)
		if s := stateOf(&groups[i]); s != "" {
			side.States[s] += groups[i].Count
		}
	}
	side.Goroutines = &n
	if oldest > 0 {
		s := oldest.Seconds()
		side.OldestWait = &s
	}
	return groups
}

// stateOf is what a group waits for, else its status; "" is unknown.
func stateOf(g *gostate.Group) string {
	if g.WaitReason != "" {
		return g.WaitReason
	}
	return g.Status
}

// sameProgram says whether two cases are of one program.
func sameProgram(a, b *Case) (program, why string) {
	x, y := a.Target(), b.Target()
	switch {
	case a.ExeSHA256 != "" && a.ExeSHA256 == b.ExeSHA256:
		return "same", "one executable"
	case x.BuildID.Matches(y.BuildID):
		return "same", "the Build IDs agree"
	case x.Arch != "" && y.Arch != "" && x.Arch != y.Arch:
		if m, n := a.mainModule(), b.mainModule(); m != "" && n != "" {
			if m == n {
				return "same", "one main package, for " + x.Arch + " and " + y.Arch
			}
			return "other", "the main packages are " + m + " and " + n
		}
		return "unknown", "the architectures differ, and nothing else tells"
	case sharesKind(x.BuildID, y.BuildID):
		why = fmt.Sprintf("the Build IDs are %s and %s", x.BuildID, y.BuildID)
		if m, n := a.mainModule(), b.mainModule(); m != "" && m == n {
			why += ": two builds of " + m
		}
		return "other", why
	}
	return "unknown", "at least one of them has no Build ID"
}

// mainModule returns the path of the main package that the executable is built
// from, or "".
func (c *Case) mainModule() string {
	if c.Exe == nil {
		return ""
	}
	info, err := c.Exe.BuildInfo()
	if err != nil {
		return ""
	}
	return info.Path
}
