package postmortem

import (
	"strconv"

	"moho/gostate"
)

// appendKnown appends value, or null when it is not known.
func appendKnown(b, value []byte, known bool) []byte {
	if !known {
		return append(b, "null"...)
	}
	return append(b, value...)
}

// appendPrinted appends what only a text says.
func (e *Encoder) appendPrinted(b []byte, g *gostate.Goroutine) []byte {
	p := g.Printed
	if p == nil {
		return b
	}
	if p.Counted {
		b = append(b, `,"count":`...)
		b = strconv.AppendInt(b, int64(p.Count), 10)
	}
	if p.Waited > 0 {
		b = append(b, `,"waited":`...)
		b = strconv.AppendInt(b, int64(p.Waited.Seconds()), 10)
	}
	if len(p.Labels) > 0 {
		b = append(b, `,"labels":`...)
		b = appendJSON(b, p.Labels)
	}
	return b
}

// Ask takes note of what will be asked of goroutines: what the target can't
// answer becomes a gap.
func (c *Case) Ask(w With) {
	if c.Text == nil {
		return
	}
	for _, x := range []struct {
		asked bool
		what  string
	}{{w.Regs, "registers"}, {w.Defers, "deferred calls"}, {w.Panics, "panics in flight"}} {
		if x.asked {
			c.gap(x.what, "", "a text does not say them; they are in a core")
		}
	}
}
