package main

import (
	"cmp"
	"fmt"
	"os"
	"path"

	"github.com/spf13/cobra"

	"moho/decode"
	"moho/gostate"
	"moho/internal/cli"
	"moho/postmortem"
)

const disasmLong = `Disasm prints machine code of the process around a PC: that of a frame, of an address,
or a whole function. ▶ marks the instruction; of a frame that has called another, the
call. SP is how many bytes the stack pointer is below its value at the entry.

The bytes are those in memory, or the executable's where the core has left code out,
as kernels do. Where the two differ, by a breakpoint for one, both are shown.

    --goroutine N   the frame where it is; with --frame K the K-th from the innermost,
                    counted as core goroutines --with stacks --all prints them, from 0
    ADDR or FUNC    code there; without any, the frame that crashed

--json prints one object (moho/disasm/v1).`

const disasmExample = `    $ moho core disasm core.1234
    $ moho core disasm core.1234 --goroutine 22 --frame 3
    $ moho core disasm core.1234 main.checksum`

type disasmFlags struct {
	goroutine uint64
	frame     int
	around    int
	whole     bool
	syntax    string
}

func newCoreDisasm(a *app) *cobra.Command {
	var df disasmFlags
	cmd := &cobra.Command{
		Use:     "disasm TARGET [EXE] [ADDR|FUNC]",
		Short:   "machine code around a PC, as it is in memory",
		Long:    disasmLong,
		Example: disasmExample,
		Args:    args(cobra.RangeArgs(1, 3)),
		RunE: func(cmd *cobra.Command, args []string) error {
			syntax, err := parseSyntax(df.syntax)
			if err != nil {
				return usage(cmd, err)
			}
			target, where := disasmArgs(args)
			if where != "" && df.goroutine != 0 {
				return usage(cmd, fmt.Errorf("%s and --goroutine are two places", where))
			}
			if df.frame != 0 && df.goroutine == 0 {
				return usage(cmd, fmt.Errorf("--frame is of a --goroutine"))
			}
			return a.withCase(cmd.Context(), target, func(c *postmortem.Case) error {
				if c.World == nil {
					return nil // the gap says why
				}
				at := postmortem.CodeAt{Around: df.around, Syntax: syntax}
				if df.whole {
					at.Around = 0
				}
				return a.disasm(c, at, where, df)
			})
		},
	}
	cmd.Flags().Uint64Var(&df.goroutine, "goroutine", 0, "the code that the goroutine with this `id` is in")
	cmd.Flags().IntVar(&df.frame, "frame", 0, "which of its frames")
	cmd.Flags().IntVar(&df.around, "around", 8, "instructions before and after")
	cmd.Flags().BoolVar(&df.whole, "whole", false, "the whole function")
	cmd.Flags().StringVar(&df.syntax, "format", "go", "syntax of instructions: go, gnu or intel")
	return cmd
}

// disasmArgs tells the executable from the place: what has no slash and is no
// file's name is a place.
func disasmArgs(args []string) (target []string, where string) {
	switch n := len(args); {
	case n == 3:
		return args[:2], args[2]
	case n == 2 && (looksLikeAddr(args[1]) || !isFile(args[1])):
		return args[:1], args[1]
	}
	return args, ""
}

func isFile(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode().IsRegular()
}

func (a *app) disasm(c *postmortem.Case, at postmortem.CodeAt, where string, df disasmFlags) error {
	var d postmortem.Disasm
	var err error
	switch {
	case looksLikeAddr(where):
		if at.PC, err = parseAddr(where); err != nil {
			return err
		}
	case where != "":
		return a.disasmFunc(c, at, where)
	case df.goroutine != 0:
		g, ok := c.World.Goroutine(df.goroutine)
		if !ok {
			return cli.WithHints(fmt.Errorf("%s: no goroutine %d", c.Path, df.goroutine), "moho core goroutines "+named(c)+" lists them")
		}
		return a.disasmFrame(c, at, g, df.frame)
	default:
		crash, ok := c.World.Crash()
		if !ok || crash.Goroutine == nil {
			return cli.WithHints(fmt.Errorf("%s: nothing crashed", c.Path), "say an address, a function or --goroutine N")
		}
		return a.disasmFrame(c, at, crash.Goroutine, max(crash.FaultFrame, 0))
	}
	if d, err = c.Disassemble(at); err != nil {
		return fmt.Errorf("%s: %w", c.Path, err)
	}
	return a.printDisasm(c, d)
}

