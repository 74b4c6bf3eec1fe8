package frame_test

import (
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"moho/asm"
	"moho/asm/frame"
	"moho/decode"
	"moho/evidence"
	"moho/gotab"
	"moho/internal/testbin"
)

func directiveSize(t *testing.T) {
	for goarch, delta := range map[string]int64{"amd64": 24, "arm64": 32} {
		f := toyAsm(t, goarch) // TEXT ·asmAdd(SB),NOSPLIT,$16-40
		if got := f.Text.String(); f.Frame != delta || got != "TEXT main·asmAdd(SB), NOSPLIT, $16-40" {
			t.Errorf("%s: SP is lowered by %d; %s", goarch, f.Frame, got)
		}
	}
}

func listingSize(t *testing.T) {
	for goarch, final := range map[string]int64{"amd64": 112, "arm64": 128} {
		f := toy(t, linux(goarch), "main.Spill")
		for _, c := range compiledFuncs(testbin.Listing(t, testbin.Toy(t), linux(goarch), "-S")) {
			if c.name == "main.Spill" && (c.frame != final || f.Frame != final || f.Text.Size.Value == final) {
				t.Errorf("%s: -S prints %d, SP is lowered by %d, the directive has %d", goarch, c.frame, f.Frame, f.Text.Size.Value)
			}
		}
	}
}

func roundedSizes(t *testing.T) {
	for goarch, want := range map[string][]int64{"amd64": {16, 24, 32, 40}, "arm64": {32, 32, 48, 48}} {
		p, l, _ := program(t, goarch)
		for i, name := range []string{"main.s8", "main.s16", "main.s24", "main.s32"} {
			for _, fn := range p.Table.FuncNamed(name) {
				if fn.Flags()&gotab.Asm == 0 {
					continue
				}
				if f, err := l.Of(fn); err != nil || f.Frame != want[i] {
					t.Errorf("%s: %s lowers SP by %d, want %d (%v)", goarch, name, f.Frame, want[i], err)
				}
			}
		}
	}
}

// impliedFlags looks at flags that no source has asked for.
func impliedFlags(t *testing.T) {
	for goarch, want := range map[string]map[string]bool{
		"amd64": {"NOSPLIT": true, "NOFRAME": true},
		"arm64": {"NOSPLIT": false, "NOFRAME": true},
	} {
		for _, c := range compiledFuncs(testbin.Listing(t, testbin.Toy(t), linux(goarch), "-S")) {
			if c.name != "main.Sum10" {
				continue
			}
			for flag, set := range want {
				if c.flags[flag] != set {
					t.Errorf("%s: %s of a leaf is %v", goarch, flag, c.flags[flag])
				}
			}
		}
		f := toy(t, linux(goarch), "main.Sum10")
		if f.Opens.Check != asm.NoCheck {
			t.Errorf("%s: a leaf has check %v", goarch, f.Opens.Check)
		}
		found := false
		for _, c := range compiledFuncs(testbin.Listing(t, testbin.Dir(t, "testdata/src/abi"), linux(goarch), "-S")) {
			if c.name == "main.leaf" {
				found = c.flags["NOSPLIT"] && c.frame > 0 && c.frame < 128
			}
		}
		if !found {
			t.Errorf("%s: a leaf with a small frame is not NOSPLIT", goarch)
		}
	}
}

// argRegisters finds which register each of twelve and seventeen constants is
// moved to before the call, and that the rest is stored to memory.
func argRegisters(t *testing.T) {
	for goarch, want := range map[string]struct {
		first int64
		name  string
		regs  []decode.Reg
	}{
		"amd64": {101, "main.twelve", []decode.Reg{0, 3, 1, 7, 6, 8, 9, 10, 11}},
		"arm64": {201, "main.seventeen", []decode.Reg{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}},
	} {
		p, l, _ := program(t, goarch)
		got := map[int64]decode.Reg{}
		callee := uint64(one(t, p, want.name).Entry())
		last := map[decode.Reg]int64{}
		for _, in := range insts(t, p, one(t, p, "main.main")) {
			for _, e := range in.Effects[:in.NEffect] {
				if e.Op == decode.Set {
					last[e.Dst] = e.N
				}
			}
			if in.Flow == decode.Call {
				if in.Target == callee {
					for r, n := range last {
						got[n] = r
					}
				}
				clear(last)
			}
		}
		for i, r := range want.regs {
			if g, ok := got[want.first+int64(i)]; !ok || g != r {
				t.Errorf("%s: argument %d is in register %d (%v), want %d", goarch, i, g, ok, r)
			}
		}
		f, err := l.Of(one(t, p, want.name))
		if err != nil {
			t.Fatal(err)
		}
		if s := kinds(f, frame.Argument); len(s) == 0 || s[0].Off != 8 || s[0].Loads == 0 {
			t.Errorf("%s: what does not fit: %+v", goarch, s)
		}
	}
}

