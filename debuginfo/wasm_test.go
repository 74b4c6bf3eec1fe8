package debuginfo_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/debuginfo"
	"moho/objfile"
)

// module wraps sections into a WASM module, as the compilers that write DWARF
// there do: custom sections of the same names.
func module(sections map[string][]byte) []byte {
	w := &writer{b: []byte("\x00asm\x01\x00\x00\x00")}
	for _, name := range slices.Sorted(maps.Keys(sections)) {
		body := (&writer{}).uleb(uint64(len(name))).u8([]byte(name)...).u8(sections[name]...)
		w.u8(0).uleb(uint64(len(body.b))).u8(body.b...)
	}
	return w.b
}

func TestWASM(t *testing.T) {
	f, err := objfile.NewBytes("synth", module(sample()))
	if err != nil {
		t.Fatal(err)
	}
	d, err := debuginfo.Open(f)
	if err != nil {
		t.Fatal(err)
	}
	fn, ok, err := d.FuncAt(0x401000)
	if err != nil || !ok {
		t.Fatal(fn, ok, err)
	}
	got, err := describe(fn)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sampleWant, got); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}
