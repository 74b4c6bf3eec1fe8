package gotab_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/gotab"
	"moho/internal/testbin"
)

// elfFuncs returns the functions that readelf finds in [lo, hi): size by
// address. The linker's marks are left out.
func elfFuncs(t *testing.T, path string, lo, hi gotab.PC) (sizes map[gotab.PC]uint64, names map[gotab.PC][]string) {
	t.Helper()
	sizes, names = map[gotab.PC]uint64{}, map[gotab.PC][]string{}
	for line := range strings.Lines(testbin.Run(t, "readelf", "-sW", path)) {
		// Num: Value Size Type Bind Vis Ndx Name
		f := strings.Fields(line)
		if len(f) < 8 || f[3] != "FUNC" {
			continue
		}
		addr, err := strconv.ParseUint(f[1], 16, 64)
		if err != nil {
			t.Fatalf("readelf: %q: %v", line, err)
		}
		size, err := strconv.ParseUint(f[2], 0, 64)
		if err != nil {
			t.Fatalf("readelf: %q: %v", line, err)
		}
		pc, name := gotab.PC(addr), strings.Join(f[7:], " ")
		if pc < lo || pc >= hi || name == "runtime.text" || name == "runtime.etext" {
			continue
		}
		sizes[pc] = max(sizes[pc], size)
		names[pc] = append(names[pc], name)
	}
	return sizes, names
}

// plainName undoes what only the symbol table does to a name.
func plainName(s string) string {
	s, _, _ = strings.Cut(s, "@") // symbol version, C only
	s = strings.TrimSuffix(strings.TrimSuffix(s, ".abi0"), ".abiinternal")
	return strings.ReplaceAll(s, "·", ".")
}

func TestFuncsEqualSymtab(t *testing.T) {
	testbin.NeedTool(t, "readelf")
	every(t, func(t *testing.T, c testbin.Config) {
		path := toy(t, c)
		_, tab := open(t, path)
		mod, _ := tab.Module()
		sizes, names := elfFuncs(t, path, mod.Text, mod.EText)
		if len(sizes) < 1000 {
			t.Fatalf("readelf gives %d functions", len(sizes))
		}
		wrongNames := 0
		for i := range tab.NumFunc() {
			f, err := tab.Func(i)
			if err != nil {
				t.Fatal(err)
			}
			want, ok := sizes[f.Entry()]
			size, err := f.Size()
			switch {
			case err != nil:
				t.Error(err)
			case !ok:
				t.Errorf("%s at %#x: not in the symbol table", f.Name(), f.Entry())
			case size != want && !(size == 0 && want <= 1): // marks of the linker: textfipsstart
				t.Errorf("%s at %#x: size %d, symbol table %d", f.Name(), f.Entry(), size, want)
			}
			found := false
			for _, n := range names[f.Entry()] {
				found = found || plainName(n) == plainName(f.Name())
			}
			if !found {
				wrongNames++
				t.Logf("%#x: name %q, symbol table %q", f.Entry(), f.Name(), names[f.Entry()])
			}
			delete(sizes, f.Entry())
		}
		for pc := range sizes {
			t.Errorf("%#x %s: only in the symbol table", pc, names[pc])
		}
		// Before 1.21 the pclntab shortens type arguments, symbols do not.
		if wrongNames > 20 {
			t.Errorf("%d names differ", wrongNames)
		}
	}, testbin.Plain, testbin.PIE, testbin.External, testbin.ExternalPIE)
}

// describe puts all that the tables say about a function into a line that does
// not depend on where the text lies.
func describe(t *testing.T, tab *gotab.Table, f gotab.Func) string {
	t.Helper()
	size, err := f.Size()
	if err != nil {
		t.Fatal(err)
	}
	sp, err := f.MaxSPDelta()
	if err != nil {
		t.Fatal(err)
	}
	args, known := f.Args()
	s := fmt.Sprintf("+%#x %s size=%d sp=%d args=%d,%v defer=%#x line=%d id=%d flags=%d next=+%#x", f.Entry()-tab.TextBase(), f.Name(),
		size, sp, args, known, f.DeferReturn(), f.StartLine(), f.ID(), f.Flags(), f.Next()-tab.TextBase())
	for off := uint64(0); off < size; off += 1 + size/8 {
		for _, fr := range tab.Frames(nil, f, f.Entry()+gotab.PC(off)) {
			s += fmt.Sprintf("\n\t%v", fr)
		}
	}
	return s
}

func describeAll(t *testing.T, path string) []string {
	t.Helper()
	_, tab := open(t, path)
	return describeTable(t, tab)
}

func TestStrippedEqualsUnstripped(t *testing.T) {
	testbin.Serial(t)
	twin := map[testbin.Mode]testbin.Mode{
		testbin.Stripped: testbin.Plain, testbin.PIEStripped: testbin.PIE, testbin.ExternalSW: testbin.External,
	}
	every(t, func(t *testing.T, c testbin.Config) {
		got := describeAll(t, toy(t, c))
		c.Mode = twin[c.Mode]
		if diff := cmp.Diff(describeAll(t, toy(t, c)), got); diff != "" {
			t.Errorf("unstripped (-), stripped (+):\n%.4000s", diff)
		}
	}, testbin.Stripped, testbin.PIEStripped, testbin.ExternalSW)
}
