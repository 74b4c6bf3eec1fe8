//go:build linux

package vars_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"moho/core/wasmtest"
	"moho/gostate"
	"moho/gostate/vars"
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

// TestWASM compares every call, with its arguments, with what the program printed
// before it ended.
func TestWASM(t *testing.T) {
	for _, c := range wasmConfigs() {
		t.Run(c.String(), func(t *testing.T) {
			w, out := wasm(t, c, "..", "testdata", "src", "wasmzoo")
			_, out, _ = strings.Cut(out, "\nlook\n")
			want := calls(out)
			r := vars.NewReader(w)
			n := 0
			for g := range w.Goroutines() {
				var printed, got []string
				if p := want[g.ID]; p != nil {
					printed = p.calls
				}
				for i, f := range g.Frames {
					name := f.Func
					if name == "runtime.gopanic" {
						name = "panic"
					}
					got = append(got, fmt.Sprintf("%s(%s)", name, r.Args(g, i)))
				}
				if len(got) > len(printed) { // it went on after it had printed
					got = got[len(got)-len(printed):]
				}
				if g, p := strings.Join(got, "\n"), strings.Join(printed, "\n"); g != p || g == "" {
					t.Errorf("the program printed\n%s\nin memory is\n%s", p, g)
				}
				n += len(printed)
			}
			if n < 100 {
				t.Errorf("only %d calls\n%s", n, out)
			}
		})
	}
}
