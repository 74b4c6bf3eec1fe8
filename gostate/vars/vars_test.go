//go:build linux

package vars_test

import (
	"errors"
	"strings"
	"testing"

	"moho/debuginfo"
	"moho/gostate"
	"moho/gostate/value"
	"moho/gostate/vars"
	"moho/internal/testbin"
)

// A fact is a line of the manifest: a variable of a function, and its value.
type fact struct{ fn, name, want string }

func facts(out string) (all []fact) {
	for line := range strings.SplitSeq(out, "\n") {
		if p := strings.SplitN(line, "\t", 3); len(p) == 3 && strings.HasPrefix(p[0], "main.") {
			all = append(all, fact{p[0], p[1], p[2]})
		}
	}
	return all
}

// find returns the variables of the first frame with that function.
func find(t *testing.T, w *gostate.World, r *vars.Reader, fn string) []vars.Var {
	t.Helper()
	for g := range w.Goroutines() {
		for i, f := range g.Frames {
			if f.Func == fn {
				vs, err := r.Vars(g, i, value.Options{})
				if err != nil {
					t.Fatalf("%s: %v", fn, err)
				}
				return vs
			}
		}
	}
	t.Fatalf("no frame of %s", fn)
	return nil
}

func lookup(vs []vars.Var, name string) *vars.Var {
	for i := range vs {
		if vs[i].Name == name && !vs[i].Shadowed {
			return &vs[i]
		}
	}
	return nil
}

// TestVars compares variables with what the program says they are. Without
// optimisation every one must be there; with it, none may be wrong.
func TestVars(t *testing.T) {
	configs := []testbin.Config{{}, {Flags: []string{"-gcflags=all=-N -l"}}}
	if testbin.IsLong() {
		for _, v := range []string{"1.21.13", "1.22.12", "1.23.12", "1.24.13", "1.25.12", "1.27.3"} {
			configs = append(configs, testbin.Config{Go: v}, testbin.Config{Go: v, Flags: []string{"-gcflags=all=-N -l"}})
		}
		for _, v := range []string{"1.21.13", "1.26.8", "1.27.3"} {
			configs = append(configs, testbin.Config{Go: v, Mode: testbin.PIE}, testbin.Config{Go: v, GOARCH: "arm64"},
				testbin.Config{Go: v, GOARCH: "arm64", Flags: []string{"-gcflags=all=-N -l"}})
		}
	}
	for _, c := range configs {
		t.Run(c.String(), func(t *testing.T) {
			w, out := died(t, c)
			r := vars.NewReader(w)
			optimized := len(c.Flags) == 0
			right, gone, held := 0, 0, 0
			for _, f := range facts(out) {
				v := lookup(find(t, w, r, f.fn), f.name)
				switch {
				case v == nil:
					t.Errorf("%s: no variable %s", f.fn, f.name)
				case v.From == vars.Nowhere && optimized:
					gone++
					t.Logf("%s.%s: %s", f.fn, f.name, v.Why)
				case v.Value.String() != f.want:
					t.Errorf("%s: %s is %s (%s, %s), want %s", f.fn, f.name, v.Value.String(), v.From, v.Why, f.want)
				default:
					right++
					if v.From == vars.Registers {
						held++
					}
				}
			}
			t.Logf("%d right, %d not there", right, gone)
			if right < 35 || optimized && held < 3 {
				t.Errorf("only %d variables are there, %d not; %d in registers", right, gone, held)
			}
		})
	}
}

// TestNoNames: without DWARF there is one gap, and nothing else.
func TestNoNames(t *testing.T) {
	w, _ := died(t, testbin.Config{Mode: testbin.Stripped})
	r := vars.NewReader(w)
	if g, ok := r.Gap(); ok {
		t.Errorf("a gap before anybody asked: %v", g)
	}
	for g := range w.Goroutines() {
		for i := range g.Frames {
			if vs, err := r.Vars(g, i, value.Options{}); !errors.Is(err, debuginfo.ErrNone) || vs != nil {
				t.Fatalf("%v, %v", vs, err)
			}
		}
	}
	if _, ok := r.Gap(); !ok {
		t.Error("no gap")
	}
}