func gRegister(t *testing.T) {
	for goarch, g := range map[string]decode.Reg{"amd64": 14, "arm64": 28} {
		p, err := asm.Open(testbin.Build(t, testbin.Toy(t), linux(goarch)))
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		n := 0
		for _, f := range compiledFrames(t, goarch) {
			if f.Opens.Check == asm.NoCheck || f.Opens.Check == asm.UnknownCheck || f.Text.ABI.Value != "ABIInternal" {
				continue
			}
			fn, ok := p.Table.FuncAt(f.fn.Entry())
			if !ok {
				t.Fatal(f.Name)
			}
			n++
			found := false
			for _, in := range insts(t, p, fn)[:4] {
				found = found || in.HasMem && in.Mem.Load && in.Mem.Base == g && (in.Mem.Disp == 16 || in.Mem.Disp == 24)
			}
			if !found {
				t.Errorf("%s: %s does not read the guard through register %d", goarch, f.Name, g)
			}
		}
		if n < 800 {
			t.Errorf("%s: only %d checks", goarch, n)
		}
	}
}

func closureRegister(t *testing.T) {
	for goarch, r := range map[string]decode.Reg{"amd64": 2, "arm64": 26} {
		p, l := open(t, testbin.Build(t, testbin.Toy(t), linux(goarch)))
		fn := one(t, p, "main.Closure.func1")
		in := insts(t, p, fn)[0]
		if !in.HasMem || in.Mem.Base != r || in.Mem.Disp != 8 {
			t.Errorf("%s: the captured variable is loaded by %+v", goarch, in.Mem)
		}
		if f, err := l.Of(fn); err != nil || !f.Text.Flags[2].Set || f.Text.Flags[2].Name != "NEEDCTXT" {
			t.Errorf("%s: %+v, %v", goarch, f.Text.Flags, err)
		}
	}
}

// zeroRegister finds stores of X15, which nothing in the function has set.
func zeroRegister(t *testing.T) {
	p, _ := open(t, testbin.Build(t, testbin.Toy(t), linux("amd64")))
	stores := 0
	for _, f := range compiledFrames(t, "amd64") {
		if f.Text.ABI.Value != "ABIInternal" || !strings.HasPrefix(f.Name, "main.") {
			continue
		}
		fn, _ := p.Table.FuncAt(f.fn.Entry())
		for _, in := range insts(t, p, fn) {
			if in.Uses.Has(32+15) && in.HasMem && in.Mem.Store {
				stores++
			}
		}
	}
	if stores < 5 {
		t.Errorf("X15 is stored %d times", stores)
	}
}

func spillArea(t *testing.T) {
	for _, goarch := range both {
		f := toy(t, linux(goarch), "main.Spill")
		if n := len(kinds(f, frame.Argument)); n != 0 || f.Text.Args.Value != 32 || len(kinds(f, frame.ArgSpill)) != 4 {
			t.Errorf("%s: %d arguments in memory, args %d", goarch, n, f.Text.Args.Value)
		}
	}
}

func abi0Memory(t *testing.T) {
	for _, goarch := range both {
		f := toyAsm(t, goarch)
		if f.Text.ABI.Value != "ABI0" || f.Text.ABI.How != evidence.Recorded || len(kinds(f, frame.ArgSpill)) != 0 {
			t.Errorf("%s: %+v", goarch, f.Text.ABI)
		}
	}
	f := toy(t, testbin.Config{GOOS: "wasip1", GOARCH: "wasm"}, "main.Spill")
	if f.Text.Args.Value != 56 || len(kinds(f, frame.ArgSpill)) != 0 { // 32 where they are in registers
		t.Errorf("wasm: args %+v", f.Text.Args)
	}
}

