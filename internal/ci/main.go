// Command ci is what has to pass before a change is taken: it sets up what the
// checks need on a fresh Debian or Ubuntu machine with Go and git, then runs
// every check and every test.
//
//	go run ./internal/ci                  everything, the long part included
//	go run ./internal/ci -short           without the long part
//	go run ./internal/ci -install-only    set up and stop
//	go run ./internal/ci -only STEP,…     these steps alone
//	go run ./internal/ci -only deps -update
//	go run ./internal/ci -module PATH     give the module another path
//
// Nothing is skipped silently. A missing tool is installed or fails the check
// by its name; tests that skip on a developer's machine fail here (MOHO_CI=1).
//
// The checks run with their own Go environment: GOFLAGS, GOOS, GOARCH, GOWORK,
// GOEXPERIMENT, GODEBUG, CGO_* and MOHO_* of the caller do not reach them.
// Where modules come from (GOPROXY, GOSUMDB, GOMODCACHE, …), GOCACHE and
// GOTOOLCHAIN stay the caller's.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	fs := flag.NewFlagSet("ci", flag.ContinueOnError)
	short := fs.Bool("short", false, "leave out the long part")
	installOnly := fs.Bool("install-only", false, "set up what the checks need and stop")
	only := fs.String("only", "", "run these `steps` alone, separated by commas")
	update := fs.Bool("update", false, "write generated files instead of comparing them")
	module := fs.String("module", "", "rewrite the module and its imports to this `path`")
	if err := fs.Parse(args); err != nil {
		return 2
	}
	if fs.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "ci: unexpected argument %q\n", fs.Arg(0))
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	root, err := moduleRoot(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "ci:", err)
		return 1
	}
	if *module != "" {
		if err := rewriteModule(root, *module); err != nil {
			fmt.Fprintln(os.Stderr, "ci: -module:", err)
			return 1
		}
		return 0
	}

	c, err := newCI(ctx, root, *update)
	if err != nil {
		fmt.Fprintln(os.Stderr, "ci:", err)
		return 1
	}
	list, err := choose(steps, *only, *installOnly, *short)
	if err != nil {
		fmt.Fprintln(os.Stderr, "ci:", err)
		return 2
	}
	if c.runAll(ctx, list) {
		return 0
	}
	return 1
}

// choose returns the steps that the flags ask for, in their fixed order.
func choose(all []step, only string, installOnly, short bool) ([]step, error) {
	if only != "" {
		return named(all, strings.Split(only, ","))
	}
	return slices.DeleteFunc(slices.Clone(all), func(s step) bool {
		return installOnly && !s.install || short && s.long
	}), nil
}

func named(all []step, names []string) ([]step, error) {
	var known []string
	for _, s := range all {
		known = append(known, s.name)
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("no step %q; there are %s", name, strings.Join(known, ", "))
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(s step) bool { return !slices.Contains(names, s.name) }), nil
}
