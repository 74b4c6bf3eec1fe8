package objfile_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"moho/internal/testbin"
	"moho/objfile"
)

// read asks for everything that a file can give and returns the first error.
func read(f *objfile.File) (first error) {
	note := func(err error) {
		if first == nil {
			first = err
		}
	}
	for _, s := range f.Sections() {
		_, err := f.SectionBytes(s)
		note(err)
	}
	_, err := f.Symbols()
	note(err)
	_, err = f.Needed()
	note(err)
	_, err = f.UnwindFuncs()
	note(err)
	_, err = f.Word(f.Entry())
	note(err)
	_, err = f.FindWord(uint64(f.Entry()), 10)
	note(err)
	_, err = f.BuildInfo()
	note(err)
	if f.Format() == "wasm" {
		note(f.ValidateWASM())
	}
	for i := range f.WASMNumFuncs() {
		fn, _ := f.WASMFunc(uint32(f.WASMNumImports() + i))
		f.WASMBody(fn)
	}
	f.BuildID()
	f.Interpreter()
	return first
}

// TestFieldSweep sets every field of the ELF header, and of all program and
// section headers, notes and dynamic entries to values that do not fit. Programs
// without debug information, which would be inflated for each mutant.
func TestFieldSweep(t *testing.T) {
	testbin.Serial(t)
	for _, c := range []testbin.Config{
		{Go: "1.26.8", GOOS: "linux", GOARCH: "amd64", Mode: testbin.ExternalSW},
		{Go: "1.26.8", GOOS: "linux", GOARCH: "amd64", Mode: testbin.PIEStripped},
		{Go: "1.26.8", GOOS: "linux", GOARCH: "arm64", Mode: testbin.Stripped},
		{Go: "1.26.8", GOOS: "linux", GOARCH: "386", Mode: testbin.Stripped},
	} {
		t.Run(c.String(), func(t *testing.T) {
			data, err := os.ReadFile(testbin.Build(t, testbin.Main("package main\n\nfunc main() {}\n"), c))
			if err != nil {
				t.Fatal(err)
			}
			f, err := objfile.NewBytes("whole", data)
			if err != nil {
				t.Fatal(err)
			}
			if err := read(f); err != nil {
				t.Fatal(err)
			}
			runs, must, told := 0, 0, 0
			testbin.Sweep(data, binary.LittleEndian, elfFields(t, f, data), func(fd testbin.Field, v uint64) {
				runs++
				testbin.Bounded(t, len(data), func() {
					f, err := objfile.NewBytes("mutant", data)
					if err == nil {
						err = read(f)
					} else if f != nil {
						t.Errorf("%s = %#x: a file and an error", fd.Name, v)
					}
					if err != nil && !errors.Is(err, objfile.ErrFormat) && !errors.Is(err, objfile.ErrLimit) &&
						!errors.Is(err, objfile.ErrUnmapped) && !errors.Is(err, objfile.ErrNoBuildInfo) {
						t.Errorf("%s = %#x: untyped: %v", fd.Name, v, err)
					}
					if name, ok := strings.CutPrefix(fd.Name, "!"); ok {
						must++
						if err != nil && strings.Contains(err.Error(), name) {
							told++
						} else {
							t.Logf("%s = %#x: %v", name, v, err)
						}
					}
				})
			})
			t.Logf("%d mutants; %d of %d errors name the field", runs, told, must)
			if runs < 500 || told*10 < must*9 {
				t.Errorf("%d mutants; %d of %d errors name the field", runs, told, must)
			}
		})
	}
}

