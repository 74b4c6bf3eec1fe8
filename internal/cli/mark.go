package cli

import (
	"strings"

	"github.com/rivo/uniseg"
)

// Mark returns a line of source in at most n columns, escaped and without its
// indentation, and the column, from 0, where the byte at offset off of s is in
// it. Of a line that is too long the part around that byte is kept. Tabs become
// single blanks.
func Mark(s string, off, n int) (line string, col int) {
	trimmed := strings.TrimLeft(s, " \t")
	off = min(max(off-(len(s)-len(trimmed)), 0), len(trimmed))
	trimmed = strings.TrimRight(trimmed, " \t\r")
	off = min(off, len(trimmed))
	head := Escape(strings.ReplaceAll(trimmed[:off], "\t", " "))
	tail := Escape(strings.ReplaceAll(trimmed[off:], "\t", " "))
	n = max(n, minCell)
	room := n / 2
	if w := uniseg.StringWidth(tail); w < n-room {
		room = n - w
	}
	head = clip(head, room, keepTail)
	col = uniseg.StringWidth(head)
	return head + clip(tail, n-col, keepHead), col
}
