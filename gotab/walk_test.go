package gotab_test

import (
	"testing"

	"moho/gotab"
	"moho/internal/testbin"
)

// TestWalk compares a walk with the look-ups that it stands for, at every
// offset of every function.
func TestWalk(t *testing.T) {
	for _, c := range []testbin.Config{
		{GOOS: "linux", GOARCH: "amd64"},
		{GOOS: "linux", GOARCH: "arm64", Mode: testbin.Stripped},
	} {
		t.Run(c.String(), func(t *testing.T) {
			_, tab := open(t, testbin.Build(t, testbin.Toy(t), c))
			files := map[gotab.FileID]string{gotab.NoFile: ""}
			asked := 0
			for i := range tab.NumFunc() {
				f, err := tab.Func(i)
				if err != nil {
					t.Fatal(err)
				}
				if got := string(f.AppendName(nil)); got != f.Name() {
					t.Fatalf("function %d: AppendName gives %q, want %q", i, got, f.Name())
				}
				size, err1 := f.Size()
				most, err2 := f.MaxSPDelta()
				if s, m, err := f.Bounds(); s != size || m != most || err != nil || err1 != nil || err2 != nil {
					t.Fatalf("%s: Bounds gives %d %d %v, want %d %d", f.Name(), s, m, err, size, most)
				}
				end := uint64(f.Next() - f.Entry()) // into the padding
				step := max(end/64/quantum(c)*quantum(c), quantum(c))
				w := f.Walk()
				for off := uint64(0); off < end; off += step {
					pc := f.Entry() + gotab.PC(off)
					sp, hasSP := f.SPDelta(pc)
					file, line, _ := f.FileLine(pc)
					p := w.At(uint32(off))
					name, ok := files[p.File]
					if !ok {
						name = tab.File(p.File)
						files[p.File] = name
					}
					if p.HasSP != hasSP || p.SP != sp || name != file || int(p.Line) != line {
						t.Fatalf("%s+%#x: walk gives SP %d %v, %s:%d, look-ups %d %v, %s:%d",
							f.Name(), off, p.SP, p.HasSP, name, p.Line, sp, hasSP, file, line)
					}
					asked++
				}
			}
			if asked < 20_000 {
				t.Errorf("%d offsets compared", asked)
			}
		})
	}
}

func TestWalkDoesNotAllocate(t *testing.T) {
	_, tab := open(t, large(t))
	name := make([]byte, 0, 1<<10)
	if n := testing.AllocsPerRun(3, func() {
		for i := range 500 {
			f, err := tab.Func(i)
			if err != nil {
				t.Fatal(err)
			}
			name = f.AppendName(name[:0])
			w := f.Walk()
			for off := range uint32(64) {
				w.At(off)
			}
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
