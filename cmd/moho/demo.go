package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"moho/core/capture"
	"moho/examples"
	"moho/internal/cli"
)

const demoLong = `Demo shows the whole chain of evidence on a bundled example: a small telemetry
server with one real unsafe hazard that kills it.

It copies the example to a new folder, then runs, and prints as a user would
type them: moho check, the server until it crashes, moho core. It ends with the
crashed goroutine, the frame that the finding is about, and the report.

Where the kernel pipes cores away (containers, systemd) there is nothing to
open, so the server runs as a traced child, and moho writes the core itself when
the kernel would. That part needs linux.`

const demoExample = `    $ moho demo`

func newDemo(a *app) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:     "demo",
		Short:   "show the whole chain on a bundled example",
		Long:    demoLong,
		Example: demoExample,
		Args:    args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			d := &demo{app: a, dir: dir}
			return d.run(cmd.Context())
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "folder to work in, created if need be (default a new temporary folder)")
	return cmd
}

// demo is one run of the verb of that name.
type demo struct {
	*app
	dir  string
	self string // this program
}

func (d *demo) run(ctx context.Context) error {
	if runtime.GOOS != "linux" {
		return cli.WithHints(fmt.Errorf("demo needs linux to take a core of the example; this is %s", runtime.GOOS),
			"moho check and moho core work here; try them on your own module and a core from linux")
	}
	var err error
	if d.self, err = os.Executable(); err != nil {
		return err
	}
	if err := d.unpack(); err != nil {
		return err
	}
	d.say("The example is a telemetry server; its source is in %s\n", d.dir)
	d.command("cd " + d.dir)

	d.say("\n1. Is it fit to ship? vet finds a hazard; the build is recorded all the same.")
	if err := d.moho(ctx, "check", "./..."); err != nil {
		return err
	}
	d.say("\n2. It is shipped anyway, and dies.")
	core, err := d.crash(ctx)
	if err != nil {
		return err
	}
	d.say("\n3. The core alone is opened: the Build ID in it leads to the executable, its report\n" +
		"   and the finding.")
	if err := d.moho(ctx, "core", core); err != nil {
		return err
	}
	d.say("\nThe source, the artifact, the report and the core are in %s", d.dir)
	return nil
}

// unpack writes the example as a module of its own.
func (d *demo) unpack() error {
	var err error
	if d.dir == "" {
		d.dir, err = os.MkdirTemp("", "moho-demo-")
	} else {
		err = os.MkdirAll(d.dir, 0o777)
	}
	if err != nil {
		return err
	}
	if d.dir, err = filepath.Abs(d.dir); err != nil {
		return err
	}
	files, err := fs.Sub(examples.Crashy, "crashy")
	if err != nil {
		return err
	}
	err = fs.WalkDir(files, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasSuffix(name, "_test.go") {
			return err
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(d.dir, name), text, 0o666)
	})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(d.dir, "go.mod"), []byte("module example.org/crashy\n\ngo 1.25\n"), 0o666)
}

// moho runs a verb of this program as a process of its own, as its user would.
// Findings are what the demo is about; anything worse ends it.
func (d *demo) moho(ctx context.Context, args ...string) error {
	d.command("moho " + strings.Join(args, " "))
	cmd := exec.CommandContext(ctx, d.self, args...)
	cmd.Dir = d.dir
	cmd.Stdout, cmd.Stderr = d.ui.Out, d.ui.Err
	cmd.Env = append(os.Environ(), "MOHO_STORE=")
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == cli.Findings {
		d.note("exit code 1: findings")
		return nil
	}
	if err != nil {
		return fmt.Errorf("moho %s: %w", args[0], err)
	}
	return nil
}

// crash runs the server until it dies and returns the core's name.
func (d *demo) crash(ctx context.Context) (string, error) {
	const core = "crashy.core"
	bin := "./" + filepath.ToSlash(filepath.Join("dist", runtime.GOOS+"_"+runtime.GOARCH, "crashy"))
	d.command("ulimit -c unlimited; GOTRACEBACK=crash " + bin + " 2>crashy.stderr")
	stderr, err := os.Create(filepath.Join(d.dir, "crashy.stderr"))
	if err != nil {
		return "", err
	}
	defer stderr.Close()

	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	res, err := capture.Run(ctx, []string{bin}, filepath.Join(d.dir, core), capture.Options{
		Dir:    d.dir,
		Env:    append(os.Environ(), "GOTRACEBACK=crash"),
		Stdout: d.ui.Out,
		Stderr: stderr,
	})
	if err != nil {
		return "", err
	}
	if res.Core == "" {
		return "", fmt.Errorf("the example ended with exit code %d instead of crashing", res.Exit)
	}
	size := int64(0)
	if fi, err := os.Stat(res.Core); err == nil {
		size = fi.Size()
	}
	d.note("aborted; core written to %s (%.1f MB) by moho itself, in case the kernel pipes cores away", core, float64(size)/1e6)
	return core, nil
}

func (d *demo) command(line string) { d.ui.Printf("%s\n", d.ui.Bold("$ "+cli.Escape(line))) }

func (d *demo) note(format string, args ...any) {
	d.ui.Printf("%s\n", d.ui.Dim(fmt.Sprintf("("+format+")", args...)))
}

func (d *demo) say(format string, args ...any) { d.ui.Printf(format+"\n", args...) }
