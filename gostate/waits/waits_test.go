package waits_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"moho/core"
	"moho/core/coretest"
	"moho/gostate"
	"moho/gostate/heap"
	"moho/gostate/waits"
	"moho/internal/testbin"
	"moho/objfile"
)

// open opens a core with its executable until the test ends.
func open(tb testing.TB, corePath, exe string) *gostate.World {
	tb.Helper()
	p, err := core.Open(corePath)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { p.Close() })
	f, err := objfile.Open(exe)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { f.Close() })
	w, err := gostate.Open(p, f, gostate.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

// manifest is what the program lots said of itself.
type manifest map[string][][]string

func readManifest(text string) manifest {
	m := manifest{}
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) > 1 {
			m[f[0]] = append(m[f[0]], f[1:])
		}
	}
	return m
}

// edges returns the analysis in the words of the manifest.
func edges(a *waits.Analysis) map[string][]string {
	got := map[string][]string{}
	for e := range a.Edges() {
		id := fmt.Sprint(e.Goroutine)
		got[id] = append(got[id], fmt.Sprintf("%s %s %#x", e.Kind, e.Op, uint64(e.Addr)))
	}
	return got
}

func checkManifest(t *testing.T, a *waits.Analysis, m manifest) {
	t.Helper()
	got := edges(a)
	if len(m["wait"]) < 25 {
		t.Fatalf("the program said only %v", m)
	}
	counts := map[string]int{}
	for _, f := range m["wait"] {
		want := strings.Join(f[1:], " ")
		counts[f[0]]++
		if !slices.Contains(got[f[0]], want) {
			t.Errorf("goroutine %s: waits for %q, want %q", f[0], got[f[0]], want)
		}
	}
	for id, n := range counts {
		if len(got[id]) < n || len(got[id]) > n+1 { // a timer's channel is not in the manifest
			t.Errorf("goroutine %s: waits for %q, want %d", id, got[id], n)
		}
	}
}

// crashed is the environment in which a dying program gives a core.
var crashed = []string{"GOTRACEBACK=crash"}

// forEach runs a test on a core of the program in testdata/src/name: in the short
// part of the oldest release, the newest and the test's own; in the long part of
// all, of all ways to link, and of arm64.
func forEach(t *testing.T, name string, check func(t *testing.T, a *waits.Analysis, m manifest)) {
	configs := []testbin.Config{{}, {Go: "1.21.13", Mode: testbin.Stripped}, {Go: "1.27.3", Mode: testbin.PIEStripped}}
	if testbin.IsLong() {
		for _, release := range testbin.Recent() {
			configs = append(configs, testbin.Config{Go: release, Mode: testbin.Stripped},
				testbin.Config{Go: release, Mode: testbin.Stripped, GOARCH: "arm64"})
		}
		for _, mode := range testbin.Modes("linux", "amd64") {
			configs = append(configs, testbin.Config{Mode: mode})
		}
	}
	for _, c := range configs {
		t.Run(fmt.Sprintf("%s %s %s", c.Go, c.Mode, c.GOARCH), func(t *testing.T) {
			exe := testbin.Build(t, testbin.Dir(t, filepath.Join("testdata", "src", name)), c)
			corePath, out := "", ""
			if c.GOARCH == "arm64" {
				corePath, out = emulated(t, exe)
			} else {
				corePath, out = coretest.Captured(t, crashed, exe)
			}
			a := waits.Analyze(open(t, corePath, exe), waits.Options{})
			if g := a.Gaps(); len(g) > 0 {
				t.Error(g)
			}
			check(t, a, readManifest(out))
		})
	}
}

// emulated lets qemu write a core of an arm64 program.
func emulated(t *testing.T, exe string) (corePath, out string) {
	t.Helper()
	testbin.NeedTool(t, "qemu-aarch64-static")
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `ulimit -c unlimited; exec qemu-aarch64-static "$0"`, exe)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), crashed...)
	var stdout bytes.Buffer
	cmd.Stdout = &stdout
	cmd.Run()
	files, _ := filepath.Glob(filepath.Join(dir, "qemu_*.core"))
	if len(files) != 1 {
		t.Fatalf("no core: %v\n%.2000s", files, stdout.String())
	}
	return files[0], stdout.String()
}

// TestLots compares everything with what the program says of itself.
func TestLots(t *testing.T) {
	forEach(t, "lots", func(t *testing.T, a *waits.Analysis, m manifest) {
		checkManifest(t, a, m)
		checkState(t, a, m)
		checkHolders(t, a, m)
		checkLeaks(t, a, m)
	})
}