// disasmFunc prints all functions of a name.
func (a *app) disasmFunc(c *postmortem.Case, at postmortem.CodeAt, name string) error {
	entries := c.FuncsNamed(name)
	if len(entries) == 0 {
		return cli.WithHints(fmt.Errorf("%s: no function %s", c.Path, name), "moho funcs "+shellQuote(cmp.Or(c.ExePath, "EXE"))+" lists them")
	}
	for i, e := range entries {
		at.PC, at.Entry, at.Around = 0, e, 0
		d, err := c.Disassemble(at)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Path, err)
		}
		if i > 0 && !a.ui.JSON {
			a.ui.Printf("\n")
		}
		if err := a.printDisasm(c, d); err != nil {
			return err
		}
	}
	return nil
}

// disasmFrame prints the code of frame i of g.
func (a *app) disasmFrame(c *postmortem.Case, at postmortem.CodeAt, g *gostate.Goroutine, i int) error {
	if i < 0 || i >= len(g.Frames) {
		return fmt.Errorf("%s: goroutine %d has %s, numbered from 0", c.Path, g.ID, count(len(g.Frames), "frame"))
	}
	f := &g.Frames[i]
	at.PC = f.PC
	at.Return = !f.Exact && !f.Fault && !f.Foreign
	if fn, pc, ok := c.World.FuncAt(f.PC); ok && fn.Entry() == pc { // it has not begun
		at.Return = false
	}
	if !at.Return {
		at.Regs = c.RegsAt(g, i)
	}
	if fault, ok := c.FaultAt(g, i); ok {
		at.Fault = &fault
	}
	d, err := c.Disassemble(at)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Path, err)
	}
	d.Goroutine, d.Frame = &g.ID, &i
	return a.printDisasm(c, d)
}

func (a *app) printDisasm(c *postmortem.Case, d postmortem.Disasm) error {
	if a.ui.JSON {
		return cli.JSON(a.ui.Out, d)
	}
	v := view{app: a, c: c}
	title := d.Func
	if title == "" {
		title = "not a Go function: no table says where it begins"
	}
	if d.Goroutine != nil {
		title = fmt.Sprintf("%s, frame %d of goroutine %d", title, *d.Frame, *d.Goroutine)
	}
	a.ui.Printf("%s\n", a.ui.Bold(cli.Escape(title)))
	t := cli.NewTable(cli.Column{}, cli.Column{Title: "line", Right: true}, cli.Column{Title: "PC"}, cli.Column{Title: "SP", Right: true}, cli.Column{Title: "instruction", Fit: cli.Clip})
	if d.Before > 0 {
		t.Row("", "", "", "", fmt.Sprintf("… %s before", count(d.Before, "instruction")))
	}
	line, file := -1, ""
	for i := range d.Insts {
		x := &d.Insts[i]
		mark, at, sp := "", "", "?"
		if x.Current {
			mark = "▶"
		}
		if x.SP != nil {
			sp = fmt.Sprint(*x.SP)
		}
		if x.Line != line || x.Source != file {
			if line, file = x.Line, x.Source; line > 0 {
				at = fmt.Sprintf("%s:%d", path.Base(v.file(file)), line)
			}
		}
		text := x.Text
		if x.Note != "" {
			text += "  ; " + x.Note
		}
		t.Row(mark, at, x.Address, sp, cli.Escape(text))
		if x.Inside > 0 {
			t.Row("", "", "", "", fmt.Sprintf("    the PC is %d bytes into this instruction", x.Inside))
		}
		if x.File != "" {
			t.Row("", "", "", "", "    in the executable: "+cli.Escape(x.File))
		}
	}
	if d.After > 0 {
		t.Row("", "", "", "", fmt.Sprintf("… %s after", count(d.After, "instruction")))
	}
	a.ui.Table(t)
	return nil
}

// parseSyntax reads --format.
func parseSyntax(s string) (decode.Syntax, error) {
	switch s {
	case "go":
		return decode.GoSyntax, nil
	case "gnu":
		return decode.GNUSyntax, nil
	case "intel":
		return decode.IntelSyntax, nil
	}
	return 0, fmt.Errorf("--format %s: go, gnu or intel", s)
}
