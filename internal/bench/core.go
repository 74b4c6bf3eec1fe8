package main

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
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

	"moho/core"
	"moho/core/capture"
	"moho/gostate"
	"moho/objfile"
)

// delve is the peer: the only other program that lists goroutines of a core
// with their stacks.
const delve = "github.com/go-delve/delve/cmd/dlv@v1.27.2"

//go:embed testdata/many.txt
var manyGoroutines string

const childArg = "core-child"

// counts is what one tool found.
type counts struct {
	Goroutines int   `json:"goroutines"`
	Frames     int   `json:"frames"`
	Whole      int   `json:"whole"` // stacks that reach their outermost frame
	Users      int   `json:"users"` // goroutines that are not the runtime's own
	Anon       int64 `json:"anon"`

	Open time.Duration `json:"open"` // CPU time until the goroutines are known
	Walk time.Duration `json:"walk"` // of one pass over all stacks
}

func benchCore(ctx context.Context, w io.Writer, args []string) error {
	fs := flag.NewFlagSet("core", flag.ContinueOnError)
	n := fs.Int("n", 100_000, "goroutines in the core that all tools read")
	rounds := fs.Int("rounds", 5, "runs of moho; the median counts")
	peer := fs.Bool("peer", true, "also run dlv and gdb")
	sizes := fs.String("sizes", "1000,10000,100000,1000000", "goroutines in the cores that moho reads alone; a million need 6 GB of memory and 3 GB of disk")
	if err := fs.Parse(args); err != nil {
		return err
	}
	fmt.Fprintf(w, "## core: every stack of %d goroutines\n\n", *n)
	if err := besidePeers(ctx, w, *n, *rounds, *peer); err != nil {
		return err
	}
	return bySize(ctx, w, *sizes, *rounds)
}

// besidePeers measures all tools on one core.
func besidePeers(ctx context.Context, w io.Writer, n, rounds int, peer bool) error {
	dir, err := os.MkdirTemp("", "moho-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	exe, corePath, err := makeCore(ctx, dir, n)
	if err != nil {
		return err
	}
	st, err := os.Stat(corePath)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s, %s/%s, %d CPUs, core of %s, program built by the same Go.\n\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), mb(st.Size()))
	fmt.Fprint(w, "| tool | CPU s | wall s | peak RSS | anonymous | goroutines | frames |\n|---|---|---|---|---|---|---|\n")
	ours, found, err := measureSelf(ctx, exe, corePath, rounds, 1)
	if err != nil {
		return err
	}
	row(w, "moho (library)", ours, found)
	if !peer {
		return nil
	}
	command, printed, err := measureCommand(ctx, dir, exe, corePath)
	if err != nil {
		return err
	}
	row(w, "`moho core goroutines --with stacks`", command, printed)
	dlv, err := install(ctx, delve)
	if err != nil {
		return err
	}
	theirs, seen, err := measureDelve(ctx, dlv, dir, exe, corePath)
	if err != nil {
		return err
	}
	row(w, "dlv 1.27.2 `goroutines -t`", theirs, seen)
	measureGDB(ctx, w, exe, corePath)
	fmt.Fprintf(w, "\nmoho's library needs 1/%.0f of dlv's CPU time and 1/%.0f of its anonymous memory, the command with all\nits text 1/%.0f.",
		ratio(theirs.cpu, ours.cpu), ratio(theirs.anon, ours.anon), ratio(theirs.cpu, command.cpu))
	fmt.Fprint(w, " Its resident pages are nearly all those of the core, which is mapped. dlv shows at most\n10 frames of a stack unless told otherwise; gdb has no stacks of goroutines in cores.\n")
	return nil
}

// bySize measures what a goroutine costs in cores of several sizes.
func bySize(ctx context.Context, w io.Writer, sizes string, rounds int) error {
	if sizes == "" {
		return nil
	}
	fmt.Fprint(w, "\n| goroutines | frames | open, CPU ms | all stacks, CPU ms | per goroutine | anonymous |\n|---|---|---|---|---|---|\n")
	for _, text := range strings.Split(sizes, ",") {
		n, err := strconv.Atoi(text)
		if err != nil {
			return err
		}
		if err := oneSize(ctx, w, n, rounds); err != nil {
			return err
		}
	}
	fmt.Fprint(w, "\nAll stacks is one pass over all of them, when they are in memory; small cores are read often enough to\nmeasure it.\n")
	return nil
}

