package debuginfo_test

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"moho/debuginfo"
	"moho/internal/testbin"
	"moho/objfile"
)

// walk reads all that can be asked of d, of the first functions only, and
// returns the first error.
func walk(d *debuginfo.Data, functions int) (first error) {
	note := func(err error, zero bool) {
		if err == nil {
			return
		}
		if !zero {
			first = fmt.Errorf("BUG: a result beside the error %w", err)
		} else if first == nil {
			first = err
		}
	}
	for u, err := range d.Units() {
		if note(err, true); err == nil {
			_, _, _ = u.Name(), u.Producer(), u.Language()
		}
	}
	n := 0
	for f, err := range d.Funcs() {
		if err != nil {
			note(err, f == debuginfo.Func{})
			break
		}
		if n++; n > functions {
			break
		}
		_, _ = f.Name(), f.Line()
		b, err := f.Body()
		note(err, b.Vars == nil && b.Inlines == nil)
		for _, v := range b.Vars {
			_, _, size := v.Type.Name(), v.Type.Kind(), v.Type.Size()
			for _, off := range []uint64{0, 1, size / 2, size - 1, size, 1 << 63} {
				v.Type.PathAt(off)
			}
			v.Type.Elem()
			locs, err := v.Locs()
			note(err, locs == nil)
			ps, err := v.At(f.Low)
			note(err, ps == nil)
		}
	}
	n = 0
	for f, err := range d.CallFrames() {
		if n++; err != nil || n > functions {
			note(err, n > functions || f.Range == debuginfo.Range{})
			break
		}
		cfas, err := f.AppendCFAs(nil)
		note(err, cfas == nil)
	}
	if functions > 100 { // for the others it would read all of a real program
		f, ok, err := d.FuncAt(0x401000)
		note(err, !ok && f == debuginfo.Func{})
	}
	return first
}

// expected reports whether err is of a kind that malformed DWARF may give.
func expected(err error) bool {
	return err == nil || errors.Is(err, objfile.ErrFormat) || errors.Is(err, objfile.ErrLimit) || errors.Is(err, debuginfo.ErrNone)
}

// sectionNames are those of sample, in a fixed order.
func sectionNames() []string { return slices.Sorted(maps.Keys(sample())) }

func FuzzDWARF(f *testing.F) {
	s := sample()
	add := func(s map[string][]byte) {
		f.Add(s[".debug_abbrev"], s[".debug_addr"], s[".debug_info"], s[".debug_line_str"],
			s[".debug_loclists"], s[".debug_rnglists"], s[".debug_str"], s[".debug_str_offsets"], s[".debug_loc"], s[".debug_ranges"], s[".debug_frame"])
	}
	add(s)
	for _, h := range hostile() {
		if s := h.sections(); len(s[".debug_info"]) < 4<<10 { // mutating long ones takes all the time
			add(s)
		}
	}
	f.Fuzz(func(t *testing.T, abbrev, addr, info, lineStr, loclists, rnglists, str, strOffsets, loc, ranges, frame []byte) {
		d, err := openImage(map[string][]byte{
			".debug_abbrev": abbrev, ".debug_addr": addr, ".debug_info": info, ".debug_line_str": lineStr,
			".debug_loclists": loclists, ".debug_rnglists": rnglists, ".debug_str": str, ".debug_str_offsets": strOffsets,
			".debug_loc": loc, ".debug_ranges": ranges, ".debug_frame": frame,
		})
		if err != nil {
			if d != nil || !expected(err) {
				t.Fatal(d, err)
			}
			return
		}
		if err := walk(d, 1000); !expected(err) || err != nil && strings.HasPrefix(err.Error(), "BUG") {
			t.Fatal(err)
		}
	})
}

