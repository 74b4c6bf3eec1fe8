package gotab_test

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/arch"
	"moho/gotab"
	"moho/internal/testbin"
	"moho/objfile"
)

// memory is a range of bytes at an address.
type memory struct {
	a    *arch.Arch
	base objfile.Addr
	data []byte
}

func (m memory) Arch() *arch.Arch { return m.a }

func (m memory) Slice(a objfile.Addr, n int) ([]byte, error) {
	if a < m.base || uint64(a-m.base) > uint64(len(m.data)) || n < 0 || n > len(m.data)-int(a-m.base) {
		return nil, fmt.Errorf("%d bytes at %#x: %w", n, uint64(a), objfile.ErrUnmapped)
	}
	return m.data[a-m.base:][:n:n], nil
}

func (m memory) Word(a objfile.Addr) (uint64, error) {
	b, err := m.Slice(a, 8)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(b), nil
}

// synth writes a pclntab of Go 1.20 or newer by hand, from the description in
// runtime/symtab.go: two functions, a (offset 0, size 10 quanta, padded to 16)
// and b (offset 16 quanta, size 4); b has all of c inlined at its second quantum.
// The inline tree is appended; its offset is the second result.
func synth(a *arch.Arch) (table []byte, inlTree int) {
	q := byte(a.Quantum)
	step := uint32(q)
	if !a.BytePC {
		step = 1
	}
	le := binary.LittleEndian
	names := []byte("main.a\x00main.b\x00main.c[int]\x00")
	cu := []byte{0, 0, 0, 0, 5, 0, 0, 0}
	files := []byte("a.go\x00c.go\x00")
	// pairs (zigzag value delta from -1, pc delta), 0 at the end; offset 0 unused
	pctab := []byte{
		0,
		2, 1, 16, 8, 15, 1, 0, // 1: a: sp 0, 8, 0
		2, 1, 48, 3, 0, // 8: b: sp 0, 24
		2, 10, 0, // 13: a: file 0
		22, 10, 0, // 16: a: line 10
		2, 1, 2, 2, 1, 1, 0, // 19: b: file 0, 1, 0
		42, 1, 20, 2, 17, 1, 0, // 26: b: line 20, 30, 21
		0, 1, 2, 2, 1, 1, 0, // 33: b: inline index -1, 0, -1
	}
	var fns []byte
	record := func(off, name, pcsp, pcfile, pcln uint32, start int32, id byte, pcdata []uint32, funcdata []uint32) []byte {
		b := le.AppendUint32(nil, off)
		for _, v := range []uint32{name, 8, 0, pcsp, pcfile, pcln, uint32(len(pcdata)), 0, uint32(start)} {
			b = le.AppendUint32(b, v)
		}
		b = append(b, id, 4, 0, byte(len(funcdata)))
		for _, v := range append(pcdata, funcdata...) {
			b = le.AppendUint32(b, v)
		}
		return b
	}
	first, second, end := uint32(0), 16*step, 20*step
	if !a.BytePC {
		second, end = 1, 2
	}
	none := ^uint32(0)
	ra := record(first, 0, 1, 13, 16, 9, 0, nil, nil)
	rb := record(second, 7, 8, 19, 26, 19, 0, []uint32{0, 0, 33}, []uint32{none, none, none, 0})
	at := uint32(20)
	for _, v := range []uint32{first, at, second, at + uint32(len(ra)), end} {
		fns = le.AppendUint32(fns, v)
	}
	fns = append(append(fns, ra...), rb...)

	header := []byte{0xf1, 0xff, 0xff, 0xff, 0, 0, q, 8}
	offs := []uint64{2, 2, 0}
	next := uint64(72)
	for _, part := range [][]byte{names, cu, files, pctab} {
		offs = append(offs, next)
		next += uint64(len(part))
	}
	for _, v := range append(offs, next) {
		header = le.AppendUint64(header, v)
	}
	table = header
	for _, part := range [][]byte{names, cu, files, pctab, fns} {
		table = append(table, part...)
	}
	inlTree = len(table)
	table = append(table, 3, 0, 0, 0) // funcID
	for _, v := range []uint32{14, 0, 29} {
		table = le.AppendUint32(table, v) // name, parent pc, start line
	}
	return table, inlTree
}

