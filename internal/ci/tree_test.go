package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"moho/internal/testbin"
)

// TestRewrittenTreeBuilds: the whole tree under another path still compiles,
// tests included, and keeps to the house's rules.
func TestRewrittenTreeBuilds(t *testing.T) {
	testbin.Long(t)
	root := t.TempDir()
	if err := copyTree(root, filepath.Join("..", "..")); err != nil {
		t.Fatal(err)
	}
	if err := rewriteModule(root, "example.org/deep/moho"); err != nil {
		t.Fatal(err)
	}
	for _, argv := range [][]string{
		{"go", "build", "./..."},
		{"go", "vet", "./..."},
		{"go", "test", "./internal/house"},
		{"go", "run", "./cmd/moho", "help"},
	} {
		cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
		cmd.Dir = root
		cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-buildvcs=false")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", strings.Join(argv, " "), err, out)
		}
	}
}