func threeChecks(t *testing.T) {
	for _, goarch := range both {
		small, medium, huge := 0, 0, 0
		for _, f := range compiledFrames(t, goarch) {
			ok := true
			switch f.Opens.Check {
			case asm.SmallCheck:
				small++
				ok = f.Frame <= 128
			case asm.MediumCheck:
				medium++
				ok = f.Frame > 128 && f.Frame <= 4096
			case asm.HugeCheck:
				huge++
				ok = f.Frame > 4096
			}
			if !ok {
				t.Errorf("%s: %s: frame %d, check %v", goarch, f.Name, f.Frame, f.Opens.Check)
			}
		}
		if small < 500 || medium < 100 || huge < 1 {
			t.Errorf("%s: %d small, %d medium, %d huge", goarch, small, medium, huge)
		}
	}
}

func guard(t *testing.T) {
	for _, goarch := range both {
		wants(t, goarch, "start 2048 guard 928")
	}
}

func stackSizes(t *testing.T) {
	for _, goarch := range both {
		wants(t, goarch, "start 2048 guard 928")
		wants(t, goarch, "limit 1000000000")
	}
}

// nosplitLimit links a chain that is too long by a little and one that just fits.
func nosplitLimit(t *testing.T) {
	for _, goarch := range both {
		src := testbin.Main(`package main

import "os"

//go:nosplit
//go:noinline
func a(n int) int { var b [700]byte; b[n%700] = 1; return c(n) + int(b[(n+1)%700]) }

//go:nosplit
//go:noinline
func c(n int) int { var b [300]byte; b[n%300] = 1; return int(b[(n+1)%300]) }

func main() { println(a(len(os.Args))) }
`)
		_, printed, err := testbin.Link(t, src, linux(goarch))
		if err == nil || !strings.Contains(printed, "nosplit stack over 792 byte limit") {
			t.Errorf("%s: %v: %s", goarch, err, printed)
		}
	}
}

// startsOver follows the jump at the end of the block that calls morestack.
func startsOver(t *testing.T) {
	for _, goarch := range both {
		p, _ := open(t, testbin.Build(t, testbin.Toy(t), linux(goarch)))
		every(t, goarch, 800, func(f *compiledFrame) (bool, string) {
			end := uint64(0)
			for _, r := range f.Ranges {
				if r.Class&frame.Morestack != 0 {
					end = r.End
				}
			}
			if end == 0 {
				return false, ""
			}
			fn, _ := p.Table.FuncAt(f.fn.Entry())
			for _, in := range insts(t, p, fn) {
				if in.PC+uint64(in.Len)-uint64(fn.Entry()) == end {
					if in.Flow == decode.Jump && in.Target == uint64(fn.Entry()) {
						return true, ""
					}
					return true, fmt.Sprintf("the block ends in %+v", in)
				}
			}
			return true, "the block has no end"
		})
	}
	stepsHold(t, "arm64") // R30 after morestack
}

func twoMorestacks(t *testing.T) {
	for _, goarch := range both {
		n := map[bool]int{}
		for _, f := range compiledFrames(t, goarch) {
			for _, flag := range f.Text.Flags {
				if flag.Name == "NEEDCTXT" && strings.HasPrefix(flag.Why, "calls runtime.morestack") {
					n[flag.Set]++
					if flag.Set == strings.HasSuffix(flag.Why, "_noctxt") {
						t.Errorf("%s: %+v", f.Name, flag)
					}
				}
			}
		}
		if n[true] < 50 || n[false] < 500 {
			t.Errorf("%s: %v", goarch, n)
		}
	}
}

func offsetsSurvive(t *testing.T) {
	for _, goarch := range both {
		wants(t, goarch, "moved true distance true stale true")
	}
}

func uintptrStays(t *testing.T) { offsetsSurvive(t) }

// belowSPIsLost looks at the word where main.main keeps R29 of its caller, when
// main.Huge has made the stack grow.
func belowSPIsLost(t *testing.T) {
	releases := map[string]bool{"1.26.8": true}
	if testbin.IsLong() {
		releases["1.20.14"] = false
	}
	for release, kept := range releases {
		c := linux("arm64")
		c.Go = release
		path := testbin.Build(t, testbin.Toy(t), c)
		p, _ := open(t, path)
		var after *step
		for try := 0; after == nil && try < 20; try++ { // see TestAt
			steps := stepThrough(t, path, "arm64", one(t, p, "main.Huge"), 60)
			for i := range steps {
				if steps[i].moves > 0 {
					after = &steps[i]
				}
			}
		}
		if after == nil {
			t.Errorf("%s: the stack did not move", release)
			continue
		}
		if v := after.mem[after.entry-8]; (v != 0) != kept {
			t.Errorf("%s: entry SP-8 holds %#x", release, v)
		}
	}
}

