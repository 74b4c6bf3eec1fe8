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

// TestFormatSweep sets every field of the headers, load commands, sections and
// symbols of Mach-O and PE files, and every byte of the beginnings of WASM
// sections, to values that do not fit.
func TestFormatSweep(t *testing.T) {
	testbin.Serial(t)
	for _, c := range []testbin.Config{
		{GOOS: "darwin", GOARCH: "arm64", Mode: testbin.Stripped},
		{GOOS: "windows", GOARCH: "amd64", LDFlags: "-w"},
		{GOOS: "wasip1", GOARCH: "wasm", Mode: testbin.Stripped},
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
			if err := read(f); err != nil && !errors.Is(err, objfile.ErrUnmapped) { // WASM has no entry
				t.Fatal(err)
			}
			var fields []testbin.Field
			switch f.Format() {
			case "macho":
				fields = machoFields(data)
			case "pe":
				fields = peFields(data)
			case "wasm":
				fields = wasmFields(f)
			}
			runs, refused := 0, 0
			testbin.Sweep(data, binary.LittleEndian, fields, func(fd testbin.Field, v uint64) {
				runs++
				testbin.Bounded(t, len(data), func() {
					f, err := objfile.NewBytes("mutant", data)
					if (err == nil) == (f == nil) {
						t.Errorf("%s = %#x: file %v, error %v", fd.Name, v, f != nil, err)
					}
					if err == nil {
						err = read(f)
					} else {
						refused++
					}
					if err != nil && !errors.Is(err, objfile.ErrFormat) && !errors.Is(err, objfile.ErrLimit) &&
						!errors.Is(err, objfile.ErrUnmapped) && !errors.Is(err, objfile.ErrNoBuildInfo) {
						t.Errorf("%s = %#x: untyped: %v", fd.Name, v, err)
					}
					if name, ok := strings.CutPrefix(fd.Name, "!"); ok && (err == nil || !strings.Contains(err.Error(), name)) {
						t.Errorf("%s = %#x: %v", name, v, err)
					}
				})
			})
			t.Logf("%d mutants, %d refused when opened", runs, refused)
			if runs < 300 || refused < 50 {
				t.Errorf("%d mutants, %d refused when opened", runs, refused)
			}
		})
	}
}

// words returns the 4-byte fields from off to end.
func words(name string, off, end int, size uint64) (out []testbin.Field) {
	for ; off+4 <= end; off += 4 {
		out = append(out, testbin.Field{Name: fmt.Sprintf("%s+%d", name, off), Off: off, Size: 4, Len: size})
	}
	return out
}

func machoFields(data []byte) []testbin.Field {
	le, size := binary.LittleEndian, uint64(len(data))
	out := []testbin.Field{
		{Name: "no executable", Off: 0, Size: 4, Len: 8},
		{Name: "cputype", Off: 4, Size: 4, Len: 0x100000c},
		{Name: "ncmds", Off: 16, Size: 4, Len: size},
		{Name: "sizeofcmds", Off: 20, Size: 4, Len: size},
	}
	for at, n := 32, le.Uint32(data[16:]); n > 0; n-- {
		length := int(le.Uint32(data[at+4:]))
		out = append(out, words(fmt.Sprintf("command %#x", le.Uint32(data[at:])), at, at+length, size)...)
		at += length
	}
	return out
}

func peFields(data []byte) []testbin.Field {
	le, size := binary.LittleEndian, uint64(len(data))
	hdr := int(le.Uint32(data[0x3c:]))
	opt := int(le.Uint16(data[hdr+20:]))
	sects := hdr + 24 + opt
	end := sects + 40*int(le.Uint16(data[hdr+6:]))
	out := []testbin.Field{
		{Name: "!e_lfanew", Off: 0x3c, Size: 4, Len: size},
		{Name: "NumberOfSections", Off: hdr + 6, Size: 2, Len: 8},
		{Name: "SizeOfOptionalHeader", Off: hdr + 20, Size: 2, Len: uint64(opt)},
		{Name: "!magic of the optional header", Off: hdr + 24, Size: 2, Len: 0x20a},
	}
	out = append(out, words("header", hdr, end, size)...)
	sym := int(le.Uint32(data[hdr+12:]))
	out = append(out, words("symbol", sym, sym+18*40, size)...)
	names := sym + 18*int(le.Uint32(data[hdr+16:]))
	out = append(out, words("string table", names, names+4, size)...)
	for i := range int(le.Uint16(data[hdr+6:])) { // contents of .pdata and of the imports
		s := sects + 40*i
		switch name := strings.TrimRight(string(data[s:s+8]), "\x00"); name {
		case ".pdata", ".idata":
			at := int(le.Uint32(data[s+20:]))
			out = append(out, words(name, at, at+120, size)...)
		}
	}
	return out
}

func wasmFields(f *objfile.File) (out []testbin.Field) {
	for _, s := range f.Sections() {
		from := max(int(s.Off)-6, 4)
		for off := from; off < min(int(s.Off)+40, int(s.Off)+int(s.FileSize)); off++ {
			out = append(out, testbin.Field{Name: fmt.Sprintf("%s+%d", s.Name, off-int(s.Off)), Off: off, Size: 1, Len: 0x80})
		}
	}
	return out
}
