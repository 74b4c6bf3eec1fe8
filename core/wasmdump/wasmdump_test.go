package wasmdump_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"moho/arch"
	"moho/core"
	"moho/core/wasmdump"
	"moho/core/wasmtest"
	"moho/evidence"
	"moho/internal/testbin"
	"moho/objfile"
	"moho/objfile/wasmbin"
)

func i32(v uint32) wasmbin.Value {
	return wasmbin.Value{Type: wasmbin.ValType{Code: wasmbin.I32}, Known: true, Bits: uint64(v)}
}

func i64(v uint64) wasmbin.Value {
	return wasmbin.Value{Type: wasmbin.ValType{Code: wasmbin.I64}, Known: true, Bits: v}
}

// globals are those of a Go module, with numbers that need all forms of a LEB128.
var globals = []wasmbin.Value{
	i32(0x8000_1000), i64(1), i64(0xffff_ffff_ffff_ffff), i64(63), i64(64), i64(1 << 63), i64(1<<63 - 1), i32(0),
}

// sample is a coredump of three pages, in which most granules are zero.
func sample() *wasmdump.Dump {
	memory := make([]byte, 3*wasmbin.PageSize)
	for i := 5000; i < 9000; i++ {
		memory[i] = byte(i)
	}
	memory[100_000] = 1
	memory[len(memory)-1] = 2
	return &wasmdump.Dump{
		Name: "prog.wasm", Modules: []string{"prog.wasm"}, BuildID: evidence.BuildID{Go: "a/b/c/d"}, Pages: 3,
		Data: []core.Bytes{{Data: memory}}, Globals: globals, Thread: "main",
		Frames: []wasmdump.Frame{{Func: 300, Offset: 1 << 20}, {Func: 1}},
	}
}

func encode(tb testing.TB, d *wasmdump.Dump) []byte {
	tb.Helper()
	var b bytes.Buffer
	n, err := d.WriteTo(&b)
	if err != nil || n != int64(b.Len()) {
		tb.Fatalf("%d bytes written, said %d: %v", b.Len(), n, err)
	}
	return b.Bytes()
}

