//go:build linux

package vars_test

import (
	"encoding/binary"
	"math/rand/v2"
	"os"
	"testing"

	"moho/core"
	"moho/gostate"
	"moho/gostate/value"
	"moho/gostate/vars"
	"moho/internal/testbin"
	"moho/objfile"
)

// FuzzVars changes words of a core and of the executable's DWARF and tables, and
// reads the arguments and variables of all frames.
func FuzzVars(f *testing.F) {
	exe, corePath, _ := died0(f, uncompressed)
	corefile, err := os.ReadFile(corePath)
	if err != nil {
		f.Fatal(err)
	}
	program, err := os.ReadFile(exe)
	if err != nil {
		f.Fatal(err)
	}
	for i := range 16 {
		f.Add(uint64(i), uint8(i))
	}
	f.Fuzz(func(t *testing.T, seed uint64, what uint8) {
		c, p := mutate(corefile, program, seed, what)
		testbin.Bounded(t, len(c)+len(p), func() { readAll(t, c, p) })
	})
}

// mutate changes 64 words: of the core, the executable, or both.
func mutate(corefile, program []byte, seed uint64, what uint8) (c, p []byte) {
	rnd := rand.New(rand.NewPCG(seed, uint64(what)))
	c, p = append([]byte(nil), corefile...), append([]byte(nil), program...)
	change := func(b []byte) {
		for range 64 {
			at := b[64+rnd.IntN(len(b)-80):]
			switch rnd.IntN(4) {
			case 0:
				binary.LittleEndian.PutUint64(at, rnd.Uint64())
			case 1:
				at[0] ^= 1 << rnd.IntN(8)
			case 2:
				binary.LittleEndian.PutUint64(at, ^uint64(0)>>rnd.IntN(64))
			default:
				copy(at[:8], b[rnd.IntN(len(b)-8):])
			}
		}
	}
	if what&1 != 0 {
		change(c)
	}
	if what&1 == 0 || what&2 != 0 {
		change(p[len(p)/3:]) // beyond the headers and most of the code
	}
	return c, p
}

// readAll returns how many variables there were.
func readAll(t *testing.T, corefile, program []byte) (found int) {
	t.Helper()
	p, err := core.NewBytes("core", corefile)
	if err != nil {
		return 0
	}
	defer p.Close()
	exe, err := objfile.NewBytes("exe", program)
	if err != nil {
		return 0
	}
	defer exe.Close()
	w, err := gostate.Open(p, exe, gostate.Options{})
	if err != nil {
		return 0
	}
	r := vars.NewReader(w)
	for g := range w.Goroutines() {
		for i := range g.Frames {
			if i > 30 {
				break
			}
			if n := len(r.Args(g, i)); n > 4096 {
				t.Errorf("arguments of %d bytes", n)
			}
			r.Words(&g.Frames[i])
			vs, err := r.Vars(g, i, value.Options{Nodes: 64, Text: 16})
			if err != nil && vs != nil || len(vs) > vars.MaxVars {
				t.Errorf("%d variables, error %v", len(vs), err)
			}
			found += len(vs)
		}
	}
	return found
}

// TestMutated does as FuzzVars does, some times.
func TestMutated(t *testing.T) {
	testbin.Serial(t)
	exe, corePath, _ := died0(t, uncompressed)
	corefile, err := os.ReadFile(corePath)
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(exe)
	if err != nil {
		t.Fatal(err)
	}
	n := 6
	if testbin.IsLong() {
		n = 300
	}
	found := 0
	for i := range n {
		c, p := mutate(corefile, program, uint64(i), uint8(i))
		testbin.Bounded(t, len(c)+len(p), func() { found += readAll(t, c, p) })
	}
	if found < 20*n {
		t.Errorf("%d variables in %d cores: too much was broken", found, n)
	}
}

// uncompressed has DWARF in which a changed byte changes one thing.
var uncompressed = testbin.Config{LDFlags: "-compressdwarf=false"}
