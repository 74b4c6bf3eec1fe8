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
	Groups     int   `json:"groups"`
	Anon       int64 `json:"anon"`
}

func benchCore(ctx context.Context, w io.Writer, args []string) error {
	fs := flag.NewFlagSet("core", flag.ContinueOnError)
	n := fs.Int("n", 100_000, "goroutines in the core")
	rounds := fs.Int("rounds", 5, "runs of moho; the median counts")
	peer := fs.Bool("peer", true, "also run dlv")
	if err := fs.Parse(args); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "moho-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	exe, corePath, err := makeCore(ctx, dir, *n)
	if err != nil {
		return err
	}
	st, err := os.Stat(corePath)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "## core: every stack of %d goroutines\n\n", *n)
	fmt.Fprintf(w, "%s, %s/%s, %d CPUs, core of %s, program built by the same Go.\n\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), mb(st.Size()))
	fmt.Fprint(w, "| tool | CPU s | wall s | peak RSS | anonymous | goroutines | frames |\n|---|---|---|---|---|---|---|\n")

	ours, found, err := measureSelf(ctx, exe, corePath, *rounds)
	if err != nil {
		return err
	}
	row(w, "moho (library)", ours, found)
	if !*peer {
		return nil
	}
	dlv, err := install(ctx, delve)
	if err != nil {
		return err
	}
	theirs, seen, err := measureDelve(ctx, dlv, dir, exe, corePath)
	if err != nil {
		return err
	}
	row(w, "dlv 1.27.2 `goroutines -t`", theirs, seen)
	fmt.Fprintf(w, "\nmoho needs 1/%.0f of the CPU time and 1/%.0f of the anonymous memory.",
		ratio(theirs.cpu, ours.cpu), ratio(theirs.anon, ours.anon))
	fmt.Fprint(w, " Its resident pages are nearly all\nthose of the core, which is mapped. dlv shows at most 10 frames of a stack unless told otherwise.\n")
	return nil
}

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
func measureSelf(ctx context.Context, exe, corePath string, rounds int) (usage, counts, error) {
	self, err := os.Executable()
	if err != nil {
		return usage{}, counts{}, err
	}
	var all []usage
	var found counts
	for range max(1, rounds) {
		var out bytes.Buffer
		u, err := measure(ctx, &out, self, childArg, corePath, exe)
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
	c, err := readCore(args[0], args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	c.Anon = rssAnon(os.Getpid())
	json.NewEncoder(os.Stdout).Encode(c)
	return 0
}

func readCore(corePath, exe string) (c counts, err error) {
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
	for g := range w.Goroutines() {
		c.Goroutines++
		c.Frames += len(g.Frames)
		if g.Truncated == "" {
			c.Whole++
		}
	}
	groups, _ := w.Groups(gostate.GroupOptions{System: true})
	c.Groups = len(groups)
	return c, nil
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
