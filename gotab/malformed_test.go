package gotab_test

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"moho/arch"
	"moho/gotab"
	"moho/internal/testbin"
	"moho/objfile"
)

// TestMalformedFuncData changes the tables at the end of synth116: pointer maps,
// the inline tree, the description of arguments.
func TestMalformedFuncData(t *testing.T) {
	const args, tree, maps = 9, 9 + 24, 9 + 24 + 16 // from the end
	for _, tt := range []struct {
		name, want string
		at         int
		set        []byte
	}{
		{"a negative number of maps", "args pointer maps: -1 maps of 3 bits", maps, []byte{0xff, 0xff, 0xff, 0xff}},
		{"maps of a billion bits", "at most 16777216 are read", maps - 4, []byte{0, 0, 0, 0x40}},
		{"a thousand maps", "args pointer maps: 1008 bytes at", maps, []byte{0xe8, 3}},
		{"arguments that end what did not begin", "argument info: byte 0 ends an aggregate", args, []byte{0xfd}},
		{"arguments with a byte that means nothing", "byte 0 is 0xf5", args, []byte{0xf5}},
		{"an argument of 65 bytes", "byte 1: the argument at 0 has no size", args - 2, []byte{65}},
		{"arguments without an end", "does not end within 9 bytes", 1, []byte{0xfc}},
		{"an aggregate without an end", "ends within 1 aggregates", args - 5, []byte{0xfc}},
		{"a call site before the function", "inline tree: node 0 of 1 cannot be read", tree - 16, []byte{0xff, 0xff, 0xff, 0xff}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data := synth116()
			copy(data[len(data)-tt.at:], tt.set)
			tab, err := gotab.New(memory{arch.AMD64, base116, data}, base116, len(data), 0, 0)
			if err != nil {
				t.Fatal(err)
			}
			f, err := tab.Func(1)
			if err != nil {
				t.Fatal(err)
			}
			_, err1 := f.ArgsMaps()
			_, err2 := f.ArgInfo(nil)
			_, err3 := f.InlineTree()
			err = errors.Join(err1, err2, err3)
			if !errors.Is(err, objfile.ErrFormat) || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "function 1") {
				t.Errorf("%v, want %q", err, tt.want)
			}
			if err != nil && strings.Count(err.Error(), "\n") > 0 {
				t.Errorf("more than one table is malformed: %v", err)
			}
			readFuncData(t, tab, f)
		})
	}
}

// TestMalformedDefers reads descriptions of open-coded defers of both formats: a
// table with one function, whose description is at the end.
func TestMalformedDefers(t *testing.T) {
	for _, tt := range []struct {
		name string
		info []byte
		want string // "" for defers that are well described
		d    [3]int64
	}{
		{"of Go 1.21", []byte{0x20, 2, 0x10, 0x18}, "", [3]int64{-0x28, -0x20, 2}},
		{"of Go 1.22", []byte{0x21, 0x18}, "", [3]int64{-0x29, -0x20, 0}},
		{"with a number of them that is cut", []byte{0x20, 0x80}, "ends or overflows", [3]int64{}},
		{"that is cut", []byte{0x80}, "ends or overflows", [3]int64{}},
		{"with a slot that is cut", []byte{0x20, 2, 0x10, 0x80}, "ends or overflows", [3]int64{}},
		{"with none of them", []byte{0x20, 0, 0x10}, "there are 0, want 1 to 8", [3]int64{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data, tree := synth(arch.AMD64)
			// b has four funcdata tables; the first becomes its fifth, as the
			// inline tree index, the only PCDATA table that it has, is dropped.
			rec := len(data[:tree]) - 4*7
			le := binary.LittleEndian
			le.PutUint32(data[rec-44+28:], 2) // npcdata: 3 words less one
			data[rec-1] = 5
			le.PutUint32(data[rec+8+16:], uint32(len(data)-tree))
			data = append(data, tt.info...)
			tab, err := gotab.New(memory{arch.AMD64, 0x8000, data}, 0x8000, tree, 0x401000, 0x8000+objfile.Addr(tree))
			if err != nil {
				t.Fatal(err)
			}
			f, err := tab.Func(1)
			if err != nil {
				t.Fatal(err)
			}
			d, ok, err := f.OpenDefers()
			if tt.want == "" {
				if !ok || err != nil || [3]int64{d.Bits, d.Slots, int64(d.Count)} != tt.d {
					t.Errorf("%+v, %v, %v; want %v", d, ok, err, tt.d)
				}
				if last, ok := d.Slot(1); !ok || last != -0x18 {
					t.Errorf("the second slot is at %d, %v", last, ok)
				}
				return
			}
			if ok || !errors.Is(err, objfile.ErrFormat) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%+v, %v, %v; want %q", d, ok, err, tt.want)
			}
		})
	}
}

// TestPeers reads all that large programs say, in each format.
func TestPeers(t *testing.T) {
	testbin.Long(t)
	for _, c := range testbin.PeerTargets {
		for _, pkg := range []string{testbin.Delve, testbin.Etcd} {
			if pkg == testbin.Etcd && c.GOOS != "linux" {
				continue // Delve has these formats
			}
			t.Run(pkg+" "+c.String(), func(t *testing.T) {
				_, tab := open(t, testbin.Peer(t, pkg, c))
				for i := range tab.NumFunc() {
					f, err := tab.Func(i)
					if err != nil {
						t.Fatal(err)
					}
					args, err1 := f.ArgInfo(nil)
					_, err2 := f.ArgsMaps()
					_, err3 := f.LocalsMaps()
					_, _, err4 := f.StackObjects()
					_, _, err5 := f.OpenDefers()
					_, err6 := f.InlineTree()
					if err := errors.Join(err1, err2, err3, err4, err5, err6, f.ArgsLive(args, f.Entry())); err != nil {
						t.Errorf("%s: %v", f.Name(), err)
					}
				}
				types, itabs := 0, 0
				for y, err := range tab.Types() {
					if err != nil {
						t.Fatal(err)
					}
					types++
					_, err1 := tab.Fields(y)
					methods, err2 := tab.Methods(y)
					_, _, _, err3 := tab.Signature(y)
					if err := errors.Join(err1, err2, err3); err != nil {
						t.Error(err)
					}
					for _, m := range methods {
						if f, ok := tab.FuncAt(m.Func); m.Linked && (!ok || f.Entry() != m.Func) {
							t.Errorf("%s.%s is at %#x", y.Name, m.Name, m.Func)
						}
					}
				}
				for it, err := range tab.Itabs() {
					if err != nil {
						t.Fatal(err)
					}
					itabs++
					for _, pc := range it.Funcs {
						if f, ok := tab.FuncAt(pc); !ok || f.Entry() != pc {
							t.Errorf("itab at %#x: %#x", uint64(it.Addr), pc)
						}
					}
				}
				t.Logf("%d functions, %d types, %d itabs", tab.NumFunc(), types, itabs)
				if tab.NumFunc() < 10000 || types < 5000 || itabs < 500 {
					t.Errorf("%d functions, %d types, %d itabs", tab.NumFunc(), types, itabs)
				}
			})
		}
	}
}
