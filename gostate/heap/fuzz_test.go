//go:build linux

package heap_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"moho/core"
	"moho/core/coretest"
	"moho/gostate"
	"moho/gostate/heap"
	"moho/internal/testbin"
	"moho/objfile"
)

// A target is a core with the places that decide what the heap is taken for.
type target struct {
	coretest.Damage
	exe   *objfile.File
	addrs []core.Addr
}

func fuzzTarget(tb testing.TB) target {
	tb.Helper()
	exe := testbin.Build(tb, testbin.Dir(tb, filepath.Join("testdata", "src", "things")), testbin.Config{Mode: testbin.Stripped})
	corePath, output := coretest.Kernel(tb, []string{"GOTRACEBACK=crash"}, exe)
	data, err := os.ReadFile(corePath)
	if err != nil {
		tb.Fatal(err)
	}
	f, err := objfile.Open(exe)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { f.Close() })
	w := open(tb, corePath, exe)
	h, err := heap.Open(w)
	if err != nil {
		tb.Fatal(err)
	}
	t := target{Damage: coretest.Damage{Data: data}, exe: f}
	for _, th := range manifest(tb, output) {
		t.addrs = append(t.addrs, th.addr)
	}
	spots := func(a core.Addr, words int) {
		for i := range words {
			if off, ok := coretest.FileOffset(data, uint64(a)+uint64(i)*8); ok {
				t.Spots = append(t.Spots, off)
			}
		}
	}
	l, p := w.Offsets(), w.Process()
	word := func(a core.Addr) core.Addr {
		x, err := p.Word(a)
		if err != nil {
			tb.Fatal(err)
		}
		return core.Addr(x)
	}
	spots(h.Addr()+core.Addr(l.HeapSweepGen), 8)
	spots(h.Addr()+core.Addr(l.HeapArenas), 4)
	spots(word(h.Addr()+core.Addr(l.HeapAllSpans)), 80)
	for s := range h.Spans() {
		spots(s.Addr, int(l.SpanSize)/8)
		if sp := word(s.Addr + core.Addr(l.SpanSpecials)); sp != 0 {
			spots(sp, 8)
		}
		if bits := word(s.Addr + core.Addr(l.SpanAllocBits)); bits != 0 {
			spots(bits, 2)
		}
	}
	for g := range w.Goroutines() {
		spots(g.Addr, int(l.GSize)/8)
	}
	m := w.Module()
	spots(core.Addr(m.BSS), 64)
	if len(t.Spots) < 1000 || len(t.addrs) < 50 {
		tb.Fatalf("%d places, %d addresses", len(t.Spots), len(t.addrs))
	}
	return t
}

// check asks a mutated core for everything.
func (t target) check(tb testing.TB, data []byte) {
	p, err := core.NewBytes("fuzz", data)
	if err != nil {
		return
	}
	w, err := gostate.Open(p, t.exe, gostate.Options{})
	if err != nil {
		return
	}
	h, err := heap.Open(w)
	if (h == nil) == (err == nil) {
		tb.Fatalf("heap %v, error %v", h, err)
	}
	if err != nil {
		return
	}
	spans := 0
	for s := range h.Spans() {
		spans++
		if s.Start >= s.End || s.State == heap.InUse && uint64(s.Elems)*s.ElemSize > uint64(s.End-s.Start) {
			tb.Fatalf("span %+v", s)
		}
		h.FreeStack(s, s.Start)
		t.lookUp(tb, h, s.Start)
		t.lookUp(tb, h, s.End-1)
	}
	for _, a := range t.addrs {
		t.lookUp(tb, h, a)
	}
	m := h.Marker(heap.MarkOptions{Workers: 1})
	m.AddGlobals()
	for g := range w.Goroutines() {
		m.AddGoroutine(g)
	}
	for _, th := range w.Threads() {
		m.AddThread(th.TID)
	}
	if err := m.Run(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	if n, bytes := m.Totals(); n < 0 || bytes < 0 || bytes > int64(len(data)) {
		tb.Fatalf("%d objects, %d bytes reached, of a core of %d", n, bytes, len(data))
	}
}

func (t target) lookUp(tb testing.TB, h *heap.Heap, a core.Addr) {
	o, ok := h.Find(a)
	if ok && (a < o.Base || a >= o.End() || o.Base < o.Span.Start || o.End() > o.Span.End || o.Index >= o.Span.Elems) {
		tb.Fatalf("%#x: object %+v", uint64(a), o)
	}
	if ok {
		ty := h.TypeOf(&o)
		if ty.Name != "" && ty.Size > o.Size || (ty.Name == "") != (ty.Why != "") || (ty.From == "") != (ty.Name == "") {
			tb.Fatalf("%#x: type %+v", uint64(a), ty)
		}
		h.Specials(&o)
	}
	if ow, ok := h.StackAt(a); ok && (a < ow.Lo || a >= ow.Hi) {
		tb.Fatalf("%#x: stack %+v", uint64(a), ow)
	}
}

func FuzzHeap(f *testing.F) {
	t := fuzzTarget(f)
	f.Add([]byte{})
	for seed := range uint64(8) {
		f.Add(coretest.RandomDamage(seed, 4))
	}
	f.Fuzz(func(tt *testing.T, input []byte) {
		if len(input) > 12*64 {
			return
		}
		t.With(input, func(data []byte) { t.check(tt, data) })
	})
}

// TestMutations is a fixed walk of the fuzz target.
func TestMutations(t *testing.T) {
	n := 150
	if testbin.IsLong() {
		n = 3000
	}
	tg := fuzzTarget(t)
	for seed := range uint64(n) {
		tg.With(coretest.RandomDamage(seed, 1+int(seed%40)), func(data []byte) { tg.check(t, data) })
	}
}

// TestSweep sets every word that decides something to values that lengths,
// counts and pointers go wrong with, and bounds the memory that it takes.
func TestSweep(t *testing.T) {
	tg := fuzzTarget(t)
	values := []uint64{0, 1, 7, 8, 1 << 13, 1<<16 - 1, 1 << 35, 1 << 47, 1<<63 - 1, 1 << 63, ^uint64(0) - 7, ^uint64(0)}
	step := 97
	if testbin.IsLong() {
		step = 11
	}
	for i := 0; i < len(tg.Spots)*len(values); i += step {
		at, v := tg.Spots[i/len(values)], values[i%len(values)]
		old := binary.LittleEndian.Uint64(tg.Data[at:])
		binary.LittleEndian.PutUint64(tg.Data[at:], v)
		testbin.Bounded(t, len(tg.Data), func() { tg.check(t, tg.Data) })
		binary.LittleEndian.PutUint64(tg.Data[at:], old)
	}
}
