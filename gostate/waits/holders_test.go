package waits_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/gostate/waits"
)

// checkHolders checks that the analysis knows who holds what, and nothing that
// is not so.
func checkHolders(t *testing.T, a *waits.Analysis, m manifest) {
	t.Helper()
	type holder struct{ id, lock, grade string }
	var want, got []holder
	for _, f := range m["holder"] {
		want = append(want, holder{f[0], f[1], f[2]})
	}
	for _, ring := range []string{"ring2", "ring3"} {
		for _, f := range m[ring] { // each holds the first
			want = append(want, holder{f[0], f[1], "strong"})
		}
	}
	for o := range a.Objects() {
		for _, h := range o.Holders {
			got = append(got, holder{fmt.Sprint(h.Goroutine), fmt.Sprintf("%#x", uint64(o.Addr)), h.Grade.String()})
			if h.Why == "" || h.Func == "" {
				t.Errorf("holder %+v", h)
			}
		}
	}
	for _, h := range want {
		if !slices.Contains(got, h) {
			t.Errorf("%+v is not among the holders", h)
		}
	}
	for _, h := range got {
		// The writer with its turn; what has a pointer and no more.
		if h.grade == "strong" && !slices.Contains(want, h) && !slices.ContainsFunc(m["wait"], func(f []string) bool {
			return f[0] == h.id && f[1] == "rwmutex" && f[2] == "lock" && f[3] == h.lock
		}) {
			t.Errorf("%+v holds nothing", h)
		}
	}
	var rings, cycles [][]string
	for _, ring := range []string{"ring2", "ring3"} {
		var ids []string
		for _, f := range m[ring] {
			ids = append(ids, f[0])
		}
		slices.Sort(ids)
		rings = append(rings, ids)
	}
	for _, c := range a.Cycles() {
		if c.Grade != waits.Strong {
			t.Errorf("cycle on weak evidence: %+v", c)
		}
		var ids []string
		for i, l := range c.Links {
			ids = append(ids, fmt.Sprint(l.Edge.Goroutine))
			if next := c.Links[(i+1)%len(c.Links)]; l.Holder.Goroutine != next.Edge.Goroutine {
				t.Errorf("link %d leads to goroutine %d, the next one is of %d", i, l.Holder.Goroutine, next.Edge.Goroutine)
			}
		}
		slices.Sort(ids)
		cycles = append(cycles, ids)
	}
	if d := cmp.Diff(rings, cycles); d != "" {
		t.Errorf("cycles: -want +got\n%s", d)
	}
}
