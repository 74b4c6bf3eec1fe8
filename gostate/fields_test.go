package gostate_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"moho/core"
	"moho/gostate"
	"moho/internal/testbin"
	"moho/objfile"
)

func TestFields(t *testing.T) {
	checkFields(t, "1.27.3")
}

func TestFieldsVersions(t *testing.T) {
	testbin.Long(t)
	for _, release := range []string{"1.21.13", "1.22.12", "1.23.12", "1.24.13", "1.25.12", "1.26.8"} {
		t.Run(release, func(t *testing.T) { checkFields(t, release) })
	}
}

func checkFields(t *testing.T, release string) {
	t.Helper()
	exe := testbin.Build(t, testbin.Dir(t, filepath.Join("testdata", "src", "fields")), testbin.Config{Go: release, Mode: testbin.Stripped})
	corePath, _ := crash(t, exe)
	w := open(t, corePath, exe)
	at := map[string]*gostate.Goroutine{}
	labels := map[int]*gostate.Goroutine{}
	for g := range w.Goroutines() {
		g = g.Clone()
		for _, f := range g.Frames { // with arguments, they are started by a wrapper
			if f.Func == "main.labelled" || f.Func == "main.deep" {
				g.Start = f.Func
			}
		}
		if n := len(w.Labels(g)); n > 0 {
			labels[n] = g
		}
		at[g.Start] = g
	}
	for n, g := range labels {
		for i, l := range w.Labels(g) {
			if k, err := strconv.Atoi(strings.TrimPrefix(l.Key, "key")); err != nil || k >= n || l.Value != fmt.Sprintf("value %d", k) {
				t.Errorf("label %d of %d: %+v", i, n, l)
			}
		}
	}
	if len(labels) != 2 || labels[1] == nil || labels[20] == nil {
		t.Fatalf("goroutines with labels, by how many: %v", labels)
	}
	chain := func(start string) string {
		var s []string
		for _, c := range w.Ancestors(at[start]) {
			s = append(s, fmt.Sprintf("%s %v", c.Func, w.Alive(c.GoID)))
		}
		return strings.Join(s, ", ")
	}
	if got := chain("main.child"); got != "main.parent true, main.grandparent true, main.main true" {
		t.Errorf("creators of child: %s", got)
	}
	if got := chain("main.orphan"); got != "main.gone false" {
		t.Errorf("creators of orphan: %s", got)
	}
	if !at["main.locked"].Locked || at["main.early"].Locked {
		t.Errorf("locked: %v, %v", at["main.locked"].Locked, at["main.early"].Locked)
	}
	early := w.LatestStamp() - at["main.early"].WaitSince
	if late := w.LatestStamp() - at["main.late"].WaitSince; early < 1e9 || early > 60e9 || late < 0 || late >= early {
		t.Errorf("early has waited for %d ns, late for %d", early, late)
	}
	room, ok := w.Room(at["main.deep"])
	s := at["main.deep"].Stack
	if !ok || room.Free+s.Used != s.Size || room.Guard < 800 || room.Guard > 2000 || s.Size<<room.Growths != 512<<20 || room.Near(s) {
		t.Errorf("room %+v of %+v", room, s)
	}
}

func TestNear(t *testing.T) {
	for _, tt := range []struct {
		room gostate.Room
		s    gostate.Stack
		want bool
	}{
		{gostate.Room{Growths: 1, Headroom: 1}, gostate.Stack{Size: 256 << 20, Used: 255 << 20}, false},
		{gostate.Room{Headroom: 1}, gostate.Stack{Size: 512 << 20, Used: 500 << 20}, true},
		{gostate.Room{Headroom: 1}, gostate.Stack{Size: 512 << 20, Used: 300 << 20}, false},
		{gostate.Room{Headroom: -1}, gostate.Stack{Size: 1 << 30, Used: 1000 << 20}, false},
	} {
		if got := tt.room.Near(tt.s); got != tt.want {
			t.Errorf("%+v %+v: %v", tt.room, tt.s, got)
		}
	}
}

// TestStatuses writes every status that there is into the g of a parked
// goroutine. Its stack stays what it was, or is said not to be one.
func TestStatuses(t *testing.T) {
	exe := zoo(t, testbin.Config{})
	corePath, _ := crash(t, exe, "nil")
	good := open(t, corePath, exe)
	var parked *gostate.Goroutine
	for g := range good.Goroutines() {
		if g.Status == "waiting" && !g.System {
			parked = g.Clone()
		}
	}
	data, err := os.ReadFile(corePath)
	if err != nil {
		t.Fatal(err)
	}
	f, err := objfile.Open(exe)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := good.Process().Slice(parked.Addr+core.Addr(good.Offsets().GStatus), 8)
	if err != nil {
		t.Fatal(err)
	}
	rest := binary.LittleEndian.Uint64(b) &^ 0xffffffff
	for _, tt := range []struct {
		value  uint64
		status string
		scan   bool
		listed bool
		frames bool
	}{
		{1, "runnable", false, true, true},
		{0x1001, "runnable", true, true, true},
		{0x1004, "waiting", true, true, true},
		{2, "running", false, true, false},
		{8, "copystack", false, true, true},
		{9, "preempted", false, true, true},
		{0x1009, "preempted", true, true, true},
		{10, "leaked", false, true, true},
		{0, "", false, false, false},
		{6, "", false, false, false},
		{11, "", false, false, false},
		{5, "", false, false, false},
		{77, "", false, false, false},
	} {
		t.Run(fmt.Sprintf("%#x", tt.value), func(t *testing.T) {
			data := slices.Clone(data)
			patch(t, good.Process(), data, uint64(parked.Addr)+uint64(good.Offsets().GStatus), rest|tt.value)
			p, err := core.NewBytes("core", data)
			if err != nil {
				t.Fatal(err)
			}
			w, err := gostate.Open(p, f, gostate.Options{})
			if err != nil {
				t.Fatal(err)
			}
			g, ok := w.Goroutine(parked.ID)
			if ok != tt.listed {
				t.Fatalf("listed: %v", ok)
			}
			if !ok {
				dead, extra := w.Unused()
				was, _ := good.Unused()
				unused := tt.value == 0 || tt.value == 6 || tt.value == 11
				if unused != (dead == was+1) || (extra == 1) != (tt.value == 11) || unused == (len(w.Gaps()) > 0) {
					t.Errorf("%d unused, %d before, %d extra, gaps %v", dead, was, extra, w.Gaps())
				}
				return
			}
			if g.Status != tt.status || g.Scan != tt.scan || (len(g.Frames) > 0) != tt.frames || g.Damage != nil {
				t.Errorf("status %s, scan %v, %d frames, %s, %+v", g.Status, g.Scan, len(g.Frames), g.Truncated, g.Damage)
			}
			if tt.frames && len(g.Frames) != len(parked.Frames) || !tt.frames && g.Truncated == "" {
				t.Errorf("%d frames, %d before: %s", len(g.Frames), len(parked.Frames), g.Truncated)
			}
		})
	}
}

