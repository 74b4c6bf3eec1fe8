package waits_test

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/core/wasmtest"
	"moho/gostate"
	"moho/gostate/heap"
	"moho/gostate/waits"
	"moho/internal/testbin"
)

// wasm runs a program of testdata/src in an engine until it dies.
func wasm(t *testing.T, c testbin.Config, dir ...string) (*gostate.World, string) {
	t.Helper()
	c.GOOS, c.GOARCH = "wasip1", "wasm"
	module := testbin.Build(t, testbin.Dir(t, filepath.Join(dir...)), c)
	s := wasmtest.Take(t, module, c.Go, wasmtest.Exit, "nil")
	p, f := s.Open(t)
	w, err := gostate.Open(p, f, gostate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return w, s.Output
}

// wasmConfigs are the builds that are read; most of them in long runs only.
func wasmConfigs() []testbin.Config {
	list := []testbin.Config{{Mode: testbin.Stripped}}
	if testbin.IsLong() {
		for _, v := range []string{"1.21.13", "1.22.12", "1.23.12", "1.24.13", "1.25.12", "1.27.3"} {
			list = append(list, testbin.Config{Go: v, Mode: testbin.Stripped})
		}
	}
	return list
}

// TestWASM asks what the twenty goroutines of wasmzoo wait for.
func TestWASM(t *testing.T) {
	want := map[waits.Kind]int{
		waits.Channel: 3, waits.Mutex: 3, waits.Timer: 3, waits.WaitGroup: 2, waits.Cond: 2, waits.RWMutex: 2, waits.Never: 5,
	}
	for _, c := range wasmConfigs() {
		t.Run(c.String(), func(t *testing.T) {
			w, _ := wasm(t, c, "..", "testdata", "src", "wasmzoo")
			a := waits.Analyze(w, waits.Options{})
			got := map[waits.Kind]int{}
			for e := range a.Edges() {
				if g, ok := w.Goroutine(e.Goroutine); ok && g.Start == "main.spawn.func1" {
					got[e.Kind]++
				}
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
			for o := range a.Objects() {
				if o.Kind.Lock() && !o.Lock.Locked {
					t.Errorf("%s at %#x is not locked: %+v", o.Kind, uint64(o.Addr), o.Lock)
				}
			}
			if err := a.FindLeaks(t.Context(), heap.MarkOptions{}); err != nil {
				t.Fatal(err)
			}
			if l := a.Leaks(); !l.Known || l.Count != 8 { // nil channels, channels of their own, never
				t.Errorf("%+v", l)
			}
			if g := a.Gaps(); len(g) > 0 {
				t.Error(g)
			}
		})
	}
}
