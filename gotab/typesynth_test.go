package gotab_test

import (
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/arch"
	"moho/gotab"
	"moho/objfile"
)

// synthTypes lays out a table, types and a moduledata of a release by hand:
//
//	type T struct { p *T; n uint64 "tag" }
//	func (T) Area()
//	interface { Area() }, func(), map[T]*T
//
// and an itab. It returns the address of the moduledata and of the types in that
// order, *T before T.
func synthTypes(layout string) (memory, objfile.Addr, []objfile.Addr) {
	le := binary.LittleEndian
	table, tree := synth(arch.AMD64)
	if layout == "1.18" {
		table[0] = 0xf0 // its functions' records are shorter; nobody looks
	}
	const base = 0x10000
	m := memory{arch.AMD64, base, append(table, make([]byte, -len(table)&7)...)}
	lo := objfile.Addr(base + len(m.data))
	mapLen := objfile.Addr(112)
	if layout == "1.18" || layout == "1.20" {
		mapLen = 88
	} else if layout == "1.27" {
		mapLen = 136
	}
	ptr := lo + 8
	str := ptr + 56
	inter := str + 80 + 16 + 48 + 16
	fn := inter + 80 + 8
	mp := fn + 56
	itab := mp + mapLen
	names := itab + 32
	name := map[string]objfile.Addr{}
	var text []byte
	for _, s := range []string{"*main.T", "interface { Area() }", "func()", "map[main.T]*main.T", "main", "p", "n", "Area"} {
		name[s] = names + objfile.Addr(len(text))
		flags := byte(0)
		switch s {
		case "Area":
			flags = 1
		case "n":
			flags = 2
		}
		text = append(append(text, flags, byte(len(s))), s...)
		if s == "n" {
			text = append(text, 3, 't', 'a', 'g')
		}
	}
	text = append(text, make([]byte, -len(text)&7)...)

	u64 := func(vs ...uint64) {
		for _, v := range vs {
			m.data = le.AppendUint64(m.data, v)
		}
	}
	u32 := func(vs ...objfile.Addr) {
		for _, v := range vs {
			m.data = le.AppendUint32(m.data, uint32(v))
		}
	}
	head := func(size, ptrs uint64, tflag, kind byte, s string, ptrTo objfile.Addr) {
		u64(size, ptrs)
		m.data = append(m.data, 1, 2, 3, 4, tflag, 8, 8, kind)
		u64(0, 0)
		u32(name[s]-lo, ptrTo)
	}
	u64(0)
	head(8, 8, 0, 22, "*main.T", 0)
	u64(uint64(str))
	head(16, 8, 7, 25, "*main.T", ptr-lo)
	fields := uint64(str) + 96
	u64(uint64(name["main"]), fields, 2, 2)
	u32(name["main"]-lo, 1|1<<16, 16+48, 0) // path, counts, offset of methods
	shift := uint64(0)
	if layout == "1.18" {
		shift = 1
	}
	u64(uint64(name["p"]), uint64(ptr), 0, uint64(name["n"]), uint64(fn), 8<<shift)
	u32(name["Area"]-lo, fn-lo, 0, 16) // Iface is a, Func is b
	head(16, 16, 0, 20, "interface { Area() }", 0)
	u64(uint64(name["main"]), uint64(inter)+80, 1, 1)
	u32(name["Area"]-lo, fn-lo)
	head(8, 8, 0, 19, "func()", 0)
	u64(0)
	head(8, 8, 0, 21, "map[main.T]*main.T", 0)
	group := uint64(str) // any type of 16 bytes will do
	u64(uint64(str), uint64(ptr), group, 0)
	if mapLen == 88 {
		u64(8 | 8<<8 | 16<<16)
	} else {
		u64(16)
		m.data = append(m.data, make([]byte, mapLen-88)...)
	}
	u64(uint64(inter), uint64(str), 0, 0x401010)
	m.data = append(m.data, text...)
	hi := objfile.Addr(base + len(m.data))

	links := hi
	u32(ptr-lo, fn-lo, mp-lo, 0)
	itablinks := objfile.Addr(base + len(m.data))
	u64(uint64(itab))
	sects := objfile.Addr(base + len(m.data))
	u64(0, 20, 0x401000)
	md := objfile.Addr(base + len(m.data))
	words := make([]uint64, 52)
	words[0] = base
	for i, off := range []int{32, 40, 48, 56, 64, 64} {
		words[1+3*i] = base + le.Uint64(table[off:])
		words[2+3*i], words[3+3*i] = 10, 10
	}
	words[14] = uint64(tree) - le.Uint64(table[64:])
	words[15], words[17], words[18] = words[14], 3, 3
	words[20], words[21], words[22], words[23] = 0x401000, 0x401014, 0x401000, 0x401014
	w := moduleWords[layout]
	words[w.end], words[w.types], words[w.etypes] = 0x700000, uint64(lo), uint64(hi)
	words[w.rodata], words[w.gofunc] = uint64(lo), base+uint64(tree)
	words[w.textsects], words[w.textsects+1], words[w.textsects+2] = uint64(sects), 1, 1
	if layout == "1.27" {
		words[38], words[40], words[41] = uint64(itab-lo), uint64(itab-lo), 32
	} else {
		words[w.textsects+3], words[w.textsects+4], words[w.textsects+5] = uint64(links), 3, 3
		words[w.textsects+6], words[w.textsects+7], words[w.textsects+8] = uint64(itablinks), 1, 1
	}
	u64(words...)
	return m, md, []objfile.Addr{ptr, str, inter, fn, mp, itab}
}

