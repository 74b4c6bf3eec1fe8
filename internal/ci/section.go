package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A section is a part of a document that is taken from the code. It stands
// between two comment lines that name the step which writes it.
type section struct{ file, step string }

func (s section) begin() string {
	return "<!-- written by go run ./internal/ci -only " + s.step + " -update -->\n"
}

func (s section) end() string { return "<!-- end of " + s.step + " -->\n" }

// check compares the section with the text that it should have, or writes it.
func (s section) check(c *ci, want string) error {
	path := filepath.Join(c.root, filepath.FromSlash(s.file))
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), s.begin())
	have, after, ok2 := strings.Cut(rest, s.end())
	switch {
	case !ok || !ok2:
		return fmt.Errorf("%s has no section between %q and %q", s.file, s.begin(), s.end())
	case have == want:
		return nil
	case c.update:
		return os.WriteFile(path, []byte(before+s.begin()+want+s.end()+after), 0o644)
	}
	diff(c.out, have, want)
	return fmt.Errorf("the %s in %s are stale; run go run ./internal/ci -only %s -update", s.step, s.file, s.step)
}
