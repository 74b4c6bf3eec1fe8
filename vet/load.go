package vet

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/packages"

	"moho/vet/internal/asmflow"
	"moho/vet/internal/ssafn"
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

// loaded is what the patterns match, for one target.
type loaded struct {
	target  target
	fset    *token.FileSet
	units   []*unit // packages with unsafe or assembly, before their test variants
	matched []string
	errors  []packages.Error
	types   *importer
	overlay map[string][]byte
}

// A unit is one package, or one test variant of it, to be analysed.
type unit struct {
	pkg   *packages.Package
	name  string // the package's path without what marks a test variant
	suite []*analysis.Analyzer
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
	l := &loaded{target: t, fset: token.NewFileSet(), overlay: opts.Overlay}
	l.types = newImporter(l.fset)
	broken := map[string]bool{}
	packages.Visit(roots, nil, func(p *packages.Package) {
		for _, e := range p.Errors {
			l.errors = append(l.errors, e)
			broken[p.ID] = true
		}
	})
	if opts.Deps {
		roots = withDeps(roots)
	}
	for _, p := range roots {
		if p.Name == "" && len(p.Errors) > 0 || isTestMain(p) {
			continue // the first is a pattern that matches nothing
		}
		name := strings.TrimSuffix(p.PkgPath, "_test")
		if p.ForTest == "" {
			name = p.PkgPath
		}
		l.matched = append(l.matched, name)
		if broken[p.ID] {
			continue
		}
		if suite := applicable(p, t, opts.Overlay); suite != nil {
			l.units = append(l.units, &unit{pkg: p, name: name, suite: suite})
		}
	}
	slices.SortStableFunc(l.units, func(a, b *unit) int {
		return cmp.Or(cmp.Compare(a.pkg.ForTest, b.pkg.ForTest), cmp.Compare(a.pkg.ID, b.pkg.ID))
	})
	return l, nil
}

// applicable lists the rules that may have something to say about a package;
// most have none, and cost nothing more.
func applicable(p *packages.Package, t target, overlay map[string][]byte) []*analysis.Analyzer {
	var assembly []string
	if asmflow.Archs[t.goarch] != nil {
		assembly = asmflow.Files(p.OtherFiles)
	}
	switch {
	case importsUnsafe(p.CompiledGoFiles, overlay):
		return Suite
	case len(assembly) > 0:
		return asmSuite
	}
	return nil
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

// importsUnsafe looks at import clauses only. A file that can't be read is
// left to the type checker to complain about.
func importsUnsafe(files []string, overlay map[string][]byte) bool {
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, overlaid(overlay, name), parser.ImportsOnly|parser.SkipObjectResolution)
		if f == nil || err != nil {
			return true
		}
		if ssafn.RelevantFile(f) {
			return true
		}
	}
	return false
}
