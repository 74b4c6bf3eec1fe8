package gotab_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"moho/gotab"
	"moho/internal/testbin"
)

// samplePCs returns about n addresses spread over all functions, the first and
// last byte of each among them.
func samplePCs(t *testing.T, tab *gotab.Table, n int, quantum uint64) []gotab.PC {
	t.Helper()
	var out []gotab.PC
	per := max(uint64(n/tab.NumFunc()), 3)
	for i := range tab.NumFunc() {
		f, err := tab.Func(i)
		if err != nil {
			t.Fatal(err)
		}
		size, err := f.Size()
		if err != nil {
			t.Fatal(err)
		}
		if size == 0 {
			continue
		}
		step := max(size/per/quantum*quantum, quantum)
		for off := uint64(0); off < size; off += step {
			out = append(out, f.Entry()+gotab.PC(off))
		}
		out = append(out, f.Entry()+gotab.PC((size-1)/quantum*quantum))
	}
	return out
}

func quantum(c testbin.Config) uint64 {
	if c.GOARCH == "arm64" {
		return 4
	}
	return 1
}

func input(pcs []gotab.PC, bias uint64) string {
	var b strings.Builder
	for _, pc := range pcs {
		fmt.Fprintf(&b, "%#x\n", uint64(pc)+bias)
	}
	return b.String()
}

// innermost returns "file:line func" for pc.
func innermost(t *testing.T, tab *gotab.Table, pc gotab.PC) string {
	t.Helper()
	f, ok := tab.FuncAt(pc)
	if !ok {
		t.Fatalf("%#x: no function", pc)
	}
	in := tab.Frames(nil, f, pc)[0]
	file, line, ok := f.FileLine(pc)
	if !ok || file != in.File || line != in.Line {
		t.Errorf("%#x: FileLine %s:%d, Frames %s:%d", pc, file, line, in.File, in.Line)
	}
	return fmt.Sprintf("%s:%d %s", in.File, in.Line, gotab.PrintName(in.Func))
}

func TestLinesEqualAddr2line(t *testing.T) {
	testbin.Serial(t)
	every(t, func(t *testing.T, c testbin.Config) {
		path := toy(t, c)
		_, tab := open(t, path)
		pcs := samplePCs(t, tab, 10000, quantum(c))
		out := strings.Split(strings.TrimSpace(testbin.RunInput(t, input(pcs, 0), "go", "tool", "addr2line", path)), "\n")
		if len(out) != 2*len(pcs) {
			t.Fatalf("addr2line gives %d lines for %d addresses", len(out), len(pcs))
		}
		bad := 0
		for i, pc := range pcs {
			f, _ := tab.FuncAt(pc)
			file, line, _ := f.FileLine(pc)
			if got, want := fmt.Sprintf("%s:%d", file, line), out[2*i+1]; got != want {
				if bad++; bad < 10 {
					t.Errorf("%#x in %s: %s, addr2line %s", pc, f.Name(), got, want)
				}
			}
		}
		if bad > 0 {
			t.Errorf("%d of %d differ", bad, len(pcs))
		}
	}, testbin.Plain, testbin.PIE)
}

// bias returns how far from its link address the program was loaded.
func bias(t *testing.T, tab *gotab.Table, out string) uint64 {
	t.Helper()
	first, _, _ := strings.Cut(out, "\n")
	at, err := strconv.ParseUint(strings.TrimPrefix(first, "main "), 0, 64)
	if err != nil {
		t.Fatalf("program says %q: %v", first, err)
	}
	main := tab.FuncNamed("main.main")
	if len(main) != 1 {
		t.Fatalf("%d functions main.main", len(main))
	}
	return at - uint64(main[0].Entry())
}

// TestFramesEqualRuntime asks the program itself, for every mode in which it
// can run here: the runtime looks up thousands of its own addresses.
func TestFramesEqualRuntime(t *testing.T) {
	testbin.Serial(t)
	testbin.NeedTool(t, "setarch")
	every(t, func(t *testing.T, c testbin.Config) {
		if c.GOARCH != "amd64" {
			return // TestLinesEqualAddr2line and TestInlineEqualsDWARF have it
		}
		path := toy(t, c)
		_, tab := open(t, path)
		pcs := samplePCs(t, tab, 10000, 1)
		// Without randomisation a second run is loaded where the first one was.
		b := bias(t, tab, testbin.Run(t, "setarch", "-R", path, "lookup"))
		out := strings.Split(strings.TrimSpace(testbin.RunInput(t, input(pcs, b), "setarch", "-R", path, "lookup")), "\n")[1:]
		if len(out) != len(pcs) {
			t.Fatalf("the program gives %d lines for %d addresses", len(out), len(pcs))
		}
		first, err := tab.Func(0)
		if err != nil {
			t.Fatal(err)
		}
		zero, bad := first.Name(), 0
		for i, pc := range pcs {
			_, want, _ := strings.Cut(out[i], " ")
			at := strings.IndexByte(want, ' ')
			want = want[:at+1] + gotab.PrintName(want[at+1:])
			// The runtime takes pc+1 for a return address, so that it can't look
			// up the last byte of a function without padding; and it takes a
			// name at offset 0 of its table, the first one, for none.
			f, _ := tab.FuncAt(pc)
			if got := innermost(t, tab, pc); got != want && pc+1 != f.Next() && want+zero != got {
				if bad++; bad < 10 {
					t.Errorf("%#x: %s\n   the runtime says %s", pc, got, want)
				}
			}
		}
		if bad > 0 {
			t.Errorf("%d of %d differ", bad, len(pcs))
		}
	})
}

// TestStacksEqualRuntime compares whole chains of inlined calls with what the
// program prints from its own stack.
func TestStacksEqualRuntime(t *testing.T) {
	every(t, func(t *testing.T, c testbin.Config) {
		if c.GOARCH != "amd64" {
			return
		}
		path := toy(t, c)
		_, tab := open(t, path)
		out := testbin.Run(t, path)
		b := bias(t, tab, out)
		var group []string // the chain so far, innermost first
		var at gotab.PC
		chains, deepest := 0, 0
		for line := range strings.Lines(out) {
			f := strings.Fields(line)
			if len(f) < 5 || f[0] != "frame" {
				continue
			}
			pc, err := strconv.ParseUint(f[1], 0, 64)
			if err != nil {
				t.Fatal(err)
			}
			if len(group) == 0 {
				at = gotab.PC(pc - b)
			}
			group = append(group, f[2]+" "+f[3]+" "+gotab.PrintName(strings.Join(f[4:], " ")))
			if f[2] == "true" {
				continue
			}
			fn, ok := tab.FuncAt(at)
			if !ok {
				t.Fatalf("%#x: no function", at)
			}
			var got []string
			for _, fr := range tab.Frames(nil, fn, at) {
				got = append(got, fmt.Sprintf("%t %s:%d %s", fr.Inlined, fr.File, fr.Line, gotab.PrintName(fr.Func)))
			}
			if g, w := strings.Join(got, "\n\t"), strings.Join(group, "\n\t"); g != w {
				t.Errorf("%#x:\n\t%s\nthe program says\n\t%s", at, g, w)
			}
			chains, deepest, group = chains+1, max(deepest, len(group)), nil
		}
		if chains < 20 || deepest < 4 {
			t.Fatalf("%d chains, deepest %d:\n%s", chains, deepest, out)
		}
	})
}
