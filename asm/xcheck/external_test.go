package xcheck

import (
	"testing"
)

// TestToolLines decodes lines as the programs print them.
func TestToolLines(t *testing.T) {
	for _, tt := range []struct {
		tool, line string
		addr, size uint64
		name       string // "" for no function
	}{
		{"readelf", "    12: 0000000000401000    53 FUNC    LOCAL  DEFAULT    1 main.f[go.shape.struct { X int }]", 0x401000, 53, "main.f[go.shape.struct { X int }]"},
		{"readelf", "    13: 0000000000401000 0x186a0 FUNC    LOCAL  DEFAULT    1 big", 0x401000, 100000, "big"},
		{"readelf", "    14: 0000000000000000     0 FUNC    GLOBAL DEFAULT  UND free@GLIBC_2.2.5 (4)", 0, 0, ""},
		{"readelf", "    15: 0000000000601000     8 OBJECT  LOCAL  DEFAULT    3 main.x", 0, 0, ""},
		{"readelf", "   Num:    Value          Size Type    Bind   Vis      Ndx Name", 0, 0, ""},
		{"objdump", "0000000000401000 l     F .text\t0000000000000035              main.f[int, string]", 0x401000, 0x35, "main.f[int, string]"},
		{"objdump", "0000000000401000 g     F .text\t0000000000000035 .hidden _init", 0x401000, 0x35, "_init"},
		{"objdump", "0000000000000000       F *UND*\t0000000000000000              free@GLIBC_2.2.5", 0, 0, ""},
		{"objdump", "0000000000601000 l     O .data\t0000000000000008              main.x", 0, 0, ""},
		{"objdump", "SYMBOL TABLE:", 0, 0, ""},
		{"nm", "  401100         87 T main.f[int]", 0x401100, 87, "main.f[int]"},
		{"nm", "  401100         87 t main.g", 0x401100, 87, "main.g"},
		{"nm", "  601100          8 D main.x", 0, 0, ""},
		{"nm", "                    U free", 0, 0, ""},
		{"nm", "", 0, 0, ""},
	} {
		decode := map[string]func(*string, []byte) (uint64, uint64, []byte, bool){"readelf": readelfLine, "objdump": objdumpLine, "nm": nmLine}[tt.tool]
		state := ".symtab"
		addr, size, name, ok := decode(&state, []byte(tt.line))
		if ok != (tt.name != "") || ok && (addr != tt.addr || size != tt.size || string(name) != tt.name) {
			t.Errorf("%s: %q: %#x, %d, %q, %v", tt.tool, tt.line, addr, size, name, ok)
		}
	}
	state := ""
	readelfLine(&state, []byte("Symbol table '.dynsym' contains 49 entries:"))
	if _, _, _, ok := readelfLine(&state, []byte("     1: 00000000005ee480   104 FUNC    GLOBAL DEFAULT    1 crosscall2")); ok {
		t.Error("a dynamic symbol was taken for one of the symbol table")
	}
}

// FuzzToolLines: whatever a program prints, nothing panics.
func FuzzToolLines(f *testing.F) {
	f.Add([]byte("    12: 0000000000401000    53 FUNC    LOCAL  DEFAULT    1 main.f"))
	f.Add([]byte("0000000000401000 l     F .text\t0000000000000035              main.f"))
	f.Add([]byte("  401100         87 T main.f"))
	f.Fuzz(func(t *testing.T, line []byte) {
		for _, tl := range tools {
			state := ".symtab"
			if _, _, name, ok := tl.line(&state, line); ok && len(name) > len(line) {
				t.Errorf("%s: name %q of line %q", tl.source, name, line)
			}
		}
	})
}

// TestCNames tells names of C and its relatives from Go's.
func TestCNames(t *testing.T) {
	for name, want := range map[string]bool{
		"_init": true, "x_cgo_munmap.cold": true, "do_lookup.constprop.0.isra.0": true, "_ZN6__tsan8MutexSetC1Ev": true,
		"_foo@8": true, "?foo@@YAXXZ": true, "-[NSObject init:with:]": true, "crosscall1": true,
		"main.main": false, "type:.eq.[2]int": false, "go:textfipsstart": false, "a.b.0": false,
		"main.(*T).Foo": false, "": false, "net/http.init": false, "main.f[go.shape.int]": false,
	} {
		if got := cName.MatchString(name); got != want {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
	}
}
