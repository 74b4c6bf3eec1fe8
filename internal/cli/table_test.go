package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rivo/uniseg"
)

func TestTable(t *testing.T) {
	tab := NewTable(
		Column{Title: "id", Right: true},
		Column{Title: "func", Fit: Clip},
		Column{Title: "where", Fit: ClipTop},
		Column{Title: "why", Fit: Wrap},
	)
	tab.Row("1", "main.main", "main.go:3", "it is fine")
	tab.Row("117", "example.org/very/long/path.(*Type).Method", "some/where/deep/inside/server.go:1204",
		"the executable in the store has another digest than the report says", "dropped")
	tab.Row("2", "short\x1b[31m")

	for _, tt := range []struct {
		width int
		want  string
	}{
		{64, `
 ID  FUNC                WHERE               WHY
  1  main.main           main.go:3           it is fine
117  example.org/very/…  …de/server.go:1204  the executable in
                                             the store has
                                             another digest than
                                             the report says
  2  short\x1b[31m
`},
		{200, `
 ID  FUNC                                       WHERE                                  WHY
  1  main.main                                  main.go:3                              it is fine
117  example.org/very/long/path.(*Type).Method  some/where/deep/inside/server.go:1204  the executable in the store has another digest than the report says
  2  short\x1b[31m
`},
	} {
		var buf bytes.Buffer
		if err := tab.WriteTo(&buf, tt.width); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(buf.String()) {
			if n := uniseg.StringWidth(strings.TrimSuffix(line, "\n")); n > tt.width {
				t.Errorf("width %d: line of %d columns: %q", tt.width, n, line)
			}
		}
		if diff := cmp.Diff(strings.TrimPrefix(tt.want, "\n"), buf.String()); diff != "" {
			t.Errorf("width %d: %s", tt.width, diff)
		}
	}
}

func TestTableWithoutTitles(t *testing.T) {
	tab := NewTable(Column{}, Column{})
	tab.Row("a", "b")
	tab.Row("ccc")
	var buf bytes.Buffer
	tab.WriteTo(&buf, 80)
	if want := "a    b\nccc\n"; buf.String() != want || tab.Len() != 2 {
		t.Errorf("got %q with %d rows, want %q with 2", &buf, tab.Len(), want)
	}
}

func TestClip(t *testing.T) {
	for _, tt := range []struct {
		in         string
		n          int
		head, tail string
	}{
		{"abc", 3, "abc", "abc"},
		{"abcd", 3, "ab…", "…cd"},
		{"abcd", 1, "…", "…"},
		{"abcd", 0, "", ""},
		{"名前名前", 5, "名前…", "…名前"},
		{"名前名前", 4, "名…", "…前"},
		{"e\u0301e\u0301e\u0301", 2, "e\u0301…", "…e\u0301"},
	} {
		if got := clip(tt.in, tt.n, keepHead); got != tt.head {
			t.Errorf("clip(%q, %d, keepHead) = %q, want %q", tt.in, tt.n, got, tt.head)
		}
		if got := clip(tt.in, tt.n, keepTail); got != tt.tail {
			t.Errorf("clip(%q, %d, keepTail) = %q, want %q", tt.in, tt.n, got, tt.tail)
		}
	}
}

func FuzzClip(f *testing.F) {
	f.Add("runtime.gopark", 8)
	f.Add("e\u0301名\U0001f468\u200d\U0001f469", 3)
	f.Fuzz(func(t *testing.T, s string, n int) {
		for _, got := range []string{clip(Escape(s), n, keepHead), clip(Escape(s), n, keepTail)} {
			if w := uniseg.StringWidth(got); w > max(n, 0) {
				t.Errorf("%q is %d columns wide, limit %d", got, w, n)
			}
		}
	})
}

func TestWrapKeepsLongWords(t *testing.T) {
	digest := strings.Repeat("a", 64)
	got := Reflow("sha256 is "+digest+" but should not be", 20)
	want := []string{"sha256 is", digest, "but should not be"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
