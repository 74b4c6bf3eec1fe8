package gostate_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/gostate"
	"moho/internal/testbin"
)

// TestWorld checks what the other tests do not compare with a traceback.
func TestWorld(t *testing.T) {
	exe := zoo(t, testbin.Config{})
	corePath, _ := crash(t, exe, "nil")
	w := open(t, corePath, exe)

	t.Run("concurrent and deterministic", func(t *testing.T) {
		var runs [4][]*gostate.Goroutine
		var wg sync.WaitGroup
		for i := range runs {
			wg.Go(func() {
				for g := range w.Goroutines() {
					runs[i] = append(runs[i], g.Clone())
				}
				w.Groups(gostate.GroupOptions{})
				w.Crash()
			})
		}
		wg.Wait()
		for i := 1; i < len(runs); i++ {
			if d := cmp.Diff(runs[0], runs[i]); d != "" {
				t.Fatalf("run %d differs: %s", i, d)
			}
		}
		if len(runs[0]) != w.NumG() {
			t.Errorf("%d goroutines, NumG is %d", len(runs[0]), w.NumG())
		}
	})
	t.Run("stop early", func(t *testing.T) {
		for range w.Goroutines() {
			break
		}
	})
	t.Run("by id", func(t *testing.T) {
		for g := range w.Goroutines() {
			got, ok := w.Goroutine(g.ID)
			if !ok {
				t.Fatalf("goroutine %d not found", g.ID)
			}
			if d := cmp.Diff(g, got); d != "" {
				t.Error(d)
			}
		}
		for _, id := range []uint64{0, 1 << 40} {
			if g, ok := w.Goroutine(id); ok {
				t.Errorf("goroutine %d: %+v", id, g)
			}
		}
	})
	t.Run("system", func(t *testing.T) {
		for g := range w.Goroutines() {
			own := g.Start != "runtime.main" && len(g.Start) > 8 && g.Start[:8] == "runtime." && g.Start != "runtime.corostart"
			if g.System != own {
				t.Errorf("goroutine %d, started with %s: system %v", g.ID, g.Start, g.System)
			}
		}
	})
	t.Run("frame pointers", func(t *testing.T) {
		for g := range w.Goroutines() {
			if g.RegsFrom == "syscall" {
				continue
			}
			ret, err := w.Process().Word(g.FP + 8)
			if err != nil || !slices.ContainsFunc(g.Frames, func(f gostate.Frame) bool { return uint64(f.PC) == ret }) {
				t.Errorf("goroutine %d, registers from %s: frame pointer %#x has no return address of the stack above it", g.ID, g.RegsFrom, g.FP)
			}
		}
	})
	t.Run("threads", func(t *testing.T) {
		for _, th := range w.Threads() {
			if th.M == 0 || th.How != "procid" || th.G0 == 0 {
				t.Errorf("thread %d: %+v", th.TID, th)
			}
		}
		if c, ok := w.Crash(); !ok || c.Thread != w.Threads()[0].TID || c.Goroutine.Thread != c.Thread {
			t.Errorf("crash %+v", c)
		}
	})
	t.Run("groups", func(t *testing.T) {
		all, none := w.Groups(gostate.GroupOptions{System: true, IDs: 100})
		user, _ := w.Groups(gostate.GroupOptions{IDs: 1})
		two, rest := w.Groups(gostate.GroupOptions{System: true, Max: 2})
		if none != 0 || len(two) != 2 || two[0].Count+two[1].Count+rest != w.NumG() {
			t.Errorf("%d goroutines in no group, %d groups of at most 2 and %d in none of %d", none, len(two), rest, w.NumG())
		}
		sum := 0
		for _, g := range all {
			sum += g.Count
			if len(g.IDs) != g.Count || !slices.Contains(g.IDs, g.First.ID) {
				t.Errorf("group of %d has ids %v, first %d", g.Count, g.IDs, g.First.ID)
			}
		}
		if sum != w.NumG() {
			t.Errorf("groups add up to %d of %d", sum, w.NumG())
		}
		// The same from the list. How many stand at the same place differs from
		// run to run: three of them spin.
		want := map[string]int{}
		for g := range w.Goroutines() {
			if !g.System {
				want[standing(g)]++
			}
		}
		got := map[string]int{}
		for i, g := range user {
			got[standing(g.First)] += g.Count
			if g.System || len(g.IDs) != 1 || i > 0 && user[i-1].Count < g.Count {
				t.Errorf("group %d: %d × %s, ids %v", i, g.Count, g.First.Start, g.IDs)
			}
		}
		if len(got) != len(user) {
			t.Errorf("%d groups at %d places", len(user), len(got))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("groups: -want +got\n%s", diff)
		}
	})
}

// standing is what makes two goroutines belong together.
func standing(g *gostate.Goroutine) string {
	s := g.Status + " " + g.WaitReason
	for _, f := range g.Frames {
		s += fmt.Sprintf(" %#x", uint64(f.PC))
	}
	return s
}

// TestVisible checks Frame.System against a default traceback, which leaves out
// what it marks.
func TestVisible(t *testing.T) {
	for _, release := range releases {
		t.Run(release, func(t *testing.T) {
			exe := zoo(t, testbin.Config{Go: release})
			corePath, _ := crash(t, exe, "nil")
			w := open(t, corePath, exe)
			want := parseTraceback(t, plainTraceback(t, exe))
			compared := 0
			for g := range w.Goroutines() {
				var got []string
				for _, f := range g.Frames {
					if !f.System {
						got = append(got, f.Func)
					}
				}
				// Ids and what runs when differ from run to run: compare by creator.
				for _, p := range want {
					if g.System || g.Status != "waiting" || p.createdAt == "" || p.elidedAt >= 0 ||
						p.createdBy != g.CreatedBy.Func || p.createdAt != at(g.CreatedBy) || p.status != g.WaitReason {
						continue
					}
					var names []string
					for _, f := range p.frames {
						names = append(names, f.Func)
					}
					if d := cmp.Diff(names, got); d != "" {
						t.Errorf("%s:\n%s", p.createdAt, d)
					}
					compared++
				}
			}
			if compared < 15 {
				t.Errorf("only %d stacks compared", compared)
			}
		})
	}
}
