package gotab_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/arch"
	"moho/gotab"
	"moho/internal/testbin"
)

// formats returns builds for formats other than ELF.
func formats() []testbin.Config {
	var out []testbin.Config
	add := func(short bool, release, goos, goarch string) {
		if short || testbin.IsLong() {
			out = append(out, testbin.Config{Go: release, GOOS: goos, GOARCH: goarch})
		}
	}
	for _, release := range slices.Concat(testbin.Old, testbin.Releases) {
		add(slices.Contains([]string{"1.16.15", "1.26.8", "1.27.3"}, release), release, "darwin", "arm64")
		add(slices.Contains([]string{"1.17.13", "1.24.13", "1.26.8", "1.27.3"}, release), release, "windows", "amd64")
	}
	add(true, "1.26.8", "js", "wasm")
	add(false, "1.24.13", "js", "wasm") // the last with the older form of text offsets
	add(false, "1.26.8", "darwin", "amd64")
	add(false, "1.26.8", "windows", "arm64")
	add(false, "1.18.10", "windows", "arm64")
	return out
}

// TestFormats finds all tables in Mach-O, PE and WASM, stripped or not, and
// compares functions with what go tool nm reads from the symbol table.
func TestFormats(t *testing.T) {
	for _, c := range formats() {
		t.Run(c.String(), func(t *testing.T) {
			c.Mode = testbin.Plain
			path := toy(t, c)
			f, tab := open(t, path)
			mod, ok := tab.Module()
			if !ok || mod.Layout == "" || tab.TextBaseFrom() != "moduledata" {
				t.Fatalf("module %+v, text base from %s", mod, tab.TextBaseFrom())
			}
			types := 0
			for _, err := range tab.Types() {
				if err != nil {
					t.Fatal(err)
				}
				types++
			}
			itabs := 0
			for it, err := range tab.Itabs() {
				if err != nil {
					t.Fatal(err)
				}
				itabs++
				for _, pc := range it.Funcs {
					if f, ok := tab.FuncAt(pc); !ok || f.Entry() != pc {
						t.Errorf("itab at %#x: %#x", uint64(it.Addr), pc)
					}
				}
			}
			if types < 300 || itabs < 10 {
				t.Errorf("%s: %d types, %d itabs", f.Format(), types, itabs)
			}
			if c.GOARCH == "wasm" {
				m := readModule(t, path)
				other := findTable(t, memory{arch.WASM, 0, m.memory})
				if diff := cmp.Diff(describeTable(t, other), describeTable(t, tab)); diff != "" {
					t.Errorf("of another reader of the memory (-), of this one (+):\n%.2000s", diff)
				}
			} else {
				compareNM(t, tab, path)
			}
			plain := describeTable(t, tab)
			c.Mode = testbin.Stripped
			if diff := cmp.Diff(plain, describeAll(t, toy(t, c))); diff != "" {
				t.Errorf("unstripped (-), stripped (+):\n%.4000s", diff)
			}
		})
	}
}

// compareNM compares functions by address with the text symbols of go tool nm.
func compareNM(t *testing.T, tab *gotab.Table, path string) {
	t.Helper()
	names := map[gotab.PC][]string{}
	for line := range strings.Lines(testbin.Run(t, "go", "tool", "nm", path)) {
		f := strings.Fields(line) // address type name
		if len(f) < 3 || f[1] != "t" && f[1] != "T" {
			continue
		}
		pc, err := strconv.ParseUint(f[0], 16, 64)
		if err != nil {
			t.Fatalf("nm: %q: %v", line, err)
		}
		names[gotab.PC(pc)] = append(names[gotab.PC(pc)], plainName(strings.Join(f[2:], " ")))
	}
	missed, wrong := 0, 0
	for i := range tab.NumFunc() {
		f, err := tab.Func(i)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, n := range names[f.Entry()] {
			found = found || n == plainName(f.Name()) || n == "_"+plainName(f.Name()) // Mach-O's, of names without a dot
		}
		if names[f.Entry()] == nil {
			missed++
			t.Logf("%s at %#x is not in the symbol table", f.Name(), f.Entry())
		} else if !found {
			wrong++
			t.Logf("%#x: name %q, symbol table %q", f.Entry(), f.Name(), names[f.Entry()])
		}
	}
	if missed > 0 || wrong > 20 || tab.NumFunc() < 1000 {
		t.Errorf("%d functions, %d not in the symbol table, %d with another name", tab.NumFunc(), missed, wrong)
	}
}

// describeTable is describe for all functions.
func describeTable(t *testing.T, tab *gotab.Table) []string {
	t.Helper()
	var out []string
	for i := range tab.NumFunc() {
		f, err := tab.Func(i)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, describe(t, tab, f))
	}
	return out
}
