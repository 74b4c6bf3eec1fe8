//go:build linux

package value_test

import (
	"path/filepath"
	"strings"
	"testing"

	"moho/core/wasmtest"
	"moho/gostate"
	"moho/gostate/value"
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

// TestWASM is TestValues for coredumps of WebAssembly.
func TestWASM(t *testing.T) {
	for _, c := range wasmConfigs() {
		t.Run(c.String(), func(t *testing.T) {
			w, out := wasm(t, c, "testdata", "src", "values")
			r := value.NewReader(w)
			n := 0
			for _, it := range manifest(t, out) {
				if strings.HasPrefix(it.name, "error: ") {
					continue
				}
				n++
				v := r.Interface(it.addr, false, value.Options{Elements: 1 << 16, Nodes: 1 << 16})
				if got := strings.ReplaceAll(v.String(), " (growing)", ""); strings.HasPrefix(it.name, "map of ") && got != it.want {
					t.Errorf("%s: got\n\t%.300s\nwant\n\t%.300s", it.name, got, it.want)
				}
				v = r.Interface(it.addr, false, value.Options{})
				if got := strings.ReplaceAll(v.String(), " (growing)", ""); !strings.HasPrefix(it.name, "map of ") && got != it.want {
					t.Errorf("%s: got\n\t%.300s\nwant\n\t%.300s", it.name, got, it.want)
				}
			}
			if n < 60 {
				t.Errorf("only %d values\n%s", n, out)
			}
		})
	}
}
