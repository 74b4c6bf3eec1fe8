package vet

import (
	"errors"
	"fmt"
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

func noPackages(opts Options) error {
	return fmt.Errorf("%w: %s", ErrNoPackages, strings.Join(opts.Patterns, " "))
}
