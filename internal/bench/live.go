package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"moho/core/capture"
)

//go:embed testdata/ticker.txt
var tickingGoroutines string

// A ticking program says how long it was kept from looking at the clock.
type ticking struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

// gap returns the longest time since the last call.
func (t *ticking) gap() (time.Duration, error) {
	if _, err := io.WriteString(t.in, "\n"); err != nil {
		return 0, err
	}
	if !t.out.Scan() {
		return 0, fmt.Errorf("the program ended")
	}
	n, err := strconv.ParseInt(t.out.Text(), 10, 64)
	return time.Duration(n), err
}

// A visit is one tool looking at the living program.
type visit struct {
	name  string
	cost  usage
	pause time.Duration // by the program's own clock
	disk  int64
	found string
}

func benchLive(ctx context.Context, w io.Writer, args []string) error {
	fs := flag.NewFlagSet("live", flag.ContinueOnError)
	n := fs.Int("n", 100_000, "goroutines of the program")
	rounds := fs.Int("rounds", 3, "runs of moho; the median pause counts")
	peer := fs.Bool("peer", true, "also run gcore and dlv")
	if err := fs.Parse(args); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "moho-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	moho := filepath.Join(dir, "moho")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", moho, "./cmd/moho").CombinedOutput(); err != nil {
		return fmt.Errorf("build moho: %w\n%s", err, out)
	}
	t, err := startTicking(ctx, dir, *n)
	if err != nil {
		return err
	}
	defer t.cmd.Process.Kill()
	pid := strconv.Itoa(t.cmd.Process.Pid)
	fmt.Fprintf(w, "## live: %d goroutines of a living process\n\n", *n)
	fmt.Fprintf(w, "%s, %s/%s, %d CPUs, %s resident. The pause is the longest time that a goroutine which wakes every\nmillisecond did not run.\n\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), mb(rssAnon(t.cmd.Process.Pid)))
	fmt.Fprint(w, "| tool | pause s | CPU s | wall s | peak RSS | on disk | goroutines |\n|---|---|---|---|---|---|---|\n")
	idle, err := t.visit(ctx, "(nobody)", "", "", "sleep", "1")
	if err != nil {
		return err
	}
	visits := []visit{idle}
	for _, v := range [][]string{
		{"moho core PID", "", "goroutines,", moho, "core", pid},
		{"moho dump PID", filepath.Join(dir, "moho.core"), "", moho, "dump", pid, "-o", filepath.Join(dir, "moho.core")},
	} {
		got, err := t.median(ctx, *rounds, v)
		if err != nil {
			return err
		}
		visits = append(visits, got)
	}
	if *peer {
		peers, err := t.peers(ctx, dir, pid)
		if err != nil {
			return err
		}
		visits = append(visits, peers...)
	}
	for _, v := range visits {
		disk := "-"
		if v.disk > 0 {
			disk = mb(v.disk)
		}
		fmt.Fprintf(w, "| %s | %.3f | %s | %s | %s | %s | %s |\n", v.name, v.pause.Seconds(), seconds(v.cost.cpu), seconds(v.cost.wall), mb(v.cost.peak), disk, cmp.Or(v.found, "-"))
	}
	return nil
}

// startTicking builds the program and waits until its goroutines wait.
func startTicking(ctx context.Context, dir string, n int) (*ticking, error) {
	src, exe := filepath.Join(dir, "main.go"), filepath.Join(dir, "ticking")
	if err := os.WriteFile(src, []byte(tickingGoroutines), 0o644); err != nil {
		return nil, err
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", exe, src)
	build.Dir, build.Env = dir, append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build: %w\n%s", err, out)
	}
	t := &ticking{cmd: exec.CommandContext(ctx, exe, strconv.Itoa(n))}
	var err error
	if t.in, err = t.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := t.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := t.cmd.Start(); err != nil {
		return nil, err
	}
	t.out = bufio.NewScanner(out)
	if !t.out.Scan() || t.out.Text() != "ready" {
		return nil, fmt.Errorf("the program is not ready: %q", t.out.Text())
	}
	return t, nil
}

// visit runs a tool. file is what it writes, "" for nothing; mark is on the line
// of its output that begins with the number of goroutines.
func (t *ticking) visit(ctx context.Context, name, file, mark, tool string, args ...string) (visit, error) {
	if _, err := t.gap(); err != nil {
		return visit{}, err
	}
	var out bytes.Buffer
	v := visit{name: name}
	var err error
	if v.cost, err = measure(ctx, &out, tool, args...); err != nil {
		return v, err
	}
	if v.pause, err = t.gap(); err != nil {
		return v, err
	}
	if file != "" {
		st, err := os.Stat(file)
		if err != nil {
			return v, err
		}
		v.disk = capture.Disk(st)
		os.Remove(file)
	}
	for line := range strings.Lines(out.String()) {
		if f := strings.Fields(strings.Trim(line, "[]\n")); mark != "" && len(f) > 1 && f[1] == mark {
			v.found = f[0]
			break
		}
	}
	return v, nil
}

// median is visit, done several times, for the median pause. v has the name,
// file, mark, tool and arguments.
func (t *ticking) median(ctx context.Context, rounds int, v []string) (visit, error) {
	var all []visit
	for range max(1, rounds) {
		got, err := t.visit(ctx, v[0], v[1], v[2], v[3], v[4:]...)
		if err != nil {
			return visit{}, err
		}
		all = append(all, got)
	}
	slices.SortFunc(all, func(a, b visit) int { return cmp.Compare(a.pause, b.pause) })
	return all[len(all)/2], nil
}

// peers lets others look: gcore writes a core, dlv lists goroutines.
func (t *ticking) peers(ctx context.Context, dir, pid string) ([]visit, error) {
	prefix := filepath.Join(dir, "gcore")
	gcore, err := t.visit(ctx, "gcore PID", prefix+"."+pid, "", "gcore", "-o", prefix, pid)
	if err != nil {
		return nil, err
	}
	dlv, err := install(ctx, delve)
	if err != nil {
		return nil, err
	}
	init := filepath.Join(dir, "init")
	if err := os.WriteFile(init, []byte("goroutines -t\nexit\n"), 0o644); err != nil {
		return nil, err
	}
	// It asks whether to kill the process.
	const script = `echo n | exec "$0" attach "$1" --allow-non-terminal-interactive --init "$2"`
	delved, err := t.visit(ctx, "dlv attach PID, `goroutines -t`", "", "goroutines", "sh", "-c", script, dlv, pid, init)
	if err != nil {
		return nil, err
	}
	return []visit{gcore, delved}, nil
}
