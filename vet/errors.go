package vet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// A LoadError says that packages could not be loaded or compiled. Messages are
// those of the go command and the compiler, each once, in their order; one that
// belongs to a place in a file starts with file:line:column.
type LoadError struct {
	Messages []string
}

// Error returns the messages, one per line.
func (e *LoadError) Error() string { return strings.Join(e.Messages, "\n") }

func (e *LoadError) add(list []packages.Error) {
	for _, err := range list {
		msg := err.Msg
		if err.Pos != "" && err.Pos != "-" {
			msg = err.Pos + ": " + msg
		}
		for line := range strings.Lines(msg) {
			line = strings.TrimRight(line, "\r\n")
			if line == "" || strings.HasPrefix(line, "# ") {
				continue
			}
			if !slices.Contains(e.Messages, line) {
				e.Messages = append(e.Messages, line)
			}
		}
	}
}

// ErrNoPackages reports patterns that match no package.
var ErrNoPackages = errors.New("no packages to vet")

// noPackages says why nothing was found. A go command that can't work at all (no
// build cache, an unreadable module cache) looks like patterns that match
// nothing, since the loader drops what it says; it is asked once more.
func noPackages(ctx context.Context, opts Options, t target) error {
	cmd := exec.CommandContext(ctx, "go", append([]string{"list", "-find", "--"}, opts.Patterns...)...)
	cmd.Dir, cmd.Env = opts.Dir, environ(opts, t)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		said := strings.TrimSpace(stderr.String())
		if said == "" {
			said = err.Error()
		}
		return fmt.Errorf("go list %s: %s", strings.Join(opts.Patterns, " "), said)
	}
	return fmt.Errorf("%w: %s", ErrNoPackages, strings.Join(opts.Patterns, " "))
}
