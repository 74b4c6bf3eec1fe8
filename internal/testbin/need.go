package testbin

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Releases are the Go releases whose binaries are read, the oldest first: the
// last patch of each minor release.
var Releases = []string{
	"1.18.10", "1.19.13", "1.20.14", "1.21.13", "1.22.12", "1.23.12", "1.24.13", "1.25.12", "1.26.8", "1.27.3",
}

// Old are releases before those: their tables are read, their processes and
// their generics, which there are not, are not. Programs for them need a go.mod
// only.
var Old = []string{"1.16.15", "1.17.13"}

// Recent returns the releases that are tested in the short part too.
func Recent() []string { return Releases[3:] }

// NeedTool ends the test unless all the programs are in PATH: it skips, and
// under MOHO_CI=1, where nothing may be left out silently, fails by name.
func NeedTool(tb testing.TB, names ...string) {
	tb.Helper()
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			Missing(tb, "needs "+name+", which is not in PATH")
		}
	}
}

// Missing ends the test because the machine lacks something: it skips, and fails
// under MOHO_CI=1.
func Missing(tb testing.TB, what string) {
	tb.Helper()
	if os.Getenv("MOHO_CI") == "1" {
		tb.Fatal(what)
	}
	tb.Skip(what)
}

// Long skips the test unless MOHO_LONG=1.
func Long(tb testing.TB) {
	tb.Helper()
	if !IsLong() {
		tb.Skip("part of the long run: set MOHO_LONG=1")
	}
}

// IsLong reports whether the long part runs.
func IsLong() bool { return os.Getenv("MOHO_LONG") == "1" }

// Run returns what a tool prints on stdout; the test fails if it exits non-zero.
func Run(tb testing.TB, name string, args ...string) string {
	tb.Helper()
	return RunInput(tb, "", name, args...)
}

// RunInput is Run with text on stdin. The locale is C: output is parsed.
func RunInput(tb testing.TB, stdin, name string, args ...string) string {
	tb.Helper()
	NeedTool(tb, name)
	var stderr strings.Builder
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "GOFLAGS=", "GOENV=off")
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		tb.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, stderr.String())
	}
	return string(out)
}

// Serial skips a test that takes long and has one goroutine when the race
// detector is on: there is nothing for it to see, and it makes the test ten
// times as slow.
func Serial(tb testing.TB) {
	tb.Helper()
	if RaceDetector {
		tb.Skip("one goroutine: the race detector has nothing to look at")
	}
}
