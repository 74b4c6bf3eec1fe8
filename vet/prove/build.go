package prove

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"moho/vet/prove/internal/rewrite"
)

// build makes the instrumented binary of p in dir and returns its path. Errors
// are in the compiler's words.
func (r *runner) build(ctx context.Context, p *program, dir string) (string, error) {
	out := filepath.Join(dir, p.name())
	var args []string
	if p.test {
		args = []string{"test", "-c", "-vet=off"}
	} else {
		args = []string{"build"}
	}
	args = append(args, "-o", out,
		"-overlay", r.tool.overlay.File,
		"-toolexec", quoteFlag(r.opts.Tool),
		"-gcflags=all=-d=checkptr=2",
		"-trimpath=false", "-race=false", "-cover=false",
	)
	if p.cgo {
		// The internal linker knows too little C for what is added to runtime/cgo.
		args = append(args, "-ldflags=-linkmode=external")
	}
	if len(r.opts.Tags) > 0 {
		args = append(args, "-tags="+strings.Join(r.opts.Tags, ","))
	}
	args = append(args, p.pkg.ImportPath)
	cmd := r.tool.command(ctx, r.opts.Dir, args...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", fmt.Errorf("%s", firstLines(said.String(), 12, err.Error()))
	}
	for line := range strings.Lines(said.String()) {
		if what, ok := strings.CutPrefix(strings.TrimSpace(line), rewrite.Skipped); ok {
			pkg, why, _ := strings.Cut(what, ": ")
			if !r.unwatched[pkg] {
				r.unwatched[pkg] = true
				r.gap("a package that could not be rewritten", pkg, why)
			}
		}
	}
	if _, err := os.Stat(out); err != nil {
		return "", fmt.Errorf("go test -c made no binary: %s", firstLines(said.String(), 3, "no test files"))
	}
	return out, nil
}

// quoteFlag quotes a path for a flag that the go command splits at spaces.
func quoteFlag(path string) string {
	if !strings.ContainsAny(path, " \t\n'\"") {
		return path
	}
	if !strings.Contains(path, "'") {
		return "'" + path + "'"
	}
	return `"` + path + `"`
}

func firstLines(s string, n int, otherwise string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return otherwise
	}
	lines := strings.Split(s, "\n")
	if len(lines) > n {
		lines = append(lines[:n], fmt.Sprintf("… %d more lines", len(lines)-n))
	}
	return strings.Join(lines, "\n")
}
