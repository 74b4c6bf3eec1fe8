package gotab_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"moho/arch"
	"moho/gotab"
	"moho/internal/testbin"
	"moho/objfile"
)

func TestHostile(t *testing.T) {
	for _, h := range testbin.HostileInputs(t, "pclntab") {
		t.Run(h.Name, func(t *testing.T) {
			m := memory{arch.AMD64, 0x10000, h.Data}
			tab, err := gotab.New(m, 0x10000, len(h.Data), 0x401000, 0)
			if tab != nil || !errors.Is(err, objfile.ErrFormat) || !strings.Contains(err.Error(), h.Expect) {
				t.Errorf("error %v, want %q", err, h.Expect)
			}
		})
	}
}

// TestNoTable opens what holds none: a C program, an object of another machine.
func TestNoTable(t *testing.T) {
	testbin.NeedTool(t, "readelf")
	path := testbin.Run(t, "sh", "-c", "command -v readelf")
	f, err := objfile.Open(strings.TrimSpace(path))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if tab, err := gotab.Open(f); tab != nil || !errors.Is(err, gotab.ErrNoTable) {
		t.Errorf("readelf: %v, %v; want ErrNoTable", tab, err)
	}
	g, err := objfile.Open(testbin.Build(t, testbin.Main(tiny), testbin.Config{GOOS: "linux", GOARCH: "386"}))
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	if tab, err := gotab.Open(g); tab != nil || !errors.Is(err, objfile.ErrFormat) || !strings.Contains(err.Error(), "386") {
		t.Errorf("386: %v, %v", tab, err)
	}
}

// TestLocate opens programs that hide their tables: without section headers, and
// without moduledata, where the header or the symbol table gives the text base.
func TestLocate(t *testing.T) {
	for _, tt := range []struct {
		name string
		c    testbin.Config
		hide func(t *testing.T, f *objfile.File, tab *gotab.Table, data []byte)
		from string // "" where the text base can't be known
	}{
		{"no section headers", testbin.Config{Go: "1.26.8", Mode: testbin.Stripped}, noSections, "moduledata"},
		{"no section headers, PIE", testbin.Config{Go: "1.24.13", Mode: testbin.PIEStripped}, noSections, "moduledata"},
		{"no section headers, PIE, 1.26", testbin.Config{Go: "1.26.8", Mode: testbin.PIEStripped}, noSections, "moduledata"},
		{"no moduledata, 1.24", testbin.Config{Go: "1.24.13", Mode: testbin.Stripped}, noModule, "pcHeader"},
		{"no moduledata, 1.26", testbin.Config{Go: "1.26.8", Mode: testbin.Plain}, noModule, "symbol"},
		{"no moduledata, 1.26, stripped", testbin.Config{Go: "1.26.8", Mode: testbin.Stripped}, noModule, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.c.GOOS, tt.c.GOARCH = "linux", "amd64"
			path := testbin.Build(t, testbin.Main(tiny), tt.c)
			f, whole := open(t, path)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			tt.hide(t, f, whole, data)
			tab, err := openBytes(data)
			if tt.from == "" {
				if tab != nil || !errors.Is(err, objfile.ErrFormat) || !strings.Contains(err.Error(), "text base unknown") {
					t.Fatalf("%v, %v", tab, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if tab.TextBaseFrom() != tt.from || tab.TextBase() != whole.TextBase() || tab.NumFunc() != whole.NumFunc() || tab.Addr() != whole.Addr() {
				t.Errorf("%d functions at %#x from %s, want %d at %#x", tab.NumFunc(), tab.TextBase(), tab.TextBaseFrom(), whole.NumFunc(), whole.TextBase())
			}
		})
	}
}

func noSections(t *testing.T, _ *objfile.File, _ *gotab.Table, data []byte) {
	clear(data[40:48]) // e_shoff
	clear(data[60:64]) // e_shnum, e_shstrndx
}

func noModule(t *testing.T, f *objfile.File, tab *gotab.Table, data []byte) {
	mod, ok := tab.Module()
	if !ok {
		t.Fatal("no moduledata to begin with")
	}
	at := fileOff(t, f, mod.Addr)
	clear(data[at : at+8]) // the pointer to the pclntab
}