func oneSize(ctx context.Context, w io.Writer, n, rounds int) error {
	dir, err := os.MkdirTemp("", "moho-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	exe, corePath, err := makeCore(ctx, dir, n)
	if err != nil {
		return err
	}
	u, c, err := measureSelf(ctx, exe, corePath, rounds, max(1, 100_000/max(1, n)))
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "| %d | %d | %.1f | %.1f | %.2f µs | %s |\n", c.Goroutines, c.Frames,
		ms(c.Open), ms(c.Walk), float64(c.Walk.Nanoseconds())/1000/float64(max(1, c.Goroutines)), mb(u.anon))
	return nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func row(w io.Writer, tool string, u usage, c counts) {
	fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %d | %d |\n",
		tool, seconds(u.cpu), seconds(u.wall), mb(u.peak), mb(u.anon), c.Goroutines, c.Frames)
}

func ratio[T ~int64](a, b T) float64 { return float64(a) / float64(max(b, 1)) }

// makeCore builds the program and has it dump core.
func makeCore(ctx context.Context, dir string, n int) (exe, corePath string, err error) {
	src := filepath.Join(dir, "main.go")
	if err := os.WriteFile(src, []byte(manyGoroutines), 0o644); err != nil {
		return "", "", err
	}
	exe = filepath.Join(dir, "many")
	build := exec.CommandContext(ctx, "go", "build", "-o", exe, src)
	build.Dir = dir
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		return "", "", fmt.Errorf("build: %w\n%s", err, out)
	}
	corePath = filepath.Join(dir, "core")
	r, err := capture.Run(ctx, []string{exe, strconv.Itoa(n)}, corePath, capture.Options{
		Env: append(os.Environ(), "GOTRACEBACK=crash"), Timeout: 10 * time.Minute,
	})
	if err != nil {
		return "", "", err
	}
	if r.Core == "" {
		return "", "", fmt.Errorf("the program left no core: exit %d, signal %d", r.Exit, r.Signal)
	}
	return exe, r.Core, nil
}

// measureSelf reads the core in child processes: what a fresh moho would cost.
func measureSelf(ctx context.Context, exe, corePath string, rounds, passes int) (usage, counts, error) {
	self, err := os.Executable()
	if err != nil {
		return usage{}, counts{}, err
	}
	var all []usage
	var found counts
	for range max(1, rounds) {
		var out bytes.Buffer
		u, err := measure(ctx, &out, self, childArg, corePath, exe, strconv.Itoa(passes))
		if err != nil {
			return usage{}, counts{}, err
		}
		if err := json.Unmarshal(out.Bytes(), &found); err != nil {
			return usage{}, counts{}, err
		}
		u.anon = max(u.anon, found.Anon)
		all = append(all, u)
	}
	slices.SortFunc(all, func(a, b usage) int { return cmp.Compare(a.cpu, b.cpu) })
	return all[len(all)/2], found, nil
}

// child reads one core completely and prints what it found.
func child(args []string) int {
	passes, _ := strconv.Atoi(args[2])
	c, err := readCore(args[0], args[1], max(1, passes))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	c.Anon = rssAnon(os.Getpid())
	json.NewEncoder(os.Stdout).Encode(c)
	return 0
}

func readCore(corePath, exe string, passes int) (c counts, err error) {
	p, err := core.Open(corePath)
	if err != nil {
		return c, err
	}
	defer p.Close()
	f, err := objfile.Open(exe)
	if err != nil {
		return c, err
	}
	defer f.Close()
	w, err := gostate.Open(p, f, gostate.Options{})
	if err != nil {
		return c, err
	}
	c.Open = cpuTime()
	for range passes {
		c.Goroutines, c.Frames, c.Users, c.Whole = 0, 0, 0, 0
		for g := range w.Goroutines() {
			c.Goroutines++
			c.Frames += len(g.Frames)
			if g.Truncated == "" {
				c.Whole++
			}
			if !g.System {
				c.Users++
			}
		}
	}
	c.Walk = (cpuTime() - c.Open) / time.Duration(passes)
	return c, nil
}

