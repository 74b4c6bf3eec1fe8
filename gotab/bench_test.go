package gotab_test

import (
	"os/exec"
	"testing"

	"moho/gotab"
	"moho/objfile"
)

// large returns a program with many functions that every Go installation has.
func large(tb testing.TB) string {
	tb.Helper()
	path, err := exec.LookPath("go")
	if err != nil {
		tb.Fatal(err)
	}
	return path
}

func BenchmarkOpen(b *testing.B) {
	path := large(b)
	for b.Loop() {
		f, err := objfile.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := gotab.Open(f); err != nil {
			b.Fatal(err)
		}
		f.Close()
	}
}

func BenchmarkList(b *testing.B) {
	_, tab := open(b, large(b))
	b.ReportAllocs()
	for b.Loop() {
		for i := range tab.NumFunc() {
			f, err := tab.Func(i)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := f.Size(); err != nil {
				b.Fatal(err)
			}
			f.Name()
		}
	}
	b.ReportMetric(float64(tab.NumFunc()), "funcs")
}

func BenchmarkFuncAt(b *testing.B) {
	_, tab := open(b, large(b))
	lo, n := tab.TextBase(), uint64(0)
	last, err := tab.Func(tab.NumFunc() - 1)
	if err != nil {
		b.Fatal(err)
	}
	span := uint64(last.Next() - lo)
	b.ReportAllocs()
	for b.Loop() {
		n = (n + 0x9e3779b97f4a7c15) // spread over the text
		if _, ok := tab.FuncAt(lo + gotab.PC(n%span)); !ok {
			b.Fatalf("%#x: no function", n%span)
		}
	}
}

func BenchmarkSPDelta(b *testing.B) {
	_, tab := open(b, large(b))
	f := tab.FuncNamed("main.main")[0]
	size, _ := f.Size()
	pc := f.Entry() + gotab.PC(size/2)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := f.SPDelta(pc); !ok {
			b.Fatal("no row")
		}
	}
}

func BenchmarkFrames(b *testing.B) {
	_, tab := open(b, large(b))
	f := tab.FuncNamed("main.main")[0]
	size, _ := f.Size()
	var buf []gotab.InlineFrame
	n := uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		n = (n + 37) % size
		buf = tab.Frames(buf[:0], f, f.Entry()+gotab.PC(n))
	}
}

// TestLarge reads all tables of a large program. It keeps what the package
// promises: look-ups do not allocate, and real inlining stays far below
// MaxInlineDepth.
func TestLarge(t *testing.T) {
	_, tab := open(t, large(t))
	deepest, names := 0, 0
	var buf []gotab.InlineFrame
	for i := range tab.NumFunc() {
		f, err := tab.Func(i)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name() != "" {
			names++
		}
		rows, err := f.PCDataRows(2) // inline tree index
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			buf = tab.Frames(buf[:0], f, f.Entry()+gotab.PC(r.Start))
			deepest = max(deepest, len(buf))
		}
	}
	t.Logf("%d functions, at most %d calls at one PC", names, deepest)
	if names != tab.NumFunc() || deepest < 5 || deepest > gotab.MaxInlineDepth/4 {
		t.Errorf("%d of %d functions have a name, deepest chain %d", names, tab.NumFunc(), deepest)
	}
	f := tab.FuncNamed("main.main")[0]
	pc := f.Entry() + 40
	if n := testing.AllocsPerRun(100, func() {
		g, _ := tab.FuncAt(pc)
		g.SPDelta(pc)
		g.PCData(2, pc)
		g.Args()
		g.FuncData(3)
		_, _ = g.Size()
		_, _ = g.MaxSPDelta()
	}); n != 0 {
		t.Errorf("look-ups allocate %v times", n)
	}
	if id, ok := tab.WrapperID(); !ok || id < 20 || id > 30 {
		t.Errorf("WrapperID is %d, %v", id, ok)
	}
}
