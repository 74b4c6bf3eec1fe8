package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"moho/asm"
	"moho/asm/listing"
	"moho/decode"
	"moho/evidence"
	"moho/internal/cli"
)

const asmLong = `Asm prints machine code with what is known of every instruction: its source line, how
far SP is below its value at the entry, what part of the function it is, the slot of
the frame that it uses, the pointers that are live during a call. ELF, Mach-O, PE and
WASM, stripped too.

    SP     bytes below the entry SP before the instruction; ? where it can't be known
    P E M  prologue, epilogue, call of morestack    C  call
    U R    no goroutine is preempted here; it is, and starts the run over
    {…}    live pointers during a call, by name or by offset from the entry SP

Without -f the whole program is printed, function by function. Two binaries are shown
side by side, aligned by source line and call, with the map of their registers.
Source is looked for in the module around (or --src), the module cache, and the Go
tree of the release that built the program; never where the program says.

    --targets      compile a package for one or two targets first
    --profile      put the samples of a CPU profile beside the instructions
    --xrefs        who calls F, inlined it, or took its address
    --against OLD  what changed in F since another build; exit 1 if something did
    --verify-sp    prove SP at every instruction from the code alone; exit 1 if the
                   table is wrong; functions that can't be followed are named`

const asmExample = `    $ moho asm -f main.Spill app
    TEXT main·Spill(SB), 0, $104-32
      arguments p AX, s BX:CX, n DI
      results   int AX, error BX:CX
      …
     LINE  PC         SP     INSTRUCTION
       14    t := Sum10(n, 1, 2, 3, 4, 5, 6, 7, 8, 9)
       14  4a1b20    112 C   CALL main.Sum10(SB)                 ; {p s.ptr}

    $ moho asm -f main.Spill app.amd64 app.arm64     # side by side
    $ moho asm ./cmd/app -f Spill --targets linux/amd64,linux/arm64
    $ moho asm -f main.Spill --against old app       # what changed
    $ moho asm --verify-sp app                       # is the SP column true?
    $ moho asm app | less                            # everything`

// asmFlags are the flags of asm.
type asmFlags struct {
	format string
	fn     string
	src    string
	dwarf  string
	arch   string

	targets []string

	verifySP, xrefs bool
	against         string
	profile         string

	syntax decode.Syntax
}

func newAsm(a *app) *cobra.Command {
	var af asmFlags
	cmd := &cobra.Command{
		Use:     "asm BINARY [BINARY]",
		Short:   "machine code, with source lines and the stack pointer at each instruction",
		Long:    asmLong,
		Example: asmExample,
		Args:    args(cobra.RangeArgs(1, 2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := af.check(cmd); err != nil {
				return err
			}
			if cmd.Flags().Changed("func") && af.fn == "" {
				return usage(cmd, errNoName)
			}
			if fi, err := os.Stat(af.src); af.src != "" && (err != nil || !fi.IsDir()) {
				return usage(cmd, fmt.Errorf("--src %s: no directory", af.src))
			}
			if n := af.questions(); n > 1 {
				return usage(cmd, errors.New("--verify-sp, --xrefs, --against and --profile are different questions: ask one"))
			}
			if len(af.targets) > 0 {
				if len(args) > 1 || af.xrefs || af.verifySP || af.against != "" || af.profile != "" {
					return usage(cmd, errors.New("--targets takes a package and -f, and none of the other questions"))
				}
				return a.asmTargets(cmd, args[0], af)
			}
			p, err := openProgram(args[0], af.arch)
			if err != nil {
				return err
			}
			defer p.Close()
			switch {
			case af.profile != "" && (af.fn == "" || len(args) == 2):
				return usage(cmd, errors.New("--profile wants one binary and a function, named with -f"))
			case af.verifySP && (af.fn != "" || len(args) == 2):
				return usage(cmd, errors.New("--verify-sp proves a whole binary: it takes one, and no -f"))
			case af.verifySP:
				return a.verifySP(cmd.Context(), p)
			case af.xrefs && (af.fn == "" || len(args) == 2):
				return usage(cmd, errors.New("--xrefs wants one binary and a function, named with -f"))
			case af.xrefs:
				return a.xrefs(cmd.Context(), p, af.fn)
			case af.against != "" && (af.fn == "" || len(args) == 2):
				return usage(cmd, errors.New("--against wants one binary and a function, named with -f"))
			case af.against != "":
				return a.asmAgainst(p, af)
			case len(args) == 2 && af.fn == "":
				return usage(cmd, errors.New("two binaries are compared function by function: name one with -f"))
			case len(args) == 2:
				return a.asmPair(p, args[1], af)
			case af.fn != "":
				return a.asmFuncs(cmd.Context(), p, af)
			}
			return a.asmAll(cmd.Context(), p, af)
		},
	}
	f := cmd.Flags()
	archFlag(f, &af.arch)
	f.StringVarP(&af.fn, "func", "f", "", "only the function `NAME`: whole, its end (Spill, (*T).M), 0x… or a regular expression")
	f.StringVar(&af.src, "src", "", "directory of the module whose source is shown (default the one around)")
	f.BoolVar(&af.verifySP, "verify-sp", false, "prove the SP of every instruction from the code alone")
	f.BoolVar(&af.xrefs, "xrefs", false, "who refers to the function: callers, inlined calls, func values")
	f.StringVar(&af.against, "against", "", "what changed in the function since the build `BINARY`")
	f.StringSliceVar(&af.targets, "targets", nil, "compile a package, given instead of a binary, for one or two `GOOS/GOARCH`")
	f.StringVar(&af.profile, "profile", "", "put the samples of a CPU profile in pprof's format beside instructions: `FILE`")
	f.StringVar(&af.dwarf, "dwarf", "auto", "names and types out of DWARF: auto (where it is small), on or off")
	f.StringVar(&af.format, "format", "go", "syntax of instructions: go, gnu or intel")
	return cmd
}

var errNoName = errors.New("-f is empty: want the name of a function")

// questions returns how many questions are asked besides what the code is.
func (af *asmFlags) questions() int {
	n := 0
	for _, asked := range []bool{af.verifySP, af.xrefs, af.against != "", af.profile != ""} {
		if asked {
			n++
		}
	}
	return n
}

// smallDWARF is how many bytes of DWARF's entries, compressed, are read without
// having been asked for: they take some ten milliseconds. Names would cost more
// than all the rest of the answer in a large program.
const smallDWARF = 1 << 20

// names reports whether names and types are read out of the DWARF of p.
func (af *asmFlags) names(p *asm.Program) bool {
	if af.dwarf != "auto" {
		return af.dwarf == "on"
	}
	for _, s := range p.File.Sections() {
		if strings.HasSuffix(s.Name, "debug_info") {
			return s.FileSize <= smallDWARF
		}
	}
	return true
}

func (af *asmFlags) check(cmd *cobra.Command) error {
	if !slices.Contains([]string{"auto", "on", "off"}, af.dwarf) {
		return usage(cmd, fmt.Errorf("--dwarf %s: auto, on or off", af.dwarf))
	}
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
