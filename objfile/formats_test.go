package objfile_test

import (
	"bytes"
	"debug/macho"
	"debug/pe"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"moho/internal/testbin"
	"moho/objfile"
)

// otherFormats are the targets whose files are not ELF. The last two need the
// standard library compiled once more.
func otherFormats() []testbin.Config {
	targets := []testbin.Config{
		{GOOS: "darwin", GOARCH: "arm64"},
		{GOOS: "windows", GOARCH: "amd64"},
		{GOOS: "js", GOARCH: "wasm"},
		{GOOS: "wasip1", GOARCH: "wasm"},
	}
	if testbin.IsLong() {
		targets = append(targets, testbin.Config{GOOS: "darwin", GOARCH: "amd64"}, testbin.Config{GOOS: "windows", GOARCH: "arm64"})
	}
	return targets
}

// eachFormat calls test for each of those targets, plain and stripped; in the long
// part with every release that is read.
func eachFormat(t *testing.T, test func(t *testing.T, c testbin.Config, path string)) {
	releases := []string{""}
	if testbin.IsLong() {
		releases = []string{"1.20.14", "1.21.13", "1.23.12", "1.25.12", "1.26.8", "1.27.3"}
	}
	for _, c := range otherFormats() {
		for _, c.Go = range releases {
			if c.GOOS == "wasip1" && c.Go == "1.20.14" {
				continue // since 1.21
			}
			for _, c.Mode = range []testbin.Mode{testbin.Plain, testbin.Stripped} {
				t.Run(c.String(), func(t *testing.T) { test(t, c, testbin.Build(t, testbin.Toy(t), c)) })
			}
		}
	}
}

// TestSecondReader compares what is read of Mach-O and PE files with the
// standard library's readers, which trust what they read.
func TestSecondReader(t *testing.T) {
	eachFormat(t, func(t *testing.T, c testbin.Config, path string) {
		f := open(t, path)
		switch f.Format() {
		case "macho":
			m, err := macho.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			compareMachO(t, f, m)
		case "pe":
			p, err := pe.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			comparePE(t, f, p)
		}
		bi, err := f.BuildInfo()
		if err != nil || bi.Path != "testprog" || f.BuildID().Go == "" {
			t.Errorf("build info %v, %v; Build ID %v", bi, err, f.BuildID())
		}
		if want := strings.TrimSpace(testbin.Run(t, "go", "tool", "buildid", path)); f.BuildID().Go != want {
			t.Errorf("Go build ID %q, go tool buildid says %q", f.BuildID().Go, want)
		}
	})
}

func compareMachO(t *testing.T, f *objfile.File, m *macho.File) {
	t.Helper()
	if len(f.Sections()) != len(m.Sections) {
		t.Fatalf("%d sections, want %d", len(f.Sections()), len(m.Sections))
	}
	for i, s := range f.Sections() {
		want := m.Sections[i]
		if s.Name != want.Name || uint64(s.Addr) != want.Addr || uint64(s.Off) != uint64(want.Offset) || s.FileSize != 0 && s.FileSize != want.Size {
			t.Errorf("section %d: %+v, want %+v", i, s, want.SectionHeader)
		}
		compareContents(t, f, s, want.Data)
	}
	var want []string
	if m.Symtab != nil {
		for _, s := range m.Symtab.Syms {
			if s.Type&0xe0 == 0 && s.Type&0xe == 0xe {
				name := s.Name
				if !strings.Contains(name, ".") { // debug/macho has taken it from the others
					name = strings.TrimPrefix(name, "_")
				}
				want = append(want, fmt.Sprintf("%s %#x", name, s.Value))
			}
		}
	}
	compareSymbols(t, f, want)
	libs, err := m.ImportedLibraries()
	if got, err2 := f.Needed(); err != nil || err2 != nil || strings.Join(got, " ") != strings.Join(libs, " ") {
		t.Errorf("libraries %v %v, want %v %v", got, err2, libs, err)
	}
}

