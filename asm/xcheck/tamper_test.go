package xcheck_test

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"moho/asm/xcheck"
	"moho/gotab"
	"moho/internal/testbin"
	"moho/objfile"
)

// victim is the function that the tests tamper with.
const victim = "main.Spill"

// subject builds a program whose DWARF can be edited in place.
func subject(t *testing.T) (data []byte, fn gotab.Func, ef *elf.File) {
	t.Helper()
	path := testbin.Build(t, testbin.Toy(t), testbin.Config{Go: "1.26.8", GOOS: "linux", GOARCH: "amd64", LDFlags: "-compressdwarf=false"})
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, tab := open(t, path)
	fns := tab.FuncNamed(victim)
	if len(fns) != 1 {
		t.Fatalf("%d functions are called %s", len(fns), victim)
	}
	if ef, err = elf.NewFile(bytes.NewReader(bytes.Clone(data))); err != nil {
		t.Fatal(err)
	}
	return data, fns[0], ef
}

func compare(t *testing.T, data []byte) xcheck.Report {
	t.Helper()
	f, err := objfile.NewBytes("tampered", data)
	if err != nil {
		t.Fatal(err)
	}
	tab, err := gotab.Open(f)
	if err != nil {
		t.Fatal(err)
	}
	r, err := xcheck.Run(f, tab, xcheck.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// failures writes what is not explained as "source kind name".
func failures(r xcheck.Report) string {
	var out []string
	for _, d := range r.Differences {
		if !d.Explained {
			out = append(out, string(d.Source)+" "+d.Kind+" "+d.Name)
		}
	}
	return strings.Join(out, ", ")
}

// symbolAt returns the offset in the file of the symbol table's entry for name.
func symbolAt(t *testing.T, ef *elf.File, name string) int {
	t.Helper()
	syms, err := ef.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range syms {
		if s.Name == name {
			return int(ef.Section(".symtab").Offset) + 24*(i+1)
		}
	}
	t.Fatalf("no symbol %s", name)
	return 0
}

func section(t *testing.T, ef *elf.File, data []byte, name string) []byte {
	t.Helper()
	s := ef.Section(name)
	if s == nil {
		t.Fatalf("no section %s", name)
	}
	return data[s.Offset : s.Offset+s.Size]
}

// TestTampering changes one number or name of one function in one source, and
// expects that function to be named and no other.
func TestTampering(t *testing.T) {
	le := binary.LittleEndian
	for _, tt := range []struct {
		name   string
		want   string
		change func(t *testing.T, data []byte, fn gotab.Func, ef *elf.File)
	}{
		{"nothing", "", func(*testing.T, []byte, gotab.Func, *elf.File) {}},
		{"st_size", "symtab size main.Spill", func(t *testing.T, data []byte, _ gotab.Func, ef *elf.File) {
			data[symbolAt(t, ef, victim)+16]++
		}},
		{"st_value", "symtab missing main.Spill, symtab extra main.Spill", func(t *testing.T, data []byte, _ gotab.Func, ef *elf.File) {
			data[symbolAt(t, ef, victim)+8]++
		}},
		{"st_info", "symtab missing main.Spill", func(t *testing.T, data []byte, _ gotab.Func, ef *elf.File) {
			data[symbolAt(t, ef, victim)+4] = 1 // an object
		}},
		{"symbol's name", "symtab name main.Spill", func(t *testing.T, data []byte, _ gotab.Func, ef *elf.File) {
			b := section(t, ef, data, ".strtab")
			b[bytes.Index(b, []byte("\x00"+victim+"\x00"))+6] = 'M'
		}},
		{"runtime.etext moved", "symtab extra runtime.etext", func(t *testing.T, data []byte, _ gotab.Func, ef *elf.File) {
			data[symbolAt(t, ef, "runtime.etext")+8] ^= 1
		}},
		{"fips mark made a function", "symtab size go:textfipsstart", func(t *testing.T, data []byte, _ gotab.Func, ef *elf.File) {
			data[symbolAt(t, ef, "go:textfipsstart")+16] = 2
		}},
		{"DWARF name", "dwarf name main.Spill", func(t *testing.T, data []byte, _ gotab.Func, ef *elf.File) {
			b := section(t, ef, data, ".debug_info")
			b[bytes.Index(b, []byte(victim+"\x00"))+6] = 's'
		}},
		{"DWARF low_pc", "dwarf missing main.Spill, dwarf extra main.Spill", func(t *testing.T, data []byte, fn gotab.Func, ef *elf.File) {
			b := section(t, ef, data, ".debug_addr")
			b[bytes.Index(b, le.AppendUint64(nil, uint64(fn.Entry())))]++
		}},
		{"DWARF high_pc", "dwarf size main.Spill", func(t *testing.T, data []byte, fn gotab.Func, ef *elf.File) {
			b := section(t, ef, data, ".debug_info")
			size, err := fn.Size()
			if err != nil {
				t.Fatal(err)
			}
			at := bytes.Index(b, []byte(victim+"\x00"))
			b[at+bytes.Index(b[at:], binary.AppendUvarint(nil, size))]++
		}},
		{
			"entry in the pclntab", "symtab extra main.Spill, symtab missing main.Spill, dwarf extra main.Spill, dwarf missing main.Spill",
			func(t *testing.T, data []byte, fn gotab.Func, ef *elf.File) {
				b := section(t, ef, data, ".gopclntab")
				off := le.AppendUint32(nil, uint32(uint64(fn.Entry())-ef.Section(".text").Addr))
				if n := bytes.Count(b, off); n < 2 {
					t.Fatalf("the entry is there %d times", n)
				}
				for at := 0; ; at++ { // in the function table and in the record
					i := bytes.Index(b[at:], off)
					if i < 0 {
						return
					}
					if at += i; at%4 == 0 {
						b[at]++
					}
				}
			},
		},
		{"name in the pclntab", "symtab name main.spill, dwarf name main.spill", func(t *testing.T, data []byte, _ gotab.Func, ef *elf.File) {
			b := section(t, ef, data, ".gopclntab")
			b[bytes.Index(b, []byte("\x00"+victim+"\x00"))+6] = 's'
		}},
		{"pcsp table", "symtab size main.Spill, dwarf frame main.Spill, dwarf size main.Spill", func(t *testing.T, data []byte, fn gotab.Func, ef *elf.File) {
			pcsp(t, data, fn, ef)[1]++ // one byte more before SP changes first
		}},
		{"SP in the pcsp table", "dwarf frame main.Spill", func(t *testing.T, data []byte, fn gotab.Func, ef *elf.File) {
			pcsp(t, data, fn, ef)[2] += 2 // one more than 8
		}},
		{"SP in the call frame information", "dwarf frame main.Spill", func(t *testing.T, data []byte, fn gotab.Func, ef *elf.File) {
			b := section(t, ef, data, ".debug_frame")
			at := bytes.Index(b, le.AppendUint64(nil, uint64(fn.Entry())))
			i := bytes.IndexByte(b[at+16:], 0x13) // the first def_cfa_offset_sf, its offset follows
			b[at+16+i+1]--
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data, fn, ef := subject(t)
			tt.change(t, data, fn, ef)
			r := compare(t, data)
			if got := failures(r); got != tt.want {
				t.Errorf("not explained: %s\nwant %s", got, tt.want)
			}
			if r.Agree != (tt.want == "") || r.Compared != 2 {
				t.Errorf("agree %v, %d sources compared", r.Agree, r.Compared)
			}
		})
	}
}

// pcsp returns the table of stack offsets of fn, which no other function shares.
func pcsp(t *testing.T, data []byte, fn gotab.Func, ef *elf.File) []byte {
	t.Helper()
	b := section(t, ef, data, ".gopclntab")
	rows, err := fn.SPRows()
	if err != nil {
		t.Fatal(err)
	}
	var enc []byte
	last := int32(-1)
	for _, r := range rows {
		d := int64(r.Value - last)
		last = r.Value
		enc = binary.AppendUvarint(enc, uint64(d<<1^d>>63))
		enc = binary.AppendUvarint(enc, uint64(r.End-r.Start))
	}
	enc = append(enc, 0)
	if n := bytes.Count(b, enc); n != 1 {
		t.Fatalf("the pcsp table of %s is there %d times", victim, n)
	}
	at := bytes.Index(b, enc)
	return b[at : at+len(enc)]
}

// TestRemovedSymbol lets objcopy take a symbol out.
func TestRemovedSymbol(t *testing.T) {
	testbin.NeedTool(t, "objcopy")
	path := testbin.Build(t, testbin.Toy(t), testbin.Config{Go: "1.26.8", GOOS: "linux", GOARCH: "amd64"})
	out := filepath.Join(t.TempDir(), "out")
	testbin.Run(t, "objcopy", "-N", victim, path, out)
	if got, want := failures(run(t, out, xcheck.Options{})), "symtab missing main.Spill"; got != want {
		t.Errorf("not explained: %q, want %q", got, want)
	}
}

// TestExternal asks other programs, which must be of the same opinion.
func TestExternal(t *testing.T) {
	testbin.NeedTool(t, "readelf", "objdump")
	for _, mode := range []testbin.Mode{testbin.Plain, testbin.External, testbin.Stripped} {
		t.Run(string(mode), func(t *testing.T) {
			path := testbin.Build(t, testbin.Toy(t), testbin.Config{Go: "1.26.8", GOOS: "linux", GOARCH: "amd64", Mode: mode})
			r := run(t, path, xcheck.Options{External: true})
			describe(t, r)
			want, ok := r.Count(xcheck.Symtab)
			for _, s := range []xcheck.Source{xcheck.Readelf, xcheck.Objdump, xcheck.GoNM} {
				n, asked := r.Count(s)
				if asked != ok || s != xcheck.GoNM && n != want || n < want {
					t.Errorf("%s lists %d functions, %v; the symbol table %d, %v", s, n, asked, want, ok)
				}
			}
			if r.Agree != ok {
				t.Errorf("agree %v, not explained: %s", r.Agree, failures(r))
			}
		})
	}
}

// TestExternalNotThere: a tool that is missing was not asked.
func TestExternalNotThere(t *testing.T) {
	path := testbin.Build(t, testbin.Toy(t), testbin.Config{Go: "1.26.8", GOOS: "linux", GOARCH: "amd64"})
	t.Setenv("PATH", t.TempDir())
	r := run(t, path, xcheck.Options{External: true})
	for _, c := range r.Sources[4:] {
		if c.Asked || !strings.Contains(c.Why, "is not installed") {
			t.Errorf("%s: asked %v, %s", c.Source, c.Asked, c.Why)
		}
	}
	if !r.Agree || r.Compared != 2 || len(r.Sources) != 7 {
		t.Errorf("agree %v, %d compared, %d sources", r.Agree, r.Compared, len(r.Sources))
	}
}
