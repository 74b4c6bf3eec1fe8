//go:build linux

package value_test

import (
	"encoding/binary"
	"math/rand/v2"
	"reflect"
	"testing"

	"moho/core"
	"moho/gostate"
	"moho/gostate/value"
	"moho/internal/testbin"
)

// FuzzValue reads values of the program's types at places where there are none,
// and in bytes that are at random: no tree may be larger than it was asked for.
func FuzzValue(f *testing.F) {
	w, out := died(f, "values", testbin.Config{Mode: testbin.Stripped})
	types := programTypes(w)
	items := manifest(f, out)
	for i := range 32 {
		f.Add(uint64(i), uint64(items[i].addr), []byte{1, 2, 3})
	}
	f.Fuzz(func(t *testing.T, seed, addr uint64, data []byte) {
		testbin.Bounded(t, len(data), func() { readWild(t, w, types, items, seed, addr, data) })
	})
}

func programTypes(w *gostate.World) (types []core.Addr) {
	for y, err := range w.Table().Types() {
		if err == nil {
			types = append(types, core.Addr(uint64(y.Addr)+w.Bias()))
		}
	}
	return types
}

func readWild(t *testing.T, w *gostate.World, types []core.Addr, items []item, seed, addr uint64, data []byte) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(seed, addr))
	r := value.NewReader(w)
	o := value.Options{Depth: 5, Nodes: 2000}
	for range 8 {
		typ, err := r.Runtime(types[rnd.IntN(len(types))])
		if err != nil {
			continue
		}
		bound(t, r.At(typ, core.Addr(addr), o), o)
		bound(t, r.At(typ, items[rnd.IntN(len(items))].addr+core.Addr(8*rnd.IntN(64)), o), o)
		// Words that are addresses now and then, so that something is found.
		b := append([]byte(nil), data...)
		for i := 0; i+8 <= len(b); i += 8 {
			if rnd.IntN(2) == 0 {
				binary.LittleEndian.PutUint64(b[i:], uint64(items[rnd.IntN(len(items))].addr)+8*rnd.Uint64N(8))
			}
		}
		bound(t, r.Of(typ, value.Bytes{Data: b, Missing: []value.Missing{{Off: 16, Size: 1, Why: "missing"}}}, o), o)
		bound(t, r.Channel(core.Addr(addr), o), o)
		bound(t, r.Interface(core.Addr(addr), seed&1 == 0, o), o)
		// Anything may be taken for a descriptor.
		if typ, err := r.Runtime(items[rnd.IntN(len(items))].addr + core.Addr(8*rnd.IntN(64))); err == nil {
			bound(t, r.At(typ, items[rnd.IntN(len(items))].addr, o), o)
		} else if typ.Kind() != reflect.Invalid {
			t.Errorf("a type and an error: %v", err)
		}
	}
}

// bound checks that a tree is not larger than was asked for.
func bound(t *testing.T, v value.Value, o value.Options) {
	t.Helper()
	n := 0
	var walk func(v *value.Value)
	walk = func(v *value.Value) {
		n++
		for i := range v.Children {
			walk(&v.Children[i])
		}
	}
	walk(&v)
	if n > o.Nodes+200 { // those under way may each finish
		t.Errorf("%d nodes, asked for %d", n, o.Nodes)
	}
	if s := v.String(); len(s) > 8*value.MaxText {
		t.Errorf("text of %d bytes", len(s))
	}
	if _, err := v.MarshalJSON(); err != nil {
		t.Error(err)
	}
}

// TestWildValues reads values of all types of a program at random places.
func TestWildValues(t *testing.T) {
	w, out := died(t, "values", testbin.Config{Mode: testbin.Stripped})
	types, items := programTypes(w), manifest(t, out)
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 400 {
		data := make([]byte, 8*rnd.IntN(8))
		for i := range data {
			data[i] = byte(rnd.Uint32())
		}
		addr := uint64(items[rnd.IntN(len(items))].addr) + 8*rnd.Uint64N(4096)
		readWild(t, w, types, items, rnd.Uint64(), addr, data)
	}
}
