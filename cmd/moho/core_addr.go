package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"moho/core"
	"moho/gostate/heap"
	"moho/gostate/value"
	"moho/gostate/where"
	"moho/internal/cli"
	"moho/postmortem"
)

const addrLong = `Addr says what there is at an address: the function and line, the variable, the object
of the heap (its size class, whether it is allocated, its type where one is recorded,
where it was allocated if the memory profiler sampled it), the goroutine on whose
stack it is and the frame, the table, the mapped file, or nothing.

Stripped programs have no names of variables, and most Go objects no type: that is
said, not guessed. Addresses are hexadecimal with 0x in front; several may be given.
--json prints one object (moho/address/v1) for each.

    --refs N   who points there, or into the same object: variables, then stacks, then
               other objects, the first N. It reads the whole heap if it has to`

const addrExample = `    $ moho core addr core.1234 0xc000125800
    0xc000125800  heap
        object     40 bytes into the 640 at 0xc0001257d8, allocated
        type       main.medium, by its malloc header
        span       0xc000124000, slot 9 of 12 of class 28, with pointers, swept`

func newCoreAddr(a *app) *cobra.Command {
	var refs int
	cmd := &cobra.Command{
		Use:     "addr TARGET [EXE] ADDR...",
		Short:   "what is at this address?",
		Long:    addrLong,
		Example: addrExample,
		Args:    args(cobra.MinimumNArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			target, rest := splitTarget(args)
			if len(rest) == 0 {
				return usage(cmd, fmt.Errorf("no address given"))
			}
			var addrs []core.Addr
			for _, s := range rest {
				at, err := parseAddr(s)
				if err != nil {
					return usage(cmd, err)
				}
				addrs = append(addrs, at)
			}
			return a.withCase(cmd.Context(), target, func(c *postmortem.Case) error {
				return a.addresses(cmd.Context(), c, addrs, refs)
			})
		},
	}
	cmd.Flags().IntVar(&refs, "refs", 0, "search for what points there or into the same object, and list the first `N`")
	return cmd
}

// splitTarget tells a target and its executable from what follows: numbers.
func splitTarget(args []string) (target, rest []string) {
	n := 1
	if len(args) > 1 && !looksLikeAddr(args[1]) {
		n = 2
	}
	return args[:n], args[n:]
}

func looksLikeAddr(s string) bool { return strings.HasPrefix(strings.ToLower(s), "0x") }

func (a *app) addresses(ctx context.Context, c *postmortem.Case, addrs []core.Addr, refs int) error {
	m := c.Where()
	for i, at := range addrs {
		pl := m.Find(at)
		var found []postmortem.AddressRef
		refs := refs
		if pl.Kind == where.Unmapped {
			refs = 0 // a word of that value is a number
		}
		if refs > 0 && c.Heap() != nil {
			p := a.ui.Progress()
			p.Phase("search for what points to %#x", uint64(at))
			found = c.References(ctx, &pl, refs, p.Set)
			p.Stop()
			if err := context.Cause(ctx); err != nil {
				return err
			}
		}
		if a.ui.JSON {
			j := c.Address(&pl)
			if j.Refs = found; refs > 0 && found == nil {
				j.Refs = []postmortem.AddressRef{}
			}
			if err := cli.JSON(a.ui.Out, j); err != nil {
				return err
			}
			continue
		}
		if i > 0 {
			a.ui.Printf("\n")
		}
		placeView{view{app: a, c: c}, pl}.print(found, refs)
	}
	return nil
}

// placeView prints one place.
type placeView struct {
	view
	where.Place
}

