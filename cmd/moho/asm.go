package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"moho/asm"
	"moho/asm/listing"
	"moho/decode"
	"moho/evidence"
	"moho/internal/cli"
)

const asmLong = `Asm prints machine code with what the linker's tables say beside it.`

const asmExample = `    $ moho asm app | less`

// asmFlags are the flags of asm.
type asmFlags struct {
	format string
	fn     string
	src    string

	syntax decode.Syntax
}

func newAsm(a *app) *cobra.Command {
	var af asmFlags
	cmd := &cobra.Command{
		Use:     "asm BINARY",
		Short:   "machine code, with source lines and the stack pointer at each instruction",
		Long:    asmLong,
		Example: asmExample,
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := af.check(cmd); err != nil {
				return err
			}
			p, err := openProgram(args[0])
			if err != nil {
				return err
			}
			defer p.Close()
			if af.fn != "" {
				return a.asmFuncs(cmd.Context(), p, af)
			}
			return a.asmAll(cmd.Context(), p, af)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&af.fn, "func", "f", "", "only the function `NAME`: whole, its end (Spill, (*T).M), 0x… or a regular expression")
	f.StringVar(&af.src, "src", "", "directory of the module whose source is shown (default the one around)")
	f.StringVar(&af.format, "format", "go", "syntax of instructions: go, gnu or intel")
	return cmd
}

func (af *asmFlags) check(cmd *cobra.Command) error {
	switch af.format {
	case "go":
		af.syntax = decode.GoSyntax
	case "gnu":
		af.syntax = decode.GNUSyntax
	case "intel":
		af.syntax = decode.IntelSyntax
	default:
		return usage(cmd, fmt.Errorf("--format %s: go, gnu or intel", af.format))
	}
	return nil
}

// asmAll prints the code of the whole program.
func (a *app) asmAll(ctx context.Context, p *asm.Program, af asmFlags) error {
	progress := a.ui.Progress()
	defer progress.Stop()
	progress.Phase("read %s", p.File.Name())
	out := bufio.NewWriterSize(a.ui.Out, 64<<10)
	o := listing.Options{Syntax: af.syntax, Progress: progress.Set}
	var sum listing.Summary
	var err error
	if a.ui.JSON {
		sum, err = listing.WriteJSON(ctx, out, p, nil, o)
	} else {
		sum, err = listing.Stream(ctx, out, p, o)
	}
	if err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return err
	}
	progress.Stop()
	return a.partial(sum.Gaps)
}

// partial warns of what could not be read; an answer with gaps exits with 3.
func (a *app) partial(gaps []evidence.Gap) error {
	for _, g := range gaps {
		a.ui.Warnf("%s", g)
	}
	if len(gaps) > 0 {
		return &cli.ExitError{Code: cli.Incomplete, Err: errors.New("the answer is partial")}
	}
	return nil
}
