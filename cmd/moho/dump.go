package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"moho/core/capture"
	"moho/core/live"
	"moho/evidence"
	"moho/internal/cli"
)

const dumpLong = `Dump writes the core of a living process, which runs on: an ELF core as the kernel
would write it, for moho core, gdb and dlv. It holds the memory that the process wrote
to; pages that were never touched are holes, so that the file takes about as much disk
as the process takes memory.

The process is stopped without a signal, copied in memory, let go, and then written.
One that is too large for half of the memory that is available is written while it
stands still. How long it stood is printed. The file gets its name when it is complete;
only its owner can read it.`

const dumpExample = `    $ moho dump 1234
    core.1234  1.2 GB, 271 MB on disk; stopped for 0.09 s (12 threads)
    $ moho core core.1234 ./server`

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
	Complete bool           `json:"complete"`
	Gaps     []evidence.Gap `json:"gaps"`
}

type dumpFlags struct {
	out string
}

func newDump(a *app) *cobra.Command {
	var df dumpFlags
	cmd := &cobra.Command{
		Use:     "dump PID",
		Short:   "write a small, complete core of a living process",
		Long:    dumpLong,
		Example: dumpExample,
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			pid, err := strconv.Atoi(args[0])
			if err != nil || pid <= 0 {
				return usage(cmd, fmt.Errorf("%q is no process id", args[0]))
			}
			return a.dump(cmd.Context(), pid, df)
		},
	}
	cmd.Flags().StringVarP(&df.out, "output", "o", "", "write to this `file` (default core.PID)")
	return cmd
}

func (a *app) dump(ctx context.Context, pid int, df dumpFlags) error {
	out := df.out
	if out == "" {
		out = fmt.Sprintf("core.%d", pid)
	}
	p := a.ui.Progress()
	defer p.Stop()
	p.Phase("dump %d", pid)
	r, err := capture.Dump(ctx, pid, out, capture.DumpOptions{Progress: p.Set})
	if err != nil {
		if hint := live.Advice(err); hint != "" {
			err = cli.WithHints(err, hint)
		}
		return err
	}
	p.Stop()
	return a.dumped(dumpReport{
		PID: pid, File: r.Core, Size: r.Size, Disk: r.Disk, Memory: r.Memory, Threads: r.Threads,
		Pause: r.Pause.Seconds(), Buffered: r.Buffered, Gaps: r.Gaps,
	})
}

// dumped reports what was written. What is missing makes the core partial.
func (a *app) dumped(rep dumpReport) error {
	rep.Schema, rep.Complete = "moho/dump/v1", len(rep.Gaps) == 0
	if rep.Gaps == nil {
		rep.Gaps = []evidence.Gap{}
	}
	if a.ui.JSON {
		if err := cli.JSON(a.ui.Out, rep); err != nil {
			return err
		}
	} else {
		a.ui.Printf("%s  %s, %s on disk; stopped for %.2g s (%s)\n", cli.Escape(rep.File), bytesOf(rep.Size), bytesOf(rep.Disk),
			rep.Pause, count(rep.Threads, "thread"))
	}
	for _, g := range rep.Gaps {
		a.ui.Warnf("%s", g)
	}
	if !rep.Complete {
		return &cli.ExitError{Code: cli.Incomplete, Err: errors.New("the core lacks something")}
	}
	return nil
}

// bytesOf writes a size with three digits.
func bytesOf(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.3g GB", float64(n)/1e9)
	case n >= 1e5:
		return fmt.Sprintf("%.3g MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.3g kB", float64(n)/1e3)
}
