package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// staticcheck is the peer besides go vet, at the version that tools.mod names.
const staticcheck = "honnef.co/go/tools/cmd/staticcheck"

// vetModules are what all tools look at, tests included.
var vetModules = []string{"github.com/prometheus/prometheus@v0.55.0", "go.etcd.io/bbolt@v1.4.3"}

// A vetter is one tool; forget makes it start from nothing, and env is what it
// is run with.
type vetter struct {
	name   string
	args   []string
	env    []string
	forget func() error
}

// vetBench holds what every measurement of the area needs.
type vetBench struct {
	dir, moho, goVet, static string
}

func benchVet(ctx context.Context, w io.Writer, args []string) error {
	fs := flag.NewFlagSet("vet", flag.ContinueOnError)
	rounds := fs.Int("rounds", 3, "runs of each command; the median CPU time counts")
	peer := fs.Bool("staticcheck", true, "also run staticcheck")
	compile := fs.Bool("compile", false, "also with an empty build cache; prometheus takes minutes")
	if err := fs.Parse(args); err != nil {
		return err
	}
	b, err := newVetBench(ctx, *peer)
	if err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	fmt.Fprintf(w, "## vet: unsafe code and assembly\n\n")
	fmt.Fprintf(w, "%s, %s/%s, %d CPUs. CPU time includes the go command and what it starts; peak RSS is that of\nthe largest process. Nothing known: dependencies are compiled, the tool has seen none of the packages.\nNothing changed: the same command again. Median of %d runs by CPU time.\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), *rounds)
	fmt.Fprintf(w, "\nGoals: at most 2.0× the CPU time of go vet when nothing is known, 1.3× when nothing has changed,\n1.5 GB; less than 5 ms for a package that cannot touch raw memory.\n")
	for _, m := range vetModules {
		if err := b.module(ctx, w, m, *rounds, *compile); err != nil {
			return err
		}
	}
	return b.untouched(ctx, w, *rounds)
}

func newVetBench(ctx context.Context, peer bool) (*vetBench, error) {
	dir, err := os.MkdirTemp("", "moho-bench")
	if err != nil {
		return nil, err
	}
	b := &vetBench{dir: dir, moho: filepath.Join(dir, "moho"), goVet: filepath.Join(dir, "vet")}
	if err := build(ctx, b.moho, "./cmd/moho"); err != nil {
		return nil, err
	}
	// A copy of go vet's own tool can be made to look new to the go command,
	// which keeps its results in the build cache.
	out, err := exec.CommandContext(ctx, "go", "tool", "-n", "vet").Output()
	if err != nil {
		return nil, err
	}
	tool, err := os.ReadFile(strings.TrimSpace(string(out)))
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(b.goVet, tool, 0o777); err != nil {
		return nil, err
	}
	if peer {
		b.static = filepath.Join(dir, "bin", "staticcheck")
		if err := build(ctx, b.static, "-modfile=tools.mod", staticcheck); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// vetters returns the tools with empty memories of their own.
func (b *vetBench) vetters() []vetter {
	cache := filepath.Join(b.dir, "cache")
	list := []vetter{
		{"moho vet", []string{b.moho, "-q", "vet", "./..."}, []string{"MOHO_CACHE=" + cache}, func() error { return os.RemoveAll(cache) }},
		{"go vet", []string{"go", "vet", "-vettool=" + b.goVet, "./..."}, nil, func() error {
			// A released tool is known by its name and version.
			name := filepath.Join(b.dir, "vet-"+rand.Text())
			err := os.Rename(b.goVet, name)
			b.goVet = name
			return err
		}},
		{"go vet -vettool=moho", []string{"go", "vet", "-vettool=" + b.moho, "./..."}, nil, func() error {
			f, err := os.OpenFile(b.moho, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = io.CopyN(f, rand.Reader, 16)
			return errors.Join(err, f.Close())
		}},
	}
	if b.static != "" {
		own := filepath.Join(b.dir, "staticcheck")
		list = append(list, vetter{"staticcheck", []string{b.static, "./..."}, []string{"STATICCHECK_CACHE=" + own}, func() error { return os.RemoveAll(own) }})
	}
	return list
}

// module measures all tools on one module.
func (b *vetBench) module(ctx context.Context, w io.Writer, module string, rounds int, compile bool) error {
	src, err := downloaded(ctx, module)
	if err != nil {
		return err
	}
	dir := filepath.Join(b.dir, "src")
	if err := errors.Join(os.RemoveAll(dir), os.CopyFS(dir, os.DirFS(src))); err != nil {
		return err
	}
	for _, v := range b.vetters() { // everything that any of them needs is compiled
		if _, err := v.run(ctx, dir); err != nil {
			return err
		}
	}
	cold, warm := map[string][]usage{}, map[string][]usage{}
	for range max(rounds, 1) {
		for i, v := range b.vetters() {
			if err := v.forget(); err != nil {
				return err
			}
			v = b.vetters()[i]
			for _, into := range []map[string][]usage{cold, warm} {
				u, err := v.run(ctx, dir)
				if err != nil {
					return err
				}
				into[v.name] = append(into[v.name], u)
			}
		}
	}
	fmt.Fprintf(w, "\n**%s**\n\n| tool | state | CPU s | wall s | peak RSS | CPU beside go vet |\n|---|---|---|---|---|---|\n", module)
	b.rows(w, "nothing known", cold)
	b.rows(w, "nothing changed", warm)
	if !compile {
		return nil
	}
	empty := map[string][]usage{}
	for i, v := range b.vetters()[:2] {
		cache := filepath.Join(b.dir, "gocache")
		if err := errors.Join(v.forget(), os.RemoveAll(cache)); err != nil {
			return err
		}
		v = b.vetters()[i]
		v.env = append(v.env, "GOCACHE="+cache)
		u, err := v.run(ctx, dir)
		if err != nil {
			return err
		}
		empty[v.name] = append(empty[v.name], u)
	}
	b.rows(w, "nothing compiled", empty)
	return nil
}

func (b *vetBench) rows(w io.Writer, state string, found map[string][]usage) {
	base := median(found["go vet"])
	for _, v := range b.vetters() {
		if len(found[v.name]) == 0 {
			continue
		}
		u := median(found[v.name])
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %.2f× |\n", v.name, state, seconds(u.cpu), seconds(u.wall), mb(u.peak), ratio(u.cpu, base.cpu))
	}
}

func median(list []usage) usage {
	if len(list) == 0 {
		return usage{}
	}
	slices.SortFunc(list, func(a, b usage) int { return cmp.Compare(a.cpu, b.cpu) })
	return list[len(list)/2]
}

// run measures one run; what the tool finds is not the question.
func (v vetter) run(ctx context.Context, dir string) (usage, error) {
	u, err := measureIn(ctx, dir, append(v.env, "GOFLAGS=-mod=mod", "GOWORK=off"), v.args...)
	if e, ok := errors.AsType[*exec.ExitError](err); ok && e.ExitCode() == 1 {
		err = nil
	}
	return u, err
}

// measureIn is [measure] in a directory and with more in the environment.
func measureIn(ctx context.Context, dir string, env []string, args ...string) (usage, error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	start := time.Now()
	err := cmd.Run()
	if cmd.ProcessState == nil {
		return usage{}, err
	}
	u := usage{cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), wall: time.Since(start), peak: maxRSS(cmd.ProcessState)}
	if err != nil {
		err = fmt.Errorf("%s: %w\n%.2000s", filepath.Base(args[0]), err, stderr.String())
	}
	return u, err
}

// downloaded returns the directory of a module in the module cache.
func downloaded(ctx context.Context, module string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", module)
	cmd.Dir = os.TempDir()
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go mod download %s: %w\n%s", module, err, out)
	}
	var m struct{ Dir string }
	if err := json.Unmarshal(out, &m); err != nil {
		return "", err
	}
	return m.Dir, nil
}

// untouched measures what a package costs that cannot touch raw memory: what
// moho vet needs for many of them beyond what the go command needs to list them.
func (b *vetBench) untouched(ctx context.Context, w io.Writer, rounds int) error {
	const packages, funcs = 400, 40
	dir := filepath.Join(b.dir, "plain")
	text := func(i int) string {
		var s strings.Builder
		fmt.Fprintf(&s, "package p%d\n\nimport (\n\t\"fmt\"\n\t\"strings\"\n)\n", i)
		for f := range funcs {
			fmt.Fprintf(&s, "\nfunc F%d(a []string, n int) (s string) {\n\tfor i, x := range a {\n\t\tif i > n {\n\t\t\ts += fmt.Sprint(x, i)\n\t\t}\n\t}\n\treturn strings.ToUpper(s)\n}\n", f)
		}
		return s.String()
	}
	write := func(name, text string) error {
		return errors.Join(os.MkdirAll(filepath.Dir(name), 0o777), os.WriteFile(name, []byte(text), 0o666))
	}
	err := write(filepath.Join(dir, "go.mod"), "module plain.test\n\ngo 1.26\n")
	for i := range packages {
		err = errors.Join(err, write(filepath.Join(dir, fmt.Sprintf("p%d", i), "p.go"), text(i)))
	}
	if err != nil {
		return err
	}
	vet := vetter{"", []string{b.moho, "-q", "vet", "./..."}, []string{"MOHO_CACHE=off"}, nil}
	list := vetter{"", []string{"go", "list", "-e", "-deps", "-export", "-compiled", "-test", "-pgo=off", "-buildvcs=false", "-json=ImportPath,Imports,GoFiles,Export", "./..."}, nil, nil}
	if _, err := vet.run(ctx, dir); err != nil {
		return err
	}
	var ours, theirs []usage
	for range max(rounds, 1) * 2 {
		u, err := vet.run(ctx, dir)
		if err != nil {
			return err
		}
		v, err := list.run(ctx, dir)
		if err != nil {
			return err
		}
		ours, theirs = append(ours, u), append(theirs, v)
	}
	extra := median(ours).cpu - median(theirs).cpu
	fmt.Fprintf(w, "\nA package that cannot touch raw memory: %.2f ms of CPU time, with everything that moho vet does once\nand without any cache (%d packages of %d lines, %s s; listing them alone %s s).\n",
		float64(extra.Microseconds())/1000/packages, packages, funcs*9+6, seconds(median(ours).cpu), seconds(median(theirs).cpu))
	return nil
}
