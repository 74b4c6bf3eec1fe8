package build

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"moho/evidence"
	"moho/goenv"
	"moho/policy"
)

// A targetJob is what is built for one target, then what came out.
type targetJob struct {
	want      policy.Build
	env       []string
	settings  []evidence.Setting
	module    string   // path of the main module
	packages  []string // import paths of main packages, sorted
	libraries []string // of the others, where there is no main package and that is fine
	command   evidence.Command
	artifacts []evidence.Artifact
	deps      []evidence.Dependency
	files     map[string]string // artifact's package to its file in the working directory
}

func newTarget(base *goenv.Base, b policy.Build) (*targetJob, error) {
	env, settings, err := base.Target(b.Target, b.Level)
	if err != nil {
		return nil, err
	}
	mode := evidence.Setting{Name: "buildmode", Value: b.BuildMode, Origin: goenv.OriginPolicy, Target: b.Target.String()}
	if mode.Value == "" {
		mode.Value, mode.Origin = "default", goenv.OriginDefault
	}
	return &targetJob{want: b, env: env, settings: append(settings, mode), files: map[string]string{}}, nil
}

// A listed is what go list says about a package.
type listed struct {
	ImportPath string
	Name       string
	Module     *struct {
		Path string
		Main bool
	}
}

// findPackages asks for the main packages of every target. They may differ:
// build constraints hide packages.
func (j *job) findPackages(ctx context.Context) error {
	patterns := j.opts.Patterns
	if len(patterns) == 0 {
		patterns = []string{"./..."}
	}
	for _, p := range patterns {
		switch {
		case p == "" || strings.HasPrefix(p, "-"):
			return fmt.Errorf("package %q: want an import path or a pattern", p)
		case strings.HasSuffix(p, ".go"):
			return fmt.Errorf("package %s: name the package, not its files", p)
		}
	}
	for _, t := range j.plan {
		j.progress("packages of "+t.want.Target.String(), false)
		args := []string{"list", "-find", "-json=ImportPath,Name,Module"}
		if j.base.Tags != "" {
			args = append(args, "-tags="+j.base.Tags)
		}
		out, _, err := j.goCommand(ctx, j.opts.Dir, t.env, append(append(args, "--"), patterns...)...)
		if err != nil {
			return err
		}
		if err := t.takePackages(out, j.opts.Libraries); err != nil {
			return fmt.Errorf("%s, for %s: %w", strings.Join(patterns, " "), t.want.Target, err)
		}
	}
	return nil
}

// takePackages keeps the main packages of the main module, or, where there are
// none and libraries will do, the others.
func (t *targetJob) takePackages(out []byte, libraries bool) error {
	var other []string
	names := map[string]string{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return fmt.Errorf("go list: %w", err)
		}
		if p.Name != "main" {
			other = append(other, p.ImportPath)
			if p.Module != nil && p.Module.Main {
				t.module = p.Module.Path
			}
			continue
		}
		if p.Module == nil || !p.Module.Main {
			return fmt.Errorf("%s is not in the module: what is built is what the report covers", p.ImportPath)
		}
		t.module = p.Module.Path
		t.packages = append(t.packages, p.ImportPath)
		name := exeName(p.ImportPath)
		if was, dup := names[name]; dup {
			return fmt.Errorf("%s and %s are both called %s: build them one at a time", was, p.ImportPath, name)
		}
		names[name] = p.ImportPath
	}
	if len(t.packages) == 0 {
		if libraries && len(other) > 0 && t.module != "" {
			t.libraries = other
			return nil
		}
		return noMain(other)
	}
	slices.Sort(t.packages)
	return nil
}

// noMain says why there is nothing to build. The go command would write an
// archive for a single library package and exit with 0.
func noMain(other []string) error {
	switch len(other) {
	case 0:
		return errors.New("no packages")
	case 1:
		return fmt.Errorf("%s is not a main package: there is no command to build", other[0])
	}
	return fmt.Errorf("none of %d packages is a main package: there is no command to build", len(other))
}

// exeName returns the name that the go command gives to a command.
//
// Source: $GOROOT/src/cmd/go/internal/load/pkg.go, exeFromImportPath, go1.26.
func exeName(importPath string) string {
	dir, elem := path.Split(importPath)
	if dir != "" && isVersion(elem) {
		return path.Base(dir)
	}
	return elem
}

func isVersion(elem string) bool {
	digits, ok := strings.CutPrefix(elem, "v")
	return ok && digits != "" && digits != "1" && digits[0] != '0' && strings.Trim(digits, "0123456789") == ""
}
