package decode

import (
	"debug/elf"
	"testing"

	"golang.org/x/arch/arm64/arm64asm"
	"golang.org/x/arch/x86/x86asm"

	"moho/arch"
	"moho/internal/testbin"
)

// toyText returns the code of the toy.
func toyText(tb testing.TB, a *arch.Arch) (code []byte, base uint64) {
	f, err := elf.Open(testbin.Build(tb, testbin.Toy(tb), testbin.Config{GOOS: "linux", GOARCH: a.Name}))
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	text := f.Section(".text")
	if code, err = text.Data(); err != nil {
		tb.Fatal(err)
	}
	return code, text.Addr
}

// sweep decodes all of code, with its text if buf is not nil.
func sweep(d *Decoder, in *Inst, code []byte, base uint64, buf []byte) (n int) {
	for off := 0; off < len(code); off += in.Len {
		if d.Decode(code[off:], base+uint64(off), in) == nil && buf != nil {
			buf = d.AppendText(buf[:0], in, GoSyntax, nil)
		}
		n++
	}
	return n
}

// TestAllocations: what was seen before allocates nothing, text included, and
// neither does reading everything for the first time, but for what arm64asm
// does with the rest that has no short way.
func TestAllocations(t *testing.T) {
	for _, a := range []*arch.Arch{arch.AMD64, arch.ARM64} {
		d, err := New(a)
		if err != nil {
			t.Fatal(err)
		}
		code, base := toyText(t, a)
		var in Inst
		buf := make([]byte, 0, 256)
		few := code[:256]
		sweep(d, &in, few, base, buf)
		if n := testing.AllocsPerRun(10, func() { sweep(d, &in, few, base, buf) }); n != 0 {
			t.Errorf("%s: %v allocations for what was seen before", a.Name, n)
		}
		var insts int
		n := testing.AllocsPerRun(1, func() { insts = sweep(d, &in, code, base, buf) })
		t.Logf("%s: %v allocations for %d instructions", a.Name, n, insts)
		if n > float64(insts)/10 && !testbin.RaceDetector { // which allocates on its own
			t.Errorf("%s: %v allocations for %d instructions", a.Name, n, insts)
		}
	}
}

// TestMemory: a Decoder's memory does not grow with the code.
func TestMemory(t *testing.T) {
	for _, a := range []*arch.Arch{arch.AMD64, arch.ARM64} {
		code, base := toyText(t, a)
		testbin.Bounded(t, 0, func() {
			d, err := New(a)
			if err != nil {
				t.Fatal(err)
			}
			var in Inst
			for range 3 {
				sweep(d, &in, code, base, make([]byte, 0, 256))
			}
		})
		d, _ := New(a)
		if len(d.memo.forms) != MaxMemo {
			t.Errorf("%d forms, MaxMemo is %d", len(d.memo.forms), MaxMemo)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, a := range []*arch.Arch{arch.AMD64, arch.ARM64} {
		code, base := toyText(b, a)
		run := func(name string, f func() int) {
			b.Run(a.Name+"/"+name, func(b *testing.B) {
				n := 0
				for b.Loop() {
					n += f()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/inst")
			})
		}
		d, err := New(a)
		if err != nil {
			b.Fatal(err)
		}
		var in Inst
		buf := make([]byte, 0, 256)
		run("decode", func() int { return sweep(d, &in, code, base, nil) })
		run("text", func() int { return sweep(d, &in, code, base, buf) })
		run("xarch", func() int { return sweepXArch(a, code, base, false) })
		run("xarch-text", func() int { return sweepXArch(a, code, base, true) })
	}
}

// sweepXArch does the same with what this package stands on.
func sweepXArch(a *arch.Arch, code []byte, base uint64, text bool) (n int) {
	for off := 0; off < len(code); n++ {
		size := 4
		if a == arch.AMD64 {
			x, err := x86asm.Decode(code[off:], 64)
			size = max(x.Len, 1)
			if err == nil && text {
				x86asm.GoSyntax(x, base+uint64(off), nil)
			}
		} else {
			x, err := arm64asm.Decode(code[off:])
			if err == nil && text {
				arm64asm.GoSyntax(x, base+uint64(off), nil, nil)
			}
		}
		off += size
	}
	return n
}
