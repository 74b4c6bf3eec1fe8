package frame_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"moho/asm/frame"
	"moho/gotab"
	"moho/internal/testbin"
)

// stepped are the functions that run under a debugger: frames of all sizes, one
// that grows the stack, leaves, assembly, a panic that is recovered.
var stepped = []string{
	"main.Spill", "main.Huge", "main.WithDefer", "main.Closure.func1", "main.asmAdd",
}

// moreStepped are stepped through in the long part.
var moreStepped = []string{
	"main.Sum10", "main.ns1", "main.ns2", "main.ns3", "main.Medium", "main.Floats", "main.Caller", "main.main",
	"fmt.Fprintln", "fmt.(*pp).doPrintln", "strconv.FormatFloat", "os.(*File).Write",
}

// A step is what a debugger saw when an instruction was next.
type step struct {
	pc, sp, entry, ret, callerFP uint64 // what is true, noted at the entry
	fp, lr                       uint64
	moves                        int // of the stack, so far
	mem                          map[uint64]uint64
}

// TestAt compares what At says with a program that runs: entry SP, return
// address and frame pointer were noted when the function was entered.
func TestAt(t *testing.T) {
	for _, goarch := range []string{"amd64", "arm64"} {
		t.Run(goarch, func(t *testing.T) {
			releases, names, least, most := []string{"1.26.8"}, stepped, 100, 120
			if testbin.IsLong() {
				names, least, most = slices.Concat(stepped, moreStepped), 600, 600
				releases = []string{"1.18.10", "1.20.14", "1.21.13", "1.24.13", "1.26.8", "1.27.3"}
			}
			for _, release := range releases {
				path := testbin.Build(t, testbin.Toy(t), testbin.Config{Go: release, GOOS: "linux", GOARCH: goarch})
				p, l := open(t, path)
				old := goarch == "arm64" && slices.Index(testbin.Releases, release) < 3
				steps, moved := 0, 0
				check := func(name string) {
					for _, fn := range p.Table.FuncNamed(name) {
						for _, s := range stepThrough(t, path, goarch, fn, most) {
							steps++
							moved += s.moves
							if msg := checkAt(l, s, goarch, old); msg != "" {
								t.Errorf("%s: %s+%#x: %s", release, name, s.pc-uint64(fn.Entry()), msg)
							}
						}
					}
				}
				for _, name := range names {
					check(name)
				}
				// A goroutine that takes long is asked to yield where it would grow
				// its stack, and starts the function over: as often as the machine
				// is slow.
				for try := 0; moved == 0 && release == "1.26.8" && try < 20; try++ {
					check("main.Huge")
				}
				if steps < least {
					t.Errorf("%s: only %d steps", release, steps)
				}
				if moved == 0 && release == "1.26.8" {
					t.Errorf("%s: no stack moved", release)
				}
			}
		})
	}
}

// checkAt returns what At says wrongly about a step. oldARM64 is Go before 1.21
// on arm64, which loses frame pointers: one that the caller of a function has
// saved when that function makes the stack grow, and the caller's own for one
// instruction of a leaf.
func checkAt(l *frame.Layouts, s step, goarch string, oldARM64 bool) string {
	p, err := l.At(gotab.PC(s.pc), s.sp)
	if err != nil {
		return err.Error()
	}
	callerSP := s.entry
	if goarch == "amd64" {
		callerSP += 8
	}
	if p.EntrySP.Value != s.entry || p.CallerSP.Value != callerSP {
		return fmt.Sprintf("entry SP %#x, caller's %#x, want %#x, %#x", p.EntrySP.Value, p.CallerSP.Value, s.entry, callerSP)
	}
	for _, c := range []struct {
		what  string
		place frame.Fact[frame.Place]
		reg   uint64
		want  uint64
	}{{"return PC", p.ReturnPC, s.lr, s.ret}, {"caller's FP", p.CallerFP, s.fp, s.callerFP}} {
		pl := c.place.Value
		if oldARM64 && c.what == "caller's FP" && (s.moves > 0 || !c.place.Known() && p.Class == frame.Epilogue) {
			continue
		}
		if !c.place.Known() || pl.Register == "" && pl.Addr == nil {
			return fmt.Sprintf("%s: nowhere: %s", c.what, c.place.Why)
		}
		if pl.Register != "" && c.reg != c.want {
			return fmt.Sprintf("%s: in %s, which holds %#x, want %#x", c.what, pl.Register, c.reg, c.want)
		}
		if pl.Addr != nil {
			if v, ok := s.mem[*pl.Addr]; !ok || v != c.want {
				return fmt.Sprintf("%s: at %#x (entry SP%+d), which holds %#x (seen %v), want %#x", c.what, *pl.Addr, int64(*pl.Addr-s.entry), v, ok, c.want)
			}
		}
	}
	return ""
}

// stepThrough runs the program and steps through its first call of fn.
func stepThrough(t *testing.T, path, goarch string, fn gotab.Func, most int) []step {
	t.Helper()
	size, err := fn.Size()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // a debugger that waits for ever
	defer cancel()
	out := filepath.Join(t.TempDir(), "steps")
	gdb := "gdb"
	env := append(os.Environ(), "GOMAXPROCS=1", "GODEBUG=asyncpreemptoff=1", "MOHO_ARCH="+goarch, "MOHO_OUT="+out, fmt.Sprint("MOHO_STEPS=", most),
		fmt.Sprintf("MOHO_LO=%#x", fn.Entry()), fmt.Sprintf("MOHO_HI=%#x", uint64(fn.Entry())+size))
	if goarch == "arm64" {
		testbin.NeedTool(t, "qemu-aarch64-static", "gdb-multiarch")
		gdb = "gdb-multiarch"
		socket := filepath.Join(t.TempDir(), "gdb")
		qemu := exec.CommandContext(ctx, "qemu-aarch64-static", "-g", socket, path)
		qemu.Env = append(os.Environ(), "GOMAXPROCS=1", "GODEBUG=asyncpreemptoff=1")
		if err := qemu.Start(); err != nil {
			t.Fatal(err)
		}
		defer qemu.Wait()
		defer qemu.Process.Kill()
		for range 200 { // until qemu listens
			if _, err := os.Stat(socket); err == nil {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		env = append(env, "MOHO_REMOTE="+socket)
	}
	testbin.NeedTool(t, gdb)
	cmd := exec.CommandContext(ctx, gdb, "-nx", "-batch", "-x", filepath.Join("testdata", "step.py"), path)
	cmd.Env = env
	if b, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	f, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var steps []step
	for sc := bufio.NewScanner(f); sc.Scan(); {
		var s step
		var mem string
		if _, err := fmt.Sscanf(sc.Text(), "%x %x %x %x %x %x %x %d %s", &s.pc, &s.sp, &s.entry, &s.ret, &s.callerFP, &s.fp, &s.lr, &s.moves, &mem); err != nil {
			t.Fatalf("%q: %v", sc.Text(), err)
		}
		s.mem = map[uint64]uint64{}
		for _, w := range strings.Split(mem, ",") {
			var a, v uint64
			if _, err := fmt.Sscanf(w, "%x=%x", &a, &v); err != nil {
				t.Fatal(err)
			}
			s.mem[a] = v
		}
		steps = append(steps, s)
	}
	if len(steps) == 0 {
		t.Errorf("%s: no step", fn.Name())
	}
	return steps
}