// elfFields lists the fields. One whose wrong values must be found, because no
// other reading of the file makes sense, begins with an exclamation mark.
func elfFields(t *testing.T, f *objfile.File, data []byte) []testbin.Field {
	var out []testbin.Field
	size := uint64(len(data))
	add := func(name string, off, n int, length uint64) {
		out = append(out, testbin.Field{Name: name, Off: off, Size: n, Len: length})
	}
	w := f.PtrSize()
	for i, name := range []string{"!no executable", "!no executable", "!no executable", "!no executable", "!EI_CLASS", "!EI_DATA", "!EI_VERSION", "EI_OSABI"} {
		add(name, i, 1, 2)
	}
	at := 16
	next := func(name string, n int, length uint64) { add(name, at, n, length); at += n }
	next("!e_type", 2, 4)
	next("e_machine", 2, 62)
	next("!e_version", 4, 1)
	next("e_entry", w, size)
	next("e_phoff", w, size)
	next("e_shoff", w, size)
	next("e_flags", 4, 0)
	next("!e_ehsize", 2, uint64(40+3*w))
	next("!e_phentsize", 2, 56)
	next("e_phnum", 2, 8)
	next("!e_shentsize", 2, 64)
	next("e_shnum", 2, 20)
	next("e_shstrndx", 2, 20)

	word := func(off int) uint64 {
		if w == 4 {
			return uint64(binary.LittleEndian.Uint32(data[off:]))
		}
		return binary.LittleEndian.Uint64(data[off:])
	}
	phoff, shoff := int(word(16+8+w)), int(word(16+8+2*w))
	counts := 16 + 8 + 3*w + 4 + 2
	phsize, phnum := int(binary.LittleEndian.Uint16(data[counts:])), int(binary.LittleEndian.Uint16(data[counts+2:]))
	shsize, shnum := int(binary.LittleEndian.Uint16(data[counts+4:])), int(binary.LittleEndian.Uint16(data[counts+6:]))
	for i := range phnum {
		for off := 0; off < phsize; {
			n := w
			if w == 8 && off < 8 {
				n = 4
			}
			add(fmt.Sprintf("phdr %d+%d", i, off), phoff+i*phsize+off, n, size)
			off += n
		}
	}
	for i := range shnum {
		for off := 0; off < shsize; {
			n := w
			if off < 8 || off >= 8+4*w && off < 16+4*w {
				n = 4
			}
			add(fmt.Sprintf("shdr %d+%d", i, off), shoff+i*shsize+off, n, size)
			off += n
		}
	}
	for _, s := range f.Sections() {
		if n := int(s.FileSize); s.Type == "note" || s.Type == "dynamic" || s.Name == ".go.buildinfo" {
			for off := 0; off+4 <= min(n, 128); off += 4 {
				add(fmt.Sprintf("%s+%d", s.Name, off), int(s.Off)+off, 4, s.FileSize)
			}
		}
	}
	if len(out) < 100 {
		t.Fatalf("only %d fields", len(out))
	}
	return out
}

// hostile returns the malformed inputs of all formats.
func hostile(tb testing.TB) (out []testbin.Hostile) {
	for _, format := range []string{"elf", "macho", "pe", "wasm"} {
		out = append(out, testbin.HostileInputs(tb, format)...)
	}
	return out
}

func TestHostile(t *testing.T) {
	for _, h := range hostile(t) {
		t.Run(h.Name, func(t *testing.T) {
			testbin.Bounded(t, len(h.Data), func() {
				f, err := objfile.NewBytes(h.Name, h.Data)
				if err == nil {
					err = read(f)
				}
				if err == nil || !strings.Contains(err.Error(), h.Expect) {
					t.Errorf("error %v, want %q", err, h.Expect)
				}
			})
		})
	}
}

// FuzzOpen changes a file at will. On error there is no File; without one all
// questions can be asked, slices are as long as asked for and lie in the file,
// and asking again gives the same answer.
func FuzzOpen(f *testing.F) {
	for _, h := range hostile(f) {
		f.Add(h.Data)
	}
	f.Add(tinyELF())
	f.Add([]byte("\x00asm\x01\x00\x00\x00\x02\x0a\x01\x04gojs\x01f\x00\x00"))
	f.Add([]byte("MZ" + strings.Repeat("\x00", 58) + "\x40\x00\x00\x00PE\x00\x00\x64\x86" + strings.Repeat("\x00", 18)))
	f.Add([]byte("\xcf\xfa\xed\xfe\x0c\x00\x00\x01" + strings.Repeat("\x00", 8) + "\x01\x00\x00\x00\x18\x00\x00\x00" + strings.Repeat("\x00", 8) +
		"\x32\x00\x00\x00\x18\x00\x00\x00\x01\x00\x00\x00" + strings.Repeat("\x00", 12)))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := objfile.NewBytes("fuzz", data)
		if (err == nil) == (file == nil) {
			t.Fatalf("file %v, error %v", file, err)
		}
		if err != nil {
			return
		}
		_ = read(file)
		for _, s := range file.Segments() {
			if b, err := file.Slice(s.Addr, int(s.FileSize)); err == nil && uint64(len(b)) != s.FileSize {
				t.Fatalf("%d bytes, asked for %d", len(b), s.FileSize)
			}
			if b, err := file.Slice(s.Addr, int(s.FileSize)+1); err == nil {
				t.Fatalf("%d bytes beyond the file's part of a segment", len(b))
			}
		}
		again, err := objfile.NewBytes("fuzz", data)
		if err != nil || again.BuildID() != file.BuildID() || again.Machine() != file.Machine() {
			t.Fatalf("asked again: %v", err)
		}
	})
}

