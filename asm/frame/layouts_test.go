package frame_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"moho/asm"
	"moho/asm/frame"
	"moho/evidence"
	"moho/gotab"
	"moho/internal/testbin"
)

// toy returns the frame of one of the toy's functions.
func toy(t *testing.T, c testbin.Config, name string) frame.Frame {
	t.Helper()
	p, l := open(t, testbin.Build(t, testbin.Toy(t), c))
	found := p.Table.FuncNamed(name)
	if len(found) != 1 {
		t.Fatalf("%d functions %s", len(found), name)
	}
	f, err := l.Of(found[0])
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func linux(goarch string) testbin.Config { return testbin.Config{GOOS: "linux", GOARCH: goarch} }

// kinds returns the slots of a kind.
func kinds(f frame.Frame, k frame.Kind) (out []frame.Slot) {
	for _, s := range f.Slots {
		if s.Kind == k {
			out = append(out, s)
		}
	}
	return out
}

func TestWithDefer(t *testing.T) {
	for _, goarch := range []string{"amd64", "arm64"} {
		f := toy(t, linux(goarch), "main.WithDefer")
		bits, slots := kinds(f, frame.DeferBits), kinds(f, frame.DeferSlot)
		if len(bits) != 1 || bits[0].Size != 1 || bits[0].How != evidence.Recorded || bits[0].Stores < 3 {
			t.Errorf("%s: defer bits %+v", goarch, bits)
		}
		if len(slots) != 2 || slots[0].Off != -24 || slots[1].Off != -16 || !slots[0].Pointer || !slots[1].Pointer {
			t.Errorf("%s: deferred functions %+v", goarch, slots)
		}
		write, back := false, false
		for _, c := range f.Calls {
			live := map[int64]string{}
			for _, l := range c.Live {
				live[l.Off] = l.Name
			}
			_, s0 := live[-24]
			_, s1 := live[-16]
			switch c.Callee {
			case "os.(*File).Write", "os.(*File).WriteString": // inlined or not
				write = s0 && s1
			case "runtime.deferreturn":
				back = c.Off == uint64(f.DeferReturn) && s0 && s1
			}
		}
		if !write || !back {
			t.Errorf("%s: the closures are live at Write %v, deferreturn lies at the recorded offset %v: %+v", goarch, write, back, f.Calls)
		}
		for _, r := range f.Ranges {
			if r.Start == uint64(f.DeferReturn) && r.Class&(frame.Defer|frame.Calls) != frame.Defer|frame.Calls {
				t.Errorf("%s: range at deferreturn %+v", goarch, r)
			}
		}
	}
}

// gosymProgram prints what debug/gosym says of a function. It is a program of its
// own because nothing here may import that package.
const gosymProgram = `package main

import (
	"debug/elf"
	"debug/gosym"
	"fmt"
	"os"
)

func main() {
	f, err := elf.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	pcln, err := f.Section(".gopclntab").Data()
	if err != nil {
		panic(err)
	}
	tab, err := gosym.NewTable(nil, gosym.NewLineTable(pcln, f.Section(".text").Addr))
	if err != nil {
		panic(err)
	}
	fmt.Print(tab.LookupFunc(os.Args[2]).FrameSize)
}
`

// TestGosymIsWrong shows what debug/gosym calls FrameSize.
func TestGosymIsWrong(t *testing.T) {
	tool := testbin.Build(t, testbin.Main(gosymProgram), testbin.Config{})
	f := toy(t, linux("amd64"), "main.WithDefer")
	said := testbin.Run(t, tool, testbin.Build(t, testbin.Toy(t), linux("amd64")), "main.WithDefer")
	if said != fmt.Sprint(f.DeferReturn) || said == fmt.Sprint(f.Frame) || f.Frame != 224 {
		t.Errorf("gosym says %s; frame %d, deferreturn at %#x", said, f.Frame, f.DeferReturn)
	}
}

func TestHuge(t *testing.T) {
	for goarch, want := range map[string]struct {
		frame int64
		words string
	}{
		"amd64": {40040, "subtract the frame from SP with a check for borrow, compare with the guard; push, SP by 8 and save the frame pointer at 0(SP); set the frame pointer to SP+0; lower SP by 40032"},
		"arm64": {40048, "subtract the frame from SP with a check for borrow, compare with the guard; save the frame pointer at -8(R20) and save the link register at 0(R20); lower SP by 40048; set the frame pointer to SP-8"},
	} {
		f := toy(t, linux(goarch), "main.Huge")
		if f.Opens.Check != asm.HugeCheck || f.Frame != want.frame || f.Max != want.frame || f.Opens.Words != want.words {
			t.Errorf("%s: check %v, frame %d, max %d, %s", goarch, f.Opens.Check, f.Frame, f.Max, f.Opens.Words)
		}
		if got, want := f.Text.String(), "TEXT main·Huge(SB), 0, $40032-8"; got != want {
			t.Errorf("%s: %s, want %s", goarch, got, want)
		}
	}
}

// TestSpill looks at arguments that came in registers and at where the caller's
// registers are kept.
func TestSpill(t *testing.T) {
	for goarch, linkage := range map[string]map[frame.Kind]int64{
		"amd64": {frame.SavedFP: -8, frame.ReturnPC: 0},
		"arm64": {frame.SavedFP: -136, frame.SavedLR: -128, frame.CallerFP: -8, frame.CallerLR: 0},
	} {
		f := toy(t, linux(goarch), "main.Spill")
		for k, off := range linkage {
			if s := kinds(f, k); len(s) != 1 || s[0].Off != off || s[0].Size != 8 {
				t.Errorf("%s: %s: %+v, want it at %d", goarch, k, s, off)
			}
		}
		type arg struct {
			Off     int64
			Name    string
			Type    string
			Pointer bool
		}
		var got []arg
		for _, s := range kinds(f, frame.ArgSpill) {
			got = append(got, arg{s.Off, s.Name, s.Type, s.Pointer})
		}
		want := []arg{{8, "p", "*int", true}, {16, "s.ptr", "*uint8", true}, {24, "s.len", "int", false}, {32, "n", "int", false}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", goarch, diff)
		}
		if s, ok := f.SlotAt(-32); !ok || s.Name != "t" || s.Type != "int" {
			t.Errorf("%s: slot %+v", goarch, s)
		}
		if c := f.Calls[0]; c.Callee != "main.Sum10" || !cmp.Equal(c.Live, []frame.Live{{Off: 8, Name: "p"}, {Off: 16, Name: "s.ptr"}}) {
			t.Errorf("%s: %+v", goarch, c)
		}
	}
}

// TestStrippedTwin checks that symbols and DWARF add names, types and the origin
// of the ABI, and nothing else.
func TestStrippedTwin(t *testing.T) {
	releases := []string{"1.26.8"}
	if testbin.IsLong() {
		releases = testbin.Releases
	}
	ignore := cmpopts.IgnoreFields(frame.Text{}, "ABI")
	for _, release := range releases {
		for _, goarch := range []string{"amd64", "arm64", "wasm"} {
			t.Run(release+"/"+goarch, func(t *testing.T) {
				c := testbin.Config{Go: release, GOOS: "linux", GOARCH: goarch}
				if goarch == "wasm" {
					c.GOOS = "js"
				}
				s := c
				s.Mode = testbin.Stripped
				plain, err := asm.Open(testbin.Build(t, testbin.Toy(t), c))
				if err != nil {
					t.Fatal(err)
				}
				defer plain.Close()
				stripped, ls := open(t, testbin.Build(t, testbin.Toy(t), s))
				lp, err := frame.New(plain, frame.Options{NoDWARF: true})
				if err != nil {
					t.Fatal(err)
				}
				if plain.Table.NumFunc() != stripped.Table.NumFunc() {
					t.Fatalf("%d and %d functions", plain.Table.NumFunc(), stripped.Table.NumFunc())
				}
				for i := range plain.Table.NumFunc() {
					fp, err1 := plain.Table.Func(i)
					fs, err2 := stripped.Table.Func(i)
					if err1 != nil || err2 != nil {
						t.Fatal(err1, err2)
					}
					a, err1 := lp.Of(fp)
					b, err2 := ls.Of(fs)
					if err1 != nil || err2 != nil {
						t.Fatal(err1, err2)
					}
					if diff := cmp.Diff(a, b, ignore, cmp.AllowUnexported(), cmpopts.IgnoreUnexported(frame.Shape{}), cmpopts.IgnoreFields(frame.Frame{}, "Entry", "Args")); diff != "" {
						t.Errorf("%s: %s", a.Name, diff)
						break
					}
				}
			})
		}
	}
}

// TestABIOfTwins compares the ABI that is derived in a stripped program with
// what the symbol table of its twin says, and with what package asm says.
func TestABIOfTwins(t *testing.T) {
	for _, goarch := range []string{"amd64", "arm64"} {
		c := linux(goarch)
		plain, lp := open(t, testbin.Build(t, testbin.NetHTTP(), c))
		c.Mode = testbin.Stripped
		stripped, ls := open(t, testbin.Build(t, testbin.NetHTTP(), c))
		sure := 0
		for i := range plain.Table.NumFunc() {
			a, err1 := plain.Table.Func(i)
			b, err2 := stripped.Table.Func(i)
			if err1 != nil || err2 != nil {
				t.Fatal(err1, err2)
			}
			if a.Flags()&gotab.Asm == 0 && !strings.HasPrefix(a.Name(), "runtime.") && !testbin.IsLong() {
				continue // the wrappers are in the runtime
			}
			f, err1 := lp.Of(a)
			g, err2 := ls.Of(b)
			other, err3 := stripped.Function(b)
			if err1 != nil || err2 != nil || err3 != nil {
				t.Fatal(err1, err2, err3)
			}
			if f.Text.ABI.Known() && g.Text.ABI.Known() {
				if f.Text.ABI.How == evidence.Recorded {
					sure++
				}
				if f.Text.ABI.Value != g.Text.ABI.Value {
					t.Errorf("%s: %s: %+v, stripped %+v", goarch, f.Name, f.Text.ABI, g.Text.ABI)
				}
			}
			if g.Text.ABI.Known() && other.ABI.How != evidence.Unknown && g.Text.ABI.Value != other.ABI.Value {
				t.Errorf("%s: %s: %+v, package asm says %+v", goarch, f.Name, g.Text.ABI, other.ABI)
			}
		}
		if sure < 100 {
			t.Errorf("%s: only %d recorded", goarch, sure)
		}
	}
}
