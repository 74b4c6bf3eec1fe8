package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"moho/core"
	"moho/gostate/value"
	"moho/internal/cli"
	"moho/postmortem"
)

const memLong = `Mem prints memory of the process from an address on, 256 bytes unless LEN says how many:
as bytes, with what the words in them that are pointers point to below, a word on
each line with --words, as text with --string, or as a value of one of the program's
types with --type. Memory that the core does not hold is not shown as zeros: the
dump ends there, says why, and moho exits 3.

    --map   the whole address space instead: what lies where, how much of it the core
            holds, what the heap is used for

--json prints one object (moho/memory/v1, or moho/memorymap/v1 for --map).`

const memExample = `    $ moho core mem core.1234 0xc000125800 64 --words
    $ moho core mem core.1234 0xc000125800 --type main.request
    $ moho core mem core.1234 --map`

const (
	memDefault = 256

	// maxMem bounds what one command prints.
	maxMem = 64 << 20

	// maxMemJSON bounds what becomes one JSON object.
	maxMemJSON = 4 << 20
)

type memFlags struct {
	words, text, regions bool
	typ                  string
	depth, elements      int
}

func newCoreMem(a *app) *cobra.Command {
	var mf memFlags
	cmd := &cobra.Command{
		Use:     "mem TARGET [EXE] ADDR [LEN]",
		Short:   "print memory, with what its pointers point to; or the map of it",
		Long:    memLong,
		Example: memExample,
		Args:    args(cobra.RangeArgs(1, 4)),
		RunE: func(cmd *cobra.Command, args []string) error {
			target, rest := splitTarget(args)
			if mf.regions {
				if len(rest) > 0 {
					return usage(cmd, fmt.Errorf("--map takes no address"))
				}
				return a.withCase(cmd.Context(), target, a.memoryMap)
			}
			at, n, err := memArgs(rest)
			if err != nil {
				return usage(cmd, err)
			}
			if a.ui.JSON && n > maxMemJSON {
				return usage(cmd, fmt.Errorf("%d bytes are too many for one JSON object: %d at most", n, maxMemJSON))
			}
			return a.withCase(cmd.Context(), target, func(c *postmortem.Case) error {
				if mf.typ != "" {
					return a.memoryValue(c, at, mf)
				}
				return a.memory(c, at, n, mf)
			})
		},
	}
	cmd.Flags().BoolVar(&mf.words, "words", false, "a word on each line")
	cmd.Flags().BoolVar(&mf.text, "string", false, "as text")
	cmd.Flags().BoolVar(&mf.regions, "map", false, "the address space")
	cmd.Flags().StringVar(&mf.typ, "type", "", "as a value of this `type`")
	cmd.Flags().IntVar(&mf.depth, "depth", 2, "with --type: how many pointers to follow")
	cmd.Flags().IntVar(&mf.elements, "elements", 64, "with --type: how many elements of each array, slice and map")
	cmd.MarkFlagsMutuallyExclusive("words", "string", "map", "type")
	return cmd
}

// memArgs reads ADDR [LEN].
func memArgs(args []string) (core.Addr, int, error) {
	if len(args) == 0 {
		return 0, 0, fmt.Errorf("no address given")
	}
	at, err := parseAddr(args[0])
	if err != nil || len(args) == 1 {
		return at, memDefault, err
	}
	n, err := strconv.ParseUint(args[1], 0, 63)
	if err != nil || n == 0 || n > maxMem {
		return 0, 0, fmt.Errorf("%q is no length: want 1 to %d bytes", args[1], maxMem)
	}
	return at, int(n), nil
}

func (a *app) memory(c *postmortem.Case, at core.Addr, n int, mf memFlags) error {
	b, missing := c.ReadMemory(at, n)
	if missing != "" {
		c.Gaps = append(c.Gaps, memoryGap(at+core.Addr(len(b)), missing))
	}
	if a.ui.JSON {
		return cli.JSON(a.ui.Out, c.Memory(at, b, missing))
	}
	d := dump{app: a, c: c, at: at, b: b}
	switch {
	case mf.text:
		a.ui.Printf("%s\n", cli.EscapeText(string(b)))
	case mf.words:
		d.words()
	default:
		d.bytes()
	}
	return nil
}

// dump prints bytes that were read at an address.
type dump struct {
	*app
	c  *postmortem.Case
	at core.Addr
	b  []byte
}

// bytes prints rows of sixteen, aligned, and below each the pointers in it.
func (d dump) bytes() {
	const row = 16
	m := d.c.Where()
	width := len(fmt.Sprintf("%#x", uint64(d.at)+uint64(len(d.b))))
	for off := -int(d.at % row); off < len(d.b); off += row {
		var hexes, text strings.Builder
		var notes []string
		for i := off; i < off+row; i++ {
			if (i-off)%8 == 0 && i > off {
				hexes.WriteByte(' ')
			}
			if i < 0 || i >= len(d.b) {
				hexes.WriteString("   ")
				text.WriteByte(' ')
				continue
			}
			fmt.Fprintf(&hexes, "%02x ", d.b[i])
			text.WriteByte(printable(d.b[i]))
			if a := d.at + core.Addr(i); a%8 == 0 && i+8 <= len(d.b) {
				x := core.Addr(postmortem.Word(d.b[i:]))
				if is := m.Short(x); is != "" {
					notes = append(notes, fmt.Sprintf("+%d %#x → %s", i-off, uint64(x), is))
				}
			}
		}
		d.ui.Printf("%#*x  %s |%s|\n", width, uint64(d.at)+uint64(off), hexes.String(), text.String())
		for _, n := range notes {
			d.ui.Printf("%*s  %s\n", width, "", d.ui.Dim(cli.Escape(n)))
		}
	}
}

func printable(b byte) byte {
	if b < ' ' || b > '~' {
		return '.'
	}
	return b
}

// words prints a word on each line, and what it points to.
func (d dump) words() {
	m := d.c.Where()
	t := cli.NewTable(cli.Column{Title: "address"}, cli.Column{Title: "word"}, cli.Column{Title: "text"}, cli.Column{Title: "points to", Fit: cli.Clip})
	off := int(-d.at & 7)
	for ; off+8 <= len(d.b); off += 8 {
		x := postmortem.Word(d.b[off:])
		var text [8]byte
		for i, b := range d.b[off : off+8] {
			text[i] = printable(b)
		}
		t.Row(fmt.Sprintf("%#x", uint64(d.at)+uint64(off)), fmt.Sprintf("%#016x", x), string(text[:]), m.Short(core.Addr(x)))
	}
	d.ui.Table(t)
}

// memoryValue prints a value of a type.
func (a *app) memoryValue(c *postmortem.Case, at core.Addr, mf memFlags) error {
	if c.World == nil {
		return nil // the gap says why
	}
	t, err := c.Type(mf.typ)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Path, err)
	}
	v, err := c.ValueOf(t, at, value.Options{Depth: mf.depth, Elements: mf.elements})
	if err != nil {
		return fmt.Errorf("%s: %w", c.Path, err)
	}
	if v.Unreadable != "" {
		c.Gaps = append(c.Gaps, memoryGap(at, v.Unreadable))
	}
	if !a.ui.JSON {
		view{app: a, c: c}.wrapped("", fmt.Sprintf("%#x %s = %s", uint64(at), t.Name, v.String()))
		return nil
	}
	n := t.Size
	if n > maxMemJSON {
		n = maxMemJSON
	}
	b, missing := c.ReadMemory(at, int(n))
	j := c.Memory(at, b, missing)
	j.Type, j.Value = t.Name, &v
	return cli.JSON(a.ui.Out, j)
}
