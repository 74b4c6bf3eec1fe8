package frame

import (
	"testing"

	"moho/asm"
	"moho/internal/testbin"
)

// FuzzFill makes a frame of any code in the place of a function's, with the
// tables of that function.
func FuzzFill(f *testing.F) {
	var both [2]*Layouts
	names := []string{"main.Spill", "main.Huge", "main.WithDefer", "main.asmAdd", "runtime.mcall", "main.main"}
	for i, goarch := range []string{"amd64", "arm64"} {
		p, err := asm.Open(testbin.Build(f, testbin.Toy(f), testbin.Config{GOOS: "linux", GOARCH: goarch}))
		if err != nil {
			f.Fatal(err)
		}
		f.Cleanup(func() { p.Close() })
		if both[i], err = New(p, Options{}); err != nil {
			f.Fatal(err)
		}
		for j, name := range names {
			code, err := p.Code(p.Table.FuncNamed(name)[0])
			if err != nil {
				f.Fatal(err)
			}
			f.Add(code, uint8(j), i == 1)
		}
	}
	f.Add([]byte("\xeb\x01\xe8\x90\x90\xc3"), uint8(0), false) // a jump over what is no instruction
	f.Fuzz(func(t *testing.T, code []byte, which uint8, isARM64 bool) {
		l := both[0]
		if isARM64 {
			l = both[1]
		}
		fn := l.p.Table.FuncNamed(names[int(which)%len(names)])[0]
		rows, err := fn.SPRows()
		if err != nil {
			t.Fatal(err)
		}
		b, err := l.r.decode(fn, code, rows)
		if err != nil {
			if b != nil {
				t.Error("a body and an error")
			}
			return
		}
		out := Frame{Name: fn.Name(), Size: uint64(len(code))}
		l.fill(b, &out)
		for i, s := range out.Slots {
			if s.Size <= 0 || s.How == "" || i > 0 && out.Slots[i-1].End() != s.Off {
				t.Fatalf("slot %d of %+v", i, out.Slots)
			}
		}
		end := uint64(0)
		for _, r := range out.Ranges {
			if r.Start < end || r.End <= r.Start || r.End > uint64(len(code)) {
				t.Fatalf("range %+v after %#x of %#x", r, end, len(code))
			}
			end = r.End
		}
		for i, k := range b.saved(l.classify(b)) {
			if k.lr.inSlot && k.lr.off > 8 || !k.seen && (k.lr.inReg || k.fp.inReg) {
				t.Fatalf("instruction %d: %+v", i, k)
			}
		}
	})
}
