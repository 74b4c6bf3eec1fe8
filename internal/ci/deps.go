package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// depsTargets are the platforms whose dependencies docs/deps.txt unites.
var depsTargets = []string{"linux/amd64", "darwin/arm64", "windows/amd64"}

const depsHeader = `Packages linked into cmd/moho on ` + "%s" + `, the standard
library aside. An exclamation mark says that a package imports unsafe.
Written by: go run ./internal/ci -only deps -update

`

// checkDeps compares docs/deps.txt with what the go command says: a new
// dependency, or a new use of unsafe, shows up in review.
func checkDeps(ctx context.Context, c *ci) error {
	want, err := c.deps(ctx)
	if err != nil {
		return err
	}
	path := filepath.Join(c.root, "docs", "deps.txt")
	if c.update {
		return os.WriteFile(path, []byte(want), 0o644)
	}
	have, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if string(have) == want {
		return nil
	}
	diff(c.out, string(have), want)
	return fmt.Errorf("docs/deps.txt is stale; run go run ./internal/ci -only deps -update")
}

// deps returns the text that docs/deps.txt should have.
func (c *ci) deps(ctx context.Context) (string, error) {
	lines := map[string]bool{} // package → imports unsafe somewhere
	for _, target := range depsTargets {
		goos, goarch, _ := strings.Cut(target, "/")
		var out writer
		err := c.exec(ctx, command{
			argv: []string{"go", "list", "-deps", "-json=ImportPath,Standard,Imports,Module", "./cmd/moho"},
			env:  []string{"GOOS=" + goos, "GOARCH=" + goarch, "CGO_ENABLED=0"},
			out:  &out,
		})
		if err != nil {
			return "", err
		}
		if err := addDeps(lines, string(out.buf)); err != nil {
			return "", err
		}
	}
	return depsText(lines), nil
}

func addDeps(lines map[string]bool, list string) error {
	for dec := json.NewDecoder(strings.NewReader(list)); dec.More(); {
		var p struct {
			ImportPath string
			Standard   bool
			Imports    []string
			Module     *struct {
				Path string
				Main bool
			}
		}
		if err := dec.Decode(&p); err != nil {
			return fmt.Errorf("go list: %w", err)
		}
		if p.Standard {
			continue
		}
		name := p.ImportPath
		if p.Module != nil && p.Module.Main {
			// Ours stay the same when -module gives the tree another path.
			name = "." + strings.TrimPrefix(name, p.Module.Path)
		}
		lines[name] = lines[name] || slices.Contains(p.Imports, "unsafe")
	}
	return nil
}

func depsText(lines map[string]bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, depsHeader, strings.Join(depsTargets, ", "))
	names := make([]string, 0, len(lines))
	for name := range lines {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		mark := " "
		if lines[name] {
			mark = "!"
		}
		fmt.Fprintf(&b, "%s %s\n", mark, name)
	}
	return b.String()
}

// diff prints the lines that only one of two sorted texts has.
func diff(w io.Writer, have, want string) {
	h, n := strings.Split(have, "\n"), strings.Split(want, "\n")
	for _, line := range h {
		if !slices.Contains(n, line) {
			fmt.Fprintf(w, "-%s\n", line)
		}
	}
	for _, line := range n {
		if !slices.Contains(h, line) {
			fmt.Fprintf(w, "+%s\n", line)
		}
	}
}
