package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/spf13/cobra"

	"moho/core"
	"moho/core/live"
	"moho/evidence"
	"moho/gostate"
	"moho/internal/bounded"
	"moho/internal/cli"
	"moho/postmortem"
)

const coreLong = `Core answers what every goroutine was doing when the process died. It reads ELF
cores of linux (amd64, arm64): made by the kernel, by gcore or by moho, of stripped and
unstripped executables; and WebAssembly coredumps, or the linear memory of an instance
and nothing else. Where TARGET is a process id, the living process is stopped, what
is needed of it is copied, and it runs on before anything is read.
A core may be compressed (gzip, zstd, lz4). What a Go program prints when it dies
or is asked (SIGQUIT, runtime.Stack, /debug/pprof/goroutine) is a target too, as it
stands in a log: for all questions that need no memory. - reads any of them from a
pipe: kubectl logs --previous POD | moho core -

The executable needs no path: the Build ID inside the core leads to it in the
store, together with its report, and frames that have findings are marked (◀).
An EXE given by hand is checked against the core and refused if it is another.
A finding's grade says how close it stands:

    faulting frame       the instruction that faulted is in it
    on this stack        one of the calls is
    created this …       the function that started the goroutine is
    in this binary only  it is linked in, and on no stack

Without a subcommand core prints the first screen: what killed the process and what
that means, the crashed goroutine with the arguments of its calls, goroutines that wait
for each other, everybody in groups of identical stacks, deferred calls that never ran,
and the commands that show more. It exits 3
when the answer is partial (a truncated core, no executable), 0 otherwise.`

const coreExample = `    $ moho core core.1234
    reason      fatal error: fault
    killed by   SIGABRT, which the runtime raised once it had said so
    …
    goroutine 22 [running], thread 1239: crashed
     ▶  main.checksum(...)                        packet.go:54  ◀ view-overrun, faulting frame
        main.(*server).process(0xc000198d68, …)   server.go:88
    …
    next
        moho core goroutines core.1234 --id 22 --with stacks,vars,regs,defers,panics  # all of it`

// coreFlags are the flags of core and its subcommands.
type coreFlags struct {
	all bool
}

func newCore(a *app) *cobra.Command {
	var cf coreFlags
	cmd := &cobra.Command{
		Use:     "core TARGET [EXE]",
		Short:   "what was every goroutine doing when the process died?",
		Long:    coreLong,
		Example: coreExample,
		Args:    args(cobra.RangeArgs(1, 2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withTarget(cmd.Context(), args, func(c *postmortem.Case) error {
				return a.firstScreen(c, cf)
			})
		},
	}
	cmd.PersistentFlags().BoolVar(&cf.all, "all", false, "show the runtime's own frames and goroutines too")
	cmd.PersistentFlags().Var(&a.maxSize, "max-size", "the most that a compressed core or a pipe may hold (default $MOHO_MAX_SIZE, else 64G)")
	cmd.PersistentFlags().Lookup("max-size").DefValue = ""
	cmd.AddCommand(
		newCoreGoroutines(a, &cf),
		newCoreThreads(a),
		newCoreWaits(a, &cf),
		newCoreDefers(a, &cf),
		newCoreAddr(a),
		newCoreMem(a),
		newCoreRegs(a, &cf),
		newCoreCompare(a, &cf),
		newCoreDisasm(a),
	)
	return cmd
}

// withCase opens the process that the arguments name, hands it to show, and
// turns gaps into the exit code. Its memory can be read: a target that is only
// text is refused.
func (a *app) withCase(ctx context.Context, args []string, show func(*postmortem.Case) error) error {
	return a.open(ctx, args, postmortem.Options{Memory: true}, show)
}

// withTarget is withCase for what needs no memory: the case may be a text, and
// have no Process and no World.
func (a *app) withTarget(ctx context.Context, args []string, show func(*postmortem.Case) error) error {
	return a.open(ctx, args, postmortem.Options{}, show)
}

func (a *app) open(ctx context.Context, args []string, o postmortem.Options, show func(*postmortem.Case) error) error {
	p := a.ui.Progress()
	defer p.Stop()
	c, err := a.openCase(ctx, p, args, o)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := show(c); err != nil {
		return err
	}
	p.Stop()
	return a.tellGaps(c)
}

// openCase opens the target that the arguments name.
func (a *app) openCase(ctx context.Context, p *cli.Progress, args []string, o postmortem.Options) (*postmortem.Case, error) {
	if len(args) > 1 {
		o.Exe = args[1]
	}
	var err error
	if o.MaxSize, _, err = a.sizeLimit(); err != nil {
		return nil, cli.Usagef("%v", err)
	}
	if o.Stores, err = a.readStores(workDir()); err != nil {
		return nil, err
	}
	p.Phase("read %s", args[0])
	o.Progress = p.Set
	c, err := postmortem.Open(ctx, args[0], o)
	if err != nil {
		return nil, explainCoreError(err, args[0])
	}
	return c, nil
}

// tellGaps prints what could not be read; a partial answer exits with 3.
func (a *app) tellGaps(c *postmortem.Case) error {
	for _, n := range c.Notes {
		a.ui.Warnf("%s", n)
	}
	if len(c.Gaps) == 0 {
		return nil
	}
	for _, g := range c.Gaps {
		a.ui.Warnf("%s", g)
	}
	var hints []string
	if c.Exe == nil && c.Text == nil {
		exe := "EXE"
		if path := c.ClaimedExe(); path != "" {
			exe = path
		}
		hints = append(hints, fmt.Sprintf("moho core %s %s reads it with that executable, if it is the right one", c.Path, exe))
	}
	return &cli.ExitError{Code: cli.Incomplete, Err: errors.New("the answer is partial"), Hints: hints}
}

func explainCoreError(err error, path string) error {
	switch {
	case errors.Is(err, postmortem.ErrText):
		return cli.WithHints(err, "moho core "+path+" and moho core goroutines "+path+" read it; what else there is to know is in a core")
	case errors.Is(err, bounded.ErrLimit):
		return cli.WithHints(err, "--max-size raises the limit")
	case errors.Is(err, syscall.ENOSPC):
		return cli.WithHints(err, "TMPDIR names a directory with more space; zeros take none")
	}
	if format, ok := errors.AsType[*core.FormatError](err); ok && format.Hint != "" {
		return cli.WithHints(err, format.Hint)
	}
	if mismatch, ok := errors.AsType[*core.MismatchError](err); ok && mismatch != nil {
		err = fmt.Errorf("%s does not belong to %s: %s\ncore        %s\nexecutable  %s",
			mismatch.Name, path, mismatch.What, buildIDs(mismatch.Core), buildIDs(mismatch.Image))
		return cli.WithHints(err, "without EXE moho looks for the right one by its Build ID, in the store")
	}
	if errors.Is(err, gostate.ErrNotGo) {
		return cli.WithHints(err, "moho reads programs that Go's own toolchain built")
	}
	if hint := live.Advice(err); hint != "" {
		return cli.WithHints(err, hint)
	}
	return err
}

// buildIDs names what an executable is known by: people look for either.
func buildIDs(id evidence.BuildID) string {
	switch {
	case id.GNU != "" && id.Go != "":
		return id.GNU + ", Go build ID " + id.Go
	case id.IsZero():
		return "no Build ID"
	}
	return id.String()
}
