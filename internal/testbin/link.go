package testbin

import (
	"maps"
	"path/filepath"
	"testing"
)

// Link builds the program into a directory of the test and returns its path,
// what the tools printed, which with a flag for the linker in c is what that
// asked for, and whether they refused. It is not kept: what is printed comes
// from linking.
func Link(tb testing.TB, src Source, c Config) (path, printed string, err error) {
	tb.Helper()
	c = c.filled()
	files := maps.Clone(src)
	if _, ok := files["go.mod"]; !ok {
		files["go.mod"] = "module testprog\n\ngo " + language(Toolchain(tb, c.Go)) + "\n"
	}
	path = filepath.Join(tb.TempDir(), "testprog.out")
	b, err := tryCompile(tb, files, c, path)
	return path, string(b), err
}
