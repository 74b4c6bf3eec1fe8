package xcheck

import (
	"cmp"
	"context"
	"slices"

	"moho/gotab"
	"moho/objfile"
)

// MaxListed is how many differences of one group are listed; all are counted.
const MaxListed = 1000

// Options say what is asked beside the file itself.
type Options struct {
	// External asks readelf, objdump and go tool nm too, those of them that are
	// installed.
	External bool

	// Context ends programs that External runs; nil is context.Background.
	Context context.Context
}

// Run compares the sources of f, whose pclntab is t. The error wraps
// objfile.ErrFormat when functions of the pclntab itself can't be read; another
// source that can't be is [Count].Broken. When o.Context ends Run returns its
// error.
func Run(f *objfile.File, t *gotab.Table, o Options) (Report, error) {
	ctx := o.Context
	if ctx == nil {
		ctx = context.Background()
	}
	c := &comparison{f: f, t: t}
	if err := c.readTable(); err != nil {
		return Report{}, err
	}
	c.report.Sources = append(c.report.Sources, Count{Source: PCLNTab, Asked: true, Count: len(c.pcln.entries)})
	sources := []source{{Symtab, c.symtab}, {DWARF, c.dwarf}, {PData, c.pdata}}
	if o.External {
		sources = append(sources, c.external(ctx)...)
	}
	for _, s := range sources {
		n := Count{Source: s.name}
		l, err := s.read()
		if err == nil {
			n.Asked, n.Count, n.Why = l.absent == "", len(l.entries), l.absent
		}
		if n.Asked {
			err = c.hold(l)
		}
		if ctx.Err() != nil {
			return Report{}, ctx.Err()
		}
		if err != nil {
			n.Broken, n.Why = true, err.Error()
		}
		c.report.Sources = append(c.report.Sources, n)
	}
	return c.finish(), nil
}

// A source is what is held against the pclntab.
type source struct {
	name Source
	read func() (*list, error)
}

// hold compares a list that was read.
func (c *comparison) hold(l *list) error {
	if l.source == Symtab {
		c.syms = l
	}
	c.report.Compared++
	c.compare(l)
	if l.more != nil {
		return l.more()
	}
	return nil
}

// comparison is one run.
type comparison struct {
	f *objfile.File
	t *gotab.Table

	pcln, syms *list
	text, end  objfile.Addr // of Go's code
	report     Report
	groups     map[groupKey]*group
	buf1, buf2 []byte
}

type groupKey struct {
	source    Source
	kind      string
	explained bool
	why       string // of explained ones only
}

type group struct {
	Group
	listed []Difference
}

// differ records a difference; why is its explanation, or without one what the
// sides are.
func (c *comparison) differ(d Difference) {
	k := groupKey{d.Source, d.Kind, d.Explained, ""}
	if d.Explained {
		k.why = d.Why
	}
	if c.groups == nil {
		c.groups = map[groupKey]*group{}
	}
	g := c.groups[k]
	if g == nil {
		g = &group{Group: Group{Source: d.Source, Kind: d.Kind, Explained: d.Explained, Why: k.why, First: d.Name}}
		c.groups[k] = g
	}
	if g.Count++; len(g.listed) < MaxListed {
		g.listed = append(g.listed, d)
	}
}

// finish puts the report together.
func (c *comparison) finish() Report {
	groups := make([]*group, 0, len(c.groups))
	for _, g := range c.groups {
		groups = append(groups, g)
	}
	order := map[Source]int{}
	for i, s := range c.report.Sources {
		order[s.Source] = i
	}
	slices.SortFunc(groups, func(a, b *group) int {
		return cmp.Or(compareBool(a.Explained, b.Explained), cmp.Compare(order[a.Source], order[b.Source]),
			cmp.Compare(a.listed[0].Addr, b.listed[0].Addr), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Why, b.Why))
	})
	r := c.report
	for _, g := range groups {
		r.Groups = append(r.Groups, g.Group)
		r.Differences = append(r.Differences, g.listed...)
	}
	slices.SortStableFunc(r.Differences, func(a, b Difference) int {
		return cmp.Or(compareBool(a.Explained, b.Explained), cmp.Compare(order[a.Source], order[b.Source]), cmp.Compare(a.Addr, b.Addr))
	})
	r.Agree = r.Compared > 0 && r.Failures() == 0 && r.Broken() == 0
	return r
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
