package gostate_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/core"
	"moho/core/wasmdump"
	"moho/core/wasmtest"
	"moho/gostate"
	"moho/internal/testbin"
)

// deferProgram builds testdata/src/defers.
func deferProgram(tb testing.TB, c testbin.Config) string {
	tb.Helper()
	return testbin.Build(tb, testbin.Dir(tb, filepath.Join("testdata", "src", "defers")), c)
}

// released runs the program's twin that goes on, and returns what its deferred
// calls printed, by scenario.
func released(t *testing.T, argv ...string) map[string][]string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), argv[0], append(argv[1:], "release")...)
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v\n%s", argv, err, out.String())
	}
	return ranOf(t, out.String())
}

// ranOf reads what the deferred calls printed.
func ranOf(t *testing.T, out string) map[string][]string {
	t.Helper()
	ran, name := map[string][]string{}, ""
	for line := range strings.Lines(out) {
		if s, ok := strings.CutPrefix(line, "scenario "); ok {
			name = strings.TrimSpace(s)
			ran[name] = []string{}
		} else if s, ok := strings.CutPrefix(line, "ran "); ok && name != "" {
			ran[name] = append(ran[name], strings.TrimSpace(s))
		}
	}
	if len(ran) < 20 {
		t.Fatalf("%d scenarios ran\n%s", len(ran), out)
	}
	return ran
}

// label is what a deferred call prints when it runs: a number that it captured,
// else the line of its function literal, else its name.
func label(t *testing.T, w *gostate.World, d *gostate.Defer) string {
	word := func(a core.Addr) uint64 {
		b, err := w.Process().Slice(a, 8)
		if err != nil {
			return 0
		}
		return binary.LittleEndian.Uint64(b)
	}
	if d.Closure != 0 && (strings.Contains(d.Func, "deferwrap") || strings.HasSuffix(d.Func, "-fm")) {
		for _, a := range []core.Addr{d.Closure + 8, d.Closure + 16} {
			for _, n := range []uint64{word(a), word(core.Addr(word(a)))} {
				if 100 <= n && n < 40_000 {
					return strconv.FormatUint(n, 10)
				}
			}
		}
	}
	if strings.Contains(d.Func, ".func") || strings.Contains(d.Func, "-range") {
		return fmt.Sprint(d.Line * 100)
	}
	return d.Func
}

// scenarioOf returns which scenario a goroutine of the program is in.
func scenarioOf(g *gostate.Goroutine, names map[string][]string) string {
	for _, f := range g.Frames {
		if name := strings.TrimPrefix(f.Func, "main."); name != f.Func {
			if _, ok := names[name]; ok {
				return name
			}
		}
	}
	return ""
}

// compareDefers checks that what the core lists is what ran when it could.
func compareDefers(t *testing.T, w *gostate.World, ran map[string][]string) {
	t.Helper()
	missing := slices.Collect(maps.Keys(ran))
	for g := range w.Goroutines() {
		name := scenarioOf(g, ran)
		if name == "" {
			continue
		}
		list, why := w.Defers(g)
		if why != "" {
			t.Errorf("%s: incomplete: %s", name, why)
		}
		var got []string
		for i := range list {
			d := &list[i]
			if d.Frame >= 0 && g.Frames[d.Frame].Func != d.In {
				t.Errorf("%s: %s is of frame %d, %s, not %s", name, d.Func, d.Frame, g.Frames[d.Frame].Func, d.In)
			}
			if d.Abandoned {
				continue
			}
			got = append(got, label(t, w, d))
			if n, err := strconv.Atoi(got[len(got)-1]); err == nil && d.Statement != 0 && d.Statement != n/100 && !strings.HasSuffix(d.Func, "-fm") {
				t.Errorf("%s: %s is of the statement in line %d, want %d", name, d.Func, d.Statement, n/100)
			}
		}
		// The outermost one is main.start's, which prints nothing.
		if n := len(got); n == 0 || list[len(list)-1].In != "main.start" {
			t.Errorf("%s: the last one is not main.start's: %+v", name, list)
		} else {
			got = got[:n-1]
		}
		want := slices.Clone(ran[name])
		missing = slices.DeleteFunc(missing, func(s string) bool { return s == name })
		for i := range min(len(want), len(got)) { // a literal in a loop has its line only
			if a, err := strconv.Atoi(want[i]); err == nil && a%100 != 0 && strings.HasSuffix(got[i], "00") {
				want[i] = fmt.Sprint(a / 100 * 100)
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: ran (-), listed (+)\n%s", name, d)
			for _, d := range list {
				t.Logf("  %+v", d)
			}
		}
	}
	if len(missing) > 0 {
		t.Errorf("no goroutine is in %v", missing)
	}
}

// TestDefers compares the deferred calls in a core with those that ran in a
// twin of the process that was let go on.
func TestDefers(t *testing.T) {
	for _, release := range testbin.Recent() {
		if release != "1.21.13" && release != "1.26.8" && !testbin.IsLong() {
			continue
		}
		c := testbin.Config{Go: release, Mode: testbin.Stripped}
		t.Run(release, func(t *testing.T) {
			exe := deferProgram(t, c)
			corePath, _ := crash(t, exe, "abort")
			w, ran := open(t, corePath, exe), released(t, exe)
			compareDefers(t, w, ran)
			comparePanics(t, w, ran)
		})
	}
}

// TestDefersLinked does the same for the ways of linking and with symbols.
func TestDefersLinked(t *testing.T) {
	testbin.Long(t)
	for _, mode := range modes {
		t.Run(string(mode), func(t *testing.T) {
			exe := deferProgram(t, testbin.Config{Mode: mode})
			corePath, _ := crash(t, exe, "abort")
			w, ran := open(t, corePath, exe), released(t, exe)
			compareDefers(t, w, ran)
			comparePanics(t, w, ran)
		})
	}
}

// TestDefersARM64 does the same with cores that qemu writes.
func TestDefersARM64(t *testing.T) {
	testbin.NeedTool(t, "qemu-aarch64-static")
	for _, release := range testbin.Recent() {
		if release != "1.27.3" && !testbin.IsLong() {
			continue
		}
		t.Run(release, func(t *testing.T) {
			exe := deferProgram(t, testbin.Config{Go: release, GOARCH: "arm64", Mode: testbin.Stripped})
			corePath := qemuCore(t, exe, "abort")
			w, ran := open(t, corePath, exe), released(t, "qemu-aarch64-static", exe)
			compareDefers(t, w, ran)
			comparePanics(t, w, ran)
		})
	}
}

// TestDefersWASM does the same with memories of WebAssembly instances.
func TestDefersWASM(t *testing.T) {
	for _, release := range wasmReleases {
		if release != "1.26.8" && !testbin.IsLong() {
			continue
		}
		t.Run(release, func(t *testing.T) {
			module := deferProgram(t, testbin.Config{Go: release, GOOS: "wasip1", GOARCH: "wasm"})
			s := wasmtest.Take(t, module, release, wasmtest.Wait, "release")
			p, err := wasmdump.OpenMemory(s.Memory)
			w := openWASM(t, p, err, "")
			twin := wasmtest.Take(t, module, release, wasmtest.Exit, "release")
			compareDefers(t, w, ranOf(t, twin.Output))
		})
	}
}

// qemuCore runs an arm64 program until qemu writes a core of it.
func qemuCore(t *testing.T, exe string, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "sh", append([]string{"-c", `ulimit -c unlimited; exec qemu-aarch64-static "$0" "$@"`, exe}, args...)...)
	cmd.Dir = dir
	out, _ := cmd.CombinedOutput() // it dies
	files, _ := filepath.Glob(filepath.Join(dir, "qemu_*.core"))
	if len(files) != 1 {
		t.Fatalf("no core: %v\n%s", files, out)
	}
	return files[0]
}

