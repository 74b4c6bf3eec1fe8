package cli

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Escape returns s with every character that is not plainly visible written
// as an escape: control characters (a terminal obeys them), format characters
// such as the bidirectional overrides (they reorder what follows), unassigned
// ones, and bytes that are not UTF-8. The result is one line. A string without
// such characters is returned as it is.
func Escape(s string) string { return escape(s, "") }

// EscapeText is [Escape] for text of several lines: it keeps line feeds and tabs.
func EscapeText(s string) string { return escape(s, "\n\t") }

func escape(s, keep string) string {
	i := strings.IndexFunc(s, func(r rune) bool { return !visible(r) && !strings.ContainsRune(keep, r) })
	// IndexFunc reports broken UTF-8 as utf8.RuneError, which is itself visible.
	if i < 0 && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case visible(r) || strings.ContainsRune(keep, r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
		s = s[n:]
	}
	return b.String()
}

// visible reports whether a terminal shows r as itself. unicode.IsPrint is
// false for control, format, private and unassigned characters and for every
// space but U+0020. It is true for combining marks, which names may contain.
func visible(r rune) bool { return unicode.IsPrint(r) }
