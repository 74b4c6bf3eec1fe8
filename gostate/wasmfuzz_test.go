package gostate_test

import (
	"bytes"
	"errors"
	"os"
	"testing"

	"moho/core"
	"moho/core/coretest"
	"moho/core/wasmdump"
	"moho/core/wasmtest"
	"moho/gostate"
	"moho/internal/testbin"
	"moho/objfile"
	"moho/objfile/wasmbin"
)

// wasmTarget is a coredump of a panicking program, for [target.mutate].
func wasmTarget(tb testing.TB) target {
	tb.Helper()
	module := testbin.Build(tb, testbin.Main(fuzzWASM), testbin.Config{GOOS: "wasip1", GOARCH: "wasm", Mode: testbin.Stripped})
	s := wasmtest.Take(tb, module, "", wasmtest.Exit)
	data, err := os.ReadFile(s.Core)
	if err != nil {
		tb.Fatal(err)
	}
	dump, err := objfile.NewBytes("core", data)
	if err != nil {
		tb.Fatal(err)
	}
	p, f := s.Open(tb)
	w, err := gostate.Open(p, f, gostate.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	t := target{read: wasmdump.NewBytes, Damage: coretest.Damage{Data: data}, exe: f}
	spots := func(addr core.Addr, words int) {
		for i := range words {
			a := uint64(addr) + uint64(i)*8
			dump.WASM().Data(func(d wasmbin.Data) bool {
				if lo := d.Offset.Bits; lo <= a && a+8 <= lo+uint64(len(d.Bytes)) {
					t.Spots = append(t.Spots, uint64(d.Off)+a-lo)
					return false
				}
				return true
			})
		}
	}
	for g := range w.Goroutines() {
		spots(g.Addr, 48)
		spots(g.SP, int(g.Stack.Used/8))
	}
	for _, th := range w.Threads() {
		spots(th.M, 48)
		spots(th.G0, 24)
	}
	m, _ := w.Table().Module()
	spots(core.Addr(m.Addr), 80)
	spots(core.Addr(m.BSS), int((m.EBSS-m.BSS)/8))
	spots(core.Addr(m.Data), int((m.EData-m.Data)/8))
	for off := uint64(8); off < 400; off++ { // sections, globals, frames
		t.Spots = append(t.Spots, off)
	}
	return t
}

const fuzzWASM = `package main

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
	time.Sleep(10*time.Millisecond)
	var p *int
	*p = 1
}
`

func FuzzWASM(f *testing.F) {
	t := wasmTarget(f)
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

// TestWASMMutations is a fixed walk of the fuzz target.
func TestWASMMutations(t *testing.T) {
	n := 300
	if testbin.IsLong() {
		n = 5000
	}
	tg := wasmTarget(t)
	for seed := range uint64(n) {
		tg.With(coretest.RandomDamage(seed, 1+int(seed%40)), func(data []byte) { tg.check(t, data) })
	}
}

// TestWASMZeros opens a memory of 1 GiB that a file of some bytes claims to have.
func TestWASMZeros(t *testing.T) {
	var b bytes.Buffer
	d := wasmdump.Dump{Name: "zeros", Pages: 16384}
	if _, err := d.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	testbin.Bounded(t, b.Len(), func() {
		p, err := wasmdump.NewBytes("zeros", b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if w, err := gostate.Open(p, nil, gostate.Options{}); w != nil || !errors.Is(err, gostate.ErrNoText) {
			t.Errorf("%v, %v", w, err)
		}
	})
}
