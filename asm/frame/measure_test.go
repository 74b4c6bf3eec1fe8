package frame_test

import (
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"moho/asm"
	"moho/asm/frame"
	"moho/decode"
	"moho/gotab"
	"moho/internal/testbin"
)

var both = []string{"amd64", "arm64"}

// A compiledFrame is the frame of a function of package main or of what it
// links, assembly left out.
type compiledFrame struct {
	fn gotab.Func
	aFrame
}

type aFrame = frame.Frame // a Frame has a field of that name

var wholes sync.Map // GOARCH → []compiledFrame

// compiledFrames returns the frames of all compiled functions of the toy.
func compiledFrames(t *testing.T, goarch string) []compiledFrame {
	t.Helper()
	if have, ok := wholes.Load(goarch); ok {
		return have.([]compiledFrame)
	}
	p, err := asm.Open(testbin.Build(t, testbin.Toy(t), linux(goarch))) // stays open: its memory is kept
	if err != nil {
		t.Fatal(err)
	}
	l, err := frame.New(p, frame.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var out []compiledFrame
	for fn := range p.Functions() {
		if fn.Flags()&gotab.Asm != 0 {
			continue
		}
		f, err := l.Of(fn)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, compiledFrame{fn, f})
	}
	if len(out) < 1000 {
		t.Fatalf("only %d functions", len(out))
	}
	wholes.Store(goarch, out)
	return out
}

// every checks something of all compiled functions for which it applies.
func every(t *testing.T, goarch string, least int, check func(f *compiledFrame) (applies bool, wrong string)) {
	t.Helper()
	n := 0
	for _, f := range compiledFrames(t, goarch) {
		applies, wrong := check(&f)
		if !applies {
			continue
		}
		n++
		if wrong != "" {
			t.Errorf("%s: %s: %s", goarch, f.Name, wrong)
		}
	}
	if n < least {
		t.Errorf("%s: applies to %d functions only", goarch, n)
	}
}

// slotAt returns a message if the slot at off is not of that kind.
func slotAt(f *compiledFrame, off int64, k frame.Kind) string {
	s, ok := f.SlotAt(off)
	if !ok || s.Kind != k || s.Off != off || s.Size != 8 {
		return fmt.Sprintf("at %d is %+v", off, s)
	}
	return ""
}

func program(t *testing.T, goarch string) (*asm.Program, *frame.Layouts, string) {
	t.Helper()
	path := testbin.Build(t, testbin.Dir(t, "testdata/src/abi"), linux(goarch))
	p, l := open(t, path)
	return p, l, path
}

