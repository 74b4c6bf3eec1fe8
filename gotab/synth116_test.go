package gotab_test

import (
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/arch"
	"moho/gotab"
)

const base116 = 0x10000

// synth116 writes the table that synth does in the format of Go 1.16, for amd64
// at base116 with text at 0x401000: with addresses.
func synth116() []byte {
	le := binary.LittleEndian
	now, tree := synth(arch.AMD64)
	off := func(i int) uint64 { return le.Uint64(now[32+8*i:]) } // names, cu, files, pctab, functions
	parts := now[off(0):off(4)]
	record := func(entry uint64, name, pcsp, pcfile, pcln uint32, pcdata []uint32) []byte {
		b := le.AppendUint64(nil, entry)
		for _, v := range []uint32{name, 8, 0, pcsp, pcfile, pcln, uint32(len(pcdata)), 0} {
			b = le.AppendUint32(b, v)
		}
		n := byte(0)
		if len(pcdata) > 0 {
			n = 6
		}
		b = append(b, 0, 4, 0, n)
		for _, v := range pcdata {
			b = le.AppendUint32(b, v)
		}
		return b
	}
	pad := func(b []byte) []byte { return append(b, make([]byte, -len(b)&7)...) }
	header := []byte{0xfa, 0xff, 0xff, 0xff, 0, 0, 1, 8}
	for _, v := range []uint64{2, 2} {
		header = le.AppendUint64(header, v)
	}
	const size = 64
	for i := range 4 {
		header = le.AppendUint64(header, off(i)-off(0)+size)
	}
	fns := (size + len(parts) + 7) &^ 7
	table := pad(append(le.AppendUint64(header, uint64(fns)), parts...))

	ra := pad(record(0x401000, 0, 1, 13, 16, nil))
	rb := pad(record(0x401010, 7, 8, 19, 26, []uint32{0, 0, 33}))
	at := uint64(40)
	for _, v := range []uint64{0x401000, at, 0x401010, at + uint64(len(ra)), 0x401014} {
		table = le.AppendUint64(table, v)
	}
	table = append(append(table, ra...), rb...)
	end := base116 + uint64(len(table)) + 6*8
	// Two maps of three bits; the tree, whose entries were longer; arguments.
	for _, v := range []uint64{end, 0, 0, end + 16, 0, end + 40} {
		table = le.AppendUint64(table, v)
	}
	table = append(table, 2, 0, 0, 0, 3, 0, 0, 0, 5, 2, 0, 0, 0, 0, 0, 0)
	node := now[tree:]
	table = append(table, 0xff, 0xff, node[0], 0, 0, 0, 0, 0, 0, 0, 0, 0)
	table = append(append(table, node[4:12]...), 0, 0, 0, 0)
	return append(table, 0xfe, 0, 8, 8, 1, 0xfd, 0xfb, 0xfc, 0xff)
}

func TestSynthetic116(t *testing.T) {
	data := synth116()
	tab, err := gotab.New(memory{arch.AMD64, base116, data}, base116, len(data), 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if tab.Version() != gotab.V116 || tab.TextBase() != 0x401000 || tab.TextBaseFrom() != "functab" || tab.NumFunc() != 2 {
		t.Errorf("version %v, text %#x from %s", tab.Version(), tab.TextBase(), tab.TextBaseFrom())
	}
	b, ok := tab.FuncAt(0x401011)
	if !ok || b.Name() != "main.b" || b.Entry() != 0x401010 || b.Next() != 0x401014 || b.Flags() != gotab.Asm {
		t.Fatalf("FuncAt: %v, %q %#x to %#x, flags %d", ok, b.Name(), b.Entry(), b.Next(), b.Flags())
	}
	want := []gotab.InlineFrame{
		{Func: "main.c[int]", File: "c.go", Line: 30, FuncID: 3, Inlined: true},
		{Func: "main.b", File: "a.go", Line: 20},
	}
	if diff := cmp.Diff(want, tab.Frames(nil, b, 0x401012)); diff != "" {
		t.Errorf("frames:\n%s", diff)
	}
	maps, err := b.ArgsMaps()
	if diff := cmp.Diff([]string{"101", "010"}, bitmaps(maps)); diff != "" || err != nil {
		t.Errorf("args maps %v, %s", err, diff)
	}
	args, err := b.ArgInfo(nil)
	if err != nil || argString(args) != "{8/8, 16/1}, _, ..." {
		t.Errorf("arguments %s, %v", argString(args), err)
	}
	if f, err := tab.Func(0); err != nil || f.Name() != "main.a" {
		t.Errorf("function 0: %v", err)
	}
}
