package waits_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"moho/core/coretest"
	"moho/gostate/waits"
	"moho/internal/testbin"
)

// TestTraps checks that nobody is said to hold a lock who does not, and the ways
// to unlock in a deferred call that there are.
func TestTraps(t *testing.T) { forEach(t, "traps", checkTraps) }

func checkTraps(t *testing.T, a *waits.Analysis, m manifest) {
	t.Helper()
	why := map[[2]string]string{}
	grades := map[[2]string]waits.Grade{}
	for o := range a.Objects() {
		for _, h := range o.Holders {
			grades[[2]string{fmt.Sprint(h.Goroutine), fmt.Sprintf("%#x", uint64(o.Addr))}] = h.Grade
			why[[2]string{fmt.Sprint(h.Goroutine), fmt.Sprintf("%#x", uint64(o.Addr))}] = h.Why
			t.Logf("%s: %d %s: %s", o.Describe(), h.Goroutine, h.Grade, h.Why)
		}
	}
	for said, want := range map[string]waits.Grade{"strong": waits.Strong, "self": waits.Strong, "reread": waits.Strong, "selfweak": waits.Weak, "holds": waits.Weak, "between": waits.Weak} {
		if len(m[said]) == 0 {
			t.Fatalf("the program said only %v", m)
		}
		for _, f := range m[said] {
			if got := grades[[2]string{f[0], f[1]}]; got != want {
				t.Errorf("%s %v: evidence %q, want %q", said, f, got, want)
			}
		}
	}
	for _, f := range m["between"] {
		if got := why[[2]string{f[0], f[1]}]; !strings.Contains(got, "is between a Lock") {
			t.Errorf("goroutine %v: %q", f, got)
		}
	}
	for _, f := range m["innocent"] {
		if got := grades[[2]string{f[0], f[1]}]; got == waits.Strong {
			t.Errorf("goroutine %v does not hold it", f)
		}
	}
	// A cycle for each that locks what it holds itself, and reader, writer, reader.
	want := map[string]waits.Grade{m["self"][0][0]: waits.Strong, m["selfweak"][0][0]: waits.Weak, m["reread"][0][0]: waits.Strong}
	for _, c := range a.Cycles() {
		known := false
		for _, l := range c.Links {
			id := fmt.Sprint(l.Edge.Goroutine)
			if g, ok := want[id]; ok && g == c.Grade {
				known = true
				delete(want, id)
			}
		}
		if !known {
			t.Errorf("cycle %+v", c)
		}
	}
	if len(want) > 0 {
		t.Errorf("no cycle with goroutines %v", want)
	}
}

// TestNames asks what objects are called where they are waited for.
func TestNames(t *testing.T) {
	exe := testbin.Build(t, testbin.Dir(t, filepath.Join("testdata", "src", "lots")), testbin.Config{})
	corePath, out := coretest.Captured(t, crashed, exe)
	a := waits.Analyze(open(t, corePath, exe), waits.Options{})
	m := readManifest(out)
	want := map[string]string{} // by address
	for _, f := range append(m["ring2"], m["ring3"]...) {
		want[f[1]] = "to.mu in main.transfer"
	}
	c := a.Caller()
	found := map[string]bool{}
	for o := range a.Objects() {
		path, in, ok := c.Name(o.Index)
		if ok {
			found[path+" in "+in] = true
		}
		if path == "slept" { // what sleeps has the other end
			refs, more := a.References(o.Index)
			if len(refs) != 1 || more != 0 || refs[0].Func != "main.leaks.func7" || refs[0].Grade != waits.Weak {
				t.Errorf("references to %s: %+v and %d more", path, refs, more)
			}
		}
		if w := want[fmt.Sprintf("%#x", uint64(o.Addr))]; w != "" && w != path+" in "+in {
			t.Errorf("%s is %q in %q, want %s", o.Describe(), path, in, w)
		}
	}
	for _, name := range []string{"c in main.leaks.func1", "slept in main.leaks.func6", "cond in main.locks.func6"} {
		if !found[name] {
			t.Errorf("no object is %s: %v", name, found)
		}
	}
}
