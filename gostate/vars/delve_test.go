//go:build linux

package vars_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/gostate"
	"moho/gostate/value"
	"moho/gostate/vars"
	"moho/internal/testbin"
)

// A question is one frame that both are asked about.
type question struct {
	g *gostate.Goroutine
	i int
}

// askDelve returns what dlv prints as arguments and as local variables of
// frames, by name.
func askDelve(t *testing.T, exe, corePath string, qs []question) []map[string]string {
	t.Helper()
	var cmds strings.Builder
	mark := func(n int) { fmt.Fprintf(&cmds, "print %d\n", 1000000000+n) }
	for n, q := range qs {
		mark(n)
		fmt.Fprintf(&cmds, "goroutine %d frame %d args\ngoroutine %[1]d frame %[2]d locals\n", q.g.ID, q.i)
	}
	mark(len(qs))
	cmds.WriteString("exit\n")
	init := filepath.Join(t.TempDir(), "init")
	if err := os.WriteFile(init, []byte(cmds.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	dlv := testbin.Peer(t, testbin.Delve, testbin.Config{})
	text := testbin.Run(t, dlv, "core", exe, corePath, "--allow-non-terminal-interactive", "--init", init)
	all := make([]map[string]string, len(qs))
	n := -1
	for line := range strings.SplitSeq(text, "\n") {
		if line == fmt.Sprint(1000000001+n) {
			if n++; n < len(qs) {
				all[n] = map[string]string{}
			}
			continue
		}
		if n < 0 || n >= len(qs) {
			continue
		}
		// A variable that is hidden has its name in parentheses.
		if name, val, ok := strings.Cut(line, " = "); ok && name[0] != '(' {
			all[n][name] = val
		}
	}
	if n != len(qs) {
		t.Fatalf("%d answers to %d questions\n%s", n, len(qs), text)
	}
	return all
}

// TestDelve compares variables with what dlv makes of the same core: which ones
// there are, and the values that both print alike.
func TestDelve(t *testing.T) {
	testbin.Long(t)
	for _, release := range []string{"1.25.12", "1.26.8", "1.27.3"} {
		for _, flags := range [][]string{nil, {"-gcflags=all=-N -l"}} {
			t.Run(release+strings.Join(flags, ""), func(t *testing.T) {
				c := testbin.Config{Go: release, Flags: flags}
				exe, corePath, _ := died0(t, c)
				w := open(t, corePath, exe)
				var qs []question
				crash, _ := w.Crash()
				for g := range w.Goroutines() {
					if g.ID == crash.Goroutine.ID {
						continue // it begins in a signal handler for dlv
					}
					for i, f := range g.Frames {
						// Of a frame that was preempted dlv shows registers of
						// something else: it has 0 for b of main.holds, of which
						// the program says that it is -22.
						if strings.HasPrefix(f.Func, "main.") && !f.Exact {
							qs = append(qs, question{g.Clone(), i})
						}
					}
				}
				theirs := askDelve(t, exe, corePath, qs)
				r := vars.NewReader(w)
				same, more, fewer := 0, 0, 0
				for n, q := range qs {
					s, m, f := compareDelve(t, r, q, theirs[n], len(flags) > 0)
					same, more, fewer = same+s, more+m, fewer+f
				}
				t.Logf("%d frames: %d values the same; only moho has %d, only dlv %d", len(qs), same, more, fewer)
				if same < 15 {
					t.Errorf("only %d values compared", same)
				}
			})
		}
	}
}

func compareDelve(t *testing.T, r *vars.Reader, q question, theirs map[string]string, exact bool) (same, more, fewer int) {
	t.Helper()
	where := fmt.Sprintf("goroutine %d, %s", q.g.ID, q.g.Frames[q.i].Func)
	ours, err := r.Vars(q.g, q.i, value.Options{})
	if err != nil {
		t.Errorf("%s: %v", where, err)
	}
	var names []string
	for i := range ours {
		v := &ours[i]
		if v.Shadowed {
			continue
		}
		names = append(names, v.Name)
		their, ok := theirs[v.Name]
		if !ok {
			continue
		}
		gone := strings.Contains(their, "unreadable") || strings.Contains(their, "optimized out")
		switch {
		case gone && v.From == vars.Nowhere:
		case gone:
			more++
		case v.From == vars.Nowhere:
			fewer++
			t.Logf("%s: %s: dlv has %s, moho: %s", where, v.Name, their, v.Why)
		case plain(v.Value.Kind):
			if got := v.Value.String(); got != their {
				t.Errorf("%s: %s is %s, dlv has %s", where, v.Name, got, their)
			}
			same++
		}
	}
	if exact {
		var all []string
		for name := range theirs {
			all = append(all, name)
		}
		slices.Sort(all)
		slices.Sort(names)
		if d := cmp.Diff(all, names); d != "" {
			t.Errorf("%s: dlv has the variables (-), moho (+)\n%s", where, d)
		}
	}
	return same, more, fewer
}

// plain reports whether both print values of a kind in the same way.
func plain(k reflect.Kind) bool {
	return k == reflect.String || k >= reflect.Bool && k <= reflect.Uint64
}