// checkState checks what the program's objects say of themselves.
func checkState(t *testing.T, a *waits.Analysis, m manifest) {
	t.Helper()
	seen := map[waits.Kind]int{}
	for o := range a.Objects() {
		seen[o.Kind]++
		switch {
		case o.Kind == waits.Channel && o.Chan.Type == "main.element":
			if o.Chan.Cap != 3 || o.Chan.Len != 0 || o.Chan.ElemSize != 24 || o.Chan.Closed || o.Chan.Receivers != 4 || o.Chan.Senders != 0 {
				t.Errorf("channel %+v", o.Chan)
			}
		case o.Kind == waits.Channel && o.Chan.Type == "string":
			if o.Chan.Cap != 1 || o.Chan.Len != 1 || o.Chan.Senders != 3 || o.Chan.Receivers != 0 {
				t.Errorf("channel %+v", o.Chan)
			}
		case o.Kind == waits.WaitGroup:
			if o.Group.Counter != 5 || o.Group.Waiters != 2 || o.Waiters != 2 {
				t.Errorf("wait group %+v", o.Group)
			}
		case o.Kind == waits.Cond:
			if o.Cond.Pending != 3 || o.Waiters != 3 || o.Cond.LockerType != "*sync.Mutex" {
				t.Errorf("cond %+v", o.Cond)
			}
		case o.Kind == waits.RWMutex && o.Waiters == 3:
			if !o.Lock.Locked || !o.Lock.Pending || o.Lock.Leaving != 1 {
				t.Errorf("rwmutex %+v", o.Lock)
			}
		case o.Kind.Lock() && !o.Lock.Locked:
			t.Errorf("%s at %#x is not locked: %+v", o.Kind, uint64(o.Addr), o.Lock)
		case o.Kind == waits.FD:
			if want := m["fd"][0][2]; fmt.Sprint(o.FD.FD) != want {
				t.Errorf("descriptor %+v, want %s", o.FD, want)
			}
		}
	}
	for k := waits.Channel; k <= waits.Never; k++ {
		if seen[k] == 0 && k != waits.Semaphore && k != waits.FDLock && (k != waits.Coroutine || len(m["coroutine"]) > 0) {
			t.Errorf("nobody waits for a %s", k)
		}
	}
}

func checkLeaks(t *testing.T, a *waits.Analysis, m manifest) {
	t.Helper()
	if err := a.FindLeaks(t.Context(), heap.MarkOptions{}); err != nil {
		t.Fatal(err)
	}
	if l := a.Leaks(); !l.Known || l.Count == 0 {
		t.Fatalf("%+v", l)
	}
	var got, want []string
	for e := range a.Leaked() {
		got = append(got, fmt.Sprint(e.Goroutine))
	}
	for _, f := range m["leaked"] {
		want = append(want, f[0])
	}
	for _, f := range m["wait"] {
		if f[1] == "never" {
			want = append(want, f[0])
		}
	}
	// A word that a function left on its stack may keep some alive: what is said
	// to be leaked must be, not the reverse.
	missing := 0
	for _, id := range want {
		if !slices.Contains(got, id) {
			missing++
		}
	}
	for _, id := range got {
		if !slices.Contains(want, id) {
			t.Errorf("goroutine %s is not leaked", id)
		}
	}
	if missing > len(want)/2 {
		t.Errorf("leaked %v, want %v", got, want)
	}
}

// TestLeakProfile holds the leaks against those that the program's own runtime
// has found. Ours are fewer where a dead word keeps something.
func TestLeakProfile(t *testing.T) {
	configs := []testbin.Config{{Go: "1.27.3"}}
	if testbin.IsLong() { // the experiment has to compile the standard library
		configs = append(configs, testbin.Config{Go: "1.26.8", Env: []string{"GOEXPERIMENT=goroutineleakprofile"}})
	}
	for _, c := range configs {
		t.Run(c.Go, func(t *testing.T) {
			exe := testbin.Build(t, testbin.Dir(t, filepath.Join("testdata", "src", "lots")), c)
			corePath, out := coretest.Captured(t, append([]string{"LEAKS=1"}, crashed...), exe)
			w := open(t, corePath, exe)
			m := readManifest(out)
			if len(m["profiled"]) == 0 {
				t.Fatal("this release has no profile of leaked goroutines")
			}
			theirs := map[uint64]bool{}
			for g := range w.Goroutines() {
				if g.Status == "leaked" {
					theirs[g.ID] = true
				}
			}
			a := waits.Analyze(w, waits.Options{})
			checkManifest(t, a, m)
			checkLeaks(t, a, m)
			n := 0
			for e := range a.Leaked() {
				if n++; !theirs[e.Goroutine] {
					t.Errorf("goroutine %d is not leaked, says the runtime", e.Goroutine)
				}
			}
			t.Logf("%d leaked, %d by the runtime", n, len(theirs))
			if n < len(theirs)/2 {
				t.Errorf("%d of %d leaked goroutines", n, len(theirs))
			}
		})
	}
}