func TestRoundTrip(t *testing.T) {
	d := sample()
	data := encode(t, d)
	if len(data) > 4*4096+1000 {
		t.Errorf("%d bytes: zeros were written", len(data))
	}
	got, err := wasmdump.Parse("sample", data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(d, got, cmpopts.IgnoreUnexported(wasmdump.Dump{}), cmpopts.IgnoreFields(wasmdump.Dump{}, "Data")); diff != "" {
		t.Error(diff)
	}
	p, err := wasmdump.NewBytes("sample", data)
	if err != nil {
		t.Fatal(err)
	}
	memory := d.Data[0].Data
	b, err := p.Slice(0, len(memory))
	if err != nil || !bytes.Equal(b, memory) {
		t.Errorf("memory differs: %v", err)
	}
	if _, err := p.Slice(core.Addr(len(memory)), 1); !errors.Is(err, core.ErrUnmapped) {
		t.Errorf("behind the memory: %v", err)
	}
	id, _ := p.ExecutableBuildID()
	if p.Kind() != wasmdump.KindCore || p.Arch() != arch.WASM || p.Command() != d.Name || id != d.BuildID || len(p.Gaps()) > 0 {
		t.Errorf("kind %q of %s, command %q, build ID %v, gaps %v", p.Kind(), p.Arch().Name, p.Command(), id, p.Gaps())
	}
	ts := p.Threads()
	if len(ts) != 1 || ts[0].TID != wasmdump.ThreadID || len(ts[0].Regs) != len(globals) {
		t.Fatalf("threads %+v", ts)
	}
	for i, r := range ts[0].Regs {
		if r != globals[i].Bits {
			t.Errorf("%s is %#x, want %#x", arch.WASM.Registers[i].Name, r, globals[i].Bits)
		}
	}
}

// TestWaiting is a coredump that has no frames because the program waits: what
// it returns to is on top of its stack.
func TestWaiting(t *testing.T) {
	d := sample()
	d.Frames = []wasmdump.Frame{}
	d.Globals = append([]wasmbin.Value{i32(100_000)}, globals[1:]...)
	p, err := wasmdump.NewBytes("waiting", encode(t, d))
	if err != nil {
		t.Fatal(err)
	}
	pc, _ := p.Threads()[0].Reg(arch.WASM, arch.PC)
	sp, _ := p.Threads()[0].Reg(arch.WASM, arch.SP)
	if pc != 1 || sp != 100_008 {
		t.Errorf("pc %#x, sp %d", pc, sp)
	}
	d.Frames = nil // then it may as well have been running
	if p, err = wasmdump.NewBytes("unknown", encode(t, d)); err != nil {
		t.Fatal(err)
	}
	if pc, ok := p.Threads()[0].Reg(arch.WASM, arch.PC); ok {
		t.Errorf("without frames the pc is %#x", pc)
	}
}

// TestProducers reads what others write: frames without instances, globals of
// another program, segments cut at zeros.
func TestProducers(t *testing.T) {
	section := func(id byte, body ...byte) []byte {
		return append(binary.AppendUvarint([]byte{id}, uint64(len(body))), body...)
	}
	custom := func(name string, body ...byte) []byte {
		return section(0, append(append([]byte{byte(len(name))}, name...), body...)...)
	}
	var b []byte
	for _, s := range [][]byte{
		[]byte("\x00asm\x01\x00\x00\x00"),
		custom("core", 0, 1, 'x'),
		section(5, 1, 0, 2),
		section(6, 1, 0x7f, 1, 0x41, 7, 0x0b),
		section(11, 3,
			0, 0x41, 0x81, 0x20, 0x0b, 2, 'a', 'b', // 4097
			0, 0x41, 0x84, 0x20, 0x0b, 1, 'c', // 4100
			0, 0x41, 0x80, 0xc0, 0x00, 0x0b, 1, 'd'), // 8192
		custom("corestack", 0, 4, 'm', 'a', 'i', 'n', 2,
			0, 5, 6, 2, 0x7f, 0x80, 0x7f, 0x01, 1, 0x7c, 0, 0, 0, 0, 0, 0, 0, 0,
			0, 9, 0, 0, 0),
	} {
		b = append(b, s...)
	}
	d, err := wasmdump.Parse("other", b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]wasmdump.Frame{{Func: 5, Offset: 6}, {Func: 9}}, d.Frames); diff != "" || d.Thread != "main" {
		t.Errorf("thread %q\n%s", d.Thread, diff)
	}
	p, err := wasmdump.NewBytes("other", b)
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.Slice(4096, 4098)
	want := make([]byte, 4098)
	copy(want[1:], "ab\x00c")
	want[4096] = 'd'
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v", err)
	}
	if len(p.Threads()) > 0 || len(p.Gaps()) != 1 {
		t.Errorf("threads %v, gaps %v", p.Threads(), p.Gaps())
	}
}