// resumesAtDeferreturn breaks there in programs that recover.
func resumesAtDeferreturn(t *testing.T) {
	testbin.NeedTool(t, "gdb")
	releases := []string{"1.26.8"}
	if testbin.IsLong() {
		releases = append(releases, "1.24.13") // recovery changed in 1.25
	}
	for _, release := range releases {
		c := linux("amd64")
		c.Go = release
		src := maps.Clone(testbin.Dir(t, "testdata/src/abi"))
		path := testbin.Build(t, src, c)
		p, _ := open(t, path)
		for _, name := range []string{"main.recovered", "main.openCoded"} {
			fn := one(t, p, name)
			pc := uint64(fn.Entry()) + uint64(fn.DeferReturn())
			out, err := exec.CommandContext(t.Context(), "gdb", "-nx", "-batch", "-ex", fmt.Sprintf("break *%#x", pc), "-ex", "run",
				"-ex", "printf \"at %lx\\n\", $pc", "-ex", "kill", path).CombinedOutput()
			if err != nil || !strings.Contains(string(out), fmt.Sprintf("at %x\n", pc)) {
				t.Errorf("%s: %s: %v\n%s", release, name, err, out)
			}
			if d, ok := fn.SPDelta(gotab.PC(pc)); !ok || fn.DeferReturn() == 0 {
				t.Errorf("%s: %s: SP at deferreturn is %d below", release, name, d)
			} else if most, err := fn.MaxSPDelta(); err != nil || d != most {
				t.Errorf("%s: %s: SP at deferreturn is %d below, in the body %d (%v)", release, name, d, most, err)
			}
		}
	}
}

func deferSlots(t *testing.T) { TestWithDefer(t) }

func mapping(t *testing.T) {
	for _, goarch := range both {
		stepsHold(t, goarch)
	}
}

var spilled = map[string][]step{} // by GOARCH; tests here run one after the other

// spillSteps steps through main.Spill.
func spillSteps(t *testing.T, goarch string) []step {
	t.Helper()
	if spilled[goarch] == nil {
		path := testbin.Build(t, testbin.Toy(t), linux(goarch))
		p, _ := open(t, path)
		spilled[goarch] = stepThrough(t, path, goarch, one(t, p, "main.Spill"), 400) // a goroutine that is slow is asked to yield, and starts over
	}
	return spilled[goarch]
}

// stepsHold runs main.Spill under a debugger: at each instruction the entry SP,
// the return address and the frame pointer are where they should be.
func stepsHold(t *testing.T, goarch string) {
	t.Helper()
	path := testbin.Build(t, testbin.Toy(t), linux(goarch))
	p, l := open(t, path)
	fn := one(t, p, "main.Spill")
	steps := spillSteps(t, goarch)
	for _, s := range steps {
		if msg := checkAt(l, s, goarch, false); msg != "" {
			t.Errorf("%s: main.Spill+%#x: %s", goarch, s.pc-uint64(fn.Entry()), msg)
		}
	}
	if len(steps) < 20 {
		t.Errorf("%s: only %d steps", goarch, len(steps))
	}
}

// fpChain follows the frame pointer in the body of a function that runs.
func fpChain(t *testing.T) {
	for _, goarch := range both {
		path := testbin.Build(t, testbin.Toy(t), linux(goarch))
		p, l := open(t, path)
		fn := one(t, p, "main.Spill")
		f, err := l.Of(fn)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, s := range spillSteps(t, goarch) {
			off := s.pc - uint64(fn.Entry())
			if off < f.Opens.End || slices.ContainsFunc(f.Ranges, func(r frame.Range) bool {
				return r.Class&(frame.Epilogue|frame.Morestack) != 0 && off >= r.Start && off < r.End
			}) {
				continue
			}
			n++
			if s.mem[s.fp] != s.callerFP || s.mem[s.fp+8] != s.ret {
				t.Errorf("%s: +%#x: FP %#x leads to %#x and %#x, want %#x and %#x", goarch, off, s.fp, s.mem[s.fp], s.mem[s.fp+8], s.callerFP, s.ret)
			}
		}
		if n < 10 {
			t.Errorf("%s: only %d steps", goarch, n)
		}
	}
}