func (v placeView) print(refs []postmortem.AddressRef, most int) {
	v.ui.Printf("%s\n", v.ui.Bold(fmt.Sprintf("%#x  %s", uint64(v.Addr), v.kind())))
	t := cli.NewTable(cli.Column{Title: ""}, cli.Column{Title: ""}, cli.Column{Fit: cli.Wrap})
	row := func(what, format string, args ...any) { t.Row("  ", what, fmt.Sprintf(format, args...)) }
	switch v.Kind {
	case where.Text:
		v.text(row)
	case where.Heap:
		v.object(row)
	case where.Stack:
		v.stack(row)
	case where.File:
		row("file", "%s, offset %#x", v.File, v.FileOff)
	}
	if v.Symbol != "" {
		row("symbol", "%s%s", v.Symbol, plus(v.SymbolOff))
	} else if (v.Kind == where.Data || v.Kind == where.BSS) && v.c.World != nil {
		row("symbol", "a variable of the program; stripped, so it has no name")
	}
	if v.Is != "" {
		row("content", "%s", v.Is)
	}
	if v.Section != "" {
		row("section", "%s", v.Section)
	}
	v.mapping(row)
	for i, r := range refs {
		row([]string{"pointed to", ""}[min(i, 1)], "by %s, %s", r.Address, r.Is)
	}
	switch {
	case most > 0 && len(refs) == 0:
		row("pointed to", "by no variable, no stack and no object")
	case most > 0 && len(refs) == most:
		row("", "there may be more")
	}
	v.ui.Table(t)
}

// kind says where the address is, in words.
func (v placeView) kind() string {
	switch v.Kind {
	case where.FreeHeap:
		return "heap, in pages that nothing uses"
	case where.Anonymous:
		return "memory of the runtime or of C, not of the Go heap"
	case where.Reserved:
		return "no memory: a guard, or addresses set aside"
	case where.Unmapped:
		return "unmapped: the process has nothing there"
	case where.File:
		return "a mapped file"
	}
	return string(v.Kind)
}

func (v placeView) text(row func(string, string, ...any)) {
	for i, c := range v.Calls {
		what, off := "function", plus(v.FuncOff)
		if i < len(v.Calls)-1 {
			what, off = "inlined", ""
		}
		row(what, "%s%s at %s:%d", c.Func, off, v.file(c.File), c.Line)
	}
}

func (v placeView) object(row func(string, string, ...any)) {
	s := v.Span
	if v.Object == nil {
		row("object", "none: the end of a span, too short for another of %d bytes", s.ElemSize)
		v.span(row, "")
		return
	}
	o := v.Object
	at := fmt.Sprintf("the %d at %#x", o.Size, uint64(o.Base))
	if v.Addr == o.Base {
		at = fmt.Sprintf("%d bytes, this is where it begins", o.Size)
	} else {
		at = fmt.Sprintf("%d bytes into %s", uint64(v.Addr-o.Base), at)
	}
	row("object", "%s, %s", at, o.State)
	switch ty := v.Type; {
	case ty.Name != "" && ty.Max > 1:
		row("type", "%s of %d bytes, %d of them at most, by its %s", ty.Name, ty.Size, ty.Max, ty.From)
	case ty.Name != "":
		row("type", "%s, by its %s", ty.Name, ty.From)
	default:
		row("type", "unknown: %s", ty.Why)
	}
	if text := v.value(); text != "" {
		row("value", "%s", text)
	}
	if o.Header > 0 && v.Addr < o.Data() {
		row("part", "the word before the value, which names its type")
	}
	for _, sp := range v.Specials {
		v.special(sp, row)
	}
	v.span(row, fmt.Sprintf("slot %d of %d of ", o.Index, s.Elems))
}

// value returns the beginning of the object's value, if its type is known: of an
// array or the backing of a slice, the element that the address is in.
func (v placeView) value() string {
	o := value.Options{Depth: 1, Elements: 8, Text: 64, Nodes: 64}
	at, index := v.Object.Data(), ""
	switch {
	case v.Object.State == heap.Free:
		return ""
	case v.Type.From == heap.Contents && v.Type.Size > 0:
		x := v.c.Channel(at, o)
		return cli.Escape(x.Short(160))
	case v.Type.Addr == 0:
		return ""
	case v.Type.Max > 1 && v.Addr >= at:
		n := uint64(v.Addr-at) / v.Type.Size
		if n >= v.Type.Max {
			return ""
		}
		at, index = at+core.Addr(n*v.Type.Size), fmt.Sprintf("[%d] ", n)
	}
	x, err := v.c.ValueAt(v.Type.Addr, at, o)
	if err != nil {
		return ""
	}
	return index + cli.Escape(x.Short(160))
}

