package gostate_test

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"moho/core"
	"moho/core/wasmdump"
	"moho/core/wasmtest"
	"moho/gostate"
	"moho/internal/testbin"
	"moho/objfile"
)

// wasmReleases are the releases whose instances are read.
var wasmReleases = []string{"1.21.13", "1.22.12", "1.23.12", "1.24.13", "1.25.12", "1.26.8", "1.27.3"}

// snapshot runs testdata/src/wasmzoo.
func snapshot(t *testing.T, c testbin.Config, when wasmtest.When, how string) wasmtest.Snapshot {
	t.Helper()
	c.GOOS, c.GOARCH = cmp.Or(c.GOOS, "wasip1"), "wasm"
	module := testbin.Build(t, testbin.Dir(t, filepath.Join("testdata", "src", "wasmzoo")), c)
	return wasmtest.Take(t, module, c.Go, when, how)
}

// openWASM opens a process of an instance; without module the memory has to do.
func openWASM(t *testing.T, p *core.Process, err error, module string) *gostate.World {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	var f *objfile.File
	if module != "" {
		if f, err = objfile.Open(module); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
	}
	w, err := gostate.Open(p, f, gostate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// parked checks the twenty goroutines of wasmzoo against what the program said.
func parked(t *testing.T, w *gostate.World, output string) {
	t.Helper()
	want := parseTraceback(t, output)
	n := 0
	for g := range w.Goroutines() {
		p := want[g.ID]
		if p == nil || g.Start != "main.spawn.func1" {
			continue
		}
		n++
		if g.Truncated != "" {
			t.Errorf("goroutine %d: stack ends early: %s", g.ID, g.Truncated)
		}
		compareHeader(t, g, p)
		var got, printed []string
		for _, f := range g.Frames {
			if !f.System {
				got = append(got, fmt.Sprintf("%s %s:%d", f.Func, f.File, f.Line))
			}
		}
		for _, f := range p.frames {
			printed = append(printed, f.Func+" "+f.At)
		}
		if a, b := strings.Join(got, "\n"), strings.Join(printed, "\n"); a != b {
			t.Errorf("goroutine %d: the program printed\n%s\nin memory is\n%s", g.ID, b, a)
		}
		if !strings.Contains(strings.Join(got, "\n"), "main.leaf ") || !strings.Contains(strings.Join(got, "\n"), "main.mid ") {
			t.Errorf("goroutine %d: neither main.leaf nor main.mid in %s", g.ID, got)
		}
	}
	if n != 20 {
		t.Errorf("%d goroutines of main.spawn, want 20", n)
	}
}

// wasmConfigs are the builds whose instances are read: releases before 1.24
// do not come with what runs js/wasm, and the rest is for long runs.
func wasmConfigs() (list []testbin.Config) {
	releases := wasmReleases[len(wasmReleases)-1:]
	if testbin.IsLong() {
		releases = wasmReleases
	}
	for _, release := range releases {
		list = append(list, testbin.Config{Go: release, GOOS: "wasip1"})
		if strings.Compare(release, "1.24") >= 0 {
			list = append(list, testbin.Config{Go: release, GOOS: "js", Mode: testbin.Stripped})
		}
	}
	return append(list, testbin.Config{GOOS: "wasip1", Mode: testbin.Stripped})
}

// TestWASMParked reads memories and coredumps of programs that wait, with their
// module and without: twenty goroutines must be what the program said they are.
func TestWASMParked(t *testing.T) {
	for _, c := range wasmConfigs() {
		c.GOARCH = "wasm"
		t.Run(c.String(), func(t *testing.T) {
			s := snapshot(t, c, wasmtest.Wait, "wait")
			for _, module := range []string{s.Module, ""} {
				p, err := wasmdump.OpenMemory(s.Memory)
				worlds := []*gostate.World{openWASM(t, p, err, module)}
				p, err = wasmdump.Open(s.Core)
				worlds = append(worlds, openWASM(t, p, err, module))
				for _, w := range worlds {
					parked(t, w, s.Output)
					if len(w.Gaps()) > 0 {
						t.Errorf("gaps: %v", w.Gaps())
					}
					if want := "go" + c.Go; c.Go != "" && w.Version() != want {
						t.Errorf("version %q, want %q", w.Version(), want)
					}
					if c, ok := w.Crash(); ok {
						t.Errorf("nothing ended it, got %+v", c)
					}
				}
			}
		})
	}
}

// TestWASMTraceback compares coredumps of programs that end themselves with what
// these print of all goroutines then, pc, sp and fp included.
func TestWASMTraceback(t *testing.T) {
	for _, c := range wasmConfigs() {
		c.GOARCH = "wasm"
		for _, how := range []string{"panic", "nil"} {
			t.Run(c.String()+"-"+how, func(t *testing.T) {
				s := snapshot(t, c, wasmtest.Exit, how)
				p, err := wasmdump.Open(s.Core)
				w := openWASM(t, p, err, s.Module)
				_, text, _ := strings.Cut(s.Output, "\nlook\n")
				if n := compareTraceback(t, w, text); n < 25 {
					t.Errorf("only %d stacks compared", n)
				}
				frame := map[string]string{"panic": "main.stop", "nil": "main.(*node).last"}[how]
				checkCrash(t, w, frame, text)

				// The memory alone says the same: the end runs on the system stack.
				p, err = wasmdump.OpenMemory(s.Memory)
				checkCrash(t, openWASM(t, p, err, ""), frame, text)
			})
		}
	}
}

// TestWASMRunning looks at a program while it calls its host. Only the coredump
// knows where; a memory must say that it does not.
func TestWASMRunning(t *testing.T) {
	s := snapshot(t, testbin.Config{GOOS: "wasip1"}, wasmtest.Write, "write")
	p, err := wasmdump.OpenMemory(s.Memory)
	g, ok := openWASM(t, p, err, s.Module).Goroutine(1)
	if !ok || g.Status != "running" || len(g.Frames) > 0 || g.RegsFrom != "" || !strings.Contains(g.Truncated, "sched") {
		t.Errorf("of memory: %+v", g)
	}
	p, err = wasmdump.Open(s.Core)
	w := openWASM(t, p, err, s.Module)
	g, ok = w.Goroutine(1)
	if !ok || g.Truncated != "" || g.Thread != wasmdump.ThreadID {
		t.Fatalf("of the coredump: %+v", g)
	}
	var calls []string
	for _, f := range g.Frames {
		calls = append(calls, f.Func)
	}
	if got := strings.Join(calls, " "); !strings.HasSuffix(got, "runtime.printstring main.main runtime.main runtime.goexit") {
		t.Errorf("calls %s", got)
	}
}

// TestWASMTrap looks at a program that the engine stopped: it does not know, and
// the coredump has to say.
func TestWASMTrap(t *testing.T) {
	s := snapshot(t, testbin.Config{GOOS: "wasip1"}, wasmtest.Trap, "trap")
	p, err := wasmdump.Open(s.Core)
	c, ok := openWASM(t, p, err, s.Module).Crash()
	if !ok || c.Reason != "trap at i64.load align=8, outside the memory" || c.Goroutine == nil || c.Goroutine.ID != 1 || c.FaultFrame != 0 {
		t.Fatalf("%+v", c)
	}
	if f := c.Goroutine.Frames[0]; f.Func != "main.load" || !f.Fault {
		t.Errorf("%+v", f)
	}
	if c.Goroutine.Truncated != "" || len(c.Goroutine.Frames) != 5 || c.Goroutine.RegsFrom != string(gostate.FromCoredump) {
		t.Errorf("%+v", c.Goroutine)
	}
}

// TestWASMDeferred compares defers and panics with the source of wasmzoo.
func TestWASMDeferred(t *testing.T) {
	for _, c := range wasmConfigs() {
		if c.GOOS != "wasip1" {
			continue
		}
		t.Run(c.String(), func(t *testing.T) {
			s := snapshot(t, c, wasmtest.Exit, "panic")
			p, err := wasmdump.OpenMemory(s.Memory)
			w := openWASM(t, p, err, "")
			n := 0
			for g := range w.Goroutines() {
				list, why := w.Defers(g)
				if why != "" {
					t.Errorf("goroutine %d: %s", g.ID, why)
				}
				if g.Start != "main.spawn.func1" {
					continue
				}
				if n++; len(list) != 1 || list[0].Func != "main.mid.func1" {
					t.Errorf("goroutine %d: %+v", g.ID, list)
				}
			}
			if n != 20 {
				t.Errorf("%d goroutines", n)
			}
			g, _ := w.Goroutine(1)
			if list, why := w.Panics(g); why != "" || len(list) != 1 || list[0].Text != "zoo panic" {
				t.Errorf("panics %+v, %s", list, why)
			}
		})
	}
}
