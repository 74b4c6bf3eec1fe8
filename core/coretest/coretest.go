//go:build linux

// Package coretest makes cores for tests: by the kernel, by core/capture and by
// gcore. Each gives the path of the core and what the program printed.
//
// # Untrusted input
//
// None: it runs moho's own test programs.
//
// # Compatibility
//
// For moho's tests.
package coretest

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"moho/core/capture"
	"moho/internal/testbin"
)

// A Maker runs a program until it has a core of it.
type Maker func(tb testing.TB, env []string, argv ...string) (core, output string)

// Makers are all that there are, by name. The programs that gcore takes are
// those that print a line "ready" and wait.
var Makers = map[string]Maker{"kernel": Kernel, "capture": Captured, "gcore": Gcore}

// NeedKernelCores ends the test where the kernel does not write cores into the
// working directory: it skips, or fails under MOHO_CI=1.
func NeedKernelCores(tb testing.TB) {
	tb.Helper()
	pattern, err := os.ReadFile("/proc/sys/kernel/core_pattern")
	if err != nil {
		tb.Fatal(err)
	}
	if strings.ContainsAny(string(pattern), "|/") {
		what := fmt.Sprintf("needs a kernel that writes cores into the working directory; kernel.core_pattern is %q", bytes.TrimSpace(pattern))
		if os.Getenv("MOHO_CI") == "1" {
			tb.Fatal(what)
		}
		tb.Skip(what)
	}
}

// Kernel lets the kernel write the core.
func Kernel(tb testing.TB, env []string, argv ...string) (core, output string) {
	tb.Helper()
	NeedKernelCores(tb)
	dir := tb.TempDir()
	ctx, cancel := context.WithTimeout(tb.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", append([]string{"-c", `ulimit -c unlimited && exec "$0" "$@"`}, argv...)...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err == nil {
		tb.Fatalf("%v exited\n%s", argv, out.String())
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		tb.Fatalf("%v: %d files beside it, want a core (err %v)\n%s", argv, len(files), err, out.String())
	}
	return filepath.Join(dir, files[0].Name()), out.String()
}

// Captured lets core/capture write the core.
func Captured(tb testing.TB, env []string, argv ...string) (core, output string) {
	tb.Helper()
	var out bytes.Buffer
	core = filepath.Join(tb.TempDir(), "core")
	r, err := capture.Run(tb.Context(), argv, core, capture.Options{
		Env: append(os.Environ(), env...), Stdout: &out, Stderr: &out, Timeout: time.Minute,
	})
	if err != nil {
		tb.Fatalf("%v: %v\n%s", argv, err, out.String())
	}
	if r.Core == "" {
		tb.Fatalf("%v: no core: %+v\n%s", argv, r, out.String())
	}
	return core, out.String()
}

// Gcore takes a core of a program that has printed "ready".
func Gcore(tb testing.TB, env []string, argv ...string) (core, output string) {
	tb.Helper()
	testbin.NeedTool(tb, "gcore")
	ctx, cancel := context.WithTimeout(tb.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), env...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	defer stdin.Close()
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	defer func() {
		cmd.Process.Kill()
		cmd.Wait()
	}()
	sc := bufio.NewScanner(stdout)
	for sc.Scan() && sc.Text() != "ready" {
		output += sc.Text() + "\n"
	}
	prefix := filepath.Join(tb.TempDir(), "core")
	if b, err := exec.CommandContext(ctx, "gcore", "-o", prefix, fmt.Sprint(cmd.Process.Pid)).CombinedOutput(); err != nil {
		tb.Fatalf("gcore: %v\n%s", err, b)
	}
	return fmt.Sprintf("%s.%d", prefix, cmd.Process.Pid), output
}
