package gotab_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/gotab"
	"moho/internal/testbin"
)

// A step says that from an offset on the CFA is so far above the entry SP.
type step struct {
	Off uint64
	SP  int64
}

// changes drops steps that change nothing.
func changes(in []step) []step {
	var out []step
	for _, s := range in {
		if n := len(out); n > 0 && out[n-1].Off == s.Off { // a row that another replaces at once
			out = out[:n-1]
		}
		if n := len(out); n == 0 || out[n-1].SP != s.SP {
			out = append(out, s)
		}
	}
	return out
}

// frameSteps reads the call frame information that readelf interprets: for each
// function that begins at a key, the distance of the CFA from SP. What a call
// pushes (the return address on amd64) is taken off.
func frameSteps(t *testing.T, path string, pushed int64) map[gotab.PC][]step {
	t.Helper()
	out := map[gotab.PC][]step{}
	var entry uint64
	for line := range strings.Lines(testbin.Run(t, "readelf", "--debug-dump=frames-interp", path)) {
		f := strings.Fields(line)
		if _, r, ok := strings.Cut(line, " pc="); ok {
			lo, _, _ := strings.Cut(r, "..")
			var err error
			if entry, err = strconv.ParseUint(lo, 16, 64); err != nil {
				t.Fatalf("readelf: %q: %v", line, err)
			}
			continue
		}
		if strings.Contains(line, " CIE ") || len(f) < 2 || len(f[0]) != 16 {
			continue
		}
		loc, err := strconv.ParseUint(f[0], 16, 64)
		if err != nil || loc < entry || entry == 0 {
			continue
		}
		_, off, ok := strings.Cut(f[1], "sp") // rsp+8, sp-16
		cfa, err := strconv.ParseInt(off, 10, 64)
		if !ok || err != nil {
			continue // C, with its own rules
		}
		out[gotab.PC(entry)] = append(out[gotab.PC(entry)], step{loc - entry, cfa - pushed})
	}
	return out
}

// TestSPRowsEqualCallFrames compares pcsp with DWARF. The linker makes the one
// from the other, so that this proves the decoder, not the tables.
func TestSPRowsEqualCallFrames(t *testing.T) {
	testbin.Serial(t)
	testbin.NeedTool(t, "readelf")
	every(t, func(t *testing.T, c testbin.Config) {
		path := toy(t, c)
		_, tab := open(t, path)
		pushed := int64(8)
		if c.GOARCH == "arm64" {
			pushed = 0
		}
		frames := frameSteps(t, path, pushed)
		compared := 0
		for i := range tab.NumFunc() {
			f, err := tab.Func(i)
			if err != nil {
				t.Fatal(err)
			}
			rows, err := f.SPRows()
			if err != nil {
				t.Fatal(err)
			}
			want, ok := frames[f.Entry()]
			if !ok || len(rows) == 0 {
				continue
			}
			compared++
			var got []step
			for _, r := range rows {
				got = append(got, step{uint64(r.Start), int64(r.Value)})
				mid := f.Entry() + gotab.PC(r.Start+(r.End-r.Start)/2)
				if d, ok := f.SPDelta(mid); !ok || d != r.Value {
					t.Errorf("%s: SPDelta at %#x is %d, %v; the row says %d", f.Name(), mid, d, ok, r.Value)
				}
			}
			if diff := cmp.Diff(changes(want), changes(got)); diff != "" {
				t.Errorf("%s: DWARF (-), pcsp (+):\n%s", f.Name(), diff)
			}
			size, _ := f.Size()
			if _, ok := f.SPDelta(f.Entry() + gotab.PC(size)); ok || rows[len(rows)-1].End != uint32(size) {
				t.Errorf("%s: rows end at %d, size is %d", f.Name(), rows[len(rows)-1].End, size)
			}
		}
		// What has no frame information are the linker's marks.
		if n := tab.NumFunc(); compared < n-10 {
			t.Errorf("only %d of %d functions compared", compared, n)
		}
	}, testbin.Plain, testbin.PIE, testbin.External)
}

// TestInlineEqualsDWARF compares chains of inlined calls with what
// llvm-symbolizer makes of the DWARF, which the compiler writes separately.
func TestInlineEqualsDWARF(t *testing.T) {
	testbin.Serial(t)
	testbin.NeedTool(t, "llvm-symbolizer")
	every(t, func(t *testing.T, c testbin.Config) {
		path := toy(t, c)
		_, tab := open(t, path)
		pcs := samplePCs(t, tab, 3000, quantum(c))
		out := testbin.RunInput(t, input(pcs, 0), "llvm-symbolizer", "--obj="+path, "--output-style=GNU", "-f", "-i", "-a")
		chains := symbolized(out)
		if len(chains) != len(pcs) {
			t.Fatalf("%d chains for %d addresses", len(chains), len(pcs))
		}
		differ, deep := 0, 0
		for i, pc := range pcs {
			f, _ := tab.FuncAt(pc)
			var got []string
			for _, fr := range tab.Frames(nil, f, pc) {
				got = append(got, gotab.PrintName(plainName(fr.Func)))
			}
			if len(got) > 1 {
				deep++
			}
			if !slices.Equal(got, chains[i]) {
				if differ++; differ <= 5 {
					t.Logf("%#x: %q, DWARF %q", pc, got, chains[i])
				}
			}
		}
		t.Logf("%d chains, %d of inlined calls, %d differ", len(pcs), deep, differ)
		// Until Go 1.19 the inlined body of three to five generated methods,
		// lockRank.String and its like, had no range in DWARF.
		allowed := 0
		if slices.Contains(testbin.Old, c.Go) {
			allowed = 5
		} else if strings.HasPrefix(c.Go, "1.18.") || strings.HasPrefix(c.Go, "1.19.") {
			allowed = 3
		}
		if differ > allowed || deep < len(pcs)/20 {
			t.Errorf("%d of %d differ, %d have inlined calls", differ, len(pcs), deep)
		}
	}, testbin.Plain)
}

// symbolized splits the output of llvm-symbolizer into the function names of
// each address, innermost first.
func symbolized(out string) [][]string {
	var chains [][]string
	lines := strings.Split(strings.TrimSpace(out), "\n")
	for i := 0; i < len(lines); {
		if strings.HasPrefix(lines[i], "0x") {
			chains = append(chains, nil)
			i++
			continue
		}
		n := len(chains) - 1
		chains[n] = append(chains[n], gotab.PrintName(plainName(lines[i]))) // takes symbols' names where it can
		i += 2
	}
	return chains
}
