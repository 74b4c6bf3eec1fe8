package cli

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestEscape(t *testing.T) {
	for _, tt := range []struct{ name, in, line, text string }{
		{"plain", "main.(*T).M", "main.(*T).M", "main.(*T).M"},
		{"empty", "", "", ""},
		{"middle dot and other letters", "main.f·1 Größe 名前", "main.f·1 Größe 名前", "main.f·1 Größe 名前"},
		{"windows path", `C:\x\n`, `C:\x\n`, `C:\x\n`},
		{"line feed and tab", "a\n\tb", `a\n\tb`, "a\n\tb"},
		{"carriage return", "a\rb", `a\rb`, `a\rb`},
		{"escape sequence", "\x1b[2Jx", `\x1b[2Jx`, `\x1b[2Jx`},
		{"operating system command", "\x1b]0;title\x07", `\x1b]0;title\x07`, `\x1b]0;title\x07`},
		{"one-character CSI", "\u009b31m", `\u009b31m`, `\u009b31m`},
		{"delete", "\x7f", `\x7f`, `\x7f`},
		{"right-to-left override", "exe.\u202ecod", `exe.\u202ecod`, `exe.\u202ecod`},
		{"isolate", "\u2066x\u2069", `\u2066x\u2069`, `\u2066x\u2069`},
		{"zero width", "a\u200bb\ufeff", `a\u200bb\ufeff`, `a\u200bb\ufeff`},
		{"no-break space", "a\u00a0b", `a\u00a0b`, `a\u00a0b`},
		{"line separator", "a\u2028b", `a\u2028b`, `a\u2028b`},
		{"tag character", "a\U000e0041", `a\U000e0041`, `a\U000e0041`},
		{"not UTF-8", "a\xff\xfeb", `a\xff\xfeb`, `a\xff\xfeb`},
		{"the replacement character itself", "a\ufffdb", "a\ufffdb", "a\ufffdb"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Escape(tt.in); got != tt.line {
				t.Errorf("Escape(%q) = %q, want %q", tt.in, got, tt.line)
			}
			if got := EscapeText(tt.in); got != tt.text {
				t.Errorf("EscapeText(%q) = %q, want %q", tt.in, got, tt.text)
			}
		})
	}
}

func FuzzEscape(f *testing.F) {
	f.Add("plain")
	f.Add("\x1b[0m\u202e\xff\n\U000e0041")
	f.Fuzz(func(t *testing.T, s string) {
		got := Escape(s)
		if !utf8.ValidString(got) {
			t.Errorf("Escape(%q) = %q is not UTF-8", s, got)
		}
		if i := strings.IndexFunc(got, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }); i >= 0 {
			t.Errorf("Escape(%q) = %q keeps %q", s, got, got[i:])
		}
		if again := Escape(got); again != got {
			t.Errorf("Escape is not idempotent: %q, then %q", got, again)
		}
		if text := EscapeText(s); strings.Count(text, "\n") != strings.Count(s, "\n") {
			t.Errorf("EscapeText(%q) = %q changes the number of lines", s, text)
		}
	})
}
