package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"moho/internal/house"
)

func checkModules(ctx context.Context, c *ci) error {
	if err := c.do(ctx, "go", "mod", "download"); err != nil {
		return err
	}
	return c.do(ctx, "go", "mod", "tidy", "-diff")
}

// checkFormat asks gofumpt about every Go file that git knows or would add.
func checkFormat(ctx context.Context, c *ci) error {
	files, err := c.goFiles()
	if err != nil {
		return err
	}
	bad, err := c.output(ctx, append([]string{"gofumpt", "-l"}, files...)...)
	if err != nil {
		return err
	}
	if bad != "" {
		fmt.Fprintln(c.out, bad)
		return fmt.Errorf("%d files are not formatted; run go tool -modfile=tools.mod gofumpt -w on them", len(strings.Fields(bad)))
	}
	return nil
}

// goFiles returns the Go files of the tree, without what Go's own patterns
// leave out, but with the fixtures in testdata that compile.
func (c *ci) goFiles() ([]string, error) {
	var files []string
	err := filepath.WalkDir(c.root, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && path != c.root && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" || name == "dist") {
			return filepath.SkipDir
		}
		if !d.IsDir() && strings.HasSuffix(name, ".go") {
			rel, err := filepath.Rel(c.root, path)
			if err != nil {
				return err
			}
			files = append(files, rel)
		}
		return nil
	})
	return files, err
}

// hosts are where moho runs; browsers are where only its foundation must compile.
var (
	hosts    = []string{"linux/amd64", "linux/arm64", "darwin/arm64", "windows/amd64"}
	browsers = []string{"js/wasm", "wasip1/wasm"}
)

func checkVet(ctx context.Context, c *ci) error {
	var rooms []string
	for _, room := range house.Foundation {
		if _, err := os.Stat(filepath.Join(c.root, room)); err == nil {
			rooms = append(rooms, "./"+room+"/...")
		}
	}
	var errs []error
	vet := func(target string, patterns []string) {
		goos, goarch, _ := strings.Cut(target, "/")
		errs = append(errs, c.exec(ctx, command{
			argv: append([]string{"go", "vet"}, patterns...),
			env:  []string{"GOOS=" + goos, "GOARCH=" + goarch, "CGO_ENABLED=0"},
		}))
	}
	for _, target := range hosts {
		vet(target, []string{"./..."})
	}
	for _, target := range browsers {
		vet(target, rooms)
	}
	return errors.Join(errs...)
}

func checkStatic(ctx context.Context, c *ci) error {
	return c.do(ctx, "staticcheck", "./...")
}

// checkSelf runs moho's own rules over moho. The examples have a hazard each, on
// purpose; there the rules must find something.
func checkSelf(ctx context.Context, c *ci) error {
	dir, err := os.MkdirTemp("", "moho-ci-self-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	moho := filepath.Join(dir, "moho")
	if err := c.do(ctx, "go", "build", "-o", moho, "./cmd/moho"); err != nil {
		return err
	}
	list, err := c.output(ctx, "go", "list", "-f", "{{.Dir}}", "./...")
	if err != nil {
		return err
	}
	var clean, hazards []string
	for dir := range strings.SplitSeq(list, "\n") {
		rel, err := filepath.Rel(c.root, dir)
		if err != nil {
			return err
		}
		pattern := "./" + filepath.ToSlash(rel)
		if strings.HasPrefix(pattern, "./examples/") {
			hazards = append(hazards, pattern)
		} else {
			clean = append(clean, pattern)
		}
	}
	errs := []error{c.do(ctx, append([]string{moho, "vet"}, clean...)...)}
	for _, pattern := range hazards {
		err := c.do(ctx, moho, "vet", pattern)
		if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 1 {
			errs = append(errs, fmt.Errorf("moho vet %s: %v, want exit status 1 for its hazard", pattern, err))
		}
	}
	return errors.Join(errs...)
}
