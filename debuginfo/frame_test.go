package debuginfo_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/debuginfo"
	"moho/internal/testbin"
	"moho/objfile"
)

// TestCallFramesEqualReadelf compares the CFA of every function with what
// readelf interprets.
func TestCallFramesEqualReadelf(t *testing.T) {
	testbin.NeedTool(t, "readelf")
	every(t, func(t *testing.T, path string) {
		want := readelfFrames(t, path)
		n, rows := 0, 0
		for f, err := range open(t, path).CallFrames() {
			if err != nil {
				t.Fatal(err)
			}
			got, err := f.AppendCFAs(nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) == 0 || got[0].Low != f.Low || got[len(got)-1].High != f.High {
				t.Fatalf("%#x: rows %v do not cover %v", f.Low, got, f.Range)
			}
			n++
			rows += len(got)
			for i := range got {
				got[i].High, got[i].Reg = 0, 0
			}
			if diff := cmp.Diff(want[f.Low], got); diff != "" {
				t.Errorf("%#x: readelf (-), debuginfo (+):\n%s", f.Low, diff)
			}
		}
		t.Logf("%d functions, %d rows", n, rows)
		if n != len(want) || n < 1000 || rows < 2*n {
			t.Errorf("%d functions, %d rows; readelf has %d functions", n, rows, len(want))
		}
	})
}

// readelfFrames returns the rows of .debug_frame, without their ends.
func readelfFrames(t *testing.T, path string) map[objfile.Addr][]debuginfo.CFA {
	t.Helper()
	out := map[objfile.Addr][]debuginfo.CFA{}
	var entry uint64
	ours := false
	for line := range strings.Lines(testbin.Run(t, "readelf", "--debug-dump=frames-interp", path)) {
		if _, name, ok := strings.Cut(line, "Contents of the "); ok {
			ours = strings.Contains(name, "debug_frame")
		}
		if _, r, ok := strings.Cut(line, " pc="); ok {
			lo, _, _ := strings.Cut(r, "..")
			entry, _ = strconv.ParseUint(lo, 16, 64)
			continue
		}
		if strings.Contains(line, " CIE ") {
			entry = 0
		}
		f := strings.Fields(line)
		if !ours || entry == 0 || len(f) < 2 || len(f[0]) != 16 {
			continue
		}
		loc, err := strconv.ParseUint(f[0], 16, 64)
		_, off, ok := strings.Cut(f[1], "sp") // rsp+8, sp-16
		cfa, err2 := strconv.ParseInt(off, 10, 64)
		if err != nil || err2 != nil || !ok {
			t.Fatalf("readelf: %q", line)
		}
		key := objfile.Addr(entry)
		rows := out[key]
		row := debuginfo.CFA{Off: cfa, Known: true}
		row.Low = objfile.Addr(loc)
		if n := len(rows); n > 0 && rows[n-1].Low == row.Low { // a row that another replaces at once
			rows = rows[:n-1]
		}
		if n := len(rows); n == 0 || rows[n-1].Off != row.Off {
			rows = append(rows, row)
		}
		out[key] = rows
	}
	return out
}