// FuzzELFBuildID checks that a Build ID found in a part of a file is what the
// whole file has too, and that nothing is found where there is no header.
func FuzzELFBuildID(f *testing.F) {
	f.Add(tinyELF(), 200)
	for _, h := range testbin.HostileInputs(f, "elf") {
		f.Add(h.Data, 4096)
	}
	f.Fuzz(func(t *testing.T, data []byte, n int) {
		if n < 0 || n > len(data) {
			n = len(data)
		}
		id, ok := objfile.ELFBuildID(data[:n])
		if ok == id.IsZero() {
			t.Fatalf("%+v, %v", id, ok)
		}
		if ok && !strings.HasPrefix(string(data), "\x7fELF") {
			t.Fatalf("a Build ID without a header: %+v", id)
		}
	})
}

// tinyELF is the smallest ELF file with a segment and both Build IDs, laid out
// as Go's linker does: the GNU note behind the segment of the Go note.
func tinyELF() []byte {
	le := binary.LittleEndian
	b := []byte("\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9))
	b = le.AppendUint16(b, 2)
	b = le.AppendUint16(b, 62)
	b = le.AppendUint32(b, 1)
	for _, v := range []uint64{0x400000, 64, 0} {
		b = le.AppendUint64(b, v)
	}
	b = le.AppendUint32(b, 0)
	for _, v := range []uint16{64, 56, 2, 64, 0, 0} {
		b = le.AppendUint16(b, v)
	}
	phdr := func(typ, flags uint32, off, vaddr, size uint64) {
		b = le.AppendUint32(b, typ)
		b = le.AppendUint32(b, flags)
		for _, v := range []uint64{off, vaddr, vaddr, size, size, 4} {
			b = le.AppendUint64(b, v)
		}
	}
	phdr(1, 5, 0, 0x400000, 216)
	phdr(4, 4, 176, 0x4000b0, 20)
	b = append(b, "\x04\x00\x00\x00\x04\x00\x00\x00\x04\x00\x00\x00Go\x00\x00a/b-"...)
	return append(b, "\x04\x00\x00\x00\x04\x00\x00\x00\x03\x00\x00\x00GNU\x00\xde\xad\xbe\xef"...)
}

func TestTinyELF(t *testing.T) {
	f, err := objfile.NewBytes("tiny", tinyELF())
	if err != nil {
		t.Fatal(err)
	}
	id := f.BuildID()
	if id.Go != "a/b-" || id.GNU != "deadbeef" {
		t.Errorf("Build ID %+v", id)
	}
	if page, ok := objfile.ELFBuildID(tinyELF()); !ok || page != id {
		t.Errorf("from the page: %+v", page)
	}
	if page, ok := objfile.ELFBuildID(tinyELF()[:200]); !ok || page.Go != "a/b-" || page.GNU != "" {
		t.Errorf("from a part that ends in the GNU note: %+v, %v", page, ok)
	}
	if b, err := f.Slice(0x400000, 4); err != nil || string(b) != "\x7fELF" {
		t.Errorf("Slice: %q, %v", b, err)
	}
	if _, err := f.Slice(0x400000, 217); !errors.Is(err, objfile.ErrUnmapped) {
		t.Errorf("Slice beyond the end: %v", err)
	}
}
