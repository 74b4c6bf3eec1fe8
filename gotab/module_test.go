package gotab_test

import (
	"encoding/binary"
	"errors"
	"testing"

	"moho/arch"
	"moho/gotab"
	"moho/objfile"
)

// moduleWords are the words of moduledata after bss, as each release has them:
// value by index, and the index of the text section map.
//
// Source: type moduledata in $GOROOT/src/runtime/symtab.go of each release.
var moduleWords = map[string]struct {
	end, types, etypes, rodata, gofunc, textsects int
}{
	"1.18": {32, 35, 36, 37, 38, 39},
	"1.20": {34, 37, 38, 39, 40, 41},
	"1.26": {34, 37, 38, 39, 40, 42},
	"1.27": {34, 37, 39, 42, 43, 45},
}

// synthModule lays out a pclntab, a text section map of two sections and a
// moduledata, and returns the address of the last.
func synthModule(layout string) (memory, objfile.Addr) {
	const base, splitAt = 0x10000, 0x500000
	a := arch.AMD64
	table, tree := synth(a)
	m := memory{a, base, append(table, make([]byte, 8-len(table)%8)...)}
	word := func(v uint64) { m.data = binary.LittleEndian.AppendUint64(m.data, v) }
	sects := base + uint64(len(m.data))
	for _, v := range []uint64{0, 16, 0x401000, 16, 20, splitAt} {
		word(v)
	}
	md := objfile.Addr(base + len(m.data))
	le := binary.LittleEndian
	words := make([]uint64, 52)
	words[0] = base
	for i, off := range []int{32, 40, 48, 56, 64, 64} { // offsets of tables in the header
		words[1+3*i] = base + le.Uint64(table[off:])
		words[2+3*i], words[3+3*i] = 10, 10
	}
	words[14] = uint64(tree) - le.Uint64(table[64:]) // pclntable
	words[15] = words[14]
	words[17], words[18] = 3, 3 // ftab
	words[20], words[21] = 0x401000, splitAt+4
	words[22], words[23] = 0x401000, splitAt+4
	for i := range 8 {
		words[24+i] = 0x600000 + 0x1000*uint64(i)
	}
	w := moduleWords[layout]
	words[w.end], words[w.types], words[w.etypes] = 0x700000, 0x1000, 0x2000
	words[w.rodata], words[w.gofunc] = 0x1000, base+uint64(tree)
	words[w.textsects], words[w.textsects+1], words[w.textsects+2] = sects, 2, 2
	for _, v := range words {
		word(v)
	}
	return m, md
}

func TestModuleLayouts(t *testing.T) {
	for layout := range moduleWords {
		t.Run(layout, func(t *testing.T) {
			m, at := synthModule(layout)
			mod, err := gotab.ReadModule(m, at)
			if err != nil {
				t.Fatal(err)
			}
			if mod.Layout != layout || mod.ETypes != 0x2000 || mod.End != 0x700000 || len(mod.TextSects) != 2 {
				t.Fatalf("%+v", mod)
			}
			tab, err := gotab.NewModule(m, mod)
			if err != nil {
				t.Fatal(err)
			}
			// The second function lies in the second text section.
			f, ok := tab.FuncAt(0x500001)
			if !ok || f.Name() != "main.b" || f.Entry() != 0x500000 || f.Next() != 0x500004 {
				t.Fatalf("FuncAt: %v %q %#x to %#x", ok, f.Name(), f.Entry(), f.Next())
			}
			if fr := tab.Frames(nil, f, 0x500002); len(fr) != 2 || fr[0].Func != "main.c[int]" {
				t.Errorf("frames %v", fr)
			}
			for _, pc := range []gotab.PC{0x401010, 0x4fffff, 0x500004, 0x400fff} {
				if f, ok := tab.FuncAt(pc); ok {
					t.Errorf("FuncAt(%#x), between the sections, is %s", pc, f.Name())
				}
			}
		})
	}
}

func TestModuleRefused(t *testing.T) {
	for _, tt := range []struct {
		name string
		word int
		v    uint64
	}{
		{"no table there", 0, 0x20000},
		{"names elsewhere", 1, 0x10000},
		{"length is not capacity", 2, 11},
		{"function table elsewhere", 16, 0},
		{"another number of functions", 17, 4},
		{"text ends before it begins", 23, 0x401000},
		{"functions before the text", 20, 0x400000},
		{"data ends before it begins", 26, 1 << 40},
		{"table of 2^63 bytes", 14, 1 << 63},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, at := synthModule("1.26")
			off := int(at-m.base) + 8*tt.word
			binary.LittleEndian.PutUint64(m.data[off:], tt.v)
			if tt.word == 14 { // consistent with its capacity
				binary.LittleEndian.PutUint64(m.data[off+8:], tt.v)
			}
			mod, err := gotab.ReadModule(m, at)
			if !errors.Is(err, objfile.ErrFormat) && !errors.Is(err, objfile.ErrUnmapped) || mod.Addr != 0 {
				t.Fatalf("%+v, %v", mod, err)
			}
		})
	}
	m, _ := synthModule("1.26")
	if _, err := gotab.ReadModule(m, 0xffffffffffffff00); !errors.Is(err, objfile.ErrUnmapped) {
		t.Errorf("outside: %v", err)
	}
	m, at := synthModule("1.26")
	binary.LittleEndian.PutUint64(m.data[int(at-m.base)+8*43:], 99) // a text section map that is none
	if mod, err := gotab.ReadModule(m, at); err != nil || mod.Layout != "" || mod.GoFunc != 0 {
		t.Errorf("unknown layout: %+v, %v", mod, err)
	}
}