// inFlight is what TestPanics expects, with "(…) address" of values that are
// not spelled out cut.
var inFlight = map[string][]string{
	"panicOpen":   {"(*main.E) panicking"},
	"panicLoop":   {"(*fmt.wrapError) panicking"},
	"nested":      {"nested panicking", "(*main.E) aborted"},
	"nestedLoop":  {"24502 panicking", "outer aborted"},
	"recovered":   {"1.5 recovered"},
	"goexit":      {"goexit"},
	"goexitPanic": {"(main.thing) recovered", "goexit"},
	"faulted":     {`runtime.errorString("invalid memory address or nil pointer dereference") panicking`},
}

// begun says how many deferred calls of a scenario have begun, and how many of
// those will not return.
var begun = map[string][2]int{
	"exitOpen": {1}, "exitPlain": {1}, "exitLoop": {1}, "exitStack": {1}, "exitFunc": {1},
	"panicOpen": {1}, "panicLoop": {1}, "recovered": {1}, "recoveredRest": {1}, "goexit": {1}, "faulted": {1},
	"nested": {2, 1}, "nestedLoop": {2, 1}, "goexitPanic": {2, 1},
}

// comparePanics checks what a core says of the panics in flight, and of the
// deferred calls that have begun.
func comparePanics(t *testing.T, w *gostate.World, ran map[string][]string) {
	for g := range w.Goroutines() {
		name := scenarioOf(g, ran)
		list, why := w.Panics(g)
		if why != "" {
			t.Errorf("goroutine %d: %s", g.ID, why)
		}
		var got []string
		for i := range list {
			p := &list[i]
			text, _, _ := strings.Cut(p.Text, " 0x")
			if text == "+1.500000e+000" { // until Go 1.25
				text = "1.5"
			}
			got = append(got, strings.TrimSpace(text+" "+p.State()))
			if p.Frame < 0 || p.Goexit != (g.Frames[p.Frame].Func == "runtime.Goexit") {
				t.Errorf("%s: %s is of frame %d", name, p.Text, p.Frame)
			}
		}
		if d := cmp.Diff(inFlight[name], got); d != "" {
			t.Errorf("%s: panics, -want +got\n%s", name, d)
		}
		var n [2]int
		deferred, _ := w.Defers(g)
		for i := range deferred {
			d := &deferred[i]
			n[0] += b2i(d.Running)
			n[1] += b2i(d.Abandoned)
			if minor, _ := w.Layout(); minor == 21 && d.Running && d.Kind == gostate.UnknownKind {
				continue // its record is gone, and nothing else tells
			}
			if d.Frame < 0 || d.Kind == gostate.UnknownKind {
				t.Errorf("%s: unknown frame or kind: %+v", name, d)
			}
			if d.Statement == 0 && d.Kind != gostate.OfRangeFunc {
				t.Errorf("%s: unknown statement: %+v", name, d)
			}
		}
		if n != begun[name] {
			t.Errorf("%s: %d have begun, of which %d will not return; want %v", name, n[0], n[1], begun[name])
		}
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
