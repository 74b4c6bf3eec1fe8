package core_test

import (
	"math/rand/v2"
	"testing"

	"moho/core"
	"moho/core/internal/layout"
)

// large is a core with n regions of 64 KiB, 16 KiB apart.
func large(tb testing.TB, n int) (*core.Process, []core.Addr) {
	m := &image{machine: layout.MachineAMD64}
	m.thread(1, 6, 0)
	for i := range uint64(n) {
		m.loads = append(m.loads, load{0xc000000000 + i*0x14000, 0x10000, make([]byte, 0x10000), 6})
	}
	p, err := core.NewBytes("large", m.bytes())
	if err != nil {
		tb.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	addrs := make([]core.Addr, 4096)
	for i := range addrs {
		addrs[i] = core.Addr(0xc000000000 + r.Uint64N(uint64(n))*0x14000 + r.Uint64N(0xf000)&^7)
	}
	return p, addrs
}

// BenchmarkWord reads one word at addresses in no order, which is how pointers
// are followed, and in the same region again, which is how a stack is walked.
func BenchmarkWord(b *testing.B) {
	for _, c := range []struct {
		name string
		n    int
		same bool
		view bool
	}{
		{"30 regions", 30, false, false},
		{"1000 regions", 1000, false, false},
		{"the same of 1000", 1000, true, false},
		{"view of 30 regions", 30, false, true},
		{"view of the same of 1000", 1000, true, true},
	} {
		b.Run(c.name, func(b *testing.B) {
			p, addrs := large(b, c.n)
			b.ReportAllocs()
			word := p.Word
			if c.view {
				word = p.View().Word
			}
			var sum uint64
			i := 0
			for b.Loop() {
				a := addrs[i&4095]
				if c.same {
					a = addrs[0] + core.Addr(i&255)*8
				}
				w, err := word(a)
				if err != nil {
					b.Fatal(err)
				}
				sum += w
				i++
			}
		})
	}
}

// BenchmarkSlice takes a view of 48 bytes, a frame.
func BenchmarkSlice(b *testing.B) {
	p, addrs := large(b, 100)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if _, err := p.Slice(addrs[i&4095], 48); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

// BenchmarkSliceParallel is what concurrent readers pay for sharing a process.
func BenchmarkSliceParallel(b *testing.B) {
	p, addrs := large(b, 100)
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			if _, err := p.Slice(addrs[i&4095], 48); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// BenchmarkOpen opens a core of a program with 1000 threads and regions.
func BenchmarkOpen(b *testing.B) {
	m := &image{machine: layout.MachineAMD64}
	for i := range 1000 {
		m.thread(i, 6, 0)
		m.loads = append(m.loads, load{uint64(i+1) << 20, 0x10000, nil, 6})
	}
	data := m.bytes()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := core.NewBytes("bench", data); err != nil {
			b.Fatal(err)
		}
	}
}