// TestMachines checks what is said of the runtime's threads against the symbols
// of a twin that has them.
func TestMachines(t *testing.T) {
	for _, c := range []testbin.Config{{Mode: testbin.Stripped}, {Mode: testbin.PIEStripped, Go: "1.27.3"}, {Mode: testbin.Stripped, Go: "1.24.13"}} {
		t.Run(c.String(), func(t *testing.T) {
			twin := c
			twin.Mode = map[testbin.Mode]testbin.Mode{testbin.Stripped: testbin.Plain, testbin.PIEStripped: testbin.PIE}[c.Mode]
			want := map[string]uint64{}
			for line := range strings.Lines(testbin.Run(t, "go", "tool", "nm", zoo(t, twin))) {
				if f := strings.Fields(line); len(f) == 3 {
					want[f[2]], _ = strconv.ParseUint(f[0], 16, 64)
				}
			}
			corePath, _ := crash(t, zoo(t, c), "nil")
			w := open(t, corePath, zoo(t, c))
			g0, m0, ok := w.RuntimeG0()
			if !ok || uint64(g0) != want["runtime.g0"]+w.Bias() || uint64(m0) != want["runtime.m0"]+w.Bias() {
				t.Errorf("runtime.g0 %#x, m0 %#x, %v; want %#x, %#x", uint64(g0), uint64(m0), ok, want["runtime.g0"]+w.Bias(), want["runtime.m0"]+w.Bias())
			}
			with, first := 0, 0
			for _, m := range w.Machines() {
				if m.TID != 0 {
					with++
					if uint64(m.TID) != m.ProcID || m.G0 == 0 || m.GSignal == 0 || m.G0Stack.Size == 0 || m.SigStack.Size == 0 {
						t.Errorf("%+v", m)
					}
				}
				if m.First {
					first++
				}
			}
			if with != len(w.Threads()) || first != 1 {
				t.Errorf("%d threads, %d Ms with one, %d the first", len(w.Threads()), with, first)
			}
			names := map[string]bool{}
			for _, r := range w.ThreadRanges() {
				names[r.What] = true
				if r.Hi <= r.Lo {
					t.Errorf("%+v", r)
				}
			}
			for _, name := range []string{"runtime.g0", "runtime.m0", "gsignal of m0", "signal stack of m0", "stack of g0 of m1"} {
				if !names[name] {
					t.Errorf("no %s in %v", name, names)
				}
			}
		})
	}
}

// TestIdleMachines checks the Ms that a program with cgo keeps for C's threads.
func TestIdleMachines(t *testing.T) {
	exe := testbin.Build(t, testbin.Dir(t, filepath.Join("testdata", "src", "cgozoo")), testbin.Config{CGO: true})
	corePath, _ := crash(t, exe, "go")
	w := open(t, corePath, exe)
	idle, with := 0, 0
	for _, m := range w.Machines() {
		if m.TID == 0 {
			idle++
		} else {
			with++
		}
	}
	if idle == 0 || with != len(w.Threads()) {
		t.Errorf("%d Ms without a thread, %d with one of %d", idle, with, len(w.Threads()))
	}
}

// TestNamespace takes a core from outside the pid namespace of the program: the
// ids that it knew are not those in the core.
func TestNamespace(t *testing.T) {
	testbin.Long(t)
	testbin.NeedTool(t, "gcore", "unshare")
	if out, err := exec.Command("unshare", "-pf", "--mount-proc", "true").CombinedOutput(); err != nil {
		testbin.Missing(t, fmt.Sprintf("unshare: %v %s", err, out))
	}
	exe := regsProgram(t, testbin.Config{})
	cmd := exec.Command("unshare", "-pf", "--mount-proc", "--kill-child", exe)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	if _, err := out.Read(make([]byte, 16)); err != nil { // ready
		t.Fatal(err)
	}
	pid := strings.TrimSpace(testbin.Run(t, "pgrep", "-P", strconv.Itoa(cmd.Process.Pid)))
	prefix := filepath.Join(t.TempDir(), "gcore")
	testbin.Run(t, "gcore", "-o", prefix, pid)
	w := open(t, prefix+"."+pid, exe)
	for _, th := range w.Threads() {
		if th.M == 0 || th.How != "stack" {
			t.Errorf("thread %d: M %#x by %q", th.TID, uint64(th.M), th.How)
		}
	}
	checkRegisters(t, w, "gcore")
}
