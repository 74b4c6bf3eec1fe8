package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// dropped are the variables of the caller that would change what is checked.
var dropped = []string{
	"GOFLAGS", "GOOS", "GOARCH", "GOAMD64", "GOARM64", "GOWORK", "GOEXPERIMENT", "GODEBUG",
	"GOTRACEBACK", "GOGC", "GOMEMLIMIT", "GO111MODULE", "GOROOT", "LANGUAGE", "LANG",
}

// environment returns what child processes see: the caller's variables without
// those that would change the answers, the tools' directory first in PATH, and
// MOHO_CI, under which a test fails where it would skip.
//
// settings are what go env says about where modules come from. They go into the
// environment because children that ignore the user's go env file (GOENV=off)
// need them too.
//
// -buildvcs=false, because git refuses to describe a checkout that belongs to
// somebody else, which is the rule in containers.
func environment(caller []string, bin string, settings map[string]string) []string {
	var env []string
	path := ""
	for _, kv := range caller {
		name, value, _ := strings.Cut(kv, "=")
		switch {
		case name == "PATH":
			path = value
		case slices.Contains(dropped, name), strings.HasPrefix(name, "CGO_"),
			strings.HasPrefix(name, "MOHO_"), strings.HasPrefix(name, "LC_"):
		default:
			env = append(env, kv)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		if settings[name] != "" {
			env = append(env, name+"="+settings[name])
		}
	}
	return append(env,
		"PATH="+bin+string(os.PathListSeparator)+path,
		"GOFLAGS=-buildvcs=false", "LC_ALL=C", "MOHO_CI=1")
}

// sources asks go env where modules, toolchains and build results are.
func sources(ctx context.Context, root string) (map[string]string, error) {
	cmd := exec.CommandContext(ctx, "go", "env", "-json",
		"GOPROXY", "GOSUMDB", "GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOINSECURE", "GOPATH", "GOMODCACHE", "GOCACHE")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	settings := map[string]string{}
	if err := json.Unmarshal(out, &settings); err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	return settings, nil
}

// command is a process to run in the module's root.
type command struct {
	env  []string // on top of the step's
	dir  string   // instead of the root
	out  io.Writer
	argv []string
}

// do runs a command with its output going to the step's.
func (c *ci) do(ctx context.Context, argv ...string) error {
	return c.exec(ctx, command{argv: argv})
}

// output runs a command and returns its standard output.
func (c *ci) output(ctx context.Context, argv ...string) (string, error) {
	var out bytes.Buffer
	err := c.exec(ctx, command{argv: argv, out: &out})
	return strings.TrimSpace(out.String()), err
}

func (c *ci) exec(ctx context.Context, cmd command) error {
	// PATH of the child, not ours: a tool that this run installed is found.
	path, err := lookPath(cmd.argv[0], c.env)
	if err != nil {
		return err
	}
	p := exec.CommandContext(ctx, path, cmd.argv[1:]...)
	p.Dir = c.root
	if cmd.dir != "" {
		p.Dir = cmd.dir
	}
	p.Env = append(slices.Clone(c.env), cmd.env...)
	p.Stdout, p.Stderr = c.out, c.out
	if cmd.out != nil {
		p.Stdout = cmd.out
	}
	if err := p.Run(); err != nil {
		words := cmd.argv[:min(len(cmd.argv), 4)]
		return fmt.Errorf("%s: %w", strings.Join(slices.Concat(cmd.env, words), " "), err)
	}
	return nil
}

// lookPath finds a program in the PATH of env.
func lookPath(name string, env []string) (string, error) {
	if strings.ContainsRune(name, filepath.Separator) {
		return name, nil
	}
	for _, kv := range slices.Backward(env) {
		path, ok := strings.CutPrefix(kv, "PATH=")
		if !ok {
			continue
		}
		for _, dir := range filepath.SplitList(path) {
			if found, err := exec.LookPath(filepath.Join(dir, name)); err == nil && filepath.IsAbs(found) {
				return found, nil
			}
		}
		break
	}
	return "", fmt.Errorf("%s: not found in PATH", name)
}

// moduleRoot returns the directory of the go.mod that the working directory belongs to.
func moduleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	mod := strings.TrimSpace(string(out))
	if mod == "" || mod == os.DevNull {
		return "", fmt.Errorf("not inside a module")
	}
	return filepath.Dir(mod), nil
}