func comparePE(t *testing.T, f *objfile.File, p *pe.File) {
	t.Helper()
	base := p.OptionalHeader.(*pe.OptionalHeader64).ImageBase
	if uint64(f.Entry()) != base+uint64(p.OptionalHeader.(*pe.OptionalHeader64).AddressOfEntryPoint) {
		t.Errorf("entry %#x", f.Entry())
	}
	if len(f.Sections()) != len(p.Sections) {
		t.Fatalf("%d sections, want %d", len(f.Sections()), len(p.Sections))
	}
	for i, s := range f.Sections() {
		want := p.Sections[i]
		if s.Name != want.Name || uint64(s.Addr) != base+uint64(want.VirtualAddress) || uint64(s.Off) != uint64(want.Offset) && s.FileSize > 0 {
			t.Errorf("section %d: %+v, want %+v", i, s, want.SectionHeader)
		}
		compareContents(t, f, s, want.Data)
	}
	var want []string
	for _, s := range p.Symbols {
		if s.SectionNumber > 0 {
			want = append(want, fmt.Sprintf("%s %#x", s.Name, base+uint64(p.Sections[s.SectionNumber-1].VirtualAddress)+uint64(s.Value)))
		}
	}
	compareSymbols(t, f, want)
	if _, err := f.UnwindFuncs(); err != nil {
		t.Error(err)
	}
	libs, _ := f.Needed()
	if len(libs) != 1 || libs[0] != "kernel32.dll" {
		t.Errorf("libraries %v", libs)
	}
}

// compareContents reads a section a second time. What debug/pe gives goes on to
// the alignment of the file; compressed sections are compared in size only.
func compareContents(t *testing.T, f *objfile.File, s objfile.Section, data func() ([]byte, error)) {
	t.Helper()
	got, err := f.SectionBytes(s)
	if err != nil {
		t.Errorf("section %s: %v", s.Name, err)
	}
	if strings.Contains(s.Name, "zdebug") {
		if uint64(len(got)) != s.Size || len(got) == 0 {
			t.Errorf("section %s: %d bytes, want %d", s.Name, len(got), s.Size)
		}
		return
	}
	want, err := data()
	if err != nil || s.FileSize == 0 {
		return // zero-filled: debug/macho returns bytes of the file
	}
	if len(want) < len(got) || !bytes.Equal(got, want[:len(got)]) {
		t.Errorf("section %s: contents differ", s.Name)
	}
}

func compareSymbols(t *testing.T, f *objfile.File, want []string) {
	t.Helper()
	syms, err := f.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range syms {
		got = append(got, fmt.Sprintf("%s %#x", s.Name, uint64(s.Addr)))
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%d symbols, want %d; or they differ", len(got), len(want))
	}
}

// TestUniversal puts two programs into one file, as lipo does.
func TestUniversal(t *testing.T) {
	var thin [][]byte
	for _, goarch := range []string{"amd64", "arm64"} {
		data, err := os.ReadFile(testbin.Build(t, testbin.Main("package main\n\nfunc main() {}\n"), testbin.Config{GOOS: "darwin", GOARCH: goarch, Mode: testbin.Stripped}))
		if err != nil {
			t.Fatal(err)
		}
		thin = append(thin, data)
	}
	for _, wide := range []bool{false, true} {
		both := universal(wide, thin...)
		if _, err := objfile.NewBytes("both", both); !errors.Is(err, objfile.ErrArch) || !strings.Contains(err.Error(), "amd64, arm64") {
			t.Errorf("without a choice: %v", err)
		}
		for i, goarch := range []string{"amd64", "arm64"} {
			f, err := objfile.NewBytesArch("both", both, goarch)
			if err != nil {
				t.Fatal(err)
			}
			if f.Machine() != goarch || f.Size() != int64(len(thin[i])) {
				t.Errorf("%s: machine %s, %d bytes", goarch, f.Machine(), f.Size())
			}
		}
		if _, err := objfile.NewBytesArch("both", both, "riscv64"); !errors.Is(err, objfile.ErrArch) {
			t.Errorf("riscv64: %v", err)
		}
		f, err := objfile.NewBytes("one", universal(wide, thin[1]))
		if err != nil || f.Machine() != "arm64" {
			t.Errorf("one slice: %v", err)
		}
		for cut := range 100 {
			if _, err := objfile.NewBytesArch("cut", both[:cut], "arm64"); err == nil {
				t.Fatalf("%d bytes of a universal file are accepted", cut)
			}
		}
	}
	class := []byte{0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 61, 0, 0, 0, 0}
	if _, err := objfile.NewBytes("A.class", class); !errors.Is(err, objfile.ErrFormat) || !strings.Contains(err.Error(), "Java") {
		t.Errorf("a Java class file: %v", err)
	}
	if _, err := objfile.NewBytesArch("thin", thin[0], "arm64"); !errors.Is(err, objfile.ErrArch) {
		t.Errorf("a file for another architecture: %v", err)
	}
}

