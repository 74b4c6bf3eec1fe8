package gostate_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"moho/core"
	"moho/core/coretest"
	"moho/gostate"
	"moho/internal/testbin"
	"moho/objfile"
)

// releases are the Go releases whose cores are read.
var releases = []string{"1.24.13", "1.25.12", "1.26.8", "1.27.3"}

var modes = []testbin.Mode{testbin.Plain, testbin.Stripped, testbin.PIE, testbin.External}

// zoo builds testdata/src/zoo.
func zoo(tb testing.TB, c testbin.Config) string {
	tb.Helper()
	return testbin.Build(tb, testbin.Dir(tb, filepath.Join("testdata", "src", "zoo")), c)
}

// crash runs a program with GOTRACEBACK=crash until it dies and returns the
// core that the kernel wrote and what the program said.
func crash(tb testing.TB, exe string, args ...string) (corePath, stderr string) {
	tb.Helper()
	return crashAfter(tb, "", exe, args...)
}

// crashAfter is crash after some shell commands, which end in a semicolon.
func crashAfter(tb testing.TB, shell, exe string, args ...string) (corePath, stderr string) {
	tb.Helper()
	coretest.NeedKernelCores(tb)
	ctx, cancel := context.WithTimeout(tb.Context(), time.Minute)
	defer cancel()
	dir := tb.TempDir()
	cmd := exec.CommandContext(ctx, "sh", append([]string{"-c", shell + `ulimit -c unlimited; exec "$0" "$@"`, exe}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOTRACEBACK=crash", "GOMAXPROCS=4")
	var buf bytes.Buffer
	cmd.Stderr = &buf
	cmd.Run() // it dies; whether as it should, the core shows
	files, _ := filepath.Glob(filepath.Join(dir, "core*"))
	if len(files) != 1 {
		tb.Fatalf("no core: %v\n%s", files, buf.String())
	}
	return files[0], buf.String()
}

// plainTraceback returns what the zoo prints of all goroutines by default.
func plainTraceback(tb testing.TB, exe string) string {
	tb.Helper()
	cmd := exec.CommandContext(tb.Context(), exe, "nil")
	cmd.Env = append(os.Environ(), "GOTRACEBACK=all")
	var buf bytes.Buffer
	cmd.Stderr = &buf
	cmd.Run()
	return buf.String()
}

// open opens a core with its executable.
func open(tb testing.TB, corePath, exe string) *gostate.World {
	tb.Helper()
	p, err := core.Open(corePath)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { p.Close() })
	var f *objfile.File
	if exe != "" {
		if f, err = objfile.Open(exe); err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { f.Close() })
	}
	w, err := gostate.Open(p, f, gostate.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	return w
}
