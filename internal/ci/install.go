package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"moho/internal/testbin"
)

// A need is a program that tests run, or something that must work, and the
// Debian package that brings it.
type need struct {
	program string
	pkg     string
	works   func(context.Context, *ci) bool // nil: it is enough to be in PATH
}

// needs has every program that a test asks testbin for, Go's own tools apart.
var needs = []need{
	{program: "git", pkg: "git"},
	{program: "bash", pkg: "bash"},
	{program: "setarch", pkg: "util-linux"},
	{program: "unshare", pkg: "util-linux"},
	{program: "pgrep", pkg: "procps"},
	{program: "node", pkg: "nodejs"},
	{program: "readelf", pkg: "binutils"},
	{program: "objdump", pkg: "binutils"},
	{program: "nm", pkg: "binutils"},
	{program: "addr2line", pkg: "binutils"},
	{program: "strip", pkg: "binutils"},
	{program: "objcopy", pkg: "binutils"},
	{program: "aarch64-linux-gnu-objdump", pkg: "binutils-aarch64-linux-gnu"},
	{program: "llvm-symbolizer", pkg: "llvm"},
	{program: "llvm-dwarfdump", pkg: "llvm"},
	{program: "wasm-objdump", pkg: "wabt"},
	{program: "gzip", pkg: "gzip"},
	{program: "zstd", pkg: "zstd"},
	{program: "qemu-aarch64-static", pkg: "qemu-user-static"},
	{program: "gdb", pkg: "gdb"},
	{program: "gdb-multiarch", pkg: "gdb-multiarch"},
	{program: "gcore", pkg: "gdb"},
	{program: "gcc", pkg: "gcc"},
	{program: "lz4", pkg: "lz4"},
	{program: "the C library's headers", pkg: "libc6-dev", works: compilesC},
	{program: "the C library of arm64", pkg: "libc6-arm64-cross", works: interpretsARM64},
}

// installPackages installs what needs lacks. Without the right to, it says
// what to type.
func installPackages(ctx context.Context, c *ci) error {
	missing, programs := c.missing(ctx)
	if len(missing) == 0 {
		return nil
	}
	fmt.Fprintf(c.out, "missing: %s\n", strings.Join(programs, ", "))
	line := "apt-get install -y --no-install-recommends " + strings.Join(missing, " ")
	prefix, err := c.privilege(ctx)
	if err != nil {
		return fmt.Errorf("%s missing and %w; install by hand: apt-get update && %s",
			strings.Join(programs, ", "), err, line)
	}
	argv := append(prefix, strings.Fields(line)...)
	if !haveLists() || c.do(ctx, argv...) != nil {
		// Stale or absent lists: fetch them once, then it has to work.
		if err := c.do(ctx, append(slices.Clone(prefix), "apt-get", "update")...); err != nil {
			return err
		}
		if err := c.do(ctx, argv...); err != nil {
			return fmt.Errorf("%w; install by hand: %s", err, line)
		}
	}
	if _, still := c.missing(ctx); len(still) > 0 {
		return fmt.Errorf("%s: still missing after %s", strings.Join(still, ", "), line)
	}
	return nil
}

// missing returns the packages to install and the programs that they are for.
func (c *ci) missing(ctx context.Context) (pkgs, programs []string) {
	for _, n := range needs {
		if n.works != nil && n.works(ctx, c) {
			continue
		}
		if _, err := lookPath(n.program, c.env); n.works == nil && err == nil {
			continue
		}
		programs = append(programs, n.program)
		if !slices.Contains(pkgs, n.pkg) {
			pkgs = append(pkgs, n.pkg)
		}
	}
	return pkgs, programs
}

// privilege returns what to write in front of apt-get.
func (c *ci) privilege(ctx context.Context) ([]string, error) {
	if _, err := lookPath("apt-get", c.env); err != nil {
		return nil, errors.New("there is no apt-get")
	}
	// sudo resets the environment, so this goes on the command line.
	env := []string{"env", "DEBIAN_FRONTEND=noninteractive"}
	if os.Geteuid() == 0 {
		return env, nil
	}
	if sudo, err := lookPath("sudo", c.env); err == nil && exec.CommandContext(ctx, sudo, "-n", "true").Run() == nil {
		return append([]string{"sudo", "-n"}, env...), nil
	}
	return nil, errors.New("neither root nor sudo without a password")
}

// haveLists reports whether apt knows any package: images come without lists.
func haveLists() bool {
	lists, _ := filepath.Glob("/var/lib/apt/lists/*_Packages*")
	return len(lists) > 0
}

// compilesC reports whether a C program that needs headers links.
func compilesC(ctx context.Context, c *ci) bool {
	gcc, err := lookPath("gcc", c.env)
	if err != nil {
		return false
	}
	p := exec.CommandContext(ctx, gcc, "-x", "c", "-", "-lpthread", "-o", os.DevNull)
	p.Stdin = strings.NewReader("#include <stdio.h>\n#include <pthread.h>\nint main(void) { return puts(\"\") < 0; }\n")
	return p.Run() == nil
}

// interpretsARM64 reports whether the interpreter that position independent
// programs of arm64 name is under the root that tests give to qemu.
func interpretsARM64(ctx context.Context, c *ci) bool {
	qemu, err := lookPath("qemu-aarch64-static", c.env)
	if err != nil {
		return false
	}
	return exec.CommandContext(ctx, qemu, "/usr/aarch64-linux-gnu/lib/ld-linux-aarch64.so.1", "--version").Run() == nil
}

// installTools builds the tools of tools.mod into the directory that is first
// in PATH.
func installTools(ctx context.Context, c *ci) error {
	list, err := c.output(ctx, "go", "list", "-modfile=tools.mod", "-f", "{{.ImportPath}}", "tool")
	if err != nil {
		return err
	}
	tools := strings.Fields(list)
	if len(tools) == 0 {
		return errors.New("tools.mod names no tool")
	}
	argv := append([]string{"go", "build", "-modfile=tools.mod", "-o", c.bin + string(filepath.Separator)}, tools...)
	return c.exec(ctx, command{argv: argv, env: []string{"CGO_ENABLED=0"}})
}

// installToolchains has go download the releases whose binaries and cores the
// tests read.
func installToolchains(ctx context.Context, c *ci) error {
	dir, err := os.MkdirTemp("", "moho-ci-") // outside the module: its go line does not bind an old toolchain
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for _, release := range slices.Concat(testbin.Old, testbin.Releases) {
		version := "go" + release
		var out writer
		err := c.exec(ctx, command{
			argv: []string{"go", "version"}, dir: dir, out: io.MultiWriter(&out, c.out),
			// The oldest do not know flags that ours, or those of the go env file, have.
			env: []string{"GOTOOLCHAIN=" + version, "GOENV=off", "GOFLAGS="},
		})
		if err != nil {
			return fmt.Errorf("toolchain %s: %w", version, err)
		}
		if !strings.Contains(string(out.buf), version+" ") {
			return fmt.Errorf("toolchain %s: go version says %q", version, out.buf)
		}
	}
	return nil
}
