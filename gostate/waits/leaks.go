package waits

import "iter"

// Leaks say whether it could be found out which goroutines can never go on,
// and if not, why.
type Leaks struct {
	Known bool
	Why   string
	Count int
}

// Leaks returns what is known about leaked goroutines; [Analysis.Leaked] has them.
func (a *Analysis) Leaks() Leaks { return a.leaks }

// Leaked yields what leaked goroutines wait for.
func (a *Analysis) Leaked() iter.Seq[Edge] {
	return func(yield func(Edge) bool) {
		for i := range a.edges {
			if e := &a.edges[i]; a.gs[e.g].leaked && !yield(a.public(e)) {
				return
			}
		}
	}
}
