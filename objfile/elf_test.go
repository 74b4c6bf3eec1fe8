package objfile_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/internal/testbin"
	"moho/objfile"
)

const hello = `package main

import "fmt"

func main() { fmt.Println("hello") }
`

func open(tb testing.TB, path string) *objfile.File {
	tb.Helper()
	f, err := objfile.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { f.Close() })
	return f
}

// builds are the ELF files that readers meet: both architectures, each mode.
func builds() []testbin.Config {
	var out []testbin.Config
	for _, release := range []string{"1.24.13", "1.26.8", "1.27.3"} {
		for _, goarch := range []string{"amd64", "arm64"} {
			for _, mode := range testbin.Modes("linux", goarch) {
				out = append(out, testbin.Config{Go: release, GOOS: "linux", GOARCH: goarch, Mode: mode})
			}
		}
	}
	return out
}

func every(t *testing.T, test func(t *testing.T, path string, f *objfile.File, c testbin.Config)) {
	testbin.NeedTool(t, "readelf")
	for _, c := range builds() {
		t.Run(c.String(), func(t *testing.T) {
			path := testbin.Build(t, testbin.Main(hello), c)
			test(t, path, open(t, path), c)
		})
	}
}

func hex(t *testing.T, s string) uint64 {
	t.Helper()
	v, err := strconv.ParseUint(strings.TrimPrefix(s, "0x"), 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestHeadersEqualReadelf(t *testing.T) {
	every(t, func(t *testing.T, path string, f *objfile.File, c testbin.Config) {
		var want, got []string
		for line := range strings.Lines(testbin.Run(t, "readelf", "-SW", path)) {
			// [ 1] .text PROGBITS 0000000000401000 001000 08e2b1 00 AX 0 0 32
			_, rest, ok := strings.Cut(line, "] ")
			w := strings.Fields(rest)
			if !ok || len(w) < 9 || w[0] == "Name" {
				continue
			}
			flags := ""
			if len(w) == 10 {
				flags = w[6]
			}
			want = append(want, fmt.Sprintf("%s %#x %#x A%v W%v X%v", w[0], hex(t, w[2]), hex(t, w[3]),
				strings.Contains(flags, "A"), strings.Contains(flags, "W"), strings.Contains(flags, "X")))
		}
		for _, s := range f.Sections() {
			got = append(got, fmt.Sprintf("%s %#x %#x A%v W%v X%v", s.Name, uint64(s.Addr), uint64(s.Off), s.Alloc, s.Write, s.Exec))
		}
		if diff := cmp.Diff(want, got); diff != "" || len(got) < 10 {
			t.Errorf("sections, readelf (-):\n%s", diff)
		}
		want, got = nil, nil
		var interp string
		for line := range strings.Lines(testbin.Run(t, "readelf", "-lW", path)) {
			w := strings.Fields(line)
			if _, p, ok := strings.Cut(line, "program interpreter: "); ok {
				interp = strings.TrimSuffix(strings.TrimSpace(p), "]")
			}
			if len(w) < 7 || w[0] != "LOAD" {
				continue
			}
			flags := strings.Join(w[6:len(w)-1], "")
			want = append(want, fmt.Sprintf("%#x %#x %#x %#x R%v W%v X%v", hex(t, w[2]), hex(t, w[1]), hex(t, w[4]), hex(t, w[5]),
				strings.Contains(flags, "R"), strings.Contains(flags, "W"), strings.Contains(flags, "E")))
		}
		for _, s := range f.Segments() {
			got = append(got, fmt.Sprintf("%#x %#x %#x %#x R%v W%v X%v", uint64(s.Addr), uint64(s.Off), s.FileSize, s.MemSize, s.Read, s.Write, s.Exec))
		}
		if diff := cmp.Diff(want, got); diff != "" || len(got) < 2 {
			t.Errorf("segments, readelf (-):\n%s", diff)
		}
		if f.Interpreter() != interp {
			t.Errorf("interpreter %q, readelf %q", f.Interpreter(), interp)
		}
		var libs []string
		for line := range strings.Lines(testbin.Run(t, "readelf", "-dW", path)) {
			if _, lib, ok := strings.Cut(line, "Shared library: ["); ok {
				libs = append(libs, strings.TrimSuffix(strings.TrimSpace(lib), "]"))
			}
		}
		needed, err := f.Needed()
		if diff := cmp.Diff(libs, needed); diff != "" || err != nil {
			t.Errorf("needed: %v\n%s", err, diff)
		}
		kind := "EXEC"
		if c.Mode == testbin.PIE || c.Mode == testbin.PIEStripped || c.Mode == testbin.ExternalPIE {
			kind = "DYN"
		}
		if f.Format() != "elf" || f.Machine() != c.GOARCH || f.Arch().Name != c.GOARCH || f.ELFType() != kind || f.PtrSize() != 8 {
			t.Errorf("%s %s %s, pointers of %d", f.Format(), f.Machine(), f.ELFType(), f.PtrSize())
		}
	})
}

func TestBuildIDs(t *testing.T) {
	every(t, func(t *testing.T, path string, f *objfile.File, c testbin.Config) {
		id := f.BuildID()
		if want := strings.TrimSpace(testbin.Run(t, "go", "tool", "buildid", path)); id.Go != want || want == "" {
			t.Errorf("Go %q, go tool buildid %q", id.Go, want)
		}
		gnu := ""
		for line := range strings.Lines(testbin.Run(t, "readelf", "-nW", path)) {
			if _, v, ok := strings.Cut(line, "Build ID: "); ok {
				gnu = strings.TrimSpace(v)
			}
		}
		if id.GNU != gnu {
			t.Errorf("GNU %q, readelf %q", id.GNU, gnu)
		}
		page := make([]byte, 4096)
		if _, err := f.ReadAt(page, 0); err != nil {
			t.Fatal(err)
		}
		if got, ok := objfile.ELFBuildID(page); !ok || got != id {
			t.Errorf("from the first page: %+v, %v; want %+v", got, ok, id)
		}
		bi, err := f.BuildInfo()
		if err != nil {
			t.Fatal(err)
		}
		version, _, _ := strings.Cut(testbin.Run(t, "go", "version", "-m", path), "\n")
		if !strings.HasSuffix(version, ": "+bi.GoVersion) || bi.Path != "testprog" {
			t.Errorf("build info %s %s, go version -m %q", bi.GoVersion, bi.Path, version)
		}
	})
}

func TestSymbolsEqualReadelf(t *testing.T) {
	every(t, func(t *testing.T, path string, f *objfile.File, c testbin.Config) {
		var want, got []string
		table := ""
		for line := range strings.Lines(testbin.Run(t, "readelf", "-sW", path)) {
			if rest, ok := strings.CutPrefix(line, "Symbol table '"); ok {
				table, _, _ = strings.Cut(rest, "'")
			}
			w := strings.Fields(line)
			if table != ".symtab" || len(w) < 8 || w[6] == "UND" || w[3] == "SECTION" || w[3] == "FILE" || w[0] == "Num:" {
				continue
			}
			size, err := strconv.ParseUint(w[2], 0, 64)
			if err != nil {
				t.Fatal(err)
			}
			name, _, _ := strings.Cut(strings.Join(w[7:], " "), "@") // names contain spaces
			want = append(want, fmt.Sprintf("%#x %d %v %s", hex(t, w[1]), size, w[3] == "FUNC", name))
		}
		syms, err := f.Symbols()
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range syms {
			name, _, _ := strings.Cut(s.Name, "@")
			got = append(got, fmt.Sprintf("%#x %d %v %s", uint64(s.Addr), s.Size, s.Kind == objfile.Func, strings.TrimSpace(name)))
		}
		stripped := strings.Contains(string(c.Mode), "stripped") || c.Mode == testbin.ExternalSW
		if diff := cmp.Diff(want, got); diff != "" || (len(got) == 0) != stripped || stripped && syms != nil {
			t.Errorf("%d symbols, readelf (-):\n%.3000s", len(got), diff)
		}
	})
}

// TestWordEqualsRelocations checks Word at every RELATIVE relocation, which
// readelf lists, and that other words are what the file holds.
func TestWordEqualsRelocations(t *testing.T) {
	every(t, func(t *testing.T, path string, f *objfile.File, c testbin.Config) {
		n := 0
		var at objfile.Addr
		var last uint64
		for line := range strings.Lines(testbin.Run(t, "readelf", "-rW", path)) {
			w := strings.Fields(line)
			if len(w) != 4 || !strings.HasSuffix(w[2], "_RELATIV") && !strings.HasSuffix(w[2], "_RELATIVE") {
				continue
			}
			at, last = objfile.Addr(hex(t, w[0])), hex(t, w[3])
			if v, err := f.Word(at); err != nil || v != last {
				t.Fatalf("word at %#x is %#x, %v; readelf %#x", uint64(at), v, err, last)
			}
			n++
		}
		if pie := f.ELFType() == "DYN"; pie && n < 1000 || !pie && n > 0 {
			t.Errorf("%d relocations", n)
		}
		if n > 0 {
			found, err := f.FindWord(last, 1000)
			if err != nil || !slices.Contains(found, at) {
				t.Errorf("FindWord(%#x) = %#x, %v; want %#x among them", last, found, err, uint64(at))
			}
		}
	})
}

// TestRELR links a program whose relocations are packed: their addends are in
// place, so that Word needs nothing for them.
func TestRELR(t *testing.T) {
	testbin.NeedTool(t, "gcc", "nm")
	dir := t.TempDir()
	src, out := filepath.Join(dir, "a.c"), filepath.Join(dir, "a.out")
	if err := os.WriteFile(src, []byte("int x, y; int *p[] = {&x, &y, &x}; int main(void) { return *p[0]; }\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	testbin.Run(t, "gcc", "-pie", "-fPIE", "-Wl,-z,pack-relative-relocs", "-o", out, src)
	if !strings.Contains(testbin.Run(t, "readelf", "-dW", out), "(RELR)") {
		t.Fatal("the linker has not packed the relocations")
	}
	f := open(t, out)
	syms, err := f.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]objfile.Addr{}
	for _, s := range syms {
		at[s.Name] = s.Addr
	}
	for i, name := range []string{"x", "y", "x"} {
		if v, err := f.Word(at["p"] + objfile.Addr(8*i)); err != nil || objfile.Addr(v) != at[name] || v == 0 {
			t.Errorf("p[%d] = %#x, %v; want %#x, the address of %s", i, v, err, uint64(at[name]), name)
		}
	}
}

func TestSectionBytesCompressed(t *testing.T) {
	testbin.NeedTool(t, "objcopy")
	path := testbin.Build(t, testbin.Main(hello), testbin.Config{GOOS: "linux", GOARCH: "amd64"})
	plain := filepath.Join(t.TempDir(), "plain")
	testbin.Run(t, "objcopy", "--decompress-debug-sections", path, plain)
	f, g := open(t, path), open(t, plain)
	compared := 0
	for _, s := range f.Sections() {
		if !strings.HasPrefix(s.Name, ".debug_") {
			continue
		}
		a, err := f.SectionBytes(s)
		if err != nil {
			t.Fatal(err)
		}
		want, ok := g.Section(s.Name)
		b, err := g.SectionBytes(want)
		if !ok || err != nil || string(a) != string(b) || s.Size != uint64(len(a)) {
			t.Errorf("%s: %d bytes of %d, want %d: %v", s.Name, len(a), s.Size, len(b), err)
		}
		if s.FileSize < s.Size {
			compared++
		}
	}
	if compared < 4 {
		t.Errorf("only %d sections are compressed", compared)
	}
}
