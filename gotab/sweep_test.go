package gotab_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"moho/gotab"
	"moho/internal/testbin"
	"moho/objfile"
)

// tiny is a program with as few functions as Go allows.
const tiny = `package main

import "runtime"

func main() { println(f(len(runtime.Version()))) }

func f(n int) int { return g(n) + 1 }

func g(n int) int { defer func() { n++ }(); return n }
`

// walk reads everything that a table says.
func walk(t *testing.T, tab *gotab.Table) {
	t.Helper()
	var buf []gotab.InlineFrame
	for i := range tab.NumFunc() {
		f, err := tab.Func(i)
		if err != nil {
			continue
		}
		_ = f.Name()
		f.Args()
		f.DeferReturn()
		f.StartLine()
		f.ID()
		f.Flags()
		_, _ = f.MaxSPDelta()
		size, _ := f.Size()
		pc := f.Entry() + gotab.PC(size/2)
		f.SPDelta(pc)
		f.FileLine(pc)
		buf = tab.Frames(buf[:0], f, pc)
		tab.FuncAt(pc)
		for n := -1; n < 9; n++ {
			f.PCData(n, pc)
			f.FuncData(n)
		}
		n := tab.NumFunc()
		if i%37 == 0 || i < 2 || i == n/2 || i == n-1 || f.Name() == "main.g" {
			readFuncData(t, tab, f) // those whose fields are swept, and some others
		}
	}
	tab.WrapperID()
}

// openBytes opens the tables of an executable in memory.
func openBytes(data []byte) (*gotab.Table, error) {
	f, err := objfile.NewBytes("mutant", data)
	if err != nil {
		return nil, err
	}
	tab, err := gotab.Open(f)
	if err != nil && tab != nil {
		return nil, fmt.Errorf("BUG: a table and an error: %w", err)
	}
	return tab, err
}

// fileOff returns the offset in the file of a link address.
func fileOff(t *testing.T, f *objfile.File, a objfile.Addr) int {
	t.Helper()
	for _, s := range f.Segments() {
		if a >= s.Addr && uint64(a-s.Addr) < s.FileSize {
			return int(s.Off) + int(a-s.Addr)
		}
	}
	t.Fatalf("%#x is not in the file", uint64(a))
	return 0
}

// TestFieldSweep sets every field of the pclntab header, of the moduledata, of
// the function table and of function records to values that do not fit.
func TestFieldSweep(t *testing.T) {
	testbin.Serial(t)
	for _, c := range []testbin.Config{
		{Go: "1.26.8", GOOS: "linux", GOARCH: "amd64", Mode: testbin.Stripped},
		{Go: "1.27.3", GOOS: "linux", GOARCH: "arm64", Mode: testbin.Stripped},
		{Go: "1.24.13", GOOS: "linux", GOARCH: "amd64", Mode: testbin.PIEStripped},
		{Go: "1.19.13", GOOS: "linux", GOARCH: "amd64", Mode: testbin.Stripped},
	} {
		t.Run(c.String(), func(t *testing.T) {
			data, err := os.ReadFile(testbin.Build(t, testbin.Main(tiny), c))
			if err != nil {
				t.Fatal(err)
			}
			f, err := objfile.NewBytes("tiny", data)
			if err != nil {
				t.Fatal(err)
			}
			tab, err := gotab.Open(f)
			if err != nil {
				t.Fatal(err)
			}
			mod, _ := tab.Module()
			fields := sweepFields(t, f, tab, mod, data)
			runs, told, must := 0, 0, 0
			testbin.Sweep(data, binary.LittleEndian, fields, func(fd testbin.Field, v uint64) {
				runs++
				testbin.Bounded(t, len(data), func() {
					tab, err := openBytes(data)
					if err != nil && !errors.Is(err, objfile.ErrFormat) && !errors.Is(err, objfile.ErrLimit) &&
						!errors.Is(err, gotab.ErrNoTable) && !errors.Is(err, objfile.ErrUnmapped) {
						t.Errorf("%s = %#x: %v", fd.Name, v, err)
					}
					if tab != nil {
						walk(t, tab)
						if strings.HasPrefix(fd.Name, "moduledata") {
							readTypes(t, tab, 300)
						}
					}
					// A name with ! is of a field that is not to be believed
					// whatever it says; the error must name it.
					if name, ok := strings.CutPrefix(fd.Name, "!"); ok {
						must++
						if err != nil && strings.Contains(err.Error(), name) {
							told++
						} else if t.Logf("%s = %#x: %v", name, v, err); tab != nil {
							t.Errorf("%s = %#x: opened all the same", name, v)
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

// sweepFields lists what to set. Fields whose every wrong value must be found
// begin with an exclamation mark.
func sweepFields(t *testing.T, f *objfile.File, tab *gotab.Table, mod gotab.Module, data []byte) []testbin.Field {
	at := fileOff(t, f, tab.Addr())
	field := func(name string, off, size int, length uint64) testbin.Field {
		return testbin.Field{Name: name, Off: off, Size: size, Len: length}
	}
	half := func(off int) uint64 { return uint64(binary.LittleEndian.Uint32(data[off:])) }
	word := func(off int) uint64 { return binary.LittleEndian.Uint64(data[off:]) }
	size := uint64(len(data))
	fields := []testbin.Field{
		field("!magic", at, 4, size), field("!pad", at+4, 1, 2), field("!pad", at+5, 1, 2),
		field("!minLC", at+6, 1, 8), field("!ptrSize", at+7, 1, 8),
		field("nfunc", at+8, 8, word(at+8)), field("nfiles", at+16, 8, word(at+16)), field("textStart", at+24, 8, size),
	}
	for i, name := range []string{"funcnameOffset", "cuOffset", "filetabOffset", "pctabOffset", "pclnOffset"} {
		off := at + 32 + 8*i
		fields = append(fields, field(name, off, 8, word(off)))
	}
	md := fileOff(t, f, mod.Addr)
	for i := range 52 {
		name := fmt.Sprintf("moduledata[%d]", i)
		fields = append(fields, field(name, md+8*i, 8, word(md+8*i)))
	}
	fns := at + int(word(at+64))
	for _, i := range []int{0, 1, tab.NumFunc() / 2, tab.NumFunc() - 1} {
		fields = append(fields,
			field("ftab entry", fns+8*i, 4, half(fns+8*i)),
			field("ftab offset", fns+8*i+4, 4, size))
		rec := fns + int(binary.LittleEndian.Uint32(data[fns+8*i+4:]))
		for j := range 16 {
			fields = append(fields, field(fmt.Sprintf("_func[%d]", j), rec+4*j, 4, half(rec+4*j)))
		}
	}
	for _, fn := range []string{"main.g"} {
		for i := range 8 {
			if a, ok := one(t, tab, fn).FuncData(i); ok {
				for j := range 3 {
					off := fileOff(t, f, a) + 4*j
					fields = append(fields, field(fmt.Sprintf("funcdata %d[%d]", i, j), off, 4, half(off)))
				}
			}
		}
	}
	if s := mod.TextSects; len(s) != 1 {
		t.Fatalf("%d text sections", len(s))
	}
	return fields
}