func universal(wide bool, slices ...[]byte) []byte {
	be := binary.BigEndian
	magic, entry := uint32(0xcafebabe), 20
	if wide {
		magic, entry = 0xcafebabf, 32
	}
	out := be.AppendUint32(nil, magic)
	out = be.AppendUint32(out, uint32(len(slices)))
	off := 4096 // as lipo aligns
	for _, s := range slices {
		out = append(out, make([]byte, entry)...)
		e := out[len(out)-entry:]
		be.PutUint32(e, binary.LittleEndian.Uint32(s[4:]))
		if wide {
			be.PutUint64(e[8:], uint64(off))
			be.PutUint64(e[16:], uint64(len(s)))
		} else {
			be.PutUint32(e[8:], uint32(off))
			be.PutUint32(e[12:], uint32(len(s)))
		}
		off += (len(s) + 4095) &^ 4095
	}
	for i, s := range slices {
		out = append(out, make([]byte, (4096-len(out)%4096)%4096)...)
		_ = i
		out = append(out, s...)
	}
	return out
}

// TestChainedFixups makes the load command of a real file into that of the newer
// kind of pointers: they must not be read as if they were addresses.
func TestChainedFixups(t *testing.T) {
	data, err := os.ReadFile(testbin.Build(t, testbin.Toy(t), testbin.Config{GOOS: "darwin", GOARCH: "arm64"}))
	if err != nil {
		t.Fatal(err)
	}
	le := binary.LittleEndian
	patched := false
	for at, n := 32, le.Uint32(data[16:]); n > 0; n-- {
		if cmd := le.Uint32(data[at:]); cmd == 0x32 || cmd == 0x1b { // LC_BUILD_VERSION, LC_UUID
			le.PutUint32(data[at:], 0x80000034)
			patched = true
		}
		at += int(le.Uint32(data[at+4:]))
	}
	if !patched {
		t.Fatal("no load command to replace")
	}
	f, err := objfile.NewBytes("chained", data)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Word(f.Segments()[1].Addr)
	_, err2 := f.FindWord(0, 1)
	for _, err := range []error{err, err2} {
		if !errors.Is(err, objfile.ErrFormat) || !strings.Contains(err.Error(), "LC_DYLD_CHAINED_FIXUPS") {
			t.Errorf("error %v", err)
		}
	}
	if _, err := f.Symbols(); err != nil {
		t.Errorf("symbols need no pointers: %v", err)
	}
}

// TestWASMModule compares counts and names with wasm-objdump.
func TestWASMModule(t *testing.T) {
	eachFormat(t, func(t *testing.T, c testbin.Config, path string) {
		if c.GOARCH != "wasm" {
			return
		}
		f := open(t, path)
		headers := testbin.Run(t, "wasm-objdump", "-h", path)
		for name, n := range map[string]int{
			"Import": len(f.WASMImports()), "Function": f.WASMNumFuncs(), "Code": f.WASMNumFuncs(), "Export": len(f.WASMExports()),
		} {
			if want := fmt.Sprintf("count: %d\n", n); !strings.Contains(line(headers, name+" start="), want) {
				t.Errorf("%s: %q, want %q", name, line(headers, name+" start="), want)
			}
		}
		details := testbin.Run(t, "wasm-objdump", "-x", "-j", "Code", path)
		for _, i := range []int{0, 1, f.WASMNumFuncs() / 2, f.WASMNumFuncs() - 1} {
			fn, ok := f.WASMFunc(uint32(f.WASMNumImports() + i))
			if want := fmt.Sprintf(" - func[%d] size=%d", fn.Index, fn.Len); !ok || !strings.Contains(details, want) {
				t.Errorf("%q is not in wasm-objdump's list", want)
			}
			if body := f.WASMBody(fn); len(body) != fn.Len || body[len(body)-1] != 0x0b {
				t.Errorf("func %d: body of %d bytes", fn.Index, len(body))
			}
			if named := fn.Name != ""; named != (c.Mode == testbin.Plain) {
				t.Errorf("func %d: name %q", fn.Index, fn.Name)
			}
		}
		if _, ok := f.WASMFunc(uint32(f.WASMNumImports()) - 1); ok {
			t.Error("an imported function has a body")
		}
	})
}

// line returns the line of text that contains part, with its end.
func line(text, part string) string {
	for l := range strings.Lines(text) {
		if strings.Contains(l, part) {
			return l
		}
	}
	return ""
}
