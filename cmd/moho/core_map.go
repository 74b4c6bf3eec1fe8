package main

import (
	"fmt"

	"moho/core"
	"moho/evidence"
	"moho/gostate/where"
	"moho/internal/cli"
	"moho/postmortem"
)

func memoryGap(at core.Addr, why string) evidence.Gap {
	return evidence.Gap{What: "memory", Where: fmt.Sprintf("%#x", uint64(at)), Why: why}
}

// memoryMap prints the address space.
func (a *app) memoryMap(c *postmortem.Case) error {
	m := c.Where()
	ranges, marks := m.Ranges(), m.Marks()
	if a.ui.JSON {
		return cli.JSON(a.ui.Out, c.MemoryMap(ranges, marks))
	}
	t := cli.NewTable(cli.Column{Title: "start"}, cli.Column{Title: "end"}, cli.Column{Title: "perms"}, cli.Column{Title: "size", Right: true},
		cli.Column{Title: "held", Right: true}, cli.Column{Title: "kind"}, cli.Column{Title: "what", Fit: cli.ClipTop})
	for i := range ranges {
		r := &ranges[i]
		t.Row(fmt.Sprintf("%#x", uint64(r.Start)), fmt.Sprintf("%#x", uint64(r.End)), postmortem.PermString(r.Perms), sizeOf(uint64(r.End-r.Start)),
			sizeOf(r.Held), string(r.Kind), r.Name)
	}
	a.ui.Table(t)
	if u := where.Total(ranges); u.Spans > 0 {
		a.ui.Printf("\nheap: %s, %s in use of which %s allocated, %s of stacks, %s of the collector's\n", count(u.Spans, "span"),
			sizeOf(u.InUse), sizeOf(u.Allocated), sizeOf(u.Stacks), sizeOf(u.Buffers))
	}
	for _, k := range marks {
		a.ui.Printf("%-24s %#x\n", k.Name, uint64(k.Addr))
	}
	return nil
}
