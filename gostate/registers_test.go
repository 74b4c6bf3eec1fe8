package gostate_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"moho/arch"
	"moho/core/coretest"
	"moho/gostate"
	"moho/internal/testbin"
)

// regsProgram builds testdata/src/regs.
func regsProgram(tb testing.TB, c testbin.Config) string {
	tb.Helper()
	return testbin.Build(tb, testbin.Dir(tb, filepath.Join("testdata", "src", "regs")), c)
}

// arm64Core runs an arm64 program until qemu-user has written a core of it, and
// returns that and what the program printed on standard error. Once in a while
// qemu gets stuck when many threads spin; then it is tried again.
func arm64Core(tb testing.TB, exe string, args ...string) (corePath, stderr string) {
	tb.Helper()
	testbin.NeedTool(tb, "qemu-aarch64-static")
	for range 4 {
		ctx, cancel := context.WithTimeout(tb.Context(), 30*time.Second)
		dir := tb.TempDir()
		cmd := exec.CommandContext(ctx, "sh", append([]string{"-c", `ulimit -c unlimited; exec qemu-aarch64-static "$0" "$@"`, exe}, args...)...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOTRACEBACK=crash")
		var buf bytes.Buffer
		cmd.Stderr = &buf
		cmd.Run() // it dies; whether as it should, the core shows
		stuck := ctx.Err() != nil
		cancel()
		files, _ := filepath.Glob(filepath.Join(dir, "qemu_*.core"))
		if len(files) == 1 && !stuck {
			return files[0], buf.String()
		}
		stderr = buf.String()
		if !stuck {
			break
		}
	}
	tb.Fatalf("no core:\n%.2000s", stderr)
	return "", ""
}

// generalRegisters are those that testdata/src/regs fills in assembly, in its order.
var generalRegisters = map[string][]string{
	"amd64": strings.Fields("rax rcx rdx rbx rsi rdi r8 r9 r10 r11 r12 r13 r14 r15"),
	"arm64": strings.Fields("x0 x1 x2 x3 x4 x5 x6 x7 x8 x9 x10 x11 x12 x13 x14 x15 x16 x17 x18 x19 x20 x21 x22 x23 x24 x25 x26 x27"),
}

// arguments are the registers of Go's first nine integer arguments.
//
// Source: $GOROOT/src/cmd/compile/abi-internal.md, go1.26.
var arguments = map[string][]string{
	"amd64": strings.Fields("rax rbx rcx rdi rsi r8 r9 r10 r11"),
	"arm64": strings.Fields("x0 x1 x2 x3 x4 x5 x6 x7 x8"),
}

// TestRegisters checks registers whose values are known, in cores of every kind.
func TestRegisters(t *testing.T) {
	for _, release := range []string{"1.27.3"} {
		for _, how := range []string{"abort", "quit", "crash"} {
			t.Run(release+"/"+how, func(t *testing.T) {
				exe := regsProgram(t, testbin.Config{Go: release, Mode: testbin.Stripped})
				checkRegisters(t, preempted(t, exe, how, crash), how)
			})
		}
	}
}

// preempted opens a core of the program in which one of its busy goroutines was
// preempted, if it can be had: which of them wait for a processor when the program
// dies is chance.
func preempted(t *testing.T, exe, how string, take func(testing.TB, string, ...string) (corePath, stderr string)) *gostate.World {
	t.Helper()
	var w *gostate.World
	for range 4 {
		corePath, _ := take(t, exe, how)
		w = open(t, corePath, exe)
		for g := range w.Goroutines() {
			r := w.Registers(g, gostate.Innermost)
			if how == "quit" || r.Frame >= 0 && r.From == gostate.FromAsyncPreempt && g.Frames[r.Frame].Func == "main.nine" {
				return w
			}
		}
	}
	return w
}

func TestRegistersGcore(t *testing.T) {
	testbin.Long(t)
	exe := regsProgram(t, testbin.Config{Mode: testbin.PIE})
	corePath, _ := coretest.Gcore(t, nil, exe)
	checkRegisters(t, open(t, corePath, exe), "gcore")
}

func TestRegistersARM64(t *testing.T) {
	exe := regsProgram(t, testbin.Config{GOARCH: "arm64", Mode: testbin.Stripped})
	checkRegisters(t, preempted(t, exe, "abort", arm64Core), "abort")
}

// TestRegistersVersions is the matrix.
func TestRegistersVersions(t *testing.T) {
	testbin.Long(t)
	for _, release := range []string{"1.21.13", "1.22.12", "1.23.12", "1.24.13", "1.25.12", "1.26.8", "1.27.3"} {
		for _, goarch := range []string{"amd64", "arm64"} {
			for _, how := range []string{"abort", "quit", "crash"} {
				t.Run(release+"/"+goarch+"/"+how, func(t *testing.T) {
					exe := regsProgram(t, testbin.Config{Go: release, GOARCH: goarch, Mode: testbin.Stripped})
					take := crash
					if goarch == "arm64" {
						take = arm64Core
					}
					checkRegisters(t, preempted(t, exe, how, take), how)
				})
			}
		}
	}
}

func checkRegisters(t *testing.T, w *gostate.World, how string) {
	t.Helper()
	c := regsCheck{T: t, w: w, a: w.Process().Arch(), seen: map[string]int{}}
	for g := range w.Goroutines() {
		r := w.Registers(g, gostate.Innermost)
		if r.Frame < 0 {
			t.Errorf("goroutine %d [%s] has no frame: %s", g.ID, g.Status, g.Truncated)
			continue
		}
		c.consistent(g)
		switch fn := g.Frames[r.Frame].Func; {
		case fn == "main.spinning":
			c.spinning(g, r)
		case fn == "main.nine":
			c.nine(g, r)
		case fn == "main.leaf":
			c.leaf(g, r)
		case g.Status == "waiting":
			c.parked(g, r)
		case g.Status == "syscall":
			c.syscall(g, r)
		}
	}
	// On a busy machine some have not got there yet.
	if c.seen["main.spinning"] != 2 || c.seen["main.nine"] < 2 || c.seen["main.leaf"] < 1 || c.seen["gobuf"] < 4 || c.seen["syscall"] < 1 {
		t.Errorf("seen %v", c.seen)
	}
	// Told to quit, all threads are handling a signal; else one may just be told
	// to preempt.
	own := c.seen["main.spinning ucontext"]
	if how != "quit" {
		own += c.seen["main.spinning prstatus"]
	}
	if own != 2 {
		t.Errorf("%d goroutines spin in assembly on threads: %v", own, c.seen)
	}
	if how != "quit" && c.seen["main.nine asyncPreempt"] == 0 {
		t.Errorf("none was preempted: %v", c.seen)
	}
}

type regsCheck struct {
	*testing.T
	w    *gostate.World
	a    *arch.Arch
	seen map[string]int
}

// name returns the name of the register with a role.
func (c *regsCheck) name(r arch.Role) string { return c.a.Registers[c.a.Index(r)].Name }

func (c *regsCheck) saw(fn string, r gostate.Registers) {
	c.seen[fn]++
	c.seen[fn+" "+string(r.From)]++
}

// spinning checks what the assembly put into all registers.
func (c *regsCheck) spinning(g *gostate.Goroutine, r gostate.Registers) {
	c.saw("main.spinning", r)
	for i, name := range generalRegisters[c.a.Name] {
		want := 0x600D<<48 | uint64(i+1)<<32
		if x, _ := r.Lookup(name); x.Value != want || x.From != r.From {
			c.Errorf("goroutine %d: %s is %#x from %s (%s), want %#x from %s", g.ID, name, x.Value, x.From, x.How, want, r.From)
		}
	}
	if c.a == arch.AMD64 {
		if x, _ := r.Lookup("eflags"); x.From != r.From || x.Value&1 == 0 {
			c.Errorf("eflags is %#x from %s, want carry", x.Value, x.From)
		}
	}
	if c.a == arch.ARM64 && r.From == gostate.FromPRStatus {
		return // qemu does not write vector registers
	}
	if len(r.Vectors) < 16 {
		c.Errorf("%d vector registers", len(r.Vectors))
	}
	for i, v := range r.Vectors {
		if want := 0x5EED<<48 | uint64(0x10+i)<<32; binary.LittleEndian.Uint64(v.Bytes) != want || v.From != r.From {
			c.Errorf("%s is %x from %s, want %#x", v.Name, v.Bytes, v.From, want)
		}
	}
}

// nine checks arguments that stay in registers.
func (c *regsCheck) nine(g *gostate.Goroutine, r gostate.Registers) {
	c.saw("main.nine", r)
	known := generalRegisters[c.a.Name]
	if r.From == gostate.FromAsyncPreempt && c.a == arch.ARM64 {
		known = slices.DeleteFunc(slices.Clone(known), func(s string) bool { return s == "x18" || s == "x27" })
		for _, name := range []string{"x18", "x27"} {
			if x, _ := r.Lookup(name); x.From != gostate.Unavailable || x.Value != 0 || x.How == "" {
				c.Errorf("%s, which nobody saved, is %#x from %s", name, x.Value, x.From)
			}
		}
	}
	for _, name := range append(slices.Clone(known), c.name(arch.Flags), c.name(arch.FP)) {
		if x, _ := r.Lookup(name); x.From != r.From {
			c.Errorf("goroutine %d: %s is from %s (%s), want %s", g.ID, name, x.From, x.How, r.From)
		}
	}
	var id uint64
	for i, name := range arguments[c.a.Name] {
		x, _ := r.Lookup(name)
		if i == 0 {
			id = x.Value & 0xff
		}
		if want := uint64(0x0900_0000_0000_0000+(i+1)<<8) + id; x.Value != want {
			c.Errorf("goroutine %d: %s is %#x from %s, want %#x", g.ID, name, x.Value, x.From, want)
		}
	}
	if gr, _ := r.Lookup(c.name(arch.G)); gr.Value != uint64(g.Addr) {
		c.Errorf("goroutine %d: %s is %#x, want its address %#x", g.ID, gr.Name, gr.Value, uint64(g.Addr))
	}
	if c.a == arch.ARM64 && r.From == gostate.FromPRStatus {
		return
	}
	for i, want := range []float64{1.5, 2.5, 3.5} {
		if len(r.Vectors) <= i || math.Float64frombits(binary.LittleEndian.Uint64(r.Vectors[i].Bytes)) != want {
			c.Errorf("goroutine %d from %s: %d vector registers, number %d is not %v", g.ID, r.From, len(r.Vectors), i, want)
		}
	}
}

// leaf checks that the caller of a function without a frame is there.
func (c *regsCheck) leaf(g *gostate.Goroutine, r gostate.Registers) {
	c.saw("main.leaf", r)
	if g.Truncated != "" || len(g.Frames) < r.Frame+2 {
		c.Errorf("goroutine %d [%s] from %s: %s, %d frames", g.ID, g.Status, g.RegsFrom, g.Truncated, len(g.Frames))
		return
	}
	if lr, ok := r.Lookup("x30"); ok && lr.Value != uint64(g.Frames[r.Frame+1].PC) {
		c.Errorf("goroutine %d: x30 is %#x from %s, its caller %s is at %#x", g.ID, lr.Value, lr.From, g.Frames[r.Frame+1].Func, uint64(g.Frames[r.Frame+1].PC))
	}
}

func (c *regsCheck) parked(g *gostate.Goroutine, r gostate.Registers) {
	c.seen[string(r.From)]++
	c.exactly(g, r, gostate.FromGobuf, arch.PC, arch.SP, arch.FP, arch.G)
}

func (c *regsCheck) syscall(g *gostate.Goroutine, r gostate.Registers) {
	c.seen[string(r.From)]++
	roles := []arch.Role{arch.PC, arch.SP, arch.G}
	if minor, _ := c.w.Layout(); minor >= 23 {
		roles = append(roles, arch.FP)
	}
	c.exactly(g, r, gostate.FromSyscall, roles...)
}

// exactly checks that no other registers are said to be known.
func (c *regsCheck) exactly(g *gostate.Goroutine, r gostate.Registers, from gostate.Source, roles ...arch.Role) {
	for i, x := range r.List {
		role := c.a.Registers[i].Role
		want := gostate.Unavailable
		switch {
		case role == arch.G && from == gostate.FromSyscall:
			want = gostate.FromDerived
		case role != "" && slices.Contains(roles, role):
			want = from
		}
		if x.From != want || (want == gostate.Unavailable) != (x.Value == 0) || want == gostate.Unavailable && x.How == "" {
			c.Errorf("goroutine %d [%s]: %s is %#x from %s (%s), want it from %s", g.ID, g.Status, x.Name, x.Value, x.From, x.How, want)
		}
	}
	if len(r.Vectors) > 0 {
		c.Errorf("goroutine %d [%s] has vector registers", g.ID, g.Status)
	}
}

// consistent checks the registers of all frames of a goroutine against the
// frames: PC and SP are the same, and the chain of frame pointers holds.
func (c *regsCheck) consistent(g *gostate.Goroutine) {
	if g.Truncated != "" {
		c.Errorf("goroutine %d [%s] from %s ends early: %s", g.ID, g.Status, g.RegsFrom, g.Truncated)
	}
	missing := 0
	for i := range g.Frames {
		r := c.w.Registers(g, i)
		pc, _ := r.Lookup(c.name(arch.PC))
		sp, _ := r.Lookup(c.name(arch.SP))
		fp, _ := r.Lookup(c.name(arch.FP))
		if r.Frame != i || pc.Value != uint64(g.Frames[i].PC) || sp.Value != uint64(g.Frames[i].SP) {
			c.Errorf("goroutine %d frame %d: pc %#x, sp %#x; the frame has %#x, %#x", g.ID, i, pc.Value, sp.Value, uint64(g.Frames[i].PC), uint64(g.Frames[i].SP))
		}
		if fp.From == gostate.Unavailable {
			missing++
			if !strings.Contains(fp.How, "does not save it") {
				c.Errorf("goroutine %d [%s] frame %d %s: frame pointer: %s", g.ID, g.Status, i, g.Frames[i].Func, fp.How)
			}
		}
	}
	if missing > 1 {
		c.Errorf("goroutine %d [%s] from %s: no frame pointer in %d of %d frames", g.ID, g.Status, g.RegsFrom, missing, len(g.Frames))
	}
}
