//go:build linux

package heap_test

import (
	"path/filepath"
	"testing"

	"moho/core/wasmtest"
	"moho/gostate"
	"moho/gostate/heap"
	"moho/internal/testbin"
)

// wasm runs a program of testdata/src in an engine until it dies.
func wasm(t *testing.T, c testbin.Config, dir ...string) (*gostate.World, string) {
	t.Helper()
	c.GOOS, c.GOARCH = "wasip1", "wasm"
	module := testbin.Build(t, testbin.Dir(t, filepath.Join(dir...)), c)
	s := wasmtest.Take(t, module, c.Go, wasmtest.Exit)
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

// TestWASM is TestThings for coredumps of WebAssembly.
func TestWASM(t *testing.T) {
	for _, c := range wasmConfigs() {
		t.Run(c.String(), func(t *testing.T) {
			w, out := wasm(t, c, "testdata", "src", "things")
			h, err := heap.Open(w)
			if err != nil {
				t.Fatal(err)
			}
			checkThings(t, h, w, manifest(t, out))
		})
	}
}
