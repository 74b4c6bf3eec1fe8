package vet

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"

	"golang.org/x/tools/go/gcexportdata"
	"golang.org/x/tools/go/packages"
)

// importer reads the types of dependencies from the compiler's export data,
// each file once. Dependencies of a test variant may be variants themselves,
// with the same path and other contents; those have a map of their own.
type importer struct {
	fset   *token.FileSet
	normal map[string]*types.Package
	tests  map[string]map[string]*types.Package // by the package under test
}

func newImporter(fset *token.FileSet) *importer {
	return &importer{fset: fset, normal: map[string]*types.Package{}, tests: map[string]map[string]*types.Package{}}
}

func (im *importer) known(forTest string) map[string]*types.Package {
	if forTest == "" {
		return im.normal
	}
	m, ok := im.tests[forTest]
	if !ok {
		m = map[string]*types.Package{}
		im.tests[forTest] = m
	}
	return m
}

// importFunc adapts a function to types.Importer.
type importFunc func(path string) (*types.Package, error)

func (f importFunc) Import(path string) (*types.Package, error) { return f(path) }

// forPackage returns the importer for one package's import clauses.
func (im *importer) forPackage(p *packages.Package) types.Importer {
	known := im.known(p.ForTest)
	return importFunc(func(path string) (*types.Package, error) {
		if path == "unsafe" {
			return types.Unsafe, nil
		}
		dep, ok := p.Imports[path]
		if !ok {
			return nil, fmt.Errorf("import %q: the go command does not list it", path)
		}
		if t, ok := known[dep.PkgPath]; ok && t.Complete() {
			return t, nil
		}
		return im.read(dep, known)
	})
}

func (im *importer) read(dep *packages.Package, known map[string]*types.Package) (*types.Package, error) {
	if dep.ExportFile == "" {
		return nil, fmt.Errorf("import %q: no export data", dep.PkgPath)
	}
	f, err := os.Open(dep.ExportFile)
	if err != nil {
		return nil, fmt.Errorf("import %q: %w", dep.PkgPath, err)
	}
	defer f.Close()
	// What go list -export names is an archive up to Go 1.28; Read alone does
	// not take those.
	//lint:ignore SA1019 needed as long as those releases are read
	r, err := gcexportdata.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("import %q: %w", dep.PkgPath, err)
	}
	t, err := gcexportdata.Read(r, im.fset, known, dep.PkgPath)
	if err != nil {
		return nil, fmt.Errorf("import %q: %w", dep.PkgPath, err)
	}
	return t, nil
}

// check parses and type-checks a unit that the compiler has accepted. An error
// means that this program's own type checker did not, most often because the
// code is newer than the Go that moho was built with.
func (l *loaded) check(u *unit) error {
	p := u.pkg
	p.Fset = l.fset
	p.TypesSizes = types.SizesFor("gc", l.target.goarch)
	if p.TypesSizes == nil {
		return fmt.Errorf("sizes of types on %s are not known", l.target.goarch)
	}
	for _, name := range p.CompiledGoFiles {
		f, err := parser.ParseFile(l.fset, name, overlaid(l.overlay, name), parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		p.Syntax = append(p.Syntax, f)
	}
	p.TypesInfo = &types.Info{
		Types:        map[ast.Expr]types.TypeAndValue{},
		Defs:         map[*ast.Ident]types.Object{},
		Uses:         map[*ast.Ident]types.Object{},
		Implicits:    map[ast.Node]types.Object{},
		Instances:    map[*ast.Ident]types.Instance{},
		Scopes:       map[ast.Node]*types.Scope{},
		Selections:   map[*ast.SelectorExpr]*types.Selection{},
		FileVersions: map[*ast.File]string{},
	}
	var errs []error
	conf := types.Config{
		Importer: l.types.forPackage(p),
		Sizes:    p.TypesSizes,
		Error:    func(err error) { errs = append(errs, err) },
	}
	if p.Module != nil && p.Module.GoVersion != "" {
		conf.GoVersion = "go" + p.Module.GoVersion
	}
	var err error
	p.Types, err = conf.Check(p.PkgPath, l.fset, p.Syntax, p.TypesInfo)
	if len(errs) > 0 {
		err = errs[0]
	}
	if err != nil {
		return relative(err)
	}
	return nil
}

// relative drops the directory from a type error's position: a gap goes into
// reports, and reports carry no absolute paths.
func relative(err error) error {
	var te types.Error
	if errors.As(err, &te) {
		pos := te.Fset.Position(te.Pos)
		return fmt.Errorf("%s:%d:%d: %s", base(pos.Filename), pos.Line, pos.Column, te.Msg)
	}
	return err
}

// release drops the syntax, which is large, once a unit is done.
func (u *unit) release() {
	u.pkg.Syntax, u.pkg.TypesInfo = nil, nil
}
