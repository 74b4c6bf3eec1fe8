package vet

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/tools/go/packages"
)

// listed is what go list says of one package.
//
// Source: $GOROOT/src/cmd/go/internal/load/pkg.go (PackagePublic), go1.26.
type listed struct {
	Dir, ImportPath, Name string
	ForTest, Export       string
	BuildID               string
	DepOnly, Standard     bool
	Module                *packages.Module

	GoFiles, CgoFiles, CompiledGoFiles []string

	CFiles, CXXFiles, MFiles, HFiles, FFiles, SFiles, SwigFiles, SwigCXXFiles, SysoFiles []string

	Imports   []string
	ImportMap map[string]string
	Error     *struct {
		ImportStack json.RawMessage // strings
		Pos, Err    string
	}
}

// listFields are the fields of listed, all that go list is asked for.
const listFields = "Dir,ImportPath,Name,ForTest,Export,BuildID,DepOnly,Standard,Module," +
	"GoFiles,CgoFiles,CompiledGoFiles," +
	"CFiles,CXXFiles,MFiles,HFiles,FFiles,SFiles,SwigFiles,SwigCXXFiles,SysoFiles," +
	"Imports,ImportMap,Error"

// list asks the go command for the packages that patterns match and for all
// that they import, imports first, and has it compile them.
//
// The list is decoded while it arrives. An error means that there is none; what
// is wrong with single packages is in them.
func list(ctx context.Context, opts Options, t target) ([]*listed, error) {
	args := []string{"list", "-e", "-deps", "-export", "-compiled", "-pgo=off", "-buildvcs=false", "-json=" + listFields}
	if opts.Tests {
		args = append(args, "-test")
	}
	args = append(args, opts.BuildFlags...)
	if len(opts.Tags) > 0 {
		args = append(args, "-tags="+strings.Join(opts.Tags, ","))
	}
	over, err := writeOverlay(opts.Overlay)
	if err != nil {
		return nil, err
	}
	defer over.remove()
	args = append(append(args, over.flags()...), "--")
	if len(opts.Patterns) == 0 {
		args = append(args, ".")
	}
	var all []*listed
	err = golist(ctx, opts, t, append(args, opts.Patterns...), func(out io.Reader) error {
		dec := json.NewDecoder(bufio.NewReaderSize(out, 1<<16))
		for {
			p := new(listed)
			if err := dec.Decode(p); err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
			if p.Error != nil {
				p.Error.Err, p.Error.Pos = over.rename(p.Error.Err), over.rename(p.Error.Pos)
			}
			all = append(all, p)
		}
	})
	// A package that does not compile makes for an exit code, too.
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && (!exited || len(all) == 0 || ctx.Err() != nil) {
		return nil, err
	}
	return all, nil
}

// golist runs the go command and hands its output to read.
func golist(ctx context.Context, opts Options, t target, args []string, read func(io.Reader) error) error {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = opts.Dir
	cmd.Env = environ(opts, t)
	// Interrupted, the go command removes its work directory; what it started may
	// hold the pipes a little longer.
	cmd.Cancel = func() error {
		if cmd.Process.Signal(os.Interrupt) == nil {
			return nil
		}
		return cmd.Process.Kill()
	}
	cmd.WaitDelay = 2 * time.Second
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	decode := read(out)
	if decode != nil {
		cmd.Process.Kill()
	}
	err = cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && decode == nil:
		return fmt.Errorf("go list: %w: %s", err, strings.TrimSpace(stderr.String()))
	case decode != nil:
		return fmt.Errorf("go list: %w", decode)
	}
	return nil
}

// goFiles filters Go files: go list calls whatever the compiler is given
// compiled Go files, assembly too; files of the build cache have no suffix.
func goFiles(files []string) []string {
	return slices.DeleteFunc(files, func(f string) bool {
		ext := filepath.Ext(f)
		return ext != ".go" && ext != ""
	})
}

// absolute joins file names to the directory that they are relative to.
func absolute(dir string, lists ...[]string) []string {
	var out []string
	for _, list := range lists {
		for _, f := range list {
			if !filepath.IsAbs(f) {
				f = filepath.Join(dir, f)
			}
			out = append(out, f)
		}
	}
	return out
}

// pkg translates what go list says to what the rest of us knows. Imports are
// left to the graph.
func (p *listed) pkg() *packages.Package {
	path, _, _ := strings.Cut(p.ImportPath, " ")
	out := &packages.Package{
		ID: p.ImportPath, PkgPath: path, Name: p.Name, ForTest: p.ForTest, ExportFile: p.Export,
		GoFiles:    absolute(p.Dir, p.GoFiles, p.CgoFiles),
		OtherFiles: absolute(p.Dir, p.CFiles, p.CXXFiles, p.MFiles, p.HFiles, p.FFiles, p.SFiles, p.SwigFiles, p.SwigCXXFiles, p.SysoFiles),
		Imports:    map[string]*packages.Package{},
		Module:     p.Module,
	}
	out.CompiledGoFiles = goFiles(absolute(p.Dir, p.CompiledGoFiles))
	if len(out.CompiledGoFiles) == 0 && len(p.CgoFiles) == 0 {
		out.CompiledGoFiles = out.GoFiles
	}
	if path == "unsafe" {
		out.CompiledGoFiles = nil
	}
	// That a test may not import C is said of the test, too.
	if p.Error != nil && path != "C" {
		out.Errors = append(out.Errors, packages.Error{Pos: p.Error.Pos, Msg: p.message(), Kind: packages.ListError})
	}
	return out
}

// message returns the go command's words, with the package where it names none.
func (p *listed) message() string {
	msg := strings.TrimSpace(p.Error.Err)
	if strings.HasPrefix(msg, "import cycle not allowed") {
		var stack []string
		if json.Unmarshal(p.Error.ImportStack, &stack) == nil && len(stack) > 0 {
			return msg + ": " + strings.Join(stack, " imports ")
		}
	}
	path, _, _ := strings.Cut(p.ImportPath, " ")
	if p.Error.Pos == "" && !strings.HasPrefix(msg, "# ") && !strings.Contains(msg, path) {
		return path + ": " + msg
	}
	return msg
}
