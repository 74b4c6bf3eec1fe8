package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"moho/arch"
	"moho/internal/cli"
)

// asmTargets compiles a package for one or two targets and shows a function of it.
func (a *app) asmTargets(cmd *cobra.Command, pkg string, af asmFlags) error {
	switch {
	case af.fn == "":
		return usage(cmd, fmt.Errorf("--targets shows one function: name it with -f"))
	case len(af.targets) > 2:
		return usage(cmd, fmt.Errorf("--targets %s: one target or two", strings.Join(af.targets, ",")))
	}
	for _, target := range af.targets { // before anything is compiled
		goos, goarch, ok := strings.Cut(target, "/")
		if !ok || goos == "" || goarch == "" || strings.ContainsAny(target, " \t") {
			return usage(cmd, fmt.Errorf("--targets %s: want GOOS/GOARCH", target))
		}
		if arch.ByName(goarch) == nil {
			return usage(cmd, fmt.Errorf("--targets %s: code of %s is not read; amd64, arm64 and wasm are", target, goarch))
		}
	}
	dir, err := os.MkdirTemp("", "moho-asm")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	progress := a.ui.Progress()
	defer progress.Stop()
	var bins []string
	for _, target := range af.targets {
		goos, goarch, _ := strings.Cut(target, "/")
		progress.Phase("build %s for %s", pkg, target)
		out := filepath.Join(dir, goos+"_"+goarch)
		if err := buildFor(cmd.Context(), pkg, out, goos, goarch); err != nil {
			if fi, statErr := os.Stat(pkg); statErr == nil && fi.Mode().IsRegular() {
				return cli.WithHints(err, "--targets compiles a package, such as . or ./cmd/app, and "+pkg+" is a file")
			}
			return err
		}
		bins = append(bins, out)
	}
	progress.Stop()
	p, err := openProgram(bins[0], "")
	if err != nil {
		return err
	}
	defer p.Close()
	if len(bins) == 2 {
		return a.asmPair(p, bins[1], af)
	}
	return a.asmFuncs(cmd.Context(), p, af)
}

// buildFor compiles a command, or the tests of another package: a program of
// some kind is needed, because only the linker gives code its final form.
func buildFor(ctx context.Context, pkg, out, goos, goarch string) error {
	goCmd := func(args ...string) ([]byte, error) {
		c := exec.CommandContext(ctx, "go", args...)
		c.Env = append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0")
		text, err := c.CombinedOutput()
		if err != nil {
			err = fmt.Errorf("go %s for %s/%s: %w\n%s", args[0], goos, goarch, err, text)
		}
		return text, err
	}
	name, err := goCmd("list", "-f", "{{.Name}}", pkg)
	if err != nil {
		return err
	}
	if strings.TrimSpace(string(name)) == "main" {
		_, err := goCmd("build", "-trimpath", "-o", out, pkg)
		return err
	}
	if _, err := goCmd("test", "-c", "-trimpath", "-o", out, pkg); err != nil {
		return err
	}
	if _, err := os.Stat(out); err != nil {
		return cli.WithHints(fmt.Errorf("%s is no command and has no tests: there is nothing to link it into", pkg),
			"give a command that uses it")
	}
	return nil
}
