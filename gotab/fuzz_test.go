package gotab_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"moho/arch"
	"moho/gotab"
	"moho/objfile"
)

// readFuncData reads all tables of a function and checks that errors come with
// nothing else.
func readFuncData(t *testing.T, tab *gotab.Table, f gotab.Func) {
	t.Helper()
	size, _ := f.Size()
	pcs := []gotab.PC{f.Entry(), f.Entry() + gotab.PC(size/2), f.Entry() + gotab.PC(size)}
	for _, maps := range []func() (gotab.StackMaps, error){f.ArgsMaps, f.LocalsMaps} {
		m, err := maps()
		if err != nil && (m.N != 0 || m.Bits != 0) {
			t.Fatalf("maps %+v and %v", m, err)
		}
		for i := -1; i <= min(m.N, 10); i++ {
			for b := -1; b <= min(m.Bits, 100); b++ {
				if m.Live(i, b) && (i < 0 || i >= m.N || b < 0 || b >= m.Bits) {
					t.Fatalf("map %d bit %d of %d by %d", i, b, m.N, m.Bits)
				}
			}
		}
	}
	n, objects, err := f.StackObjects()
	if err != nil && n != 0 {
		t.Fatalf("%d objects and %v", n, err)
	}
	count := 0
	for o := range objects {
		count++
		if m, ok := tab.ObjectMask(o); ok && int64(len(m))*64 < o.PtrBytes {
			t.Fatalf("mask of %d bytes for %+v", len(m), o)
		}
	}
	if count != n {
		t.Fatalf("%d objects, %d were said", count, n)
	}
	d, ok, err := f.OpenDefers()
	if (err != nil || !ok) && d != (gotab.OpenDefers{}) {
		t.Fatalf("defers %+v, %v, %v", d, ok, err)
	}
	for i := -1; i <= gotab.MaxOpenDefers; i++ {
		d.Slot(i)
	}
	args, err := f.ArgInfo(nil)
	if err != nil && args != nil {
		t.Fatalf("arguments %v and %v", args, err)
	}
	depth := 0
	for _, a := range args {
		switch a.Kind {
		case gotab.ArgOpen:
			depth++
		case gotab.ArgClose:
			depth--
		}
		if a.Kind == gotab.ArgValue && (a.Off < 8 || a.Size > 64) || depth < 0 {
			t.Fatalf("argument %+v in %v", a, args)
		}
	}
	if depth != 0 {
		t.Fatalf("arguments %v do not end", args)
	}
	for _, pc := range pcs {
		_ = f.ArgsLive(args, pc)
		f.StackMapIndex(pc)
		f.PanicBounds(pc)
	}
	tree, err := f.InlineTree()
	if err != nil && tree != nil {
		t.Fatalf("tree %v and %v", tree, err)
	}
	f.WrapInfo()
	f.CodeIndex()
}

// FuzzFuncData changes tables of Go 1.16 and of 1.20 at will, funcdata included.
func FuzzFuncData(f *testing.F) {
	f.Add(synth116(), uint32(0))
	for _, a := range []*arch.Arch{arch.AMD64, arch.WASM} {
		data, tree := synth(a)
		// A map, a stack object, a description of arguments for whoever points there.
		data = append(data, 2, 0, 0, 0, 3, 0, 0, 0, 5, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0xf0, 0xff, 0xff, 0xff, 16, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0)
		f.Add(data, uint32(tree))
	}
	f.Fuzz(func(t *testing.T, data []byte, base uint32) {
		for _, a := range []*arch.Arch{arch.AMD64, arch.WASM} {
			m := memory{a, base116, data}
			tab, err := gotab.New(m, base116, len(data), 0x401000, base116+objfile.Addr(base))
			if err != nil || tab.NumFunc() > 200 {
				continue
			}
			for i := range tab.NumFunc() {
				if fn, err := tab.Func(i); err == nil {
					readFuncData(t, tab, fn)
				}
			}
		}
	})
}

