package build

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"moho/evidence"
	"moho/goenv"
	"moho/inspect"
	"moho/objfile"
	"moho/policy/target"
)

// together is how many targets are built at once. The compiler fills all cores
// by itself; what leaves some idle is the linker.
const together = 2

// buildAll builds every target. The first error ends the others.
func (j *job) buildAll(ctx context.Context, cancel context.CancelCauseFunc) error {
	slots := make(chan struct{}, together)
	var mu sync.Mutex // for progress
	var wg sync.WaitGroup
	for _, t := range j.plan {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			mu.Lock()
			j.progress("build "+t.want.Target.String(), false)
			mu.Unlock()
			if err := j.buildTarget(ctx, t); err != nil {
				cancel(err)
				return
			}
			mu.Lock()
			j.progress("built "+t.want.Target.String(), true)
			mu.Unlock()
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// buildTarget compiles and links all commands for one target and looks at them.
func (j *job) buildTarget(ctx context.Context, t *targetJob) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	dir := filepath.Join(j.work, dirName(t.want.Target))
	if err := os.Mkdir(dir, 0o777); err != nil {
		return fmt.Errorf("output: %w", err)
	}
	flags := []string{"build"}
	if m := t.want.BuildMode; m != "" {
		flags = append(flags, "-buildmode="+m)
	}
	if j.base.Tags != "" {
		flags = append(flags, "-tags="+j.base.Tags)
	}
	if l := j.policy.LinkerFlags(); l != "" {
		flags = append(flags, "-ldflags="+l)
	}
	start := time.Now()
	// Without main packages go build compiles, and writes nothing.
	what := append([]string{"--"}, t.libraries...)
	run, say := what, what
	if len(t.packages) > 0 {
		what = append([]string{"--"}, t.packages...)
		run = slices.Concat([]string{"-o", dir + string(filepath.Separator)}, what)
		say = slices.Concat([]string{"-o", dirName(t.want.Target) + "/"}, what)
	}
	_, warnings, err := j.goCommand(ctx, j.module, t.env, slices.Concat(flags, run)...)
	if err != nil {
		return err
	}
	t.command = evidence.Command{
		Argv:     slices.Concat([]string{"go"}, flags, say),
		Env:      j.base.Recorded(t.env),
		Seconds:  time.Since(start).Seconds(),
		Warnings: warnings,
	}
	for _, p := range t.packages {
		if err := j.look(t, dir, p); err != nil {
			return fmt.Errorf("%s for %s: %w", p, t.want.Target, err)
		}
	}
	return nil
}

// look inspects the command that was built from package pkg.
func (j *job) look(t *targetJob, dir, pkg string) error {
	name := exeName(pkg)
	made := filepath.Join(dir, name)
	if t.want.Target.GOOS == "windows" {
		made += ".exe"
	}
	a := evidence.Artifact{Name: t.want.Target.Exe(name), Package: pkg, Target: t.want.Target.String()}
	f, err := objfile.Open(made)
	if err != nil {
		return fmt.Errorf("go build exited with 0, but there is no executable: %w", err)
	}
	defer f.Close()
	a.Size = f.Size()
	a.Binary, _ = inspect.Binary(f)
	id := f.BuildID()
	a.GoBuildID, a.GNUBuildID = id.Go, id.GNU
	if bi, err := f.BuildInfo(); err == nil {
		t.deps = append(t.deps, inspect.Dependencies(bi)...)
	}
	if v, _, _ := strings.Cut(a.Binary.Go, " "); v != "" && v != j.base.Toolchain.Version {
		return fmt.Errorf("built by %s, the pinned toolchain is %s", v, j.base.Toolchain.Version)
	}
	a.Checks = j.policy.Judge(a)
	paths, err := j.checkPaths(f)
	if err != nil {
		return err
	}
	a.Checks = append(a.Checks, paths)
	t.artifacts = append(t.artifacts, a)
	t.files[pkg] = made
	return nil
}

// dirName is the directory of a target's commands.
func dirName(t target.Target) string { return t.GOOS + "_" + t.GOARCH }

// goCommand runs the go command and returns its output and the lines it wrote
// to standard error.
func (j *job) goCommand(ctx context.Context, dir string, env []string, args ...string) ([]byte, []string, error) {
	cmd := exec.CommandContext(ctx, j.base.Go(), args...)
	cmd.Dir, cmd.Env = dir, env
	// The go command removes its temporary files when it is asked to end.
	cmd.Cancel = func() error { return interrupt(cmd.Process) }
	cmd.WaitDelay = 5 * time.Second
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return nil, nil, cause
		}
		exit := -1
		if cmd.ProcessState != nil {
			exit = cmd.ProcessState.ExitCode()
		}
		return nil, nil, &goenv.CommandError{Argv: cmd.Args, Exit: exit, Output: errOut.String(), Err: err}
	}
	var lines []string
	for line := range strings.Lines(errOut.String()) {
		line = strings.ReplaceAll(strings.TrimRight(line, "\r\n"), j.work+string(filepath.Separator), "")
		if line != "" && !strings.HasPrefix(line, "go: downloading ") {
			lines = append(lines, line)
		}
	}
	return out.Bytes(), lines, nil
}

// interrupt asks a process to end, where there is a way to ask.
func interrupt(p *os.Process) error {
	if err := p.Signal(os.Interrupt); err != nil {
		return p.Kill()
	}
	return nil
}
