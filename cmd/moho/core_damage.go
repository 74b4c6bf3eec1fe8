package main

import (
	"encoding/binary"
	"fmt"
	"strings"

	"moho/core"
	"moho/gostate"
	"moho/internal/cli"
)

// broken says why a stack ends early and what is broken about it, a line each,
// within width columns; nothing if it does not.
func broken(g *gostate.Goroutine, width int) []string {
	d := g.Damage
	switch {
	case g.Truncated == "":
		return nil
	case d == nil:
		return []string{cli.Escape("the stack ends here: " + g.Truncated)}
	}
	text := fmt.Sprintf("the stack is damaged (%s): %s", d.Kind, d.Why)
	if d.Trusted < 0 {
		text += "; no frame can be trusted"
	}
	lines := cli.Reflow(cli.Escape(text), width)
	for at := 0; at+8 <= len(d.Bytes); at += 8 {
		a, mark := d.At+core.Addr(at), ""
		if a <= d.Where && d.Where < a+8 {
			mark = "  ◀"
		}
		lines = append(lines, fmt.Sprintf("  %#x  0x%016x%s", uint64(a), binary.LittleEndian.Uint64(d.Bytes[at:]), mark))
	}
	return lines
}

// guessed introduces the frames that are guesses.
func guessed(g *gostate.Goroutine) string {
	how := "where its code writes the stack pointer"
	if g.Damage != nil {
		how = "behind the damage"
	}
	var by string
	switch {
	case g.Damage == nil || g.Damage.Recovered == "":
		by = ""
	case g.Damage.Recovered == "scan":
		by = ", by return addresses on the stack"
	default:
		by = ", by " + g.Damage.Recovered
	}
	return strings.TrimSpace("what follows is a guess, " + how + by + ":")
}
