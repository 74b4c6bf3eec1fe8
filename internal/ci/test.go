package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// testAll runs every test. The output is go test's own, one line per package.
func testAll(ctx context.Context, c *ci) error {
	return c.do(ctx, "go", "test", "-timeout", "20m", "./...")
}

// testRace runs the quick tests of the packages that use goroutines or locks.
func testRace(ctx context.Context, c *ci) error {
	var out writer
	err := c.exec(ctx, command{argv: []string{"go", "list", "-json=ImportPath,Imports,TestGoFiles,XTestGoFiles", "./..."}, out: &out})
	if err != nil {
		return err
	}
	pkgs, err := concurrent(string(out.buf))
	if err != nil || len(pkgs) == 0 {
		return errors.Join(err, none(pkgs, "package imports sync"))
	}
	return c.do(ctx, append([]string{"go", "test", "-race", "-short", "-timeout", "10m"}, pkgs...)...)
}

// concurrent returns the packages with tests that import sync or sync/atomic.
func concurrent(list string) ([]string, error) {
	var pkgs []string
	for dec := json.NewDecoder(strings.NewReader(list)); dec.More(); {
		var p struct {
			ImportPath                         string
			Imports, TestGoFiles, XTestGoFiles []string
		}
		if err := dec.Decode(&p); err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		shares := slices.Contains(p.Imports, "sync") || slices.Contains(p.Imports, "sync/atomic")
		if shares && len(p.TestGoFiles)+len(p.XTestGoFiles) > 0 {
			pkgs = append(pkgs, p.ImportPath)
		}
	}
	return pkgs, nil
}

// fuzzTime is how long one target runs: enough to show that it works and that
// its properties hold for the seeds and their neighbours.
const fuzzTime = "3s"

// testFuzz runs every fuzz target of the tree for a moment.
func testFuzz(ctx context.Context, c *ci) error {
	targets, err := findTests(c.root, isFuzz)
	if err != nil || len(targets) == 0 {
		return errors.Join(err, none(targets, "fuzz target"))
	}
	var errs []error
	for _, t := range targets {
		errs = append(errs, fuzz(ctx, c, t))
	}
	return errors.Join(errs...)
}

// fuzz runs one target. The go command sometimes reports that its own time has
// run out as a failure of the target; a real one has an input to show.
func fuzz(ctx context.Context, c *ci, t target) error {
	var out writer
	err := c.exec(ctx, command{
		argv: []string{"go", "test", "-run", "^$", "-fuzz", "^" + t.name + "$", "-fuzztime", fuzzTime, "-fuzzminimizetime", "1x", "./" + t.dir},
		out:  io.MultiWriter(&out, c.out),
	})
	if err != nil && ctx.Err() == nil && ranOutOfTime(string(out.buf)) {
		return nil
	}
	return err
}

// ranOutOfTime reports whether the output of go test -fuzz has no other failure
// than the end of the time that it was given.
func ranOutOfTime(out string) bool {
	_, failure, found := strings.Cut(out, "--- FAIL: ")
	_, failure, _ = strings.Cut(failure, "\n")
	return found && strings.HasPrefix(strings.TrimSpace(failure), "context deadline exceeded\nFAIL\n") && !strings.Contains(out, "Failing input")
}

// testDemo runs the demonstration in a fresh copy, the way a clone is used.
func testDemo(ctx context.Context, c *ci) error {
	dir, err := os.MkdirTemp("", "moho-ci-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := copyTree(dir, c.root); err != nil {
		return err
	}
	return c.exec(ctx, command{argv: []string{"go", "run", "./cmd/moho", "demo"}, dir: dir})
}

// testLong runs the tests that call testbin.Long, with MOHO_LONG=1.
func testLong(ctx context.Context, c *ci) error {
	targets, err := findTests(c.root, callsLong)
	if err != nil || len(targets) == 0 {
		return errors.Join(err, none(targets, "test calls testbin.Long"))
	}
	byDir := map[string][]string{}
	var dirs []string
	for _, t := range targets {
		if byDir[t.dir] == nil {
			dirs = append(dirs, t.dir)
		}
		byDir[t.dir] = append(byDir[t.dir], t.name)
	}
	var errs []error
	for _, dir := range dirs {
		pattern := "^(" + strings.Join(byDir[dir], "|") + ")$"
		if slices.Contains(byDir[dir], "") { // called from a helper: any test may be long
			pattern = "."
		}
		errs = append(errs, c.exec(ctx, command{
			argv: []string{"go", "test", "-timeout", "40m", "-run", pattern, "./" + dir},
			env:  []string{"MOHO_LONG=1"},
		}))
	}
	return errors.Join(errs...)
}

// none is an error when a search that must find something found nothing: a
// check that checks nothing must not look like one that passed.
func none[T any](found []T, what string) error {
	if len(found) == 0 {
		return fmt.Errorf("no %s found", what)
	}
	return nil
}
