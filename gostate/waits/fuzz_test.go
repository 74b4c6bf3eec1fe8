package waits_test

import (
	"encoding/binary"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"moho/core"
	"moho/core/coretest"
	"moho/gostate"
	"moho/gostate/heap"
	"moho/gostate/waits"
	"moho/internal/testbin"
	"moho/objfile"
)

// A target is a core with the places that matter: words at these file offsets
// decide what is found.
type target struct {
	data  []byte
	exe   *objfile.File
	spots []uint64
}

func fuzzTarget(tb testing.TB) target {
	tb.Helper()
	exe := testbin.Build(tb, testbin.Dir(tb, filepath.Join("testdata", "src", "lots")), testbin.Config{Mode: testbin.Stripped})
	corePath, _ := coretest.Captured(tb, crashed, exe)
	data, err := os.ReadFile(corePath)
	if err != nil {
		tb.Fatal(err)
	}
	w := open(tb, corePath, exe)
	t := target{data: data, exe: w.Exe()}
	spots := func(addr core.Addr, words int) {
		for i := range words {
			if off, ok := fileOffset(data, uint64(addr)+uint64(i)*8); ok {
				t.spots = append(t.spots, off)
			}
		}
	}
	l := w.Offsets()
	for g := range w.Goroutines() {
		spots(g.Addr, int(l.GSize)/8)
		spots(g.SP, int(g.Stack.Used/8))
		sg, err := w.Process().Word(g.Addr + core.Addr(l.GWaiting))
		for n := 0; err == nil && sg != 0 && n < 8; n++ {
			spots(core.Addr(sg), int(l.SudogSize)/8)
			sg, err = w.Process().Word(core.Addr(sg) + core.Addr(l.SudogLink))
		}
	}
	for o := range waits.Analyze(w, waits.Options{}).Objects() {
		if o.Addr != 0 {
			spots(o.Addr, 16)
		}
	}
	lo, hi := w.Variables()
	spots(lo, int(hi-lo)/8)
	return t
}

// fileOffset returns where in a core file the word at addr is.
func fileOffset(data []byte, addr uint64) (uint64, bool) {
	phoff := binary.LittleEndian.Uint64(data[32:])
	for i := range int(binary.LittleEndian.Uint16(data[56:])) {
		h := data[phoff+uint64(i)*56:]
		off, vaddr, size := binary.LittleEndian.Uint64(h[8:]), binary.LittleEndian.Uint64(h[16:]), binary.LittleEndian.Uint64(h[32:])
		if binary.LittleEndian.Uint32(h) == 1 && vaddr <= addr && addr+8 <= vaddr+size {
			return off + addr - vaddr, true
		}
	}
	return 0, false
}

// check analyzes a mutated core and asks for everything.
func (t target) check(tb testing.TB, data []byte) {
	p, err := core.NewBytes("fuzz", data)
	if err != nil {
		return
	}
	w, err := gostate.Open(p, t.exe, gostate.Options{})
	if err != nil {
		return
	}
	a := waits.Analyze(w, waits.Options{})
	if err := a.FindLeaks(tb.Context(), heap.MarkOptions{Workers: 1}); err != nil {
		tb.Fatal(err)
	}
	edges := 0
	for o := range a.Objects() {
		n := 0
		for e := range a.Waiters(o.Index) {
			if e.Object != o.Index || e.Kind != o.Kind || e.Addr != o.Addr {
				tb.Fatalf("edge %+v of object %+v", e, o)
			}
			n++
		}
		if n != o.Waiters || n == 0 || o.Describe() == "" {
			tb.Fatalf("%d edges of object %+v", n, o)
		}
		edges += n
		io.WriteString(io.Discard, o.State(a.Now()))
		for _, h := range o.Holders {
			if h.Why == "" || h.Grade != waits.Weak && h.Grade != waits.Strong {
				tb.Fatalf("holder %+v", h)
			}
		}
		if o.Index%8 == 0 {
			a.References(o.Index)
		}
		sum := 0
		for _, p := range a.Places(o.Index) {
			sum += p.Count
		}
		if sum != n {
			tb.Fatalf("%d of %d waiters at places", sum, n)
		}
	}
	if edges != a.NumEdges() {
		tb.Fatalf("%d edges at objects, %d in all", edges, a.NumEdges())
	}
	for _, c := range a.Cycles() {
		for i, l := range c.Links {
			if len(c.Links) == 0 || l.Holder.Grade < c.Grade || l.Holder.Goroutine != c.Links[(i+1)%len(c.Links)].Edge.Goroutine {
				tb.Fatalf("cycle %+v", c)
			}
		}
	}
	a.Summary(10)
}

// mutate writes to the core what input says, words of eight bytes at the places
// that matter, calls f with it and puts everything back.
func (t target) mutate(input []byte, f func(data []byte)) {
	type old struct{ at, word uint64 }
	var undo []old
	for ; len(input) >= 12; input = input[12:] {
		at := t.spots[binary.LittleEndian.Uint32(input)%uint32(len(t.spots))]
		word := binary.LittleEndian.Uint64(input[4:])
		if word&0xff == 0xff { // a word from elsewhere: likelier to be believed
			word = binary.LittleEndian.Uint64(t.data[t.spots[(word>>8)%uint64(len(t.spots))]:])
		}
		undo = append(undo, old{at, binary.LittleEndian.Uint64(t.data[at:])})
		binary.LittleEndian.PutUint64(t.data[at:], word)
	}
	f(t.data)
	for i := len(undo) - 1; i >= 0; i-- {
		binary.LittleEndian.PutUint64(t.data[undo[i].at:], undo[i].word)
	}
}

func FuzzAnalyze(f *testing.F) {
	t := fuzzTarget(f)
	f.Add([]byte{})
	for seed := range uint64(8) {
		f.Add(randomInput(seed, 4))
	}
	f.Fuzz(func(tt *testing.T, input []byte) {
		if len(input) > 12*256 {
			return
		}
		t.mutate(input, func(data []byte) { t.check(tt, data) })
	})
}

func randomInput(seed uint64, words int) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	b := make([]byte, 12*words)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	for i := 4; i < len(b); i += 12 {
		if r.IntN(2) == 0 {
			b[i] = 0xff
		}
	}
	return b
}

// TestMutations is a fixed walk of the fuzz target.
func TestMutations(t *testing.T) {
	testbin.Serial(t)
	n := 50
	if testbin.IsLong() {
		n = 1000
	}
	tg := fuzzTarget(t)
	for seed := range uint64(n) {
		tg.mutate(randomInput(seed, 1+int(seed%200)), func(data []byte) {
			testbin.Bounded(t, len(data), func() { tg.check(t, data) })
		})
	}
}
