package vet

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"go/token"
	"go/types"
	"os"
	"os/exec"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// target is one GOOS/GOARCH. given is false for what the environment says.
type target struct {
	goos, goarch string
	goVersion    string
	goroot       string
	goamd64      string
	given        bool
}

func (t target) String() string { return t.goos + "/" + t.goarch }

// wide reports words of 64 bits.
func (t target) wide() bool {
	sizes := types.SizesFor("gc", t.goarch)
	return sizes == nil || sizes.Sizeof(types.Typ[types.Uintptr]) == 8
}

// targets resolves opts.Targets.
func targets(ctx context.Context, opts Options) ([]target, error) {
	cmd := exec.CommandContext(ctx, "go", "env", "-json", "GOOS", "GOARCH", "GOVERSION", "GOROOT", "GOAMD64")
	cmd.Dir = opts.Dir
	cmd.Env = environ(opts, target{})
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go env in %s: %w: %s", cmp.Or(opts.Dir, "."), err, strings.TrimSpace(stderr.String()))
	}
	var env struct{ GOOS, GOARCH, GOVERSION, GOROOT, GOAMD64 string }
	if err := json.Unmarshal(out, &env); err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	host := target{goos: env.GOOS, goarch: env.GOARCH, goVersion: env.GOVERSION, goroot: env.GOROOT, goamd64: env.GOAMD64}
	if len(opts.Targets) == 0 {
		return []target{host}, nil
	}
	var list []target
	for _, s := range opts.Targets {
		goos, goarch, ok := strings.Cut(s, "/")
		if !ok || goos == "" || goarch == "" || strings.Contains(goarch, "/") {
			return nil, fmt.Errorf("target %q: want GOOS/GOARCH", s)
		}
		t := host
		t.goos, t.goarch, t.given = goos, goarch, true
		if !slices.Contains(list, t) {
			list = append(list, t)
		}
	}
	slices.SortFunc(list, func(a, b target) int { return cmp.Compare(a.String(), b.String()) })
	return list, nil
}

// environ is the environment of the go command for one target.
func environ(opts Options, t target) []string {
	env := opts.Env
	if env == nil {
		env = os.Environ()
	}
	env = append(slices.Clone(env), "GOPACKAGESDRIVER=off")
	if t.given {
		env = append(env, "GOOS="+t.goos, "GOARCH="+t.goarch)
	}
	return env
}

// loaded is what the patterns match and all that it imports, for one target.
type loaded struct {
	target  target
	fset    *token.FileSet
	units   []*unit // imports first
	matched []string
	errors  []packages.Error
	types   *importer
	memory  *gate
	overlay map[string][]byte
}

// load asks the go command for the packages and for their dependencies' types.
//
// Packages are compiled on the way, as go vet does it too: that yields the
// compiler's own messages for those that do not compile, and the types of
// dependencies without reading their source. Only packages that import unsafe or
// have assembly are parsed after that.
func load(ctx context.Context, opts Options, t target) (*loaded, error) {
	cfg := &packages.Config{
		Context: ctx,
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedImports |
			packages.NeedDeps | packages.NeedExportFile | packages.NeedModule | packages.NeedForTest,
		Dir:        opts.Dir,
		Env:        environ(opts, t),
		Tests:      opts.Tests,
		BuildFlags: opts.BuildFlags,
		Overlay:    opts.Overlay,
	}
	if len(opts.Tags) > 0 {
		cfg.BuildFlags = append(slices.Clone(cfg.BuildFlags), "-tags="+strings.Join(opts.Tags, ","))
	}
	patterns := opts.Patterns
	if len(patterns) == 0 {
		patterns = []string{"."}
	}
	roots, err := packages.Load(cfg, patterns...)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", strings.Join(patterns, " "), err)
	}
	l := &loaded{target: t, fset: token.NewFileSet(), memory: newGate(maxSource), overlay: opts.Overlay}
	l.units = graph(roots)
	l.types = newImporter(l.fset, l.units)
	for _, u := range l.units {
		l.errors = append(l.errors, u.pkg.Errors...)
	}
	if opts.Deps {
		roots = withDeps(roots)
	}
	asked := map[*packages.Package]bool{}
	for _, p := range roots {
		if p.Name == "" && len(p.Errors) > 0 || isTestMain(p) {
			continue // the first is a pattern that matches nothing
		}
		asked[p] = true
	}
	for _, u := range l.units {
		if u.asked = asked[u.pkg]; u.asked {
			l.matched = append(l.matched, u.name)
		}
	}
	return l, nil
}

// withDeps adds the packages of the main module that roots import. One that
// is there already is not added again, and a variant for another's test is not.
func withDeps(roots []*packages.Package) []*packages.Package {
	have := map[string]bool{}
	for _, p := range roots {
		have[p.ID] = true
	}
	all := slices.Clone(roots)
	packages.Visit(roots, nil, func(p *packages.Package) {
		if p.Module != nil && p.Module.Main && p.ForTest == "" && !have[p.ID] {
			all = append(all, p)
		}
	})
	return all
}

// isTestMain reports the command that the go command generates around tests.
// Its path ends in .test, but so may that of a package.
func isTestMain(p *packages.Package) bool {
	if p.Name != "main" || !strings.HasSuffix(p.ID, ".test") {
		return false
	}
	for _, name := range p.GoFiles {
		if base(name) != "_testmain.go" && within(moduleDir(p.Module), name) != "" {
			return false
		}
	}
	return true
}