// TestByteSweep sets every byte of every section of the sample to what breaks
// readers, and cuts every section off at every place.
func TestByteSweep(t *testing.T) {
	runs, failed := 0, 0
	try := func(s map[string][]byte, what string, at int) {
		runs++
		d, err := openImage(s)
		if err == nil {
			err = walk(d, 1000)
		}
		if !expected(err) || err != nil && strings.HasPrefix(err.Error(), "BUG") {
			t.Fatalf("%s at %d: %v", what, at, err)
		}
		if err != nil {
			failed++
		}
	}
	for _, name := range sectionNames() {
		for i := range sample()[name] {
			for _, v := range []byte{0, 1, 0x7f, 0x80, 0xff} {
				s := sample()
				s[name][i] = v
				try(s, name, i)
			}
			s := sample()
			s[name] = s[name][:i]
			try(s, name+" cut off", i)
		}
	}
	t.Logf("%d mutants, %d of them errors", runs, failed)
	if runs < 2500 || failed < runs/20 {
		t.Errorf("%d mutants, %d of them errors", runs, failed)
	}
}

// TestFieldSweep sets the fields of unit headers and of lists in programs.
func TestFieldSweep(t *testing.T) {
	for _, c := range []testbin.Config{
		{Go: "1.26.8", GOOS: "linux", GOARCH: "amd64", LDFlags: "-compressdwarf=false"},
		{Go: "1.24.13", GOOS: "linux", GOARCH: "arm64", LDFlags: "-compressdwarf=false"},
	} {
		t.Run(c.String(), func(t *testing.T) {
			data, err := os.ReadFile(testbin.Build(t, testbin.Toy(t), c))
			if err != nil {
				t.Fatal(err)
			}
			ef, err := elf.NewFile(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			runs, told := 0, 0
			testbin.Sweep(data, binary.LittleEndian, sweepFields(t, ef, data), func(fd testbin.Field, v uint64) {
				runs++
				testbin.Bounded(t, len(data), func() {
					f, err := objfile.NewBytes("mutant", data)
					if err != nil {
						t.Fatal(err)
					}
					d, err := debuginfo.Open(f)
					if err == nil {
						err = walk(d, 10)
					}
					if !expected(err) || err != nil && strings.HasPrefix(err.Error(), "BUG") {
						t.Errorf("%s = %#x: %v", fd.Name, v, err)
					}
					if err != nil {
						told++
					}
				})
			})
			t.Logf("%d mutants, %d of them errors", runs, told)
			if runs < 100 || told < runs/4 {
				t.Errorf("%d mutants, %d of them errors", runs, told)
			}
		})
	}
}

// sweepFields lists the header of the first and of a later unit, the first
// abbreviations, and the headers of the tables.
func sweepFields(t *testing.T, ef *elf.File, data []byte) []testbin.Field {
	t.Helper()
	var out []testbin.Field
	section := func(name string) (int, uint64) {
		if s := ef.Section(name); s != nil {
			return int(s.Offset), s.Size
		}
		return 0, 0
	}
	add := func(name string, off, size int, length uint64) {
		out = append(out, testbin.Field{Name: name, Off: off, Size: size, Len: length})
	}
	info, size := section(".debug_info")
	_, abbrevs := section(".debug_abbrev")
	for at, n := info, 0; n < 2; n++ {
		length := binary.LittleEndian.Uint32(data[at:])
		version := binary.LittleEndian.Uint16(data[at+4:])
		add("unit_length", at, 4, size)
		add("version", at+4, 2, 5)
		if version >= 5 {
			add("unit_type", at+6, 1, 1)
			add("address_size", at+7, 1, 8)
			add("debug_abbrev_offset", at+8, 4, abbrevs)
		} else {
			add("debug_abbrev_offset", at+6, 4, abbrevs)
			add("address_size", at+10, 1, 8)
		}
		for i := range 48 { // of the first entries
			add(fmt.Sprintf("entry byte %d", i), at+12+i, 1, 0x7f)
		}
		at += 4 + int(length)
	}
	ab, _ := section(".debug_abbrev")
	for i := range 64 {
		add(fmt.Sprintf("abbrev byte %d", i), ab+i, 1, 0x7f)
	}
	for _, name := range []string{".debug_loclists", ".debug_rnglists", ".debug_addr", ".debug_loc", ".debug_ranges", ".debug_frame"} {
		if at, size := section(name); size > 0 {
			for i := range 40 {
				add(fmt.Sprintf("%s byte %d", name, i), at+i, 1, 0x7f)
			}
		}
	}
	return out
}