func TestSynthetic(t *testing.T) {
	for _, tt := range []struct {
		a           *arch.Arch
		text        gotab.PC
		entry, next gotab.PC // of b
		unit        gotab.PC
	}{
		{arch.AMD64, 0x401000, 0x401010, 0x401014, 1},
		{arch.ARM64, 0x11000, 0x11040, 0x11050, 4},
		{arch.WASM, 0x1000, 0x1001 << 16, 0x1002 << 16, 1}, // function index, block
	} {
		t.Run(tt.a.Name, func(t *testing.T) {
			data, tree := synth(tt.a)
			m := memory{tt.a, 0x8000, data}
			tab, err := gotab.New(m, 0x8000, tree, tt.text, 0x8000+objfile.Addr(tree))
			if err != nil {
				t.Fatal(err)
			}
			b, ok := tab.FuncAt(tt.entry + tt.unit)
			if !ok || b.Name() != "main.b" || b.Entry() != tt.entry || b.Next() != tt.next || b.Index() != 1 {
				t.Fatalf("FuncAt: %v, %q %#x to %#x, %d", ok, b.Name(), b.Entry(), b.Next(), b.Index())
			}
			if size, err := b.Size(); err != nil || size != uint64(4*tt.unit) {
				t.Errorf("Size %d, %v", size, err)
			}
			for i, want := range []int32{0, 24, 24, 24} {
				if sp, ok := b.SPDelta(tt.entry + tt.unit*gotab.PC(i)); !ok || sp != want {
					t.Errorf("SPDelta at quantum %d: %d, %v, want %d", i, sp, ok, want)
				}
			}
			if sp, ok := b.SPDelta(tt.entry + 4*tt.unit); ok {
				t.Errorf("SPDelta beyond the end: %d", sp)
			}
			if args, ok := b.Args(); !ok || args != 8 || b.Flags() != gotab.Asm || b.StartLine() != 19 {
				t.Errorf("args %d, flags %d, start line %d", args, b.Flags(), b.StartLine())
			}
			want := []gotab.InlineFrame{
				{Func: "main.c[int]", File: "c.go", Line: 30, StartLine: 29, FuncID: 3, Inlined: true},
				{Func: "main.b", File: "a.go", Line: 20, StartLine: 19},
			}
			if diff := cmp.Diff(want, tab.Frames(nil, b, tt.entry+2*tt.unit)); diff != "" {
				t.Errorf("frames:\n%s", diff)
			}
			if diff := cmp.Diff(want[1:], tab.Frames(nil, b, tt.entry)); diff != "" {
				t.Errorf("frames at the entry:\n%s", diff)
			}
			for _, pc := range []gotab.PC{0, tt.text - 1, tt.next, ^gotab.PC(0)} {
				if f, ok := tab.FuncAt(pc); ok {
					t.Errorf("FuncAt(%#x) is %s", pc, f.Name())
				}
			}
		})
	}
}

// FuzzTable changes a table at will. What opens must be consistent: functions
// cover the text without gaps, each is found at its own entry, rows are adjacent
// and end where Size says, and no name contains a NUL.
func FuzzTable(f *testing.F) {
	for _, a := range []*arch.Arch{arch.AMD64, arch.ARM64, arch.WASM} {
		data, tree := synth(a)
		f.Add(a.Name, data, uint32(tree))
	}
	for _, h := range testbin.HostileInputs(f, "pclntab") {
		f.Add("amd64", h.Data, uint32(0))
	}
	f.Fuzz(func(t *testing.T, name string, data []byte, tree uint32) {
		a := arch.ByName(name)
		if a == nil {
			return
		}
		m := memory{a, 0x10000, data}
		tab, err := gotab.New(m, 0x10000, len(data), 0x401000, 0x10000+objfile.Addr(tree))
		if (err == nil) == (tab == nil) {
			t.Fatalf("table %v, error %v", tab, err)
		}
		gotab.ReadModule(m, 0x10000)
		if err != nil || tab.NumFunc() > 1000 {
			return
		}
		walk(t, tab)
		for i := range tab.NumFunc() {
			fn, err := tab.Func(i)
			if err != nil {
				continue
			}
			for _, r := range fn.Name() {
				if r == 0 {
					t.Fatal("NUL in a name")
				}
			}
			if at, ok := tab.FuncAt(fn.Entry()); ok && at.Entry() != fn.Entry() {
				t.Fatalf("FuncAt(%#x) begins at %#x", fn.Entry(), at.Entry())
			}
			rows, err := fn.SPRows()
			size, err2 := fn.Size()
			if (err == nil) != (err2 == nil) || err != nil && (rows != nil || size != 0) {
				t.Fatalf("rows %v %v, size %d %v", rows, err, size, err2)
			}
			end := uint32(0)
			for _, r := range rows {
				if r.Start != end || r.End < r.Start {
					t.Fatalf("rows %v are not adjacent", rows)
				}
				end = r.End
			}
			if uint64(end) != size {
				t.Fatalf("rows end at %d, size is %d", end, size)
			}
		}
	})
}

func TestPrintName(t *testing.T) {
	for _, tt := range [][2]string{
		{"main.main", "main.main"},
		{"main.F[go.shape.int]", "main.F[...]"},
		{"main.(*List[go.shape.string]).Walk", "main.(*List[...]).Walk"},
		{"main.F[go.shape.[]int].func1", "main.F[...].func1"},
		{"main.F[...]", "main.F[...]"},
		{"x]y[z", "x]y[z"},
		{"open[", "open["},
		{"", ""},
	} {
		if got := gotab.PrintName(tt[0]); got != tt[1] {
			t.Errorf("PrintName(%q) = %q, want %q", tt[0], got, tt[1])
		}
	}
}
