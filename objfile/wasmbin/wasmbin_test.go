package wasmbin

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/internal/bounded"
	"moho/internal/testbin"
)

// small has one of everything: each section, an import of each kind.
const small = "\x00asm\x01\x00\x00\x00" +
	"\x01\x0a\x02\x60\x02\x7f\x7e\x01\x7f\x60\x00\x00" + // types
	"\x02\x10\x02\x01m\x01f\x00\x00\x01m\x03g\xc3\xa9\x03\x7f\x00" + // a function, a global
	"\x03\x02\x01\x01" + // a function of type 1
	"\x04\x04\x01\x70\x00\x02" + // a table of two
	"\x05\x03\x01\x00\x01" + // a page
	"\x06\x06\x01\x7f\x01\x41\x2a\x0b" + // a global that changes
	"\x07\x09\x02\x01e\x00\x01\x01m\x02\x00" + // exports
	"\x08\x01\x01" + // start
	"\x09\x07\x01\x00\x41\x00\x0b\x01\x01" + // an element
	"\x0c\x01\x02" + // two data segments
	"\x0a\x06\x01\x04\x01\x02\x7f\x0b" + // a body with two locals
	"\x0b\x0b\x02\x00\x41\x08\x0b\x02hi\x01\x01p" + // active and passive
	"\x00\x0e\x04name\x01\x07\x02\x00\x01a\x01\x01b" // names

func TestParse(t *testing.T) {
	m, err := Parse([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	var imports []Import
	for i := range m.Imports {
		imports = append(imports, i)
	}
	var exports []Export
	for e := range m.Exports {
		exports = append(exports, e)
	}
	var data []string
	for d := range m.Data {
		data = append(data, string(d.Bytes))
	}
	var elems []uint64
	for e := range m.Elems {
		for _, v := range m.values(e) {
			elems = append(elems, v.Bits)
		}
	}
	names, err := m.FuncNames()
	if err != nil {
		t.Fatal(err)
	}
	i32 := ValType{Code: I32}
	for _, tt := range []struct {
		what      string
		got, want any
	}{
		{"type", m.Type(0), FuncType{[]ValType{i32, {Code: I64}}, []ValType{i32}}},
		{"imports", imports, []Import{{"m", "f", KindFunc, 0, 0}, {"m", "gé", KindGlobal, 0, 0}}},
		{"exports", exports, []Export{{"e", KindFunc, 1}, {"m", KindMemory, 0}}},
		{"globals", m.Globals(), []Global{{i32, false, Value{Type: i32}}, {i32, true, Value{Type: i32, Known: true, Bits: 42}}}},
		{"tables", m.Tables(), []Table{{ValType{Code: FuncRef, Null: true}, Limits{Min: 2}}}},
		{"memory", *m.Memory(), Memory{Limits: Limits{Min: 1}}},
		{"start", m.Start(), 1},
		{"elements", elems, []uint64{1}},
		{"data", data, []string{"hi", "p"}},
		{"extent", m.Extent(), Extent{8, 10, -1}},
		{"names", names, []Name{{0, "a"}, {1, "b"}}},
		{"counts", []int{m.NumFuncs(), m.Imported(KindFunc), m.NumElems(), m.NumData(), m.DataCount(), m.NumTags()}, []int{2, 1, 1, 2, 2, 0}},
	} {
		if diff := cmp.Diff(tt.want, tt.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.what, diff)
		}
	}
	off, body := m.Body(1)
	if string(body) != "\x01\x02\x7f\x0b" || !strings.HasPrefix(small[off:], string(body)) {
		t.Errorf("body % x at %#x", body, off)
	}
	if off, body := m.Body(0); off != 0 || body != nil {
		t.Errorf("an imported function has a body: % x", body)
	}
}

// values collects the elements of a segment.
func (m *Module) values(e Elem) (out []Value) {
	m.Values(e, func(_ int, v Value) bool {
		out = append(out, v)
		return true
	})
	return out
}

// TestCut cuts the module off at every byte: only at the end of a section that
// nothing is missing after can it be whole.
func TestCut(t *testing.T) {
	whole := 0
	for n := range len(small) {
		if m, err := Parse([]byte(small[:n])); err == nil {
			whole++
		} else if m != nil {
			t.Fatalf("%d bytes: a module and an error", n)
		}
	}
	// After the header, the types, the imports and the data.
	if whole != 4 {
		t.Errorf("%d prefixes are whole modules, want 4", whole)
	}
}

// TestEveryByte sets each byte of the module to every value.
func TestEveryByte(t *testing.T) {
	data := []byte(small)
	refused := 0
	for i := range data {
		saved := data[i]
		for v := range 256 {
			data[i] = byte(v)
			m, err := Parse(data)
			check(t, m, err)
			if err != nil {
				refused++
			}
		}
		data[i] = saved
	}
	if total := len(data) * 256; refused < total/2 {
		t.Errorf("%d of %d mutants refused", refused, total)
	}
}

// check asks a module for all that it has, or an error for its shape.
func check(t *testing.T, m *Module, err error) {
	t.Helper()
	if (m == nil) != (err != nil) {
		t.Fatalf("module %v, error %v", m != nil, err)
	}
	if e := (*Error)(nil); err != nil && !errors.As(err, &e) && !errors.Is(err, bounded.ErrLimit) {
		t.Fatalf("untyped: %v", err)
	}
	if err != nil {
		return
	}
	for i := range m.NumTypes() {
		p, r := m.Signature(i)
		if ft := m.Type(i); len(p) < len(ft.Params) || len(r) < len(ft.Results) {
			t.Fatalf("type %d: signature % x, % x of %v", i, p, r, ft)
		}
	}
	n := 0
	for range m.Imports {
		n++
	}
	if total := m.Imported(KindFunc) + m.Imported(KindTable) + m.Imported(KindMemory) + m.Imported(KindGlobal) + m.Imported(KindTag); n != total {
		t.Fatalf("%d imports, %d by kind", n, total)
	}
	for range m.Exports {
	}
	n = 0
	for d := range m.Data {
		n++
		if e := m.Extent(); d.Mode == Active && d.Offset.Known && len(d.Bytes) > 0 && (d.Offset.Bits < e.Lo || d.Offset.Bits+uint64(len(d.Bytes)) > e.Hi) {
			t.Fatalf("segment at %#x outside of %+v", d.Offset.Bits, e)
		}
	}
	if n != m.NumData() {
		t.Fatalf("%d data segments, want %d", n, m.NumData())
	}
	for e := range m.Elems {
		if got := len(m.values(e)); got != e.Count {
			t.Fatalf("%d elements, want %d", got, e.Count)
		}
	}
	for i := range m.NumFuncs() {
		if _, body := m.Body(i); (body == nil) != (i < m.Imported(KindFunc)) {
			t.Fatalf("function %d: body of %d bytes", i, len(body))
		}
	}
	_, _ = m.FuncNames()
	_, _ = m.Producers()
}

// FuzzParse changes a module at will. An error leaves no module; what a module
// says of itself agrees, read twice.
func FuzzParse(f *testing.F) {
	f.Add([]byte(small))
	for _, h := range testbin.HostileInputs(f, "wasm") {
		f.Add(h.Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Parse(data)
		check(t, m, err)
	})
}

// BenchmarkParse opens what Go makes; it allocates for functions, not for data.
func BenchmarkParse(b *testing.B) {
	path := testbin.Build(b, testbin.Main("package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println() }\n"), testbin.Config{GOOS: "js", GOARCH: "wasm"})
	data, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(data); err != nil {
			b.Fatal(err)
		}
	}
}
