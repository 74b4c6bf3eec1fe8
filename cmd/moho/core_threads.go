package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"moho/arch"
	"moho/core"
	"moho/gostate"
	"moho/internal/cli"
	"moho/postmortem"
)

const threadsLong = `Threads lists the threads of a target, the one that took the signal first: what
the kernel saved of them, and of the runtime's m that runs on each: its g0 (whose
stack the scheduler is on), gsignal (whose stack signals are handled on) and the
goroutine that it executed. Ms without a thread follow: those of threads that have
ended, and those kept for threads that C may bring. --map shows where all of these
and their stacks are in memory; runtime.g0 and runtime.m0 are found without symbols.`

const threadsExample = `    $ moho core threads core.1234`

type threadsReport struct {
	Schema  string       `json:"schema"`
	Threads []threadItem `json:"threads"`
	Idle    []idleItem   `json:"idle"`
	Map     []mapItem    `json:"map"`
}

// idleItem is an m without a thread.
type idleItem struct {
	ID      int64  `json:"id"`
	M       string `json:"m"`
	G0      string `json:"g0"`
	GSignal string `json:"gsignal"`
}

type mapItem struct {
	Start  string `json:"start"`
	End    string `json:"end"`
	What   string `json:"what"`
	Thread int    `json:"thread"`
}

type threadItem struct {
	TID       int                 `json:"tid"`
	M         string              `json:"m"`
	G0        string              `json:"g0"`
	GSignal   string              `json:"gsignal"`
	CurG      *uint64             `json:"curg"` // goroutine id; null = none
	How       string              `json:"how"`  // what tied m to the thread
	Registers map[string]register `json:"registers"`
}

type register struct {
	Value string `json:"value"`
	From  string `json:"from"`
}

func newCoreThreads(a *app) *cobra.Command {
	var ranges bool
	cmd := &cobra.Command{
		Use:     "threads TARGET [EXE]",
		Short:   "list threads, their registers and goroutines",
		Long:    threadsLong,
		Example: threadsExample,
		Args:    args(cobra.RangeArgs(1, 2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withCase(cmd.Context(), args, func(c *postmortem.Case) error {
				rep := threadsReport{Schema: postmortem.SchemaThreads, Threads: threads(c), Idle: idle(c), Map: threadMap(c)}
				switch {
				case a.ui.JSON:
					return cli.JSON(a.ui.Out, rep)
				case ranges:
					a.printThreadMap(rep)
				default:
					a.printThreads(rep)
				}
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&ranges, "map", false, "where the runtime's threads and their stacks are in memory")
	return cmd
}

// idle lists the Ms without a thread.
func idle(c *postmortem.Case) []idleItem {
	list := []idleItem{}
	if c.World == nil {
		return list
	}
	for _, m := range c.World.Machines() {
		if m.TID == 0 {
			list = append(list, idleItem{m.ID, addr(m.Addr), addr(m.G0), addr(m.GSignal)})
		}
	}
	return list
}

func threadMap(c *postmortem.Case) []mapItem {
	list := []mapItem{}
	if c.World == nil {
		return list
	}
	for _, r := range c.World.ThreadRanges() {
		list = append(list, mapItem{addr(r.Lo), addr(r.Hi), r.What, r.Thread})
	}
	return list
}

func (a *app) printThreadMap(rep threadsReport) {
	t := cli.NewTable(cli.Column{Title: "start"}, cli.Column{Title: "end"}, cli.Column{Title: "what"}, cli.Column{Title: "thread", Right: true})
	for _, r := range rep.Map {
		tid := "-"
		if r.Thread != 0 {
			tid = fmt.Sprint(r.Thread)
		}
		t.Row(r.Start, r.End, r.What, tid)
	}
	a.ui.Table(t)
}

// threads joins what the kernel and the runtime know of each thread.
func threads(c *postmortem.Case) []threadItem {
	items := []threadItem{}
	byTID := map[int]gostate.Thread{}
	if c.World != nil {
		for _, t := range c.World.Threads() {
			byTID[t.TID] = t
		}
	}
	a := c.Process.Arch()
	from := gostate.FromPRStatus
	if a == arch.WASM {
		from = gostate.FromCoredump
	}
	for _, t := range c.Process.Threads() {
		it := threadItem{TID: t.TID, Registers: map[string]register{}}
		for i, r := range a.Registers {
			if i < len(t.Regs) {
				it.Registers[r.Name] = register{fmt.Sprintf("%#x", t.Regs[i]), string(from)}
			}
		}
		if w, ok := byTID[t.TID]; ok {
			it.M, it.G0, it.GSignal, it.How = addr(w.M), addr(w.G0), addr(w.GSignal), w.How
			if w.CurGID != 0 {
				it.CurG = &w.CurGID
			}
		}
		items = append(items, it)
	}
	return items
}

func addr(a core.Addr) string {
	if a == 0 {
		return ""
	}
	return fmt.Sprintf("%#x", uint64(a))
}

func (a *app) printThreads(rep threadsReport) {
	t := cli.NewTable(cli.Column{Title: "thread", Right: true}, cli.Column{Title: "goroutine"}, cli.Column{Title: "pc"},
		cli.Column{Title: "sp"}, cli.Column{Title: "m"}, cli.Column{Title: "g0"}, cli.Column{Title: "gsignal"})
	for _, th := range rep.Threads {
		g := "-"
		if th.CurG != nil {
			g = fmt.Sprint(*th.CurG)
		}
		pc, sp := th.Registers["rip"].Value, th.Registers["rsp"].Value
		if pc == "" {
			pc, sp = th.Registers["pc"].Value, th.Registers["sp"].Value
		}
		t.Row(fmt.Sprint(th.TID), g, pc, sp, th.M, th.G0, th.GSignal)
	}
	for _, m := range rep.Idle {
		t.Row("idle", "-", "", "", m.M, m.G0, m.GSignal)
	}
	a.ui.Table(t)
}
