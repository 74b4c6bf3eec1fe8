package gostate_test

import (
	"os"
	"testing"

	"moho/core"
	"moho/core/coretest"
	"moho/gostate"
	"moho/internal/testbin"
	"moho/objfile"
)

const fuzzProgram = `package main

import ("runtime"; "sync"; "time")

func main() {
	c := make(chan int)
	var mu sync.Mutex
	mu.Lock()
	go func() { <-c }()
	go func() { mu.Lock() }()
	go func() { select {} }()
	go func() { defer func() { recover(); <-c }(); panic("x") }()
	go func() { for range make([]int, 3) { defer func() { recover() }() }; defer func() { panic("y") }(); runtime.Goexit() }()
	go func() { for {} }()
	time.Sleep(100*time.Millisecond)
	var p *int
	*p = 1
}
`

// A target is a core with the places that matter: words at these file offsets
// decide what is found.
type target struct {
	read func(name string, data []byte) (*core.Process, error)
	coretest.Damage
	exe *objfile.File
}

func fuzzTarget(tb testing.TB) target {
	tb.Helper()
	exe := testbin.Build(tb, testbin.Main(fuzzProgram), testbin.Config{Mode: testbin.Stripped})
	corePath, _ := crash(tb, exe)
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
	var t target
	t.read, t.Data, t.exe = core.NewBytes, data, f
	spots := func(addr core.Addr, words int) {
		for i := range words {
			if off, ok := coretest.FileOffset(data, uint64(addr)+uint64(i)*8); ok {
				t.Spots = append(t.Spots, off)
			}
		}
	}
	for g := range w.Goroutines() {
		spots(g.Addr, 48)
		spots(g.SP, int(g.Stack.Used/8))
	}
	for _, th := range w.Threads() {
		spots(th.M, 48)
		spots(th.G0, 24)
		spots(th.GSignal, 24)
	}
	m, _ := w.Table().Module()
	spots(core.Addr(m.Addr), 80)
	spots(core.Addr(m.BSS), int((m.EBSS-m.BSS)/8))
	spots(core.Addr(m.Data), int((m.EData-m.Data)/8))
	for off := uint64(0); off < 8<<10; off += 8 { // headers and notes
		t.Spots = append(t.Spots, off)
	}
	return t
}

// check reads a mutated core completely.
func (t target) check(tb testing.TB, data []byte) {
	p, err := t.read("fuzz", data)
	if err != nil {
		return
	}
	w, err := gostate.Open(p, t.exe, gostate.Options{})
	if (w == nil) == (err == nil) {
		tb.Fatalf("world %v, error %v", w, err)
	}
	if err != nil {
		return
	}
	n := 0
	for g := range w.Goroutines() {
		n++
		t.checkRegisters(tb, w, g)
		if d := g.Damage; d != nil && (g.Truncated == "" || d.Why == "" || d.Trusted >= len(g.Frames) || len(d.Bytes) > 128) {
			tb.Fatalf("goroutine %d, %d frames, %q: damage %+v", g.ID, len(g.Frames), g.Truncated, d)
		}
		if len(g.Frames) > 4096*64 {
			tb.Fatalf("goroutine %d: %d frames", g.ID, len(g.Frames))
		}
		if len(g.Frames) == 0 && g.Truncated == "" {
			tb.Fatalf("goroutine %d [%s]: no frames, and no reason", g.ID, g.Status)
		}
		for i := 1; i < len(g.Frames) && i != g.ElidedAt; i++ {
			a, b := g.Frames[i-1], g.Frames[i]
			if b.SP < a.SP && a.G0 == b.G0 && !a.Foreign && a.Maybe == b.Maybe {
				tb.Fatalf("goroutine %d: frame %d at %#x is inside frame %d at %#x", g.ID, i, b.SP, i-1, a.SP)
			}
		}
		checkDeferred(tb, w, g)
	}
	if n != w.NumG() {
		tb.Fatalf("%d goroutines, NumG is %d", n, w.NumG())
	}
	sum := 0
	groups, _ := w.Groups(gostate.GroupOptions{System: true})
	for _, g := range groups {
		sum += g.Count
	}
	if sum != n {
		tb.Fatalf("%d goroutines, %d in groups", n, sum)
	}
	w.Crash()
	w.Goroutine(1)
}

// checkDeferred checks what holds of all deferred calls and panics.
func checkDeferred(tb testing.TB, w *gostate.World, g *gostate.Goroutine) {
	tb.Helper()
	defers, _ := w.Defers(g)
	panics, _ := w.Panics(g)
	for _, d := range defers {
		if d.Frame >= len(g.Frames) || d.Frame >= 0 && d.In != g.Frames[d.Frame].Func || d.Abandoned && !d.Running {
			tb.Fatalf("goroutine %d with %d frames: %+v", g.ID, len(g.Frames), d)
		}
		if d.Closure == 0 && d.Func == "" && d.Running {
			tb.Fatalf("goroutine %d: runs nothing: %+v", g.ID, d)
		}
	}
	for _, p := range panics {
		if p.Frame >= len(g.Frames) || p.Goexit != (p.Text == "") && p.Goexit {
			tb.Fatalf("goroutine %d with %d frames: %+v", g.ID, len(g.Frames), p)
		}
	}
}

// checkRegisters reads the registers of the first and last frames of a
// goroutine: what is unavailable has no value.
func (t target) checkRegisters(tb testing.TB, w *gostate.World, g *gostate.Goroutine) {
	for i := gostate.Innermost; i < len(g.Frames); i++ {
		if i == 8 && len(g.Frames) > 16 {
			i = len(g.Frames) - 1
		}
		r := w.Registers(g, i)
		if i >= 0 && r.Frame != i || len(r.List) != len(w.Process().Arch().Registers) {
			tb.Fatalf("goroutine %d: registers of frame %d are of frame %d, %d of them", g.ID, i, r.Frame, len(r.List))
		}
		for _, x := range r.List {
			if x.From == gostate.Unavailable && (x.Value != 0 || x.How == "") {
				tb.Fatalf("goroutine %d frame %d: %s is unavailable (%q), with a value", g.ID, i, x.Name, x.How)
			}
		}
	}
}

func FuzzOpen(f *testing.F) {
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

// TestMutations is a fixed walk of the fuzz target, the same on every run but
// for the addresses in the core.
func TestMutations(t *testing.T) {
	n := 2000
	if testbin.IsLong() {
		n = 100_000
	}
	tg := fuzzTarget(t)
	for seed := range uint64(n) {
		tg.With(coretest.RandomDamage(seed, 1+int(seed%40)), func(data []byte) { tg.check(t, data) })
	}
}
