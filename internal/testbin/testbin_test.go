package testbin

import (
	"debug/elf"
	"encoding/binary"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const src = "package main\n\nfunc main() { println(\"ok\") }\n"

func TestBuild(t *testing.T) {
	for _, tt := range []struct {
		mode    Mode
		typ     elf.Type
		symtab  bool
		dynamic bool
	}{
		{Plain, elf.ET_EXEC, true, false},
		{Stripped, elf.ET_EXEC, false, false},
		{PIE, elf.ET_DYN, true, true},
		{PIEStripped, elf.ET_DYN, false, true},
		{External, elf.ET_EXEC, true, true},
		{ExternalSW, elf.ET_EXEC, false, true},
		{ExternalPIE, elf.ET_DYN, true, true},
	} {
		t.Run(string(tt.mode), func(t *testing.T) {
			c := Config{GOOS: "linux", GOARCH: "amd64", Mode: tt.mode}
			path := Build(t, Main(src), c)
			f, err := elf.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if got := f.Section(".symtab") != nil; f.Type != tt.typ || got != tt.symtab || (f.Section(".dynamic") != nil) != tt.dynamic {
				t.Errorf("type %v, symtab %v, dynamic %v", f.Type, got, f.Section(".dynamic") != nil)
			}
			before, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if again := Build(t, Main(src), c); again != path {
				t.Errorf("built again: %s", again)
			}
			if after, err := os.Stat(path); err != nil || after.ModTime() != before.ModTime() {
				t.Errorf("the cached program was replaced: %v", err)
			}
			if other := Build(t, Main(src+"// another\n"), c); other == path {
				t.Error("another source has the same program")
			}
		})
	}
}

// TestCleanEnvironment checks that what the user has set does not get into a
// build.
func TestCleanEnvironment(t *testing.T) {
	t.Setenv("GOFLAGS", "-nosuchflag")
	t.Setenv("GOAMD64", "v4")
	t.Setenv("GOTOOLCHAIN", "go1.0")
	path := Build(t, Main(src+"// clean\n"), Config{GOOS: "linux", GOARCH: "amd64"})
	cmd := exec.Command("go", "version", "-m", path)
	cmd.Env = Config{}.filled().env()
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(out), "GOAMD64=v1") {
		t.Errorf("%s", out)
	}
}

func TestParseHex(t *testing.T) {
	got, err := parseHex("7f45 00*3 # comment\nabcd*2\n")
	if want := []byte{0x7f, 0x45, 0, 0, 0, 0xab, 0xcd, 0xab, 0xcd}; err != nil || string(got) != string(want) {
		t.Errorf("% x, %v", got, err)
	}
	for _, bad := range []string{"7", "zz", "00*x", "00*-1"} {
		if b, err := parseHex(bad); err == nil {
			t.Errorf("%q gives % x", bad, b)
		}
	}
}

func TestSweep(t *testing.T) {
	data := []byte{9, 0, 5, 0}
	var got []uint64
	Sweep(data, binary.BigEndian, []Field{{Name: "n", Off: 1, Size: 2, Len: 7}}, func(f Field, v uint64) {
		if w := uint64(binary.BigEndian.Uint16(data[1:])); w != v {
			t.Errorf("the field holds %#x, check was told %#x", w, v)
		}
		got = append(got, v)
	})
	if diff := cmp.Diff([]uint64{0, 1, 6, 7, 8, 0x7fff, 0xffff}, got); diff != "" || string(data) != "\x09\x00\x05\x00" {
		t.Errorf("left % x\n%s", data, diff)
	}
}
