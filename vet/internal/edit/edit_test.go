package edit

import (
	"strings"
	"testing"
)

func TestApply(t *testing.T) {
	const src = "package p\n\nimport (\n\t\"fmt\"\n\t\"unsafe\" // for Pointer\n)\n\nvar X = fmt.Sprint(unsafe.Pointer(nil))\n"
	at := func(s string) int { return strings.Index(src, s) }
	call := at("unsafe.Pointer(nil)")
	tests := []struct {
		name  string
		edits []Edit
		want  string // "" for refused
	}{
		{"none", nil, src},
		{
			"import goes with its last use",
			[]Edit{{call, call + len("unsafe.Pointer(nil)"), "1"}},
			"package p\n\nimport (\n\t\"fmt\"\n)\n\nvar X = fmt.Sprint(1)\n",
		},
		{"the same twice", []Edit{{call, call + 6, "safe"}, {call, call + 6, "safe"}}, ""},
		{
			"insertions next to each other",
			[]Edit{{call, call, "1, "}, {call + 19, call + 19, ", 2"}},
			strings.Replace(src, "unsafe.Pointer(nil)", "1, unsafe.Pointer(nil), 2", 1),
		},
		{"two insertions at one place", []Edit{{call, call, "1, "}, {call, call, "2, "}}, ""},
		{"overlap", []Edit{{call, call + 6, "a"}, {call + 3, call + 8, "b"}}, ""},
		{"insertion inside", []Edit{{call, call + 6, "a"}, {call + 3, call + 3, "b"}}, ""},
		{"beyond the end", []Edit{{len(src), len(src) + 1, "x"}}, ""},
		{"before the start", []Edit{{-1, 0, "x"}}, ""},
		{"backwards", []Edit{{call, call - 1, "x"}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, ok := Apply([]byte(src), tt.edits)
			if tt.name == "the same twice" {
				if !ok || !strings.Contains(string(out), "(safe.Pointer(nil))") {
					t.Errorf("got %v\n%s", ok, out)
				}
				return
			}
			if string(out) != tt.want || ok != (tt.want != "") {
				t.Errorf("got %v\n%s\nwant\n%s", ok, out, tt.want)
			}
		})
	}
}

func FuzzApply(f *testing.F) {
	f.Add("package p\n", 0, 3, "x", 2, 5, "y")
	f.Fuzz(func(t *testing.T, src string, a, b int, x string, c, d int, y string) {
		out, ok := Apply([]byte(src), []Edit{{a, b, x}, {c, d, y}})
		if !ok && out != nil {
			t.Error("refused, and yet a text")
		}
	})
}
