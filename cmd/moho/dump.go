package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"moho/core"
	"moho/core/capture"
	"moho/core/live"
	"moho/evidence"
	"moho/internal/cli"
	"moho/postmortem"
)

const dumpLong = `Dump writes the core of a living process, which runs on: an ELF core as the kernel
would write it, for moho core, gdb and dlv. It holds the memory that the process wrote
to; pages that were never touched are holes, so that the file takes about as much disk
as the process takes memory.

The process is stopped without a signal, copied in memory, let go, and then written.
One that does not fit into half of the memory that is available is written while it
stands still. How long it stood is printed. The file gets its name when it is complete
and on the disk; only its owner can read it.

--redact keeps registers, stacks and what the Go runtime knows of itself, and drops the
objects of the heap, the program's variables, its arguments and environment. Stacks hold
values too: docs/CORES.md says what is kept to the byte. It takes a core as well.

--pipe is for kernel.core_pattern: the kernel's core comes in as input.

    |/usr/bin/moho dump --pipe %P -o /var/crash`

const dumpExample = `    $ moho dump 1234
    core.1234  1.2 GB, 271 MB on disk; stopped for 0.09 s (12 threads)
    $ moho core core.1234 ./server
    $ moho dump --redact core.1234 ./server -o for-support.core`

// dumpReport is the kind moho/dump/v1.
type dumpReport struct {
	Schema   string         `json:"schema"`
	PID      int            `json:"pid"`
	File     string         `json:"file"`
	Size     int64          `json:"size"`
	Disk     int64          `json:"disk"`
	Memory   int64          `json:"memory"`
	Threads  int            `json:"threads"`
	Pause    float64        `json:"pause"` // seconds
	Buffered bool           `json:"buffered"`
	Redacted bool           `json:"redacted"`
	Complete bool           `json:"complete"`
	Gaps     []evidence.Gap `json:"gaps"`
}

type dumpFlags struct {
	out    string
	redact bool
	pipe   bool
}

