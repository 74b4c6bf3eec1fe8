package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A step is one thing that can fail. It writes what it has to say to c.out,
// which is shown at once when the step is live, otherwise when it failed.
type step struct {
	name    string
	what    string
	install bool // a set-up step: nothing after it makes sense when it fails
	long    bool // belongs to the long part
	live    bool // its output is worth watching
	run     func(context.Context, *ci) error
}

// steps are all steps in the order in which they run: what is quick and fails
// often comes first.
var steps = []step{
	{name: "packages", what: "Debian packages that the tests use", install: true, live: true, run: installPackages},
	{name: "tools", what: "Go tools of tools.mod", install: true, run: installTools},
	{name: "toolchains", what: "Go toolchains whose binaries the tests read", install: true, run: installToolchains},
	{name: "modules", what: "modules downloaded, go.mod tidy", run: checkModules},
	{name: "format", what: "gofumpt", run: checkFormat},
	{name: "vet", what: "go vet for every platform that must compile", run: checkVet},
	{name: "staticcheck", what: "staticcheck", run: checkStatic},
	{name: "self", what: "moho vet on moho", run: checkSelf},
	{name: "deps", what: "docs/deps.txt lists what moho links", run: checkDeps},
	{name: "limits", what: "docs/RATIONALE.md lists the limits that the code has", run: checkLimits},
	{name: "diagram", what: "docs/ARCHITECTURE.md shows who imports whom", run: checkDiagram},
	{name: "generate", what: "go generate changes nothing", run: checkGenerate},
	{name: "test", what: "all tests", live: true, run: testAll},
	{name: "race", what: "tests of concurrent packages under the race detector", live: true, run: testRace},
	{name: "fuzz", what: "every fuzz target for a moment", run: testFuzz},
	{name: "demo", what: "moho demo, as a newcomer runs it", run: testDemo},
	{name: "long", what: "tests that take minutes", long: true, live: true, run: testLong},
}

// ci is one run.
type ci struct {
	root   string // of the module
	bin    string // where the tools of tools.mod are built
	update bool
	env    []string
	stdout io.Writer
	out    io.Writer // of the step that runs
}

func newCI(ctx context.Context, root string, update bool) (*ci, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, fmt.Errorf("no place for tools: %w", err)
	}
	bin := filepath.Join(cache, "moho-ci", "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return nil, err
	}
	settings, err := sources(ctx, root)
	if err != nil {
		return nil, err
	}
	return &ci{
		root: root, bin: bin, update: update, stdout: os.Stdout,
		env: environment(os.Environ(), bin, settings),
	}, nil
}

type outcome struct {
	step step
	took time.Duration
	err  error
}

// runAll runs the steps and prints a summary. A failed step does not stop the
// others, unless it was a set-up step.
func (c *ci) runAll(ctx context.Context, list []step) bool {
	var done []outcome
	start := time.Now()
	for _, s := range list {
		o := c.runStep(ctx, s)
		done = append(done, o)
		if ctx.Err() != nil || o.err != nil && s.install {
			break
		}
	}
	fmt.Fprintf(c.stdout, "\n%-12s %8s\n", "step", "seconds")
	ok := true
	for _, o := range done {
		verdict := "ok"
		if o.err != nil {
			first, _, _ := strings.Cut(o.err.Error(), "\n") // the rest is above
			verdict, ok = "FAIL: "+first, false
		}
		fmt.Fprintf(c.stdout, "%-12s %8.1f  %s\n", o.step.name, o.took.Seconds(), verdict)
	}
	for _, s := range list[len(done):] {
		fmt.Fprintf(c.stdout, "%-12s %8s  NOT RUN\n", s.name, "-")
	}
	verdict := "ok"
	if !ok || len(done) < len(list) {
		verdict, ok = "FAIL", false
	}
	fmt.Fprintf(c.stdout, "%-12s %8.1f  %s\n", "total", time.Since(start).Seconds(), verdict)
	return ok
}

func (c *ci) runStep(ctx context.Context, s step) outcome {
	fmt.Fprintf(c.stdout, "=== %s: %s\n", s.name, s.what)
	var kept writer
	c.out = &kept
	if s.live {
		c.out = c.stdout
	}
	start := time.Now()
	err := s.run(ctx, c)
	o := outcome{s, time.Since(start), err}
	if err != nil {
		c.stdout.Write(kept.buf)
		fmt.Fprintf(c.stdout, "--- FAIL: %s (%.1fs): %v\n", s.name, o.took.Seconds(), err)
	} else {
		fmt.Fprintf(c.stdout, "--- ok: %s (%.1fs)\n", s.name, o.took.Seconds())
	}
	return o
}

// writer keeps what is written; it never fails.
type writer struct{ buf []byte }

func (w *writer) Write(p []byte) (int, error) {
	w.buf = append(w.buf, p...)
	return len(p), nil
}
