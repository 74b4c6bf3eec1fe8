//go:build linux

package heap_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"moho/core"
	"moho/core/coretest"
	"moho/gostate"
	"moho/gostate/heap"
	"moho/internal/testbin"
)

// reach runs the program testdata/src/reach. It returns what it said of which
// address must be reached.
func reach(tb testing.TB, c testbin.Config, run coretest.Maker) (*heap.Heap, *gostate.World, []expected) {
	tb.Helper()
	exe := testbin.Build(tb, testbin.Dir(tb, filepath.Join("testdata", "src", "reach")), c)
	corePath, output := run(tb, []string{"GOTRACEBACK=crash"}, exe)
	w := open(tb, corePath, exe)
	h, err := heap.Open(w)
	if err != nil {
		tb.Fatal(err)
	}
	var list []expected
	for line := range strings.Lines(output) {
		var e expected
		var word string
		if _, err := fmt.Sscanf(line, "%s %v %s\n", &e.name, (*uint64)(&e.addr), &word); err != nil {
			break
		}
		e.reached = word == "reached"
		if word == "done" {
			return h, w, list
		}
		list = append(list, e)
	}
	tb.Fatalf("no manifest in\n%.2000s", output)
	return nil, nil, nil
}

type expected struct {
	name    string
	addr    core.Addr
	reached bool
}

// blocked reports whether g waits for a channel.
func blocked(g *gostate.Goroutine) bool { return strings.HasPrefix(g.WaitReason, "chan ") }

// fixpoint adds all goroutines but those whose channel nobody reaches.
func fixpoint(tb testing.TB, h *heap.Heap, w *gostate.World, m *heap.Marker) (leaked []uint64) {
	tb.Helper()
	m.AddGlobals()
	var rest []*gostate.Goroutine
	for g := range w.Goroutines() {
		if blocked(g) {
			rest = append(rest, g.Clone())
		} else {
			m.AddGoroutine(g)
		}
	}
	for again := true; again; {
		if err := m.Run(tb.Context()); err != nil {
			tb.Fatal(err)
		}
		again = false
		var still []*gostate.Goroutine
		for _, g := range rest {
			l := w.Offsets()
			sudog, err := w.Process().Word(g.Addr + core.Addr(l.GWaiting))
			if err != nil {
				tb.Fatal(err)
			}
			c, err := w.Process().Word(core.Addr(sudog) + core.Addr(l.SudogC))
			if err != nil {
				tb.Fatal(err)
			}
			if m.Reached(core.Addr(c)) {
				m.AddGoroutine(g)
				again = true
			} else {
				still = append(still, g)
			}
		}
		rest = still
	}
	for _, g := range rest {
		leaked = append(leaked, g.ID)
	}
	return leaked
}

func TestMarker(t *testing.T) {
	for _, c := range configs(t) {
		t.Run(c.Go+" "+string(c.Mode), func(t *testing.T) { checkReach(t, c, coretest.Kernel) })
	}
}

// checkReach marks the program with one worker and with four.
func checkReach(t *testing.T, c testbin.Config, run coretest.Maker) {
	t.Helper()
	h, w, list := reach(t, c, run)
	var objects [2]int
	for i, workers := range []int{1, 4} {
		m := h.Marker(heap.MarkOptions{Workers: workers})
		leaked := fixpoint(t, h, w, m)
		if len(leaked) != 1 {
			t.Errorf("%d workers: leaked goroutines %v, want one", workers, leaked)
		}
		stale := 0
		for _, e := range list {
			switch got := m.Reached(e.addr); {
			case e.reached && !got:
				t.Errorf("%d workers: %s at %#x: not reached", workers, e.name, e.addr)
			case got && !e.reached:
				stale++
				t.Logf("%d workers: %s at %#x: reached", workers, e.name, e.addr)
			}
		}
		if stale > 1 { // a word that was left over in a register or an unused slot may point to one of them
			t.Errorf("%d workers: %d objects that nothing refers to are reached", workers, stale)
		}
		objects[i], _ = m.Totals()
		if m.Missing() != 0 || m.Incomplete() != 0 {
			t.Errorf("%d bytes missing, %d spans incomplete", m.Missing(), m.Incomplete())
		}
	}
	if objects[0] != objects[1] || objects[0] < 100_000 {
		t.Errorf("%d objects with one worker, %d with four", objects[0], objects[1])
	}
	if len(list) < 12 {
		t.Errorf("only %d objects in the manifest", len(list))
	}
}

func TestMarkerCancel(t *testing.T) {
	h, w, list := reach(t, testbin.Config{}, coretest.Kernel)
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	m := h.Marker(heap.MarkOptions{Workers: 1, Progress: func(done, total int64) {
		if done < 0 || done > total {
			t.Errorf("progress %d of %d", done, total)
		}
		if calls++; calls == 3 {
			cancel()
		}
	}})
	m.AddGlobals()
	for g := range w.Goroutines() {
		m.AddGoroutine(g)
	}
	if err := m.Run(ctx); err != context.Canceled {
		t.Fatalf("error %v, want cancelled", err)
	}
	if err := m.Run(t.Context()); err != nil { // goes on where it was
		t.Fatal(err)
	}
	for _, e := range list {
		if e.reached && !m.Reached(e.addr) {
			t.Errorf("%s not reached", e.name)
		}
	}
}

// TestReferences looks for who points to the objects of the program that only
// one word points to.
func TestReferences(t *testing.T) {
	h, w, list := reach(t, testbin.Config{Mode: testbin.Stripped}, coretest.Kernel)
	kept := map[string]core.Addr{}
	for _, e := range list {
		kept[e.name] = e.addr
	}
	mod := w.Module()
	refs := func(name string) (at []core.Addr) {
		o, ok := h.Find(kept[name])
		if !ok {
			t.Fatalf("%s is no object", name)
		}
		for a := range h.References(t.Context(), o.Base, o.End(), heap.RefOptions{}) {
			if x, err := w.Process().Word(a); err != nil || core.Addr(x) < o.Base || core.Addr(x) >= o.End() {
				t.Errorf("%s: no reference at %#x", name, uint64(a))
			}
			at = append(at, a)
		}
		return at
	}
	global := func(a core.Addr) bool { return core.Addr(mod.Data) <= a && a < core.Addr(mod.EBSS) }
	if at := refs("kept"); len(at) == 0 || !global(at[0]) {
		t.Errorf("kept: %#x, want a variable first", at)
	}
	if at := refs("second"); len(at) == 0 || !global(at[0]) {
		t.Errorf("second: %#x, want the variable chain", at)
	}
	if at := refs("last"); len(at) != 1 || global(at[0]) {
		t.Errorf("last: %#x, want the one before it", at)
	}
	if at := refs("offinalized"); len(at) != 1 {
		t.Errorf("offinalized: %#x, want one in the object with the finalizer", at)
	} else if o, _ := h.Find(at[0]); o.Base != kept["finalized"] {
		t.Errorf("offinalized: %#x, want in %#x", at, uint64(kept["finalized"]))
	}
	if at := refs("hidden"); len(at) != 0 {
		t.Errorf("hidden: %#x, want none: what hides it has no pointers", at)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for a := range h.References(ctx, 1<<13, 1<<47, heap.RefOptions{}) {
		t.Errorf("%#x after the end", uint64(a))
	}
}
