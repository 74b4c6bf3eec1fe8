package objfile_test

import (
	"encoding/binary"
	"os"
	"slices"
	"strings"
	"testing"

	"moho/internal/testbin"
	"moho/objfile"
)

var empty = testbin.Main("package main\n\nfunc main() {}\n")

// TestKind compares the header with what was asked for: the default of darwin and
// windows is position independent, whatever the build info says.
func TestKind(t *testing.T) {
	for _, tt := range []struct {
		goos, goarch, mode, want string
	}{
		{"darwin", "arm64", "default", "pie"},
		{"darwin", "amd64", "default", "pie"},
		{"darwin", "amd64", "exe", "exe"},
		{"windows", "amd64", "default", "pie"},
		{"windows", "amd64", "exe", "exe"},
		{"linux", "amd64", "exe", "exe"},
		{"linux", "amd64", "pie", "pie"},
		{"wasip1", "wasm", "default", "module"},
	} {
		f := open(t, testbin.Build(t, empty, testbin.Config{GOOS: tt.goos, GOARCH: tt.goarch, Mode: testbin.Stripped, Flags: []string{"-buildmode=" + tt.mode}}))
		if f.Kind() != tt.want {
			t.Errorf("%s/%s -buildmode=%s: kind %q, want %q", tt.goos, tt.goarch, tt.mode, f.Kind(), tt.want)
		}
	}
}

// TestMachONames finds sections that share a name, segments, and the UUID.
func TestMachONames(t *testing.T) {
	f := open(t, testbin.Build(t, empty, testbin.Config{GOOS: "darwin", GOARCH: "arm64"}))
	text, ok := f.Section("__TEXT,__text")
	plain, ok2 := f.Section("__text")
	if !ok || !ok2 || text != plain || text.Segment != "__TEXT" {
		t.Errorf("__text: %+v, %+v", text, plain)
	}
	if _, ok := f.Section("__DATA,__text"); ok {
		t.Error("there is no __text in __DATA")
	}
	var names []string
	for _, s := range f.Segments() {
		names = append(names, s.Name)
	}
	if want := []string{"__TEXT", "__DATA_CONST", "__DATA", "__LINKEDIT"}; !slices.Equal(names, want) {
		t.Errorf("segments %v, want %v", names, want)
	}
	if f.Entry() < text.Addr || f.Entry() >= text.Addr+objfile.Addr(text.Size) {
		t.Errorf("entry %#x is outside of __text", f.Entry())
	}
	if len(f.UUID()) != 36 || strings.Count(f.UUID(), "-") != 4 {
		t.Errorf("UUID %q", f.UUID())
	}
}

// TestUnwindFuncs compares the exception directory with the symbols: each entry
// begins where a function does and reaches no other. -s does not change it.
func TestUnwindFuncs(t *testing.T) {
	c := testbin.Config{GOOS: "windows", GOARCH: "amd64"}
	f := open(t, testbin.Build(t, empty, c))
	c.Mode = testbin.Stripped
	stripped, err := open(t, testbin.Build(t, empty, c)).UnwindFuncs()
	if err != nil {
		t.Fatal(err)
	}
	got, err := f.UnwindFuncs()
	if err != nil || len(got) < 500 || len(got) != len(stripped) {
		t.Fatalf("%d entries, %d when stripped: %v", len(got), len(stripped), err)
	}
	syms, err := f.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	var starts []objfile.Addr
	for _, s := range syms {
		if s.Kind == objfile.Func {
			starts = append(starts, s.Addr)
		}
	}
	slices.Sort(starts)
	starts = slices.Compact(starts)
	for _, u := range got {
		i, ok := slices.BinarySearch(starts, u.Start)
		if !ok || i+1 < len(starts) && u.End > starts[i+1] || u.Primary != u.Start {
			t.Errorf("%#x to %#x, part of %#x", u.Start, u.End, u.Primary)
		}
	}
}

// TestChainedUnwind splits a function: the second part is chained to the first.
func TestChainedUnwind(t *testing.T) {
	data, err := os.ReadFile(testbin.Build(t, empty, testbin.Config{GOOS: "windows", GOARCH: "amd64", Mode: testbin.Stripped}))
	if err != nil {
		t.Fatal(err)
	}
	f, err := objfile.NewBytes("split", data)
	if err != nil {
		t.Fatal(err)
	}
	pdata, _ := f.Section(".pdata")
	xdata, ok := f.Section(".xdata")
	if !ok || xdata.FileSize < 32 {
		t.Fatalf(".xdata: %+v", xdata)
	}
	le := binary.LittleEndian
	first := slices.Clone(data[pdata.Off:][:12])
	second := data[pdata.Off+12:][:12]
	// Its UNWIND_INFO: version 1, chained, one code padded to two, then the parent.
	at := int(xdata.Off) + int(xdata.FileSize) - 20
	info := append([]byte{0x21, 0, 1, 0, 0, 0, 0, 0}, first...)
	copy(data[at:], info)
	le.PutUint32(second[8:], uint32(xdata.Addr-0x140000000)+uint32(xdata.FileSize)-20)
	got, err := f.UnwindFuncs()
	if err != nil {
		t.Fatal(err)
	}
	if want := objfile.Addr(0x140000000 + uint64(le.Uint32(first))); got[1].Primary != want || got[0].Primary != want {
		t.Errorf("%+v, want a part of %#x", got[:2], want)
	}
}

// TestUnixThread reads the entry of old programs from the registers that they
// start with.
func TestUnixThread(t *testing.T) {
	le := binary.LittleEndian
	for _, tt := range []struct {
		cpu, flavor, count uint32
		pc                 int
		want               objfile.Addr
	}{
		{7 | 1<<24, 4, 42, 16, 0x1000060},
		{12 | 1<<24, 6, 68, 32, 0x1000060},
		{12 | 1<<24, 4, 68, 32, 0}, // of another machine
	} {
		cmd := make([]byte, 16+4*tt.count)
		for i, v := range []uint32{5, uint32(len(cmd)), tt.flavor, tt.count} {
			le.PutUint32(cmd[4*i:], v)
		}
		le.PutUint64(cmd[16+8*tt.pc:], 0x1000060)
		var data []byte
		for _, v := range []uint32{0xfeedfacf, tt.cpu, 0, 2, 1, uint32(len(cmd)), 0, 0} {
			data = le.AppendUint32(data, v)
		}
		f, err := objfile.NewBytes("thread", append(data, cmd...))
		if err != nil || f.Entry() != tt.want {
			t.Errorf("flavor %d: %v, want entry %#x", tt.flavor, err, tt.want)
		}
	}
}
