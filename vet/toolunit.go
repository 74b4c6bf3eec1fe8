package vet

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"go/build"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/packages"

	"moho/vet/internal/fact"
)

// toolConfig is what the go command says of the package to be analysed.
//
// Source: $GOROOT/src/cmd/go/internal/work/exec.go (vetConfig), go1.26, go1.27.
type toolConfig struct {
	ID, Dir, ImportPath string
	GoVersion           string
	GoFiles, NonGoFiles []string
	IgnoredFiles        []string

	ModulePath, ModuleVersion string // up to Go 1.26
	Module                    *analysis.Module

	ImportMap   map[string]string // package path by import path
	PackageFile map[string]string // export data by package path
	Standard    map[string]bool
	PackageVetx map[string]string // what we said of packages, by path
	VetxOnly    bool
	VetxOutput  string
	Stdout      string
	FixArchive  string
}

func readConfig(name string) (*toolConfig, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	cfg := new(toolConfig)
	if err := json.Unmarshal(b, cfg); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(cfg.GoFiles) == 0 {
		return nil, fmt.Errorf("%s: package %q has no Go files", name, cfg.ImportPath)
	}
	return cfg, nil
}

// served is what was found in the package of one request.
type served struct {
	outcome
	fset *token.FileSet
	l    *loaded
	u    *unit
}

// analyze does for one package what [Run] does for many.
func (cfg *toolConfig) analyze(suite []*analysis.Analyzer) (*served, error) {
	l := &loaded{fset: token.NewFileSet(), target: target{
		goos: build.Default.GOOS, goarch: build.Default.GOARCH, goroot: build.Default.GOROOT,
		goVersion: runtime.Version(), goamd64: os.Getenv("GOAMD64"),
	}}
	u, err := cfg.unit()
	if err != nil {
		return nil, err
	}
	l.units = append([]*unit{u}, u.imports...)
	l.types = newImporter(l.fset, l.units, l.target.goarch)
	r := &served{fset: l.fset, l: l, u: u}
	applies := u.suite(l.target)
	if applies == nil {
		return r, nil
	}
	if err := l.check(u); err != nil {
		if cfg.VetxOnly {
			return r, nil // of a dependency less is known, then
		}
		return nil, err
	}
	if u.asked {
		applies = slices.DeleteFunc(slices.Clone(applies), func(a *analysis.Analyzer) bool { return !slices.Contains(suite, a) })
		applies = append(applies, factsOnly...)
	}
	r.outcome = analyze(context.Background(), u.pkg, applies, u.importedFacts)
	r.diagnostics = slices.DeleteFunc(r.diagnostics, func(d diagnostic) bool {
		return !u.owns(l.fset.Position(d.Pos).Filename)
	})
	return r, nil
}

// unit describes the package, and what it imports as far as that is known.
func (cfg *toolConfig) unit() (*unit, error) {
	p := &packages.Package{
		ID: cfg.ID, PkgPath: cfg.ImportPath, CompiledGoFiles: cfg.GoFiles, OtherFiles: cfg.NonGoFiles,
		IgnoredFiles: cfg.IgnoredFiles, Imports: map[string]*packages.Package{}, Module: &packages.Module{},
		GoFiles: slices.DeleteFunc(slices.Clone(cfg.GoFiles), func(name string) bool {
			return filepath.Base(name) == "_cgo_gotypes.go" || strings.HasSuffix(name, ".cgo1.go")
		}),
	}
	switch {
	case cfg.Module != nil:
		p.Module.Path, p.Module.Version = cfg.Module.Path, cfg.Module.Version
	case cfg.ModulePath != "":
		p.Module.Path, p.Module.Version = cfg.ModulePath, cfg.ModuleVersion
	}
	p.Module.GoVersion = strings.TrimPrefix(cfg.GoVersion, "go")
	u := &unit{pkg: p, name: cfg.ImportPath, asked: !cfg.VetxOnly, std: cfg.isStd()}
	if u.std {
		p.Module = nil
	}
	byPath := map[string]*unit{}
	for _, path := range slices.Sorted(maps.Keys(cfg.ImportMap)) {
		id := cfg.ImportMap[path]
		dep := byPath[id]
		if dep == nil {
			dep = &unit{pkg: &packages.Package{ID: id, PkgPath: id, ExportFile: cfg.PackageFile[id]}, std: cfg.Standard[id]}
			if err := dep.readFacts(cfg.PackageVetx[id]); err != nil {
				return nil, err
			}
			byPath[id] = dep
			u.imports = append(u.imports, dep)
		}
		p.Imports[path] = dep.pkg
	}
	return u, nil
}

// isStd reports a package of the standard library: it has no module, and no dot in
// the first element of its path. The go command tells it only of imports.
func (cfg *toolConfig) isStd() bool {
	if cfg.Module != nil {
		return cfg.Module.Path == "std"
	}
	first, _, _ := strings.Cut(cfg.ImportPath, "/")
	return (cfg.ModulePath == "" || cfg.ModulePath == "std") && first != "command-line-arguments" && !strings.Contains(first, ".")
}

// vetxMagic starts a file of facts that is not empty.
var vetxMagic = fmt.Sprintf("moho facts %d\n", fact.Version)

// readFacts reads what an earlier request about a package has left.
func (u *unit) readFacts(name string) error {
	if name == "" {
		return nil
	}
	b, err := os.ReadFile(name)
	if err != nil || len(b) == 0 {
		return err
	}
	b, ok := bytes.CutPrefix(b, []byte(vetxMagic))
	if !ok {
		return fmt.Errorf("%s: facts about %s: not written by this program", name, u.pkg.PkgPath)
	}
	var facts *fact.Package
	if err := json.Unmarshal(b, &facts); err != nil {
		return fmt.Errorf("%s: facts about %s: %w", name, u.pkg.PkgPath, err)
	}
	u.record.Facts = facts
	return nil
}

func (cfg *toolConfig) writeFacts(facts *fact.Package) error {
	if cfg.VetxOutput == "" {
		return nil
	}
	var out []byte
	if facts != nil {
		b, err := json.Marshal(facts)
		if err != nil {
			return err
		}
		out = append([]byte(vetxMagic), b...)
	}
	return os.WriteFile(cfg.VetxOutput, out, 0o666)
}
