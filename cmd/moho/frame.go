package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"moho/asm"
	"moho/asm/frame"
	"moho/gotab"
	"moho/internal/cli"
)

const frameLong = `Frame shows what lies in the stack frame of a function: arguments and where they are
spilled, saved registers, variables, objects with pointers, what is live during each
call. Offsets count from the entry SP, the value of the stack pointer when the first
instruction is about to execute: they hold for the whole function, on every
architecture, and stay true when the runtime moves the stack.

With --pc and --sp it answers for a stopped thread: where the function was entered,
and where the caller's SP, PC and frame pointer are. Without --sp the answer is in
terms of SP. The instruction at --pc is the next to execute; for a frame further up
give the address of the call.`

const frameExample = `    $ moho frame app -f main.Spill
    $ moho frame app --pc 0x4a1b20 --sp 0xc00005fe08
    main.Spill+0x60, main.go:14  CALL main.Sum10
      SP is              112 bytes below the entry SP
      entry SP           0xc00005fe78
      SP of the caller   0xc00005fe80
      return PC          at 0xc00005fe78
      caller's BP        at 0xc00005fe70`

type frameFlags struct {
	fn, pc, sp, arch string
}

type frameReport struct {
	Schema string         `json:"schema"`
	File   string         `json:"file"`
	Frames []*frame.Frame `json:"frames,omitempty"`
	Point  *framePoint    `json:"point,omitempty"`
}

// A framePoint adds to a frame.Point what JSON writes in hexadecimal.
type framePoint struct {
	frame.Point
	PC       string             `json:"pc"`
	SP       string             `json:"sp"`
	EntrySP  frame.Fact[string] `json:"entrySP"`
	CallerSP frame.Fact[string] `json:"callerSP"`
}

func newFrame(a *app) *cobra.Command {
	var ff frameFlags
	cmd := &cobra.Command{
		Use:     "frame BINARY -f NAME",
		Short:   "what lies in a function's stack frame; where the caller's SP, PC and FP are",
		Long:    frameLong,
		Example: frameExample,
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if (ff.fn == "") == (ff.pc == "") || ff.sp != "" && ff.pc == "" {
				return usage(cmd, errors.New("give either a function with -f, or an address with --pc, and --sp if it is known"))
			}
			p, err := openProgram(args[0], ff.arch)
			if err != nil {
				return err
			}
			defer p.Close()
			l, err := frame.New(p, frame.Options{})
			if err != nil {
				return err
			}
			if ff.pc != "" {
				return a.framePoint(cmd, p, l, ff)
			}
			return a.frames(p, l, ff.fn)
		},
	}
	f := cmd.Flags()
	archFlag(f, &ff.arch)
	f.StringVarP(&ff.fn, "func", "f", "", "the function `NAME`: whole, its end (Spill, (*T).M), 0x… or a regular expression")
	f.StringVar(&ff.pc, "pc", "", "`address` of the next instruction, as the file counts")
	f.StringVar(&ff.sp, "sp", "", "`value` of the stack pointer there")
	return cmd
}

func (a *app) frames(p *asm.Program, l *frame.Layouts, pattern string) error {
	fns, err := find(p, pattern)
	if err != nil {
		return err
	}
	rep := frameReport{Schema: "moho/frame/v1", File: p.File.Name(), Frames: []*frame.Frame{}}
	for i, fn := range fns {
		f, err := l.Of(fn)
		if err != nil {
			return fmt.Errorf("%s: %w", fn.Name(), err)
		}
		if a.ui.JSON {
			rep.Frames = append(rep.Frames, &f)
			continue
		}
		if i > 0 {
			a.ui.Printf("\n")
		}
		a.printFrame(p, &f)
	}
	if a.ui.JSON {
		return cli.JSON(a.ui.Out, rep)
	}
	return nil
}

// printFrame prints the picture of a frame, the highest address first.
func (a *app) printFrame(p *asm.Program, f *frame.Frame) {
	a.ui.Printf("%s\n", a.ui.Bold(cli.Escape(f.Text.String())))
	if len(f.Slots) == 0 && len(f.Gaps) > 0 { // an empty picture would be a statement
		for _, g := range f.Gaps {
			a.ui.Printf("unknown: %s\n", cli.Escape(g.String()))
		}
		return
	}
	about := cli.NewTable(cli.Column{Fit: cli.Wrap})
	about.Row(frameSize(f) + "; " + f.Opens.Words)
	a.ui.Table(about)
	a.ui.Printf("\n")
	sp := "RSP"
	if !p.Arch().HasLR {
		sp = "SP"
	}
	t := cli.NewTable(cli.Column{Title: "entry SP", Right: true}, cli.Column{Title: sp, Right: true}, cli.Column{Title: "size", Right: true},
		cli.Column{}, cli.Column{Title: "what"}, cli.Column{Title: "name", Fit: cli.Clip}, cli.Column{Title: "type", Fit: cli.Clip},
		cli.Column{Title: "used"}, cli.Column{Title: "known", Fit: cli.Clip})
	for i := len(f.Slots) - 1; i >= 0; i-- {
		s := f.Slots[i]
		ptr := ""
		if s.Pointer {
			ptr = "●"
		}
		where := ""
		if f.Frame > 0 || s.Off >= 0 {
			where = signed(s.Off + f.Frame)
		}
		t.Row(signed(s.Off), where, strconv.FormatInt(s.Size, 10), ptr, string(s.Kind), s.Name, s.Type, uses(s), string(s.How))
	}
	a.ui.Table(t)
	if len(f.Slots) == 0 {
		a.ui.Printf("nothing: the function uses no memory of the stack\n")
	}
	a.printCalls(f)
	for _, g := range f.Gaps {
		a.ui.Printf("unknown: %s\n", cli.Escape(g.String()))
	}
}

func frameSize(f *frame.Frame) string {
	s := fmt.Sprintf("frame %d bytes", f.Frame)
	if f.Max != f.Frame {
		s += fmt.Sprintf(", with what the body pushes %d", f.Max)
	}
	return s
}

func signed(n int64) string {
	if n == 0 {
		return "0"
	}
	return fmt.Sprintf("%+d", n)
}

// uses says how instructions get at a slot.
func uses(s frame.Slot) string {
	var w []string
	for _, x := range []struct {
		n    int
		what string
	}{{s.Loads, "read"}, {s.Stores, "written"}, {s.Taken, "address"}} {
		switch {
		case x.n == 1:
			w = append(w, x.what)
		case x.n > 1:
			w = append(w, fmt.Sprintf("%s×%d", x.what, x.n))
		}
	}
	return strings.Join(w, " ")
}

func (a *app) printCalls(f *frame.Frame) {
	if len(f.Calls) == 0 {
		return
	}
	a.ui.Printf("\n")
	t := cli.NewTable(cli.Column{Title: "call at", Right: true}, cli.Column{Title: "callee", Fit: cli.Clip}, cli.Column{Title: "live pointers", Fit: cli.Wrap})
	for _, c := range f.Calls {
		live := "unknown: the function has no pointer maps"
		if c.Live != nil {
			var w []string
			for _, x := range c.Live {
				n := signed(x.Off)
				if x.Name != "" {
					n += " " + x.Name
				}
				w = append(w, n)
			}
			if live = strings.Join(w, ", "); live == "" {
				live = "none"
			}
		}
		callee := gotab.PrintName(c.Callee)
		if callee == "" {
			callee = "(by register or memory)"
		}
		t.Row(fmt.Sprintf("+%#x", c.Off), callee, live)
	}
	a.ui.Table(t)
}