// output runs the program of testdata/src/abi.
func output(t *testing.T, goarch string) string {
	t.Helper()
	_, _, path := program(t, goarch)
	if goarch == "arm64" {
		testbin.NeedTool(t, "qemu-aarch64-static")
		return testbin.Run(t, "qemu-aarch64-static", path)
	}
	b, err := exec.Command(path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	return string(b)
}

func wants(t *testing.T, goarch, line string) {
	t.Helper()
	if out := output(t, goarch); !strings.Contains(out, line+"\n") {
		t.Errorf("%s: %q is not in %q", goarch, line, out)
	}
}

var decoders = map[string]*decode.Decoder{} // by GOARCH; tests here run one after the other

// insts decodes a function.
func insts(t *testing.T, p *asm.Program, fn gotab.Func) []decode.Inst {
	t.Helper()
	d := decoders[p.Arch().Name]
	if d == nil {
		var err error
		if d, err = decode.New(p.Arch()); err != nil {
			t.Fatal(err)
		}
		decoders[p.Arch().Name] = d
	}
	code, err := p.Code(fn)
	if err != nil {
		t.Fatal(err)
	}
	var out []decode.Inst
	for at := 0; at < len(code); {
		var in decode.Inst
		if err := d.Decode(code[at:], uint64(fn.Entry())+uint64(at), &in); err == nil {
			out = append(out, in)
		}
		at += in.Len
	}
	return out
}

func one(t *testing.T, p *asm.Program, name string) gotab.Func {
	t.Helper()
	found := p.Table.FuncNamed(name)
	if len(found) == 0 {
		t.Fatalf("no function %s", name)
	}
	return found[0]
}

func argsAtEight(t *testing.T) {
	for _, goarch := range both {
		f := toyAsm(t, goarch)
		for i, off := range []int64{8, 16, 24, 32} { // a+0(FP), b+8(FP), …
			if s, ok := f.SlotAt(off); !ok || s.Kind != frame.Argument || s.Loads != 1 {
				t.Errorf("%s: argument %d: %+v", goarch, i, s)
			}
		}
	}
	f := toy(t, testbin.Config{GOOS: "wasip1", GOARCH: "wasm"}, "main.Spill")
	if s := kinds(f, frame.Argument); len(s) == 0 || s[0].Off != 8 {
		t.Errorf("wasm: %+v", s)
	}
}

// toyAsm returns the frame of the toy's assembly function.
func toyAsm(t *testing.T, goarch string) frame.Frame {
	t.Helper()
	p, l := open(t, testbin.Build(t, testbin.Toy(t), linux(goarch)))
	for _, fn := range p.Table.FuncNamed("main.asmAdd") {
		if fn.Flags()&gotab.Asm == 0 {
			continue
		}
		f, err := l.Of(fn)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	t.Fatal("no main.asmAdd")
	return frame.Frame{}
}

func callPushes(t *testing.T) {
	every(t, "amd64", 1000, func(f *compiledFrame) (bool, string) { return true, slotAt(f, 0, frame.ReturnPC) })
	stepsHold(t, "amd64")
}

func lrAtSP(t *testing.T) {
	every(t, "arm64", 1000, func(f *compiledFrame) (bool, string) {
		return f.Frame > 0, slotAt(f, -f.Frame, frame.SavedLR)
	})
	stepsHold(t, "arm64")
}

func bpBelowReturn(t *testing.T) {
	every(t, "amd64", 1000, func(f *compiledFrame) (bool, string) { return f.Frame > 0, slotAt(f, -8, frame.SavedFP) })
}

func fpBelowSP(t *testing.T) {
	every(t, "arm64", 1000, func(f *compiledFrame) (bool, string) {
		return f.Frame > 0, slotAt(f, -f.Frame-8, frame.SavedFP)
	})
	every(t, "arm64", 1000, func(f *compiledFrame) (bool, string) { return f.Frame > 0, slotAt(f, -8, frame.CallerFP) })
}

// localsEnd asks DWARF, whose variables no layout here has placed.
func localsEnd(t *testing.T) {
	for _, goarch := range both {
		named := 0
		for _, f := range compiledFrames(t, goarch) {
			for _, s := range f.Slots {
				if s.Kind != frame.Local || s.Name == "" {
					continue
				}
				named++
				if s.End() > -8 {
					t.Errorf("%s: %s: %+v", goarch, f.Name, s)
				}
			}
		}
		if named < 500 {
			t.Errorf("%s: only %d variables", goarch, named)
		}
	}
}

func alignment(t *testing.T) {
	for goarch, n := range map[string]int32{"amd64": 8, "arm64": 16} {
		odd := 0
		for _, f := range compiledFrames(t, goarch) {
			for _, row := range f.SP {
				if row.Value%n != 0 {
					t.Errorf("%s: %s: SP is %d below", goarch, f.Name, row.Value)
				}
			}
			if (f.Frame+8)%16 != 0 {
				odd++
			}
		}
		if goarch == "amd64" && odd < 100 { // a frame and its return address are not always 16·n
			t.Errorf("amd64: %d of the frames are no multiple of 16", odd)
		}
	}
}

func leavesWithoutFrame(t *testing.T) {
	for _, goarch := range both {
		f := toy(t, linux(goarch), "main.Sum10")
		if f.Frame != 0 || f.Max != 0 || f.Opens.SavesFP || f.Opens.SavesLR {
			t.Errorf("%s: %+v", goarch, f.Opens)
		}
	}
}

func morestackDelta(t *testing.T) {
	for _, goarch := range both {
		every(t, goarch, 800, func(f *compiledFrame) (bool, string) {
			applies, last := false, uint64(0)
			for _, r := range f.Ranges {
				if r.Class&frame.Morestack == 0 {
					if applies && r.Class&frame.Epilogue != 0 {
						return true, "returns behind the block"
					}
					continue
				}
				applies, last = true, r.Start
				if d, ok := f.fn.SPDelta(f.fn.Entry() + gotab.PC(r.Start)); !ok || d != 0 {
					return true, fmt.Sprintf("SP is %d below at +%#x", d, last)
				}
			}
			return applies, ""
		})
	}
}

func shapes(t *testing.T) {
	for _, tt := range []struct{ release, goarch, fn, words string }{
		{"1.20.14", "amd64", "main.Closure", "compare SP with the guard; lower SP by 24; save the frame pointer at 16(SP); set the frame pointer to SP+16"},
		{"1.21.13", "amd64", "main.Closure", "compare SP with the guard; push, SP by 8 and save the frame pointer at 0(SP); set the frame pointer to SP+0; lower SP by 16"},
		{"1.27.3", "amd64", "main.Closure", "compare SP with the guard; push, SP by 8 and save the frame pointer at 0(SP); set the frame pointer to SP+0; lower SP by 32"},
		{"1.20.14", "arm64", "main.Closure", "compare SP with the guard; lower SP by 48 and save the link register at 0(RSP); save the frame pointer at -8(RSP); set the frame pointer to SP-8"},
		{"1.27.3", "arm64", "main.Closure", "compare SP with the guard; lower SP by 64 and save the link register at 0(RSP); save the frame pointer at -8(RSP); set the frame pointer to SP-8"},
		{"1.27.3", "arm64", "main.Medium", "compare SP less the frame with the guard; save the frame pointer at -8(R20) and save the link register at 0(R20); lower SP by 1056; set the frame pointer to SP-8"},
	} {
		c := linux(tt.goarch)
		c.Go = tt.release
		if f := toy(t, c, tt.fn); f.Opens.Words != tt.words {
			t.Errorf("%s %s %s: %s", tt.release, tt.goarch, tt.fn, f.Opens.Words)
		}
	}
	for _, f := range compiledFrames(t, "arm64") { // 240 is where the form changes
		if large := strings.Contains(f.Opens.Words, "(R20)"); f.Frame > 0 && large != (f.Frame > 240) {
			t.Errorf("%s: frame %d: %s", f.Name, f.Frame, f.Opens.Words)
		}
	}
}
