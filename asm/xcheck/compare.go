package xcheck

import (
	"bytes"
	"fmt"

	"moho/objfile"
)

// compare holds l against the pclntab: both are walked by address, all entries
// of one address at a time.
func (c *comparison) compare(l *list) {
	a, b := c.pcln.entries, l.entries
	for len(a) > 0 || len(b) > 0 {
		var at objfile.Addr
		switch {
		case len(a) == 0:
			at = b[0].addr
		case len(b) == 0:
			at = a[0].addr
		default:
			at = min(a[0].addr, b[0].addr)
		}
		na, nb := run(a, at), run(b, at)
		c.at(l, a[:na], b[:nb])
		a, b = a[na:], b[nb:]
	}
}

// run returns how many entries from the first on are at an address.
func run(es []entry, at objfile.Addr) int {
	n := 0
	for n < len(es) && es[n].addr == at {
		n++
	}
	return n
}

// at compares the entries of one address, ours of the pclntab.
func (c *comparison) at(l *list, ours, theirs []entry) {
	for _, o := range ours {
		if len(theirs) == 0 {
			c.missing(l, o)
			continue
		}
		i := c.best(l, o, theirs)
		c.pair(l, o, theirs[i])
		if len(theirs) > 1 || len(ours) > 1 { // it must not be taken twice
			rest := make([]entry, 0, len(theirs))
			theirs = append(append(rest, theirs[:i]...), theirs[i+1:]...)
		} else {
			theirs = nil
		}
	}
	for _, t := range theirs {
		if len(ours) > 0 {
			c.alias(l, ours[0], t)
		} else {
			c.extra(l, t)
		}
	}
}

// best returns which of theirs is most like o: by name, by a name that can be
// explained, by size, the first.
func (c *comparison) best(l *list, o entry, theirs []entry) int {
	if len(theirs) == 1 {
		return 0
	}
	best, score := 0, -1
	for i, t := range theirs {
		s := 0
		switch {
		case c.sameName(l, o, t):
			s += 4
		case !l.unnamed && c.whyName(l, string(c.buf1), string(c.buf2)) != "":
			s += 2
		}
		if o.size == t.size {
			s++
		}
		if s > score {
			best, score = i, s
		}
	}
	return best
}

// sameName compares names and leaves them in buf1 and buf2.
func (c *comparison) sameName(l *list, o, t entry) bool {
	c.buf1 = c.pcln.appendName(c.buf1[:0], o)
	c.buf2 = l.appendName(c.buf2[:0], t)
	return bytes.Equal(c.buf1, c.buf2)
}

// pair compares two entries of one address.
func (c *comparison) pair(l *list, o, t entry) {
	if !l.unsized && o.size != t.size {
		d := c.diff(l, Size, o)
		if d.Why = c.whySize(l, o, t); d.Why != "" {
			d.Explained = true
		} else {
			d.Why = fmt.Sprintf("%d bytes in %s, %d in the pclntab", t.size, l.source, o.size)
		}
		c.differ(d)
	}
	if !l.unnamed && !c.sameName(l, o, t) {
		d := c.diff(l, Name, o)
		if d.Why = c.whyName(l, string(c.buf1), string(c.buf2)); d.Why != "" {
			d.Explained = true
		} else {
			d.Why = fmt.Sprintf("%s calls it %q", l.source, c.buf2)
		}
		c.differ(d)
	}
}

// diff begins a difference about a function of the pclntab.
func (c *comparison) diff(l *list, kind string, o entry) Difference {
	return Difference{Source: l.source, Kind: kind, Addr: o.addr, Name: string(c.pcln.appendName(nil, o))}
}

// theirs begins a difference about a function of l.
func theirs(l *list, kind string, t entry) Difference {
	d := Difference{Source: l.source, Kind: kind, Addr: t.addr}
	if !l.unnamed {
		d.Name = string(l.appendName(nil, t))
	}
	return d
}

func (c *comparison) missing(l *list, o entry) {
	d := c.diff(l, Missing, o)
	if d.Why = c.whyMissing(l, o); d.Why != "" {
		d.Explained = true
	} else {
		d.Why = fmt.Sprintf("%s has no function here", l.source)
	}
	c.differ(d)
}

func (c *comparison) extra(l *list, t entry) {
	d := theirs(l, Extra, t)
	if d.Why = c.whyExtra(l, d.Name, t); d.Why == "" {
		d.Why = "the pclntab has no function here"
	} else if against := c.againstSymbols(l, t); against != "" {
		d.Why = against
	} else {
		d.Explained = true
	}
	c.differ(d)
}

func (c *comparison) alias(l *list, o, t entry) {
	d := theirs(l, Alias, t)
	if d.Why = c.whyAlias(l, d.Name, o, t); d.Why != "" {
		d.Explained = true
	} else {
		d.Why = fmt.Sprintf("a second entry for %s", c.pcln.appendName(nil, o))
	}
	c.differ(d)
}

// againstSymbols holds a function that is not Go's, of which the pclntab knows
// nothing, against the symbol table. It returns what is wrong.
func (c *comparison) againstSymbols(l *list, t entry) string {
	if l.source != DWARF || c.syms == nil {
		return ""
	}
	es := c.syms.entries
	i := find(es, t.addr)
	n := run(es[i:], t.addr)
	if n == 0 {
		return "neither the pclntab nor the symbol table has a function here"
	}
	for _, e := range es[i : i+n] {
		if e.size == t.size {
			return ""
		}
	}
	return fmt.Sprintf("%d bytes in %s, %d in %s", t.size, l.source, es[i].size, Symtab)
}
