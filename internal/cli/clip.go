package cli

import (
	"strings"

	"github.com/rivo/uniseg"
)

type clipMode int

const (
	keepHead clipMode = iota
	keepTail
)

// clip cuts at grapheme clusters: half of one would combine with the ellipsis.
func clip(s string, n int, mode clipMode) string {
	ascii := isASCII(s)
	if ascii && len(s) <= n || !ascii && uniseg.StringWidth(s) <= n {
		return s
	}
	switch {
	case n < 1:
		return ""
	case ascii && mode == keepTail:
		return "…" + s[len(s)-n+1:]
	case ascii:
		return s[:n-1] + "…"
	}
	var clusters []string
	for g := uniseg.NewGraphemes(s); g.Next(); {
		clusters = append(clusters, g.Str())
	}
	room, out := n-1, ""
	for len(clusters) > 0 {
		next := clusters[0]
		if mode == keepTail {
			next = clusters[len(clusters)-1]
		}
		if room -= uniseg.StringWidth(next); room < 0 {
			break
		}
		if mode == keepTail {
			out, clusters = next+out, clusters[:len(clusters)-1]
		} else {
			out, clusters = out+next, clusters[1:]
		}
	}
	if mode == keepTail {
		return "…" + out
	}
	return out + "…"
}

// isASCII reports whether every byte of s is a column.
func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// Reflow breaks s at spaces into lines of at most n columns; there is always one.
// A word that is longer than that stands alone, uncut: paths and digests must
// stay whole to be copied.
func Reflow(s string, n int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(s) {
		switch {
		case line == "":
			line = word
		case uniseg.StringWidth(line)+1+uniseg.StringWidth(word) <= n:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}

// Clipped returns s, which must not need escaping, in at most n columns: without
// its end for [Clip], without its beginning for [ClipTop], whole for other fits.
func Clipped(s string, n int, fit Fit) string {
	if len(s) <= n { // a column takes at least one byte
		return s
	}
	switch fit {
	case Clip:
		return clip(s, n, keepHead)
	case ClipTop:
		return clip(s, n, keepTail)
	}
	return s
}
