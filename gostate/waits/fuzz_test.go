package waits_test

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"moho/core"
	"moho/core/coretest"
	"moho/gostate"
	"moho/gostate/heap"
	"moho/gostate/waits"
	"moho/internal/testbin"
	"moho/objfile"
)

// A target is a core with the places that matter: words at these file offsets
// decide what is found.
type target struct {
	coretest.Damage
	exe *objfile.File
}

func fuzzTarget(tb testing.TB) target {
	tb.Helper()
	exe := testbin.Build(tb, testbin.Dir(tb, filepath.Join("testdata", "src", "lots")), testbin.Config{Mode: testbin.Stripped})
	corePath, _ := coretest.Captured(tb, crashed, exe)
	data, err := os.ReadFile(corePath)
	if err != nil {
		tb.Fatal(err)
	}
	w := open(tb, corePath, exe)
	t := target{Damage: coretest.Damage{Data: data}, exe: w.Exe()}
	spots := func(addr core.Addr, words int) {
		for i := range words {
			if off, ok := coretest.FileOffset(data, uint64(addr)+uint64(i)*8); ok {
				t.Spots = append(t.Spots, off)
			}
		}
	}
	l := w.Offsets()
	for g := range w.Goroutines() {
		spots(g.Addr, int(l.GSize)/8)
		spots(g.SP, int(g.Stack.Used/8))
		sg, err := w.Process().Word(g.Addr + core.Addr(l.GWaiting))
		for n := 0; err == nil && sg != 0 && n < 8; n++ {
			spots(core.Addr(sg), int(l.SudogSize)/8)
			sg, err = w.Process().Word(core.Addr(sg) + core.Addr(l.SudogLink))
		}
	}
	for o := range waits.Analyze(w, waits.Options{}).Objects() {
		if o.Addr != 0 {
			spots(o.Addr, 16)
		}
	}
	lo, hi := w.Variables()
	spots(lo, int(hi-lo)/8)
	return t
}

// check analyzes a mutated core and asks for everything.
func (t target) check(tb testing.TB, data []byte) {
	p, err := core.NewBytes("fuzz", data)
	if err != nil {
		return
	}
	w, err := gostate.Open(p, t.exe, gostate.Options{})
	if err != nil {
		return
	}
	a := waits.Analyze(w, waits.Options{})
	if err := a.FindLeaks(tb.Context(), heap.MarkOptions{Workers: 1}); err != nil {
		tb.Fatal(err)
	}
	edges := 0
	for o := range a.Objects() {
		n := 0
		for e := range a.Waiters(o.Index) {
			if e.Object != o.Index || e.Kind != o.Kind || e.Addr != o.Addr {
				tb.Fatalf("edge %+v of object %+v", e, o)
			}
			n++
		}
		if n != o.Waiters || n == 0 || o.Describe() == "" {
			tb.Fatalf("%d edges of object %+v", n, o)
		}
		edges += n
		io.WriteString(io.Discard, o.State(a.Now()))
		for _, h := range o.Holders {
			if h.Why == "" || h.Grade != waits.Weak && h.Grade != waits.Strong {
				tb.Fatalf("holder %+v", h)
			}
		}
		if o.Index%8 == 0 {
			a.References(o.Index)
		}
		sum := 0
		for _, p := range a.Places(o.Index) {
			sum += p.Count
		}
		if sum != n {
			tb.Fatalf("%d of %d waiters at places", sum, n)
		}
	}
	if edges != a.NumEdges() {
		tb.Fatalf("%d edges at objects, %d in all", edges, a.NumEdges())
	}
	for _, c := range a.Cycles() {
		for i, l := range c.Links {
			if len(c.Links) == 0 || l.Holder.Grade < c.Grade || l.Holder.Goroutine != c.Links[(i+1)%len(c.Links)].Edge.Goroutine {
				tb.Fatalf("cycle %+v", c)
			}
		}
	}
	a.Summary(10)
}

func FuzzAnalyze(f *testing.F) {
	t := fuzzTarget(f)
	f.Add([]byte{})
	for seed := range uint64(8) {
		f.Add(coretest.RandomDamage(seed, 4))
	}
	f.Fuzz(func(tt *testing.T, input []byte) {
		if len(input) > 12*256 {
			return
		}
		t.With(input, func(data []byte) { t.check(tt, data) })
	})
}

// TestMutations is a fixed walk of the fuzz target.
func TestMutations(t *testing.T) {
	testbin.Serial(t)
	n := 50
	if testbin.IsLong() {
		n = 1000
	}
	tg := fuzzTarget(t)
	for seed := range uint64(n) {
		tg.With(coretest.RandomDamage(seed, 1+int(seed%200)), func(data []byte) {
			testbin.Bounded(t, len(data), func() { tg.check(t, data) })
		})
	}
}
