//go:build linux

package where_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"moho/core"
	"moho/core/wasmtest"
	"moho/gostate"
	"moho/gostate/heap"
	"moho/gostate/where"
	"moho/internal/testbin"
)

// TestWASM is TestFind for a WebAssembly memory, whose addresses are small and
// whose PCs are no addresses.
func TestWASM(t *testing.T) {
	module := testbin.Build(t, testbin.Dir(t, filepath.Join("..", "heap", "testdata", "src", "things")),
		testbin.Config{GOOS: "wasip1", GOARCH: "wasm", Mode: testbin.Stripped})
	s := wasmtest.Take(t, module, "", wasmtest.Exit)
	p, f := s.Open(t)
	w, err := gostate.Open(p, f, gostate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	h, err := heap.Open(w)
	if err != nil {
		t.Fatal(err)
	}
	m := where.New(p, w, h)
	want := map[string]where.Kind{
		"small": where.Heap, "huge": where.Heap, "byte": where.Heap, "chan": where.Heap, "data": where.Data, "bss": where.BSS,
		"string": where.ROData, "func": where.Text, "parked": where.Stack, "deep": where.Stack,
	}
	seen := 0
	for line := range strings.Lines(s.Output) {
		var name string
		var a uint64
		if _, err := fmt.Sscanf(line, "%s %v", &name, &a); err != nil {
			break
		}
		pl := m.Find(core.Addr(a))
		kind, ok := want[name]
		if !ok {
			continue
		}
		seen++
		if pl.Kind != kind {
			t.Errorf("%s at %#x: %+v, want %s", name, a, pl, kind)
		}
		switch name {
		case "func":
			if n := len(pl.Calls); n == 0 || pl.Calls[n-1].Func != "main.main" {
				t.Errorf("func: %+v", pl.Calls)
			}
		case "parked", "deep":
			if pl.Frame == nil || pl.Frame.Func != "main.parked" {
				t.Errorf("%s: %+v", name, pl)
			}
		}
	}
	if seen != len(want) {
		t.Errorf("%d things, want %d:\n%s", seen, len(want), s.Output)
	}
	m.Ranges()
	m.Marks()
}
