package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"moho/core"
	"moho/gostate"
	"moho/internal/cli"
	"moho/postmortem"
)

const regsLong = `Regs shows what can be known of the registers of each goroutine, and from where:

    prstatus      the kernel's note about the thread that executes it
    coredump      the globals of a WebAssembly coredump
    ucontext      the kernel's frame on the signal stack, of what a signal interrupted
    asyncPreempt  spilled when the runtime preempted it at any instruction
    gobuf         saved when it was parked: pc, sp, frame pointer and g, nothing else
    syscall       saved when it entered a system call
    vdso          saved when it called into the page of code that the kernel lends
    derived       computed from the tables and the stack, for callers
    unavailable   lost: Go's calls preserve no register; never guessed

With --goroutine all registers of one are shown, in the frame that it goes on in or
in the frame with the number --frame (0 is the innermost, inlined calls count).
With --thread those of a thread are: its own, and what the signals that it was
handling had interrupted.`

const regsExample = `    $ moho core regs core.1234 --goroutine 22
    goroutine 22 [runnable], registers of main.nine from asyncPreempt
        rip  0x499d40  asyncPreempt
        …`

type regsFlags struct {
	goroutine uint64
	thread    int
	frame     int
	all       bool
}

func newCoreRegs(a *app, cf *coreFlags) *cobra.Command {
	var rf regsFlags
	cmd := &cobra.Command{
		Use:     "regs TARGET [EXE]",
		Short:   "the registers of each goroutine, and where they are from",
		Long:    regsLong,
		Example: regsExample,
		Args:    args(cobra.RangeArgs(1, 2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if rf.goroutine != 0 && rf.thread != 0 {
				return usage(cmd, fmt.Errorf("--goroutine and --thread: one of them"))
			}
			if cmd.Flags().Changed("frame") && rf.goroutine == 0 {
				return usage(cmd, fmt.Errorf("--frame: of which --goroutine?"))
			}
			if !cmd.Flags().Changed("frame") {
				rf.frame = gostate.Innermost
			}
			rf.all = cf.all
			return a.withCase(cmd.Context(), args, func(c *postmortem.Case) error {
				r := regsReport{view{app: a, c: c, all: cf.all}, rf}
				if a.ui.JSON {
					return r.json()
				}
				return r.text()
			})
		},
	}
	cmd.Flags().Uint64Var(&rf.goroutine, "goroutine", 0, "only the goroutine with this `id`")
	cmd.Flags().IntVar(&rf.thread, "thread", 0, "only the thread with this `id`")
	cmd.Flags().IntVar(&rf.frame, "frame", 0, "the frame with this `number`, from 0")
	return cmd
}

type regsReport struct {
	view
	regsFlags
}

// each calls the functions with all that was asked for.
func (r regsReport) each(goroutine func(*gostate.Goroutine, *gostate.Registers) error, thread func(int, *gostate.Registers) error) error {
	w := r.c.World
	switch {
	case w == nil && r.thread == 0:
		return nil // the gap says why
	case r.thread != 0:
		return r.threadRegisters(thread)
	case r.goroutine != 0:
		g, ok := w.Goroutine(r.goroutine)
		if !ok {
			return cli.WithHints(fmt.Errorf("%s: no goroutine %d", r.c.Path, r.goroutine), "moho core goroutines "+named(r.c)+" lists them")
		}
		regs := w.Registers(g, r.frame)
		if r.frame != gostate.Innermost && regs.Frame < 0 {
			return fmt.Errorf("goroutine %d has %s, no number %d", g.ID, count(len(g.Frames), "frame"), r.frame)
		}
		return goroutine(g, &regs)
	}
	for g := range w.Goroutines() {
		if g.System && !r.regsFlags.all && !r.ui.JSON {
			continue
		}
		regs := w.Registers(g, gostate.Innermost)
		if err := goroutine(g, &regs); err != nil {
			return err
		}
	}
	return nil
}

func (r regsReport) threadRegisters(show func(int, *gostate.Registers) error) error {
	if r.c.World == nil {
		return fmt.Errorf("%s: no executable to tell what thread %d was doing; moho core threads shows its registers", r.c.Path, r.thread)
	}
	list := r.c.World.ThreadRegisters(r.thread)
	if len(list) == 0 {
		return cli.WithHints(fmt.Errorf("%s: no thread %d", r.c.Path, r.thread), "moho core threads "+named(r.c)+" lists them")
	}
	for i := range list {
		if err := show(r.thread, &list[i]); err != nil {
			return err
		}
	}
	return nil
}

func (r regsReport) json() error {
	out := cli.NewLines(r.ui.Out)
	head := postmortem.RegsHeader{Schema: postmortem.SchemaRegs, Target: r.c.Target()}
	switch w := r.c.World; {
	case w == nil:
	case r.thread != 0:
		head.Count = len(w.ThreadRegisters(r.thread))
	case r.goroutine != 0:
		head.Count = 1
	default:
		head.Count = w.NumG()
	}
	out.Header(head)
	enc := postmortem.NewEncoder(r.c)
	err := r.each(
		func(g *gostate.Goroutine, regs *gostate.Registers) error { return out.Raw(enc.Registers(g, regs)) },
		func(tid int, regs *gostate.Registers) error { return out.Raw(enc.ThreadRegisters(tid, regs)) },
	)
	if err != nil {
		return err
	}
	return out.End(len(r.c.Gaps) == 0, r.c.Gaps)
}

func (r regsReport) text() error {
	if r.goroutine == 0 && r.thread == 0 {
		return r.table()
	}
	out := bufio.NewWriter(r.ui.Out)
	place := 0
	err := r.each(
		func(g *gostate.Goroutine, regs *gostate.Registers) error {
			at := ""
			if regs.Frame >= 0 {
				at = fmt.Sprintf(" of %s, frame %d,", g.Frames[regs.Frame].Func, regs.Frame)
			}
			fmt.Fprintf(out, "%s, registers%s from %s\n", r.title(g), cli.Escape(at), regs.From)
			printRegisters(out, regs, r.ui.Width(), "    ")
			return nil
		},
		func(tid int, regs *gostate.Registers) error {
			what := "its own registers"
			if regs.From == gostate.FromUContext {
				what = "what the signal that it is handling interrupted"
			}
			if place++; place > 1 {
				fmt.Fprintln(out)
			}
			fmt.Fprintf(out, "%s, %s\n", r.ui.Bold(fmt.Sprintf("thread %d", tid)), r.where(regs, what))
			printRegisters(out, regs, r.ui.Width(), "    ")
			return nil
		},
	)
	if err != nil {
		return err
	}
	return out.Flush()
}

// where names the function that the program counter is in.
func (r regsReport) where(regs *gostate.Registers, what string) string {
	pc, _ := pcOf(regs)
	if f, _, ok := r.c.World.FuncAt(pc); ok {
		return what + ", in " + cli.Escape(f.Name())
	}
	return what + ", outside Go code"
}

// table prints a line for each goroutine: what could be restored.
func (r regsReport) table() error {
	t := cli.NewTable(cli.Column{Title: "id", Right: true}, cli.Column{Title: "state"}, cli.Column{Title: "from"},
		cli.Column{Title: "known", Right: true}, cli.Column{Title: "pc"}, cli.Column{Title: "sp"}, cli.Column{Title: "in", Fit: cli.Clip})
	err := r.each(func(g *gostate.Goroutine, regs *gostate.Registers) error {
		pc, sp := pcOf(regs)
		fn := g.Truncated
		if regs.Frame >= 0 {
			fn = g.Frames[regs.Frame].Func
		}
		t.Row(fmt.Sprint(g.ID), state(g), string(regs.From), fmt.Sprintf("%d/%d", regs.Known(), len(regs.List)), addr(pc), addr(sp), fn)
		return nil
	}, nil)
	r.ui.Table(t)
	return err
}

// pcOf returns where the registers stand; 0 is unknown.
func pcOf(regs *gostate.Registers) (pc, sp core.Addr) {
	for _, x := range regs.List {
		switch x.Name {
		case "rip", "pc":
			pc = core.Addr(x.Value)
		case "rsp", "sp":
			sp = core.Addr(x.Value)
		}
	}
	return pc, sp
}

// printRegisters prints registers a line each, those without a value together.
func printRegisters(w io.Writer, regs *gostate.Registers, width int, indent string) {
	var lost []string
	for i := range regs.List {
		x := &regs.List[i]
		if x.From == gostate.Unavailable && x.How == regs.Why {
			lost = append(lost, x.Name)
			continue
		}
		value := fmt.Sprintf("%#x", x.Value)
		if x.From == gostate.Unavailable {
			value = "?"
		}
		line := fmt.Sprintf("%-8s %-18s  %s", x.Name, value, x.From)
		if x.How != "" {
			line += ": " + x.How
		}
		fmt.Fprintf(w, "%s%s\n", indent, cli.Clipped(cli.Escape(line), width-len(indent), cli.Clip))
	}
	for i := range regs.Vectors {
		v := &regs.Vectors[i]
		fmt.Fprintf(w, "%s%-8s %s  %s\n", indent, v.Name, postmortem.VectorText(v), v.From)
	}
	if len(lost) > 0 {
		for _, line := range cli.Reflow(strings.Join(lost, " ")+": unavailable, "+regs.Why, width-len(indent)) {
			fmt.Fprintf(w, "%s%s\n", indent, cli.Escape(line))
		}
	}
	if regs.Note != "" {
		for _, line := range cli.Reflow(regs.Note, width-len(indent)) {
			fmt.Fprintf(w, "%s%s\n", indent, cli.Escape(line))
		}
	}
}
