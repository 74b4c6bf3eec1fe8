package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"moho/asm"
	"moho/asm/nosplit"
	"moho/evidence"
	"moho/gotab"
	"moho/internal/cli"
)

const nosplitLong = `Nosplit follows the calls between functions that do not check their stack. Such a
chain must fit what the last function that did check has guaranteed: 800 bytes, less
what the call itself takes. The linker proves that for every program that it links;
this shows how much room each chain leaves, in stripped binaries too.

    frame    bytes below SP at the entry at the call, or at most
    uses     the same with what the call puts on the stack
    height   with everything that the function calls without a check
    room     what the limit leaves; negative is over it, and exit 1

-f shows one function: the deepest way down from it, and the deepest that leads to it.`

const nosplitExample = `    $ moho nosplit app
    limit 792 bytes: 800 less 8 for the return address
    …
    $ moho nosplit app -f main.ns1`

type nosplitFlags struct {
	fn    string
	arch  string
	limit int
	top   int
}

type nosplitReport struct {
	Schema string `json:"schema"`
	File   string `json:"file"`
	Arch   string `json:"arch"`
	Go     string `json:"go"`
	nosplit.Report
	Asked []nosplitAsked `json:"asked,omitempty"` // -f
}

// A nosplitAsked is one function that was asked for.
type nosplitAsked struct {
	Name   string        `json:"name"`
	Entry  string        `json:"entry"`
	Kind   nosplit.Kind  `json:"kind"`
	Height int           `json:"height"`
	Down   nosplit.Chain `json:"down"` // from it
	Up     nosplit.Chain `json:"up"`   // to it
}

func newNosplit(a *app) *cobra.Command {
	var nf nosplitFlags
	cmd := &cobra.Command{
		Use:     "nosplit BINARY",
		Short:   "how much stack do functions use that do not check it?",
		Long:    nosplitLong,
		Example: nosplitExample,
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch f := cmd.Flags(); {
			case f.Changed("limit") && nf.limit <= 0:
				return usage(cmd, fmt.Errorf("--limit %d: want a number of bytes above 0", nf.limit))
			case nf.top < 0:
				return usage(cmd, fmt.Errorf("--top %d: want how many chains", nf.top))
			case f.Changed("func") && nf.fn == "":
				return usage(cmd, errNoName)
			}
			p, err := openProgram(args[0], nf.arch)
			if err != nil {
				return err
			}
			defer p.Close()
			var fns []gotab.Func
			if nf.fn != "" {
				if fns, err = find(p, nf.fn); err != nil {
					return err
				}
			}
			progress := a.ui.Progress()
			defer progress.Stop()
			progress.Phase("follow the calls of %s", args[0])
			g, err := nosplit.Analyze(cmd.Context(), p, nosplit.Options{Limit: nf.limit, Progress: progress.Set})
			if err != nil {
				return err
			}
			progress.Stop()
			return a.nosplit(p, g, nf.top, fns)
		},
	}
	f := cmd.Flags()
	archFlag(f, &nf.arch)
	f.StringVarP(&nf.fn, "func", "f", "", "only the function `NAME`: whole, its end (Spill, (*T).M), 0x… or a regular expression")
	f.IntVar(&nf.limit, "limit", 0, "`bytes` that a chain may use (default what the linker of that release allows)")
	f.IntVar(&nf.top, "top", 8, "how many of the deepest chains are shown")
	return cmd
}

func (a *app) nosplit(p *asm.Program, g *nosplit.Graph, top int, fns []gotab.Func) error {
	r := g.Report(top)
	rep := nosplitReport{Schema: "moho/nosplit/v1", File: p.File.Name(), Arch: p.Arch().Name, Go: p.GoVersion(), Report: r}
	for _, fn := range fns {
		rep.Asked = append(rep.Asked, nosplitAsked{
			Name: fn.Name(), Entry: fmt.Sprintf("%#x", uint64(fn.Entry())), Kind: g.Kind(fn), Height: g.Height(fn),
			Down: g.ChainFrom(fn), Up: g.ChainTo(fn),
		})
	}
	if a.ui.JSON {
		if err := cli.JSON(a.ui.Out, rep); err != nil {
			return err
		}
	} else {
		a.printNosplit(rep)
	}
	if r.Checks+r.NoSplit+r.Leaf == 0 {
		return a.partial([]evidence.Gap{{What: "calls", Where: p.File.Name(), Why: "no function has code that could be read"}})
	}
	if len(r.Over) > 0 {
		return cli.Exit(cli.Findings)
	}
	return nil
}

func (a *app) printNosplit(rep nosplitReport) {
	a.ui.Printf("limit %d bytes: %s\n", rep.Limit, cli.Escape(rep.LimitFrom))
	a.ui.Printf("%s check their stack, %s do not (NOSPLIT), %s leaves without a frame", thousands(uint64(rep.Checks)),
		thousands(uint64(rep.NoSplit)), thousands(uint64(rep.Leaf)))
	if rep.Unknown > 0 {
		a.ui.Printf(", %s without code", thousands(uint64(rep.Unknown)))
	}
	a.ui.Printf("\n")
	if rep.Asked != nil {
		for _, x := range rep.Asked {
			a.ui.Printf("\n%s: %s, height %d\n", a.ui.Bold(cli.Escape(gotab.PrintName(x.Name))), x.Kind, x.Height)
			if len(x.Up.Frames) > 1 {
				a.printChain("the deepest that leads to it", x.Up)
			}
			a.printChain("the deepest from it", x.Down)
		}
		return
	}
	for _, c := range rep.Over {
		a.printChain(a.ui.Bad("over the limit"), c)
	}
	for _, c := range rep.Chains {
		a.printChain("", c)
	}
}

func (a *app) printChain(title string, c nosplit.Chain) {
	head := fmt.Sprintf("%d bytes, room for %d", c.Total, c.Room)
	if c.Room < 0 {
		head = fmt.Sprintf("%d bytes, %d too many", c.Total, -c.Room)
	}
	if title != "" {
		head = title + ": " + head
	}
	a.ui.Printf("\n%s\n", head)
	t := cli.NewTable(cli.Column{Right: true}, cli.Column{Right: true}, cli.Column{Fit: cli.Clip})
	sum := 0
	for i, f := range c.Frames {
		sum += f.Uses
		name := gotab.PrintName(f.Name)
		if i < len(c.Frames)-1 || c.End != "leaf" {
			name += fmt.Sprintf("+%#x", f.Off)
		}
		t.Row(fmt.Sprintf("  %d", sum), fmt.Sprintf("+%d", f.Uses), name)
	}
	if end := chainEnds[c.End]; end != "" {
		t.Row("", "", end)
	}
	a.ui.Table(t)
}

// chainEnds says how a chain ends.
var chainEnds = map[string]string{
	"checks":   "calls a function that checks, which needs room to call runtime.morestack",
	"indirect": "calls through a register or memory",
	"external": "calls code that is not Go's",
	"cycle":    "calls itself again",
}