// measureCommand runs moho's own command, which prints all stacks.
func measureCommand(ctx context.Context, dir, exe, corePath string) (usage, counts, error) {
	moho := filepath.Join(dir, "moho")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", moho, "./cmd/moho").CombinedOutput(); err != nil {
		return usage{}, counts{}, fmt.Errorf("build moho: %w\n%s", err, out)
	}
	var c counts
	out := &lineCounter{count: func(line string) {
		switch {
		case strings.HasPrefix(line, "goroutine "):
			c.Goroutines++
		case strings.HasPrefix(line, "\t"), line == "", strings.HasPrefix(line, "created by "):
		default:
			c.Frames++
		}
	}}
	u, err := measure(ctx, out, moho, "core", "goroutines", corePath, exe, "--with", "stacks", "--all")
	return u, c, err
}

// gdbPatience is how long gdb may take; it lists goroutines by a script, and
// not in a core's worth of time.
const gdbPatience = 3 * time.Minute

// measureGDB adds the row of gdb, which lists goroutines without their stacks.
func measureGDB(ctx context.Context, w io.Writer, exe, corePath string) {
	const tool = "gdb `info goroutines` (no stacks)"
	root, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return
	}
	if _, err := exec.LookPath("gdb"); err != nil {
		fmt.Fprintf(w, "| %s | not installed | | | | | |\n", tool)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, gdbPatience)
	defer cancel()
	script := filepath.Join(strings.TrimSpace(string(root)), "src", "runtime", "runtime-gdb.py")
	var c counts
	out := &lineCounter{count: func(line string) {
		if f := strings.Fields(strings.TrimPrefix(line, "*")); len(f) >= 3 {
			if _, err := strconv.Atoi(f[0]); err == nil {
				c.Goroutines++
			}
		}
	}}
	u, err := measure(ctx, out, "gdb", "-nx", "-batch", "-ex", "source "+script, "-ex", "info goroutines", exe, corePath)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintf(w, "| %s | %s, given up | %s | %s | %s | %d | 0 |\n", tool, seconds(u.cpu), seconds(u.wall), mb(u.peak), mb(u.anon), c.Goroutines)
	case err != nil:
		fmt.Fprintf(w, "| %s | failed | | | | | |\n", tool)
	default:
		row(w, tool, u, c)
	}
}

func measureDelve(ctx context.Context, dlv, dir, exe, corePath string) (usage, counts, error) {
	init := filepath.Join(dir, "init")
	if err := os.WriteFile(init, []byte("goroutines -t\nexit\n"), 0o644); err != nil {
		return usage{}, counts{}, err
	}
	var c counts
	out := &lineCounter{count: func(line string) {
		switch {
		case strings.HasPrefix(line, "  Goroutine ") || strings.HasPrefix(line, "* Goroutine "):
			c.Goroutines++
		case strings.HasPrefix(strings.TrimLeft(line, "\t "), "0x") || strings.Contains(line, "  0x0"):
			c.Frames++
		}
	}}
	u, err := measure(ctx, out, dlv, "core", exe, corePath, "--allow-non-terminal-interactive", "--init", init)
	if err == nil && c.Goroutines == 0 {
		err = fmt.Errorf("dlv listed no goroutine")
	}
	return u, c, err
}

// A lineCounter calls count for each line written to it.
type lineCounter struct {
	rest  []byte
	count func(line string)
}

func (l *lineCounter) Write(b []byte) (int, error) {
	l.rest = append(l.rest, b...)
	for {
		i := bytes.IndexByte(l.rest, '\n')
		if i < 0 {
			return len(b), nil
		}
		l.count(string(l.rest[:i]))
		l.rest = l.rest[i+1:]
	}
}

// install builds a tool with the go command, once, into the user's cache.
func install(ctx context.Context, pkg string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	_, version, _ := strings.Cut(pkg, "@")
	name, _, _ := strings.Cut(pkg, "@")
	bin := filepath.Join(cache, "moho-bench", version)
	path := filepath.Join(bin, filepath.Base(name))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	cmd := exec.CommandContext(ctx, "go", "install", pkg)
	cmd.Dir = os.TempDir() // not in a module: ours has nothing to do with it
	cmd.Env = append(os.Environ(), "GOBIN="+bin, "GOFLAGS=", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go install %s: %w\n%s", pkg, err, out)
	}
	return path, nil
}
