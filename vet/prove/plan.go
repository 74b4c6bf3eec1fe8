package prove

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"moho/vet/internal/touch"
)

// listed is a package as go list -json prints it.
type listed struct {
	Dir          string
	ImportPath   string
	Name         string
	ForTest      string
	Standard     bool
	DepOnly      bool
	CgoFiles     []string
	Imports      []string
	GoFiles      []string
	TestGoFiles  []string
	XTestGoFiles []string
	Deps         []string
	Module       *struct {
		Path, Version, Dir string
		Main               bool
		Replace            *struct{ Path, Version, Dir string }
	}
	Error *struct{ Err string }
}

// A plan is which programs there are, and which package a file belongs to.
type plan struct {
	programs []*program
	byDir    map[string]*listed
	byPath   map[string]*listed
	broken   []string // packages that can't be listed, in the go command's words
}

// A program is one binary to build and run.
type program struct {
	pkg  *listed
	test bool
	cgo  bool // runtime/cgo is linked into it
	own  bool // a package outside of Go's library uses cgo
	odd  bool // a package of the main module is [listed.odd]
	deps map[string]bool
}

func (p *program) kind() string {
	if p.test {
		return "test"
	}
	return "command"
}

// name is that of the binary. Programs ask theirs whether they are tests.
func (p *program) name() string {
	name := path.Base(p.pkg.ImportPath)
	if name == "." || name == "/" || name == ".." {
		name = "program"
	}
	if p.test {
		name += ".test"
	}
	return name
}

// makePlan lists the packages of the patterns and what they import. A command
// without tests is run itself; one with tests is tested like any package.
func makePlan(ctx context.Context, t *toolchain, o Options) (*plan, error) {
	patterns := o.Patterns
	if len(patterns) == 0 {
		patterns = []string{"."}
	}
	args := []string{"list", "-e", "-deps", "-test", "-json=Dir,ImportPath,Name,ForTest,Standard,DepOnly,GoFiles,CgoFiles,Imports,TestGoFiles,XTestGoFiles,Deps,Module,Error"}
	if len(o.Tags) > 0 {
		args = append(args, "-tags="+strings.Join(o.Tags, ","))
	}
	out, err := t.output(ctx, o.Dir, append(append(args, "--"), patterns...)...)
	if err != nil {
		return nil, err
	}
	p := &plan{byDir: map[string]*listed{}, byPath: map[string]*listed{}}
	d := json.NewDecoder(bytes.NewReader(out))
	var all []*listed
	for {
		l := &listed{}
		if err := d.Decode(l); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		all = append(all, l)
		if l.ForTest == "" && p.byDir[l.Dir] == nil && !strings.HasSuffix(l.ImportPath, ".test") {
			p.byDir[l.Dir] = l
		}
		p.byPath[l.ImportPath] = l
		if l.Error != nil && !l.DepOnly {
			p.broken = append(p.broken, l.ImportPath+": "+l.Error.Err)
		}
	}
	for _, l := range all {
		if l.DepOnly || l.ForTest != "" || l.Error != nil || l.Name == "main" && strings.HasSuffix(l.ImportPath, ".test") {
			continue
		}
		prog := &program{pkg: l}
		linked := l
		if len(l.TestGoFiles)+len(l.XTestGoFiles) > 0 {
			prog.test = true
			if main := p.byPath[l.ImportPath+".test"]; main != nil {
				linked = main
			}
		} else if l.Name != "main" {
			continue
		}
		prog.deps = map[string]bool{l.ImportPath: true}
		for _, dep := range linked.Deps {
			path, _, _ := strings.Cut(dep, " ")
			prog.deps[path] = true
		}
		prog.cgo = prog.deps["runtime/cgo"]
		for path := range prog.deps {
			d := p.byPath[path]
			if d == nil || d.Standard {
				continue
			}
			prog.own = prog.own || len(d.CgoFiles) > 0
			prog.odd = prog.odd || d.Module != nil && d.Module.Main && d.odd()
		}
		p.programs = append(p.programs, prog)
	}
	return p, nil
}

// odd reports a package in which the size of a word may matter: it uses unsafe, or
// functions for 64-bit atomics.
func (l *listed) odd() bool {
	if slices.Contains(l.Imports, "unsafe") {
		return true
	}
	return slices.Contains(l.Imports, "sync/atomic") && slices.ContainsFunc(l.GoFiles, func(name string) bool {
		text, err := os.ReadFile(filepath.Join(l.Dir, name))
		return err == nil && touch.Atomics(text)
	})
}
