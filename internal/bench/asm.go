package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
)

// Peers of the machine view, and the program that all of them look at.
const (
	goReSym = "github.com/mandiant/GoReSym@latest"
	etcd    = "go.etcd.io/etcd/server/v3"

	oneFunc = "go.etcd.io/raft/v3.(*raft).becomeLeader"
)

// A contest is one question, put to moho and to its peers.
type contest struct {
	title string
	goal  string
	runs  []contestant
}

// A contestant is one command. The first of a contest that is no peer is
// compared with the first that is.
type contestant struct {
	name string
	peer bool
	args []string
	note string
}

func benchAsm(ctx context.Context, w io.Writer, args []string) error {
	fs := flag.NewFlagSet("asm", flag.ContinueOnError)
	rounds := fs.Int("rounds", 5, "runs of each command; the median CPU time counts")
	peer := fs.Bool("peer", true, "also run the peers")
	if err := fs.Parse(args); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "moho-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	moho, bin := filepath.Join(dir, "moho"), filepath.Join(dir, "etcd")
	if err := build(ctx, moho, "./cmd/moho"); err != nil {
		return err
	}
	if err := build(ctx, bin, "-modfile=peers.mod", etcd); err != nil {
		return err
	}
	st, err := os.Stat(bin)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "## asm: the machine view of etcd\n\n")
	fmt.Fprintf(w, "%s, %s/%s, %d CPUs, etcd's server of %s, built by the same Go. Output goes to a pipe that is\nread and thrown away. Median of %d runs by CPU time.\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), mb(st.Size()), *rounds)
	contests, err := asmContests(ctx, moho, bin, *peer)
	if err != nil {
		return err
	}
	for _, c := range contests {
		if err := c.run(ctx, w, *rounds); err != nil {
			return err
		}
	}
	return nil
}

func asmContests(ctx context.Context, moho, bin string, peers bool) ([]contest, error) {
	all := []contest{
		{"all code, with lines and SP", "at most a quarter of the CPU time of go tool objdump, 80 MB", []contestant{
			{"moho asm", false, []string{moho, "-q", "asm", bin}, "lines, SP"},
			{"go tool objdump", true, []string{"go", "tool", "objdump", bin}, "lines"},
			{"objdump -d", true, []string{"objdump", "-d", bin}, "GNU; neither"},
		}},
		{"one function by name", "15 ms, 30 MB", []contestant{
			{"moho asm -f", false, []string{moho, "asm", "-f", oneFunc, bin}, "lines, SP, frame, live pointers"},
			{"go tool objdump -s", true, []string{"go", "tool", "objdump", "-s", `raft/v3\.\(\*raft\)\.becomeLeader$`, bin}, "lines"},
		}},
		{"all functions, with sizes, frames, stack checks", "40 ms, 32 MB", []contestant{
			{"moho funcs --json", false, []string{moho, "funcs", "--json", bin}, ""},
		}},
		{"SP of every instruction proved from the code", "0.6 s", []contestant{
			{"moho asm --verify-sp", false, []string{moho, "-q", "asm", "--verify-sp", bin}, ""},
		}},
		{"sources of symbols compared", "150 ms, 60 MB", []contestant{
			{"moho xcheck", false, []string{moho, "-q", "xcheck", bin}, "pclntab, symbol table, DWARF"},
		}},
	}
	if !peers {
		for i := range all {
			all[i].runs = slices.DeleteFunc(all[i].runs, func(c contestant) bool { return c.peer })
		}
		return all, nil
	}
	sym, err := install(ctx, goReSym)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench: without GoReSym:", err)
		sym = "GoReSym" // where somebody has it
	}
	all[2].runs = append(all[2].runs, contestant{"GoReSym", true, []string{sym, bin}, "names and bounds, no frames"})
	return all, nil
}

// run measures every contestant in turn, so that a change of the machine's load
// meets all of them.
func (c contest) run(ctx context.Context, w io.Writer, rounds int) error {
	found := make([][]usage, len(c.runs))
	for range max(rounds, 1) {
		for i, r := range c.runs {
			if _, err := exec.LookPath(r.args[0]); err != nil {
				continue
			}
			u, err := measure(ctx, io.Discard, r.args[0], r.args[1:]...)
			if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
				return err
			}
			if err != nil {
				return fmt.Errorf("%s: %w", r.name, err)
			}
			found[i] = append(found[i], u)
		}
	}
	fmt.Fprintf(w, "\n**%s** (goal: %s)\n\n| tool | CPU s | wall s | peak RSS | shows |\n|---|---|---|---|---|\n", c.title, c.goal)
	var ours, theirs *usage
	for i, r := range c.runs {
		if len(found[i]) == 0 {
			fmt.Fprintf(w, "| %s | not installed | | | |\n", r.name)
			continue
		}
		slices.SortFunc(found[i], func(a, b usage) int { return cmp.Compare(a.cpu, b.cpu) })
		u := &found[i][len(found[i])/2]
		switch {
		case !r.peer && ours == nil:
			ours = u
		case r.peer && theirs == nil:
			theirs = u
		}
		fmt.Fprintf(w, "| %s | %.3f | %.3f | %s | %s |\n", r.name, u.cpu.Seconds(), u.wall.Seconds(), mb(u.peak), r.note)
	}
	if ours != nil && theirs != nil {
		fmt.Fprintf(w, "\nmoho needs %.2f× the CPU time and %.2f× the memory of the first peer.\n",
			ratio(ours.cpu, theirs.cpu), ratio(ours.peak, theirs.peak))
	}
	return nil
}

// build compiles a package of the module in the working directory.
func build(ctx context.Context, out string, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", append([]string{"build", "-trimpath", "-buildvcs=false", "-o", out}, args...)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off")
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %v: %w\n%s", args, err, text)
	}
	return nil
}
