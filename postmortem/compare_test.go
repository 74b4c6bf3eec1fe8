//go:build linux

package postmortem_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"moho/core/coretest"
	"moho/gostate"
	"moho/internal/testbin"
	"moho/postmortem"
)

// zoo is a program that parks goroutines in every way and then dies.
func zoo(t *testing.T, c testbin.Config) string {
	t.Helper()
	return testbin.Build(t, testbin.Dir(t, filepath.Join("..", "gostate", "testdata", "src", "zoo")), c)
}

// waiting is a smaller one, for releases that the zoo is too new for.
func waiting(t *testing.T, c testbin.Config) string {
	t.Helper()
	return testbin.Build(t, testbin.Dir(t, filepath.Join("testdata", "src", "waiting")), c)
}

func openCase(t *testing.T, path, exe string) *postmortem.Case {
	t.Helper()
	c, err := postmortem.Open(t.Context(), path, postmortem.Options{Exe: exe})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// sameAsPrinted compares a core with what the program printed as it died: both
// are of one moment, so nothing may differ, but for what ran on other threads
// while it was printed.
func sameAsPrinted(t *testing.T, corePath, exe, printed string) {
	t.Helper()
	a := openCase(t, corePath, exe)
	b := openCase(t, write(t, "trace.txt", printed), exe)
	if b.ExeFrom != postmortem.Contents {
		t.Errorf("the executable of the text is %s, gaps %v", b.ExeFrom, b.Gaps)
	}
	r := postmortem.Compare(a, b, true)
	if !r.Known() || r.Program != "same" || *r.A.Goroutines != *r.B.Goroutines {
		t.Fatalf("%+v and %+v, program %s: %s", r.A, r.B, r.Program, r.Why)
	}
	elsewhere := map[uint64]bool{}
	for g := range b.Text.Goroutines() {
		if g.Printed.Elsewhere {
			elsewhere[g.ID] = true
		}
	}
	for _, ch := range r.Groups {
		ran := 0
		for _, id := range append(ch.A.IDs, ch.B.IDs...) {
			if elsewhere[id] {
				ran++
			}
		}
		if ran == 0 || ran < len(ch.A.IDs)+len(ch.B.IDs) {
			t.Errorf("%s by %s: core %+v, text %+v\n%v", ch.Change, ch.Match, ch.A, ch.B, ch.Frames)
		}
	}
	if r.Same.Goroutines+2*len(elsewhere) < *r.A.Goroutines || r.Same.Groups < 15 {
		t.Errorf("%d of %d goroutines the same, in %d groups", r.Same.Goroutines, *r.A.Goroutines, r.Same.Groups)
	}

	// The same groups, not only the same when they are told apart as roughly as
	// Compare does; what ran elsewhere has no stack in the text.
	ga, _ := a.World.Groups(gostate.GroupOptions{System: true})
	gb, _ := b.Text.Groups(gostate.GroupOptions{System: true})
	if d := len(ga) - len(gb); d < 0 || d > len(elsewhere) {
		t.Errorf("%d groups in the core, %d in the text, %d goroutines ran elsewhere", len(ga), len(gb), len(elsewhere))
	}

	// The one to blame is the same.
	sa, sb := a.Summarize(), b.Summarize()
	if sa.Reason != sb.Reason || sa.Crash.Goroutine == nil || sb.Crash.Goroutine == nil {
		t.Fatalf("reasons %q and %q, crashes %v and %v", sa.Reason, sb.Reason, sa.Crash, sb.Crash)
	}
	fa, fb := sa.Crash.Goroutine.Frames[sa.Crash.FaultFrame], sb.Crash.Goroutine.Frames[sb.Crash.FaultFrame]
	if sa.Crash.Goroutine.ID != sb.Crash.Goroutine.ID || fa.Func != fb.Func || fa.Line != fb.Line || sa.Signal == nil {
		t.Errorf("crashed %d in %s:%d, the text says %d in %s:%d", sa.Crash.Goroutine.ID, fa.Func, fa.Line, sb.Crash.Goroutine.ID, fb.Func, fb.Line)
	}
}

func TestSameAsPrinted(t *testing.T) {
	for _, level := range []string{"crash", "all"} {
		exe := zoo(t, testbin.Config{Mode: testbin.Stripped})
		core, printed := coretest.Kernel(t, []string{"GOTRACEBACK=crash", "GOMAXPROCS=4"}, exe, "nil")
		if level == "crash" {
			sameAsPrinted(t, core, exe, printed)
			continue
		}
		// By default a traceback leaves out the runtime's goroutines and frames.
		cmd := exec.CommandContext(t.Context(), exe, "nil")
		cmd.Env = append(os.Environ(), "GOTRACEBACK=all", "GOMAXPROCS=4")
		out, _ := cmd.CombinedOutput()
		r := postmortem.Compare(openCase(t, core, exe), openCase(t, write(t, "trace.txt", string(out)), exe), false)
		if r.Program != "same" || r.Same.Groups < 15 || r.Same.Goroutines*10 < *r.A.Goroutines*7 {
			t.Errorf("%d of %d goroutines are the same in another run: %+v", r.Same.Goroutines, *r.A.Goroutines, r.Groups)
		}
	}
}

// TestReleases does the same for every release, link mode and kind of death.
func TestReleases(t *testing.T) {
	testbin.Long(t)
	for _, c := range []struct {
		testbin.Config
		build func(*testing.T, testbin.Config) string
		death string
	}{
		{testbin.Config{Go: "1.21.13"}, waiting, "nil"},
		{testbin.Config{Go: "1.21.13", Mode: testbin.PIEStripped}, waiting, "panic"},
		{testbin.Config{Go: "1.22.12", Mode: testbin.Stripped}, waiting, "panic"},
		{testbin.Config{Go: "1.23.12", Mode: testbin.PIE}, zoo, "nil"},
		{testbin.Config{Go: "1.24.13"}, zoo, "custom"},
		{testbin.Config{Go: "1.25.12", Mode: testbin.External}, zoo, "nil"},
		{testbin.Config{Go: "1.26.8", Mode: testbin.PIEStripped}, zoo, "error"},
		{testbin.Config{Go: "1.26.8"}, waiting, "panic"},
		{testbin.Config{Go: "1.27.3"}, zoo, "nil"},
		{testbin.Config{Go: "1.27.3", Mode: testbin.Stripped}, waiting, "nil"},
	} {
		t.Run(c.String()+"-"+c.death, func(t *testing.T) {
			exe := c.build(t, c.Config)
			core, printed := coretest.Kernel(t, []string{"GOTRACEBACK=crash", "GOMAXPROCS=4"}, exe, c.death)
			sameAsPrinted(t, core, exe, printed)
		})
	}
}

// TestArchitectures: one program on two architectures has the same groups.
func TestArchitectures(t *testing.T) {
	testbin.Long(t)
	testbin.NeedTool(t, "qemu-aarch64-static")
	amd64 := zoo(t, testbin.Config{GOARCH: "amd64", Mode: testbin.Stripped})
	arm64 := zoo(t, testbin.Config{GOARCH: "arm64", Mode: testbin.Stripped})
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `ulimit -c unlimited; exec qemu-aarch64-static "$0" nil`, arm64)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOTRACEBACK=crash")
	var printed bytes.Buffer
	cmd.Stderr = &printed
	cmd.Run()
	files, _ := filepath.Glob(filepath.Join(dir, "qemu_*.core"))
	if len(files) != 1 {
		t.Fatalf("no core: %v\n%.2000s", files, printed.String())
	}
	sameAsPrinted(t, files[0], arm64, printed.String())

	core, _ := coretest.Kernel(t, []string{"GOTRACEBACK=crash"}, amd64, "nil")
	r := postmortem.Compare(openCase(t, core, amd64), openCase(t, files[0], arm64), false)
	if r.Program != "same" {
		t.Errorf("program %s: %s", r.Program, r.Why)
	}
	for _, ch := range r.Groups {
		t.Logf("%s by %s: amd64 %+v, arm64 %+v\n%v", ch.Change, ch.Match, ch.A, ch.B, ch.Frames)
	}
	if r.Same.Groups < 15 || r.Same.Goroutines*10 < *r.A.Goroutines*7 {
		t.Errorf("%d of %d goroutines the same, in %d groups", r.Same.Goroutines, *r.A.Goroutines, r.Same.Groups)
	}
}
