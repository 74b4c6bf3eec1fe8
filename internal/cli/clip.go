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
	if uniseg.StringWidth(s) <= n {
		return s
	}
	if n < 1 {
		return ""
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

// wrap breaks s at spaces into lines of at most n columns. A word that is
// longer than that stands alone, uncut: paths and digests must stay whole to
// be copied.
func wrap(s string, n int) []string {
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