func TestTypesSynthetic(t *testing.T) {
	for layout := range moduleWords {
		t.Run(layout, func(t *testing.T) {
			m, md, at := synthTypes(layout)
			mod, err := gotab.ReadModule(m, md)
			if err != nil || mod.Layout != layout {
				t.Fatalf("%+v, %v", mod, err)
			}
			tab, err := gotab.NewModule(m, mod)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			var got []objfile.Addr
			for y, err := range tab.Types() {
				if err != nil {
					t.Fatal(err)
				}
				names, got = append(names, y.Name), append(got, y.Addr)
			}
			want := []string{"*main.T", "main.T", "interface { Area() }", "func()", "map[main.T]*main.T"}
			if diff := cmp.Diff(want, names) + cmp.Diff(at[:5], got); diff != "" {
				t.Fatalf("types:\n%s", diff)
			}
			y, err := tab.TypeAt(at[1])
			if err != nil || y.PkgPath != "main" || !y.Defined || y.Size != 16 || y.Kind != gotab.KindStruct {
				t.Errorf("%+v, %v", y, err)
			}
			fields, err := tab.Fields(y)
			if diff := cmp.Diff([]gotab.Field{{Name: "p", Type: at[0]}, {Name: "n", Tag: "tag", Type: at[3], Off: 8}}, fields); diff != "" || err != nil {
				t.Errorf("fields: %v\n%s", err, diff)
			}
			methods, err := tab.Methods(y)
			if diff := cmp.Diff([]gotab.Method{{Name: "Area", Exported: true, Type: at[3], Iface: 0x401000, Func: 0x401010, Linked: true}}, methods); diff != "" || err != nil {
				t.Errorf("methods: %v\n%s", err, diff)
			}
			n := 0
			for it, err := range tab.Itabs() {
				n++
				if diff := cmp.Diff(gotab.Itab{Addr: at[5], Inter: at[2], Type: at[1], Funcs: []gotab.PC{0x401010}}, it); diff != "" || err != nil {
					t.Errorf("itab: %v\n%s", err, diff)
				}
			}
			if n != 1 {
				t.Errorf("%d itabs", n)
			}
		})
	}
}
