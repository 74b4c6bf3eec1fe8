package gostate_test

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/arch"
	"moho/core"
	"moho/core/wasmdump"
	"moho/core/wasmtest"
	"moho/decode"
	"moho/gostate"
	"moho/internal/testbin"
)

// TestUnified checks the frames of one program on two architectures: where they
// return to is behind a call, and they form chains.
func TestUnified(t *testing.T) {
	exe := zoo(t, testbin.Config{Mode: testbin.Stripped})
	corePath, _ := crash(t, exe, "nil")
	t.Run("amd64", func(t *testing.T) { checkUnified(t, open(t, corePath, exe)) })
	exe = zoo(t, testbin.Config{GOARCH: "arm64", Mode: testbin.Stripped})
	corePath, _ = arm64Core(t, exe, "nil")
	t.Run("arm64", func(t *testing.T) { checkUnified(t, open(t, corePath, exe)) })
}

// TestUnifiedLeaves checks functions without a frame: on arm64 their return
// address is in the link register, or where the signal handler that preempted
// them has put that.
func TestUnifiedLeaves(t *testing.T) {
	exe := regsProgram(t, testbin.Config{Mode: testbin.Stripped})
	corePath, _ := crash(t, exe, "abort")
	if n := checkLeaves(t, open(t, corePath, exe)); n["pushed"] < 3 {
		t.Errorf("amd64: %v", n)
	}
	exe = regsProgram(t, testbin.Config{GOARCH: "arm64", Mode: testbin.Stripped})
	corePath, _ = arm64Core(t, exe, "abort")
	if n := checkLeaves(t, open(t, corePath, exe)); n["register"]+n["below"] < 3 || n["pushed"] > 0 {
		t.Errorf("arm64: %v", n)
	}
}

// TestUnifiedReleases is the matrix.
func TestUnifiedReleases(t *testing.T) {
	testbin.Long(t)
	for _, release := range []string{"1.21.13", "1.22.12", "1.23.12", "1.24.13", "1.25.12", "1.26.8", "1.27.3"} {
		for _, goarch := range []string{"amd64", "arm64"} {
			t.Run(release+"/"+goarch, func(t *testing.T) {
				exe := regsProgram(t, testbin.Config{Go: release, GOARCH: goarch, Mode: testbin.Stripped})
				take := crash
				if goarch == "arm64" {
					take = arm64Core
				}
				corePath, _ := take(t, exe, "quit")
				checkLeaves(t, open(t, corePath, exe))
			})
		}
	}
}

// checkLeaves checks all frames and counts where those of main.leaf return to.
func checkLeaves(t *testing.T, w *gostate.World) map[string]int {
	t.Helper()
	checkUnified(t, w)
	n := map[string]int{}
	for g := range w.Goroutines() {
		for i, u := range w.Unify(nil, g) {
			if g.Frames[i].Func != "main.leaf" {
				continue
			}
			where := "pushed"
			switch {
			case u.RetAt == 0:
				where = "register"
			case u.RetAt < g.Frames[i].SP:
				where = "below"
			}
			n[where]++
			caller := nextPhysical(g, i)
			if u.NoRet != "" || caller == nil || caller.PC != u.Ret || u.NoFP != "" {
				t.Errorf("goroutine %d: %+v", g.ID, u)
			}
		}
	}
	t.Logf("%s: main.leaf returns to what is %v", w.Process().Arch().Name, n)
	return n
}

// TestArchitectures reads one program, stopped at one place, on three
// architectures: they must have the same calls.
func TestArchitectures(t *testing.T) {
	src := testbin.Dir(t, filepath.Join("testdata", "src", "wasmzoo"))
	exe := testbin.Build(t, src, testbin.Config{Mode: testbin.Stripped})
	corePath, _ := crash(t, exe, "nil")
	intel := open(t, corePath, exe)
	exe = testbin.Build(t, src, testbin.Config{GOARCH: "arm64", Mode: testbin.Stripped})
	corePath, _ = arm64Core(t, exe, "nil")
	arm := open(t, corePath, exe)
	s := snapshot(t, testbin.Config{Mode: testbin.Stripped}, wasmtest.Exit, "nil")
	p, err := wasmdump.Open(s.Core)
	wasm := openWASM(t, p, err, s.Module)

	want := callsOf(t, intel)
	for _, w := range []*gostate.World{arm, wasm} {
		if d := cmp.Diff(want, callsOf(t, w)); d != "" {
			t.Errorf("amd64 (-), %s (+):\n%s", w.Process().Arch().Name, d)
		}
	}
	for _, w := range []*gostate.World{intel, arm, wasm} {
		t.Run(w.Process().Arch().Name, func(t *testing.T) { checkUnified(t, w) })
	}
}