func newDump(a *app) *cobra.Command {
	var df dumpFlags
	cmd := &cobra.Command{
		Use:     "dump PID|CORE [EXE]",
		Short:   "write a small, complete core of a living process",
		Long:    dumpLong,
		Example: dumpExample,
		Args:    args(cobra.RangeArgs(1, 2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			kind, err := postmortem.Identify(args[0])
			if df.pipe && args[0] != "" { // the process may be gone, its number is all that is asked
				kind, err = postmortem.TargetPID, nil
			}
			d := dumper{app: a, dumpFlags: df, target: args[0]}
			d.pid, _ = strconv.Atoi(args[0])
			switch {
			case err != nil:
				return usage(cmd, fmt.Errorf("%q is neither a process id nor a file", args[0]))
			case kind != postmortem.TargetPID && !df.redact:
				return usage(cmd, fmt.Errorf("%s is a file: what is to be done with it? --redact", args[0]))
			case kind != postmortem.TargetPID && df.out == "":
				return usage(cmd, errors.New("-o says where the redacted core goes"))
			case kind == postmortem.TargetPID && (len(args) > 1 || d.pid <= 0):
				return usage(cmd, errors.New("a process is given by its number alone: its executable is known"))
			case df.pipe && df.out == "":
				return usage(cmd, errors.New("-o says where cores go"))
			}
			if len(args) > 1 {
				d.exe = args[1]
			}
			return d.run(cmd.Context(), cmd.InOrStdin())
		},
	}
	cmd.Flags().StringVarP(&df.out, "output", "o", "", "write to this `file`, or to core.PID in this directory (default core.PID)")
	cmd.Flags().BoolVar(&df.redact, "redact", false, "keep registers, stacks and the runtime's own structures only")
	cmd.Flags().BoolVar(&df.pipe, "pipe", false, "the core comes in as input, from the kernel")
	return cmd
}

// A dumper is one run of moho dump.
type dumper struct {
	*app
	dumpFlags
	target string
	pid    int    // 0 for a core
	exe    string // "" to find it
}

func (d *dumper) run(ctx context.Context, in io.Reader) error {
	if st, err := os.Stat(d.out); d.out == "" || err == nil && st.IsDir() {
		d.out = filepath.Join(d.out, "core."+filepath.Base(d.target))
	}
	p := d.ui.Progress()
	defer p.Stop()
	p.Phase("dump %s", d.target)
	rep := dumpReport{PID: d.pid, File: d.out, Redacted: d.redact}
	var err error
	switch {
	case d.pipe:
		err = d.piped(ctx, in, &rep)
	case d.pid == 0:
		err = d.redactTo(ctx, d.target, &rep)
	default:
		err = d.living(ctx, capture.DumpOptions{Progress: p.Set}, &rep)
	}
	if err != nil {
		if hint := live.Advice(err); hint != "" {
			err = cli.WithHints(err, hint)
		}
		return err
	}
	p.Stop()
	return d.dumped(rep)
}

// living writes the core of a living process. What is to be redacted goes through
// a file without a name.
func (d *dumper) living(ctx context.Context, o capture.DumpOptions, rep *dumpReport) error {
	take := func(f *os.File) error {
		r, err := capture.DumpTo(ctx, d.pid, f, o)
		rep.Memory, rep.Threads, rep.Pause, rep.Buffered, rep.Gaps = r.Memory, r.Threads, r.Pause.Seconds(), r.Buffered, r.Gaps
		return err
	}
	return d.through(ctx, take, rep)
}

// piped writes the core that comes in.
func (d *dumper) piped(ctx context.Context, in io.Reader, rep *dumpReport) error {
	return d.through(ctx, func(f *os.File) error {
		n, complete, err := capture.Stream(ctx, in, f)
		rep.Memory = n
		if err == nil && !complete {
			rep.Gaps = append(rep.Gaps, evidence.Gap{What: "core", Where: "input", Why: fmt.Sprintf("it ended after %d bytes, before what its headers promise", n)})
		}
		return err
	}, rep)
}

// through has take write the core: to its place, or, if it is to be redacted,
// to a file without a name that is redacted then.
func (d *dumper) through(ctx context.Context, take func(*os.File) error, rep *dumpReport) error {
	if !d.redact {
		return capture.Atomically(d.out, take)
	}
	// The process is there as long as its core is read, its executable longer.
	if exe, err := os.Open(fmt.Sprintf("/proc/%d/exe", d.pid)); err == nil {
		defer exe.Close()
		d.exe = capture.Path(exe)
	}
	f, err := capture.Scratch(filepath.Dir(d.out))
	if err != nil {
		return err
	}
	defer f.Close()
	if err := take(f); err != nil {
		return err
	}
	return d.redactTo(ctx, capture.Path(f), rep)
}

// redactTo redacts a core. Of one that is not understood only registers are kept.
func (d *dumper) redactTo(ctx context.Context, path string, rep *dumpReport) error {
	stores, err := d.readStores(workDir())
	if err != nil {
		return err
	}
	return capture.Atomically(d.out, func(f *os.File) error {
		gaps, err := postmortem.Redact(ctx, path, postmortem.Options{Exe: d.exe, Stores: stores, Memory: true}, f)
		rep.Gaps = append(rep.Gaps, gaps...)
		if err == nil || d.pid == 0 || ctx.Err() != nil {
			return err
		}
		rep.Gaps = append(rep.Gaps, evidence.Gap{What: "memory", Where: d.target, Why: "only registers are kept, because it is not known what is the runtime's: " + err.Error()})
		return registersOnly(ctx, path, f)
	})
}

func registersOnly(ctx context.Context, path string, out *os.File) error {
	p, err := core.Open(path)
	if err != nil {
		return err
	}
	defer p.Close()
	if err := out.Truncate(0); err != nil {
		return err
	}
	return capture.Redact(ctx, p, nil, out)
}

// dumped reports what was written. What is missing makes the core partial.
func (d *dumper) dumped(rep dumpReport) error {
	st, err := os.Stat(rep.File)
	if err != nil {
		return err
	}
	rep.Size, rep.Disk = st.Size(), capture.Disk(st)
	rep.Schema, rep.Complete = "moho/dump/v1", len(rep.Gaps) == 0
	if rep.Gaps == nil {
		rep.Gaps = []evidence.Gap{}
	}
	if d.ui.JSON {
		if err := cli.JSON(d.ui.Out, rep); err != nil {
			return err
		}
	} else {
		pause := ""
		if rep.Threads > 0 {
			pause = fmt.Sprintf("; stopped for %.2g s (%s)", rep.Pause, count(rep.Threads, "thread"))
		}
		d.ui.Printf("%s  %s, %s on disk%s\n", cli.Escape(rep.File), sizeOf(rep.Size), sizeOf(rep.Disk), pause)
	}
	for _, g := range rep.Gaps {
		d.ui.Warnf("%s", g)
	}
	if !rep.Complete {
		return &cli.ExitError{Code: cli.Incomplete, Err: errors.New("the core lacks something")}
	}
	return nil
}
