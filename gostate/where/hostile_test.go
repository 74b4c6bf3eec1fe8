//go:build linux

package where_test

import (
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"moho/core"
	"moho/core/coretest"
	"moho/gostate"
	"moho/gostate/heap"
	"moho/gostate/where"
	"moho/internal/testbin"
	"moho/objfile"
)

// TestMutations writes words at random among the program's variables, module
// data included, and asks for everything.
func TestMutations(t *testing.T) {
	exe := testbin.Build(t, testbin.Dir(t, filepath.Join("..", "heap", "testdata", "src", "things")), testbin.Config{Mode: testbin.Stripped})
	corePath, _ := coretest.Kernel(t, []string{"GOTRACEBACK=crash"}, exe)
	data, err := os.ReadFile(corePath)
	if err != nil {
		t.Fatal(err)
	}
	f, err := objfile.Open(exe)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	good, err := core.NewBytes("good", data)
	if err != nil {
		t.Fatal(err)
	}
	w, err := gostate.Open(good, f, gostate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	mod := w.Module()
	// Where in the core the variables are that are not zero.
	var spots []int
	for a := uint64(mod.NoPtrData); a < uint64(mod.ENoPtrBSS); a += 8 {
		if x, err := good.Word(core.Addr(a)); err == nil && x != 0 && a%8 == 0 {
			spots = append(spots, offsetIn(t, data, a))
		}
	}
	if len(spots) < 100 {
		t.Fatalf("%d places", len(spots))
	}
	n, opened := 60, 0
	if testbin.IsLong() {
		n = 1000
	}
	for seed := range uint64(n) {
		r := rand.New(rand.NewPCG(seed, 7))
		undo := map[int]uint64{}
		for range 1 + r.IntN(6) {
			at := spots[r.IntN(len(spots))]
			if r.IntN(2) == 0 { // the module data, in which little is verified
				at = offsetIn(t, data, uint64(mod.Addr)) + 8*r.IntN(80)
			}
			if _, ok := undo[at]; !ok {
				undo[at] = binary.LittleEndian.Uint64(data[at:])
			}
			binary.LittleEndian.PutUint64(data[at:], undo[at]+1<<r.IntN(64)-uint64(r.IntN(3)))
		}
		testbin.Bounded(t, len(data), func() {
			if explore(t, data, f, r) {
				opened++
			}
		})
		for at, x := range undo {
			binary.LittleEndian.PutUint64(data[at:], x)
		}
	}
	if opened < n/4 {
		t.Errorf("only %d of %d could be opened", opened, n)
	}
}

func explore(t *testing.T, data []byte, f *objfile.File, r *rand.Rand) bool {
	p, err := core.NewBytes("mutated", data)
	if err != nil {
		return false
	}
	w, err := gostate.Open(p, f, gostate.Options{})
	if err != nil {
		return false
	}
	h, _ := heap.Open(w)
	m := where.New(p, w, h)
	for _, reg := range p.Regions() {
		for range 4 {
			a := reg.Addr + core.Addr(r.Uint64N(reg.Size))
			pl := m.Find(a)
			if len(m.Short(a)) > 1<<16 || pl.Kind == "" {
				t.Errorf("%#x: %+v", uint64(a), pl)
			}
		}
	}
	end := core.Addr(0)
	for _, rg := range m.Ranges() {
		if rg.Start < end || rg.End <= rg.Start {
			t.Errorf("range %+v after %#x", rg, uint64(end))
		}
		end = rg.End
	}
	m.Marks()
	return true
}

// offsetIn returns where in the core the word at an address is.
func offsetIn(tb testing.TB, data []byte, addr uint64) int {
	phoff := binary.LittleEndian.Uint64(data[32:])
	for i := range int(binary.LittleEndian.Uint16(data[56:])) {
		h := data[phoff+uint64(i)*56:]
		off, vaddr, size := binary.LittleEndian.Uint64(h[8:]), binary.LittleEndian.Uint64(h[16:]), binary.LittleEndian.Uint64(h[32:])
		if binary.LittleEndian.Uint32(h) == 1 && vaddr <= addr && addr+8 <= vaddr+size {
			return int(off + addr - vaddr)
		}
	}
	tb.Fatalf("%#x is not in the core", addr)
	return 0
}