func (v placeView) span(row func(string, string, ...any), slot string) {
	s := v.Span
	if s.Large() {
		row("span", "%#x, %s, one large object, %s, %s", uint64(s.Start), count(int(s.Pages()), "page"), pointers(s), s.Sweep)
		return
	}
	row("span", "%#x, %sclass %d, %d allocated, %s, %s%s", uint64(s.Start), slot, s.Class, s.Count, pointers(s), s.Sweep, cached(s))
}

func pointers(s *heap.Span) string {
	if s.NoScan {
		return "without pointers"
	}
	return "with pointers"
}

func cached(s *heap.Span) string {
	if s.Cached {
		return ", cached"
	}
	return ""
}

func (v placeView) special(sp heap.Special, row func(string, string, ...any)) {
	switch {
	case sp.Kind == heap.Profile:
		for i, c := range v.c.Calls(sp.Stack) {
			what := "allocated"
			if i > 0 {
				what = ""
			}
			row(what, "%s at %s:%d", c.Func, v.file(c.File), c.Line)
		}
	case sp.Fn != 0:
		fn := v.c.FuncValue(sp.Fn)
		if fn == "" {
			fn = fmt.Sprintf("%#x", uint64(sp.Fn))
		}
		row(string(sp.Kind), "%s", fn)
	default:
		row("record", "%s", sp.Kind)
	}
}

func (v placeView) stack(row func(string, string, ...any)) {
	o := v.Owner
	switch {
	case o == nil && v.FreeStack:
		row("stack", "nobody's: on the list of those to be used again")
	case o == nil && v.Span != nil:
		row("stack", "nobody's: left by a dead goroutine, or kept to be used again")
	case o == nil:
		row("stack", "a thread's, not Go's")
	case o.GoID == 0:
		row("stack", "%s of thread %d, %#x to %#x", o.What, o.TID, uint64(o.Lo), uint64(o.Hi))
	default:
		g := v.Goroutine
		if g == nil {
			row("stack", "goroutine %d, %#x to %#x", o.GoID, uint64(o.Lo), uint64(o.Hi))
			return
		}
		row("stack", "goroutine %d [%s], %#x to %#x", g.ID, state(g), uint64(o.Lo), uint64(o.Hi))
		switch f := v.Frame; {
		case f != nil:
			row("frame", "%s at %s", f.Func, v.position(f))
			slot := ""
			if v.Slot != "" {
				slot = ": its " + v.Slot
			}
			row("", "%#x above its stack pointer, of %#x bytes%s", uint64(v.Addr-f.SP), uint64(f.CFA-f.SP), slot)
			if v.Variable != "" {
				row("variable", "%s", v.Variable)
			}
		case g.SP != 0 && v.Addr < g.SP:
			row("frame", "none: %#x below the stack pointer", uint64(g.SP-v.Addr))
		default:
			row("frame", "unknown: above the last frame that could be found")
		}
	}
}

func (v placeView) mapping(row func(string, string, ...any)) {
	r := v.Region
	if r == nil {
		if v.Kind != where.Unmapped {
			row("mapping", "not listed in the core")
		}
		return
	}
	held := ""
	if !v.Held {
		held = "; the core does not hold the byte"
	}
	file := ""
	if r.File != "" && v.Kind != where.File {
		file = ", of " + r.File
	}
	row("mapping", "%#x to %#x, %s%s%s", uint64(r.Addr), uint64(r.End()), postmortem.Perms(r), file, held)
}

// plus writes an offset behind a name.
func plus(off uint64) string {
	if off == 0 {
		return ""
	}
	return fmt.Sprintf("+%#x", off)
}

// parseAddr reads an address in hexadecimal.
func parseAddr(s string) (core.Addr, error) {
	digits, ok := strings.CutPrefix(strings.ToLower(s), "0x")
	x, err := strconv.ParseUint(digits, 16, 64)
	if err != nil || !ok {
		return 0, fmt.Errorf("%q is no address: want 0x and hexadecimal digits", s)
	}
	return core.Addr(x), nil
}
