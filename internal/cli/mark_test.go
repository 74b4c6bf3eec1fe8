package cli

import (
	"strings"
	"testing"

	"github.com/rivo/uniseg"
)

func TestMark(t *testing.T) {
	long := strings.Repeat("a", 100) + "X" + strings.Repeat("b", 100)
	for _, tt := range []struct {
		in     string
		off, n int
		want   string
		at     int
	}{
		{"\tx := y", 6, 40, "x := y", 5},
		{"\t\tif a\t{", 2, 40, "if a {", 0},
		{"x", 99, 40, "x", 1},
		{"ä€x", 5, 40, "ä€x", 2},
		{"a\x1b[31mX", 6, 40, `a\x1b[31mX`, 9},
		{long, 100, 21, "…" + strings.Repeat("a", 9) + "X" + strings.Repeat("b", 9) + "…", 10},
		{"abc" + strings.Repeat("d", 50), 0, 10, "abcdddddd…", 0},
		{strings.Repeat("d", 50) + "X", 50, 10, "…ddddddddX", 9},
	} {
		got, at := Mark(tt.in, tt.off, tt.n)
		if got != tt.want || at != tt.at {
			t.Errorf("Mark(%q, %d, %d) = %q, %d, want %q, %d", tt.in, tt.off, tt.n, got, at, tt.want, tt.at)
		}
		if w := uniseg.StringWidth(got); w > tt.n {
			t.Errorf("Mark(%q, %d, %d) is %d wide", tt.in, tt.off, tt.n, w)
		}
	}
}