func TestRefused(t *testing.T) {
	overlap := sample()
	overlap.Data = []core.Bytes{{Addr: 0, Data: make([]byte, 100)}, {Addr: 50, Data: make([]byte, 10)}}
	outside := sample()
	outside.Pages = 2
	floats := sample()
	floats.Globals = []wasmbin.Value{{Type: wasmbin.ValType{Code: wasmbin.F64}, Known: true}}
	for _, d := range []*wasmdump.Dump{overlap, outside, floats} {
		var b bytes.Buffer
		if _, err := d.WriteTo(&b); !errors.Is(err, core.ErrFormat) || b.Len() > 0 {
			t.Errorf("written: %v, %d bytes", err, b.Len())
		}
	}
	good := encode(t, sample())
	beyond := bytes.Replace(good, []byte{5, 3, 1, 0, 3}, []byte{5, 3, 1, 0, 2}, 1)
	module := bytes.Replace(good, []byte("\x04core\x00"), []byte("\x04code\x00"), 1)
	for name, tc := range map[string]struct {
		data []byte
		want string
	}{
		"empty":   {nil, "empty"},
		"text":    {[]byte("goroutine 1 [running]:\n"), ""},
		"module":  {module, "not a coredump"},
		"beyond":  {beyond, "the memory at 0x20000"},
		"cut":     {good[:len(good)-1], ""},
		"magic":   {good[:8], "not a coredump"},
		"no core": {append(append([]byte{}, good[:8]...), 0, 6, 4, 'c', 'o', 'r', 'e', 0), "no memory"},
	} {
		p, err := wasmdump.NewBytes(name, tc.data)
		if p != nil || !errors.Is(err, core.ErrFormat) || tc.want != "" && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
	for _, n := range []int{0, 1, wasmbin.PageSize - 1, wasmbin.PageSize, wasmbin.PageSize + 1} {
		if p, err := wasmdump.NewMemory("memory", make([]byte, n)); p != nil || !errors.Is(err, core.ErrFormat) {
			t.Errorf("memory of %d bytes: %v", n, err)
		}
	}
	if _, err := wasmdump.Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if _, err := wasmdump.OpenMemory(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// TestMatch compares an instance with its module, a sister build, and others.
func TestMatch(t *testing.T) {
	c := testbin.Config{GOOS: "wasip1", GOARCH: "wasm"}
	src := testbin.Main("package main\n\nfunc main() { print(\"look\\n\"); panic(1) }\n")
	module := testbin.Build(t, src, c)
	s := wasmtest.Take(t, module, "", wasmtest.Write)
	c.Mode = testbin.Stripped
	stripped := testbin.Build(t, src, c)
	c.LDFlags = "-X main.x=1 -B none"
	other := testbin.Build(t, testbin.Main("package main\n\nfunc main() { print(\"look\\n\"); panic(2) }\n"), testbin.Config{GOOS: "wasip1", GOARCH: "wasm"})
	native := testbin.Build(t, src, testbin.Config{})

	data, err := os.ReadFile(s.Memory)
	if err != nil {
		t.Fatal(err)
	}
	memory, err := wasmdump.NewMemory("memory", data)
	if err != nil {
		t.Fatal(err)
	}
	dump, err := wasmdump.Open(s.Core)
	if err != nil {
		t.Fatal(err)
	}
	defer dump.Close()
	if b, err := dump.Slice(0, len(data)); err != nil || !bytes.Equal(b, data) {
		t.Errorf("the coredump's memory is not the memory: %v", err)
	}
	if st, err := os.Stat(s.Core); err != nil || st.Size() >= int64(len(data)) {
		t.Errorf("the coredump of %d bytes of memory has %d: %v", len(data), st.Size(), err)
	}
	damaged := bytes.Clone(data)
	damaged[bytes.Index(damaged, []byte("runtime.main"))] ^= 1
	broken, err := wasmdump.NewMemory("damaged", damaged)
	if err != nil {
		t.Fatal(err)
	}
	small, err := wasmdump.NewMemory("small", data[:8*wasmbin.PageSize])
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		p      *core.Process
		module string
		how    string // "" is a mismatch
	}{
		{memory, module, "contents"},
		{dump, module, "buildid"},
		{memory, stripped, "contents"}, // strip leaves the data
		{memory, other, ""},
		{dump, other, ""},
		{memory, native, ""},
		{memory, s.Core, ""},
		{broken, module, ""},
		{small, module, ""},
	} {
		f, err := objfile.Open(tc.module)
		if err != nil {
			t.Fatal(err)
		}
		how, err := tc.p.MatchesImage(f)
		var m *core.MismatchError
		if how != tc.how || errors.As(err, &m) != (tc.how == "") {
			t.Errorf("%s, %s: %q, %v", tc.p.Name(), filepath.Base(tc.module), how, err)
		}
		f.Close()
	}
}
