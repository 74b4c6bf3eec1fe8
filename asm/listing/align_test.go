package listing

import (
	"strings"
	"testing"
)

func TestAlign(t *testing.T) {
	for _, tt := range []struct{ a, b, want string }{
		{"", "", ""},
		{"abc", "abc", "aa bb cc"},
		{"abc", "ac", "aa b- cc"},
		{"ac", "abc", "aa -b cc"},
		{"xay", "ab", "x- aa y- -b"},
		{"abcabba", "cbabac", "a- cb"},
		{"a", "", "a-"},
		{"", "b", "-b"},
	} {
		ms := align([]byte(tt.a), []byte(tt.b))
		var words []string
		i, j, equal := 0, 0, 0
		for _, m := range ms { // each element once, in order, and only equal ones together
			w := []byte("--")
			if m.a >= 0 {
				if m.a != i {
					t.Fatalf("%q %q: %v", tt.a, tt.b, ms)
				}
				w[0] = tt.a[i]
				i++
			}
			if m.b >= 0 {
				if m.b != j {
					t.Fatalf("%q %q: %v", tt.a, tt.b, ms)
				}
				w[1] = tt.b[j]
				j++
			}
			if m.a >= 0 && m.b >= 0 {
				equal++
				if w[0] != w[1] {
					t.Errorf("%q %q: %s are paired", tt.a, tt.b, w)
				}
			}
			words = append(words, string(w))
		}
		if i != len(tt.a) || j != len(tt.b) {
			t.Errorf("%q %q: %v leaves something out", tt.a, tt.b, words)
		}
		if tt.a == "abcabba" {
			if equal != 4 { // what every textbook says
				t.Errorf("%d pairs, want 4", equal)
			}
		} else if got := strings.Join(words, " "); got != tt.want {
			t.Errorf("%q %q: %s, want %s", tt.a, tt.b, got, tt.want)
		}
	}
}

// TestAlignLong: sequences too long for the table are aligned in another way,
// under the same rules.
func TestAlignLong(t *testing.T) {
	a, b := make([]int, 6000), make([]int, 6000)
	for i := range a {
		a[i], b[i] = i, i+1
	}
	b[0], b[len(b)-1] = -1, -2
	equal := 0
	for _, m := range align(a, b) {
		if m.a >= 0 && m.b >= 0 {
			if a[m.a] != b[m.b] {
				t.Fatalf("%d and %d are paired", a[m.a], b[m.b])
			}
			equal++
		}
	}
	if equal < 5900 {
		t.Errorf("%d pairs", equal)
	}
}