// callsOf returns the functions on the stacks of what the program itself started.
func callsOf(t *testing.T, w *gostate.World) map[string]int {
	t.Helper()
	calls := map[string]int{}
	for g := range w.Goroutines() {
		if g.System {
			continue
		}
		s := g.WaitReason
		for i := range g.Frames {
			if !g.Frames[i].System {
				s += " " + g.Frames[i].Func
			}
		}
		calls[s]++
	}
	return calls
}

func checkUnified(t *testing.T, w *gostate.World) {
	a := w.Process().Arch()
	var all []gostate.Unified
	frames, fps, leaves := 0, 0, 0
	for g := range w.Goroutines() {
		all = w.Unify(all[:0], g)
		if len(all) != len(g.Frames) {
			t.Fatalf("goroutine %d: %d frames, %d unified", g.ID, len(g.Frames), len(all))
		}
		for i, u := range all {
			fr := &g.Frames[i]
			if fr.Inlined || fr.Foreign {
				continue
			}
			frames++
			outermost := nextPhysical(g, i) == nil // the frame pointer is 0 there
			if (u.Ret == 0) == (u.NoRet == "") || u.FP == 0 && u.NoFP == "" && !outermost || u.CFA != fr.CFA {
				t.Errorf("goroutine %d: %s: %+v", g.ID, fr.Func, u)
			}
			if u.NoFP == "" {
				fps++
			} else if a.Index(arch.FP) >= 0 && (i > 0 || g.RegsFrom != "syscall") {
				t.Errorf("goroutine %d from %s: frame %d of %d, %s: no FP: %s", g.ID, g.RegsFrom, i, len(g.Frames), fr.Func, u.NoFP)
			}
			if u.NoRet != "" {
				continue
			}
			if u.RetAt == 0 {
				leaves++
			} else if x, err := w.Process().Word(u.RetAt); err != nil || core.Addr(x) != u.Ret {
				t.Errorf("goroutine %d: %s: at %#x is %#x, want %#x: %v", g.ID, fr.Func, uint64(u.RetAt), x, uint64(u.Ret), err)
			}
			caller := nextPhysical(g, i)
			if caller == nil {
				continue
			}
			if u.Ret != caller.PC && fr.G0 == caller.G0 {
				t.Errorf("goroutine %d: %s returns to %#x, its caller is at %#x", g.ID, fr.Func, uint64(u.Ret), uint64(caller.PC))
			}
			if !injected(fr.Func) {
				checkCall(t, w, u.Ret)
			}
		}
	}
	t.Logf("%s: %d frames, %d with FP, %d return addresses in the link register", a.Name, frames, fps, leaves)
}

func injected(fn string) bool { return fn == "runtime.sigpanic" || fn == "runtime.asyncPreempt" }

func nextPhysical(g *gostate.Goroutine, i int) *gostate.Frame {
	for i++; i < len(g.Frames); i++ {
		if !g.Frames[i].Inlined {
			return &g.Frames[i]
		}
	}
	return nil
}

// checkCall checks that what stands before ret is a call.
func checkCall(t *testing.T, w *gostate.World, ret core.Addr) {
	t.Helper()
	a := w.Process().Arch()
	f, at, ok := w.FuncAt(ret)
	if !ok {
		t.Errorf("%#x is in no function", uint64(ret))
		return
	}
	if !a.BytePC { // the next block begins where a call returns to
		if at <= f.Entry() {
			t.Errorf("%#x is the entry of %s", uint64(ret), f.Name())
		}
		return
	}
	d, err := decode.New(a)
	if err != nil {
		t.Fatal(err)
	}
	entry := ret - core.Addr(at-f.Entry())
	code, err := w.Process().Slice(entry, int(ret-entry))
	if err != nil {
		t.Fatal(err)
	}
	var in decode.Inst
	for off := 0; off < len(code); off += int(in.Len) {
		if err := d.Decode(code[off:], uint64(entry)+uint64(off), &in); err != nil {
			t.Fatal(err)
		}
	}
	if f.Name() == "runtime.goexit" {
		return // goroutines are made as if it had called them, after its first byte
	}
	if in.Flow != decode.Call && in.Flow != decode.CallIndirect {
		t.Errorf("%#x in %s does not follow a call", uint64(ret), f.Name())
	}
}