// TestFuncDataSweep sets each word of tables of Go 1.16 and of 1.20 to values
// that do not fit.
func TestFuncDataSweep(t *testing.T) {
	now, tree := synth(arch.AMD64)
	for _, data := range [][]byte{synth116(), now} {
		opened := 0
		for off := 0; off+8 <= len(data); off += 4 {
			for _, v := range []uint32{0, 1, 7, 8, 1 << 15, 1 << 24, 1<<31 - 1, 1 << 31, 1<<32 - 1, base116, uint32(len(data)), uint32(len(data)) - 1} {
				mutant := append([]byte(nil), data...)
				binary.LittleEndian.PutUint32(mutant[off:], v)
				tab, err := gotab.New(memory{arch.AMD64, base116, mutant}, base116, len(mutant), 0x401000, base116+objfile.Addr(tree))
				if err != nil {
					continue
				}
				opened++
				for i := range tab.NumFunc() {
					if fn, err := tab.Func(i); err == nil {
						readFuncData(t, tab, fn)
					}
				}
			}
		}
		if opened < 500 {
			t.Errorf("%d mutants opened", opened)
		}
	}
}

// readTypes reads all types and itabs, at most limit of them, and checks that
// errors come with nothing else.
func readTypes(t *testing.T, tab *gotab.Table, limit int) {
	t.Helper()
	n, last := 0, objfile.Addr(0)
	for y, err := range tab.Types() {
		if n++; n > limit {
			break
		}
		if err != nil && (y.Name != "" || y.Kind != 0) || y.Addr != 0 && y.Addr <= last {
			t.Fatalf("%+v after %#x and %v", y, uint64(last), err)
		}
		last = y.Addr
		if err != nil {
			continue
		}
		if again, err := tab.TypeAt(y.Addr); err != nil || again != y {
			t.Fatalf("%+v, again %+v, %v", y, again, err)
		}
		fields, err := tab.Fields(y)
		if err != nil && fields != nil {
			t.Fatalf("fields %v and %v", fields, err)
		}
		methods, err := tab.Methods(y)
		if err != nil && methods != nil {
			t.Fatalf("methods %v and %v", methods, err)
		}
		in, out, _, err := tab.Signature(y)
		if (err != nil || y.Kind != gotab.KindFunc) && (in != nil || out != nil) {
			t.Fatalf("signature %v %v and %v", in, out, err)
		}
		if strings.Contains(y.Kind.String(), "invalid") {
			t.Fatalf("kind %d", y.Kind)
		}
	}
	n = 0
	for it, err := range tab.Itabs() {
		if n++; n > limit {
			break
		}
		if err != nil && (it.Funcs != nil || it.Inter != 0) {
			t.Fatalf("%+v and %v", it, err)
		}
	}
}

// FuzzTypes changes types, itabs and the moduledata that leads to them at will.
func FuzzTypes(f *testing.F) {
	for layout := range moduleWords {
		m, md, _ := synthTypes(layout)
		f.Add(m.data, uint32(md-m.base))
	}
	f.Fuzz(func(t *testing.T, data []byte, at uint32) {
		m := memory{arch.AMD64, 0x10000, data}
		mod, err := gotab.ReadModule(m, m.base+objfile.Addr(at))
		if err != nil {
			return
		}
		tab, err := gotab.NewModule(m, mod)
		if err != nil {
			return
		}
		readTypes(t, tab, 1000)
	})
}

// TestTypesSweep sets each word of the types to values that do not fit.
func TestTypesSweep(t *testing.T) {
	for layout := range moduleWords {
		m, md, at := synthTypes(layout)
		for off := int(at[0] - m.base); off < int(md-m.base); off += 4 {
			for _, size := range []int{4, 8} {
				for _, v := range []uint64{0, 1, 7, 8, 1 << 15, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 40, 1<<63 - 1, 1 << 63, 1<<64 - 1, uint64(m.base), uint64(md) - 1} {
					mutant := m
					mutant.data = append([]byte(nil), m.data...)
					if size == 4 {
						binary.LittleEndian.PutUint32(mutant.data[off:], uint32(v))
					} else if off%8 == 0 {
						binary.LittleEndian.PutUint64(mutant.data[off:], v)
					}
					mod, err := gotab.ReadModule(mutant, md)
					if err != nil {
						continue
					}
					tab, err := gotab.NewModule(mutant, mod)
					if err != nil {
						t.Fatal(err)
					}
					readTypes(t, tab, 1000)
				}
			}
		}
	}
}
