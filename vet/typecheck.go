package vet

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"sync"

	"golang.org/x/tools/go/gcexportdata"
	"golang.org/x/tools/go/packages"

	"moho/vet/internal/cgoview"
	"moho/vet/source"
)

// importer reads the types of dependencies from the compiler's export data,
// each file once, and what a package imports before the package itself: so the
// types are complete when somebody sees them, and can be shared by packages that
// are checked at the same time.
//
// Dependencies of a test may be variants, with the path of another package and
// other contents.
type importer struct {
	fset     *token.FileSet
	mu       sync.Mutex
	packages map[string]*types.Package // those that are no variants, by path
	variants map[*unit]*types.Package
	units    map[*packages.Package]*unit
	sizes    types.Sizes
}

func newImporter(fset *token.FileSet, units []*unit, goarch string) *importer {
	im := &importer{
		fset: fset, sizes: types.SizesFor("gc", goarch), packages: map[string]*types.Package{"unsafe": types.Unsafe},
		variants: map[*unit]*types.Package{}, units: map[*packages.Package]*unit{},
	}
	for _, u := range units {
		im.units[u.pkg] = u
	}
	return im
}

// notListed is why an import fails that the package did not have when it was listed.
const notListed = "the go command does not list it"

// importFunc adapts a function to types.Importer.
type importFunc func(path string) (*types.Package, error)

func (f importFunc) Import(path string) (*types.Package, error) { return f(path) }

// forUnit returns the importer for one package's import clauses.
func (im *importer) forUnit(u *unit) types.Importer {
	return importFunc(func(path string) (*types.Package, error) {
		if path == "unsafe" {
			return types.Unsafe, nil
		}
		dep := im.units[u.pkg.Imports[path]]
		if dep == nil {
			return nil, fmt.Errorf("import %q: %s", path, notListed)
		}
		im.mu.Lock()
		defer im.mu.Unlock()
		return im.load(dep)
	})
}

// load returns the types of a package, having read those that it imports.
func (im *importer) load(u *unit) (*types.Package, error) {
	if t := im.known(u); t != nil {
		return t, nil
	}
	for _, dep := range u.imports {
		if _, err := im.load(dep); err != nil {
			return nil, err
		}
	}
	view := im.packages
	if u.pkg.ForTest != "" {
		view = map[string]*types.Package{}
		im.closure(u, view)
	}
	if u.pkg.ExportFile == "" {
		t := im.declared(u)
		if u.pkg.ForTest != "" {
			im.variants[u] = t
		} else {
			im.packages[u.pkg.PkgPath] = t
		}
		return t, nil
	}
	t, err := im.read(u.pkg, view)
	if err == nil && u.pkg.ForTest != "" {
		im.variants[u] = t
	}
	return t, err
}

func (im *importer) known(u *unit) *types.Package {
	if u.pkg.ForTest != "" {
		return im.variants[u]
	}
	if t := im.packages[u.pkg.PkgPath]; t != nil && t.Complete() {
		return t
	}
	return nil
}

// closure adds all that u imports, directly or not, to view.
func (im *importer) closure(u *unit, view map[string]*types.Package) {
	for _, dep := range u.imports {
		if view[dep.pkg.PkgPath] == nil {
			view[dep.pkg.PkgPath] = im.known(dep)
			im.closure(dep, view)
		}
	}
}

func (im *importer) read(dep *packages.Package, known map[string]*types.Package) (*types.Package, error) {
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

// declared returns the types of a package that could not be compiled, as far as its
// declarations tell them; what C declares is not known. So what imports it can be
// analysed all the same, unless it needs just that.
func (im *importer) declared(u *unit) *types.Package {
	var files []*ast.File
	for _, name := range u.pkg.GoFiles {
		if f, _ := parser.ParseFile(im.fset, name, nil, parser.SkipObjectResolution); f != nil {
			files = append(files, f)
		}
	}
	conf := types.Config{
		Importer: importFunc(func(path string) (*types.Package, error) {
			dep := im.units[u.pkg.Imports[path]]
			if dep == nil {
				return nil, fmt.Errorf("import %q: %s", path, notListed)
			}
			return im.load(dep)
		}),
		Sizes: im.sizes, IgnoreFuncBodies: true, FakeImportC: true, Error: func(error) {},
	}
	t, _ := conf.Check(u.pkg.PkgPath, im.fset, files, nil)
	t.MarkComplete()
	return t
}

// check parses and type-checks a unit that the compiler has accepted. An error
// means that this program's own type checker did not, most often because the
// code is newer than the Go that moho was built with.
//
// Of a package whose C could not be had, errors are expected.
func (l *loaded) check(u *unit) error {
	if err := l.parse(u); err != nil {
		return err
	}
	if errs := l.typeCheck(u); len(errs) > 0 && !u.withoutC() {
		return relative(errs[0])
	}
	return nil
}

func (l *loaded) parse(u *unit) error {
	p := u.pkg
	p.Fset = l.fset
	p.TypesSizes = types.SizesFor("gc", l.target.goarch)
	if p.TypesSizes == nil {
		return fmt.Errorf("sizes of types on %s are not known", l.target.goarch)
	}
	files := p.CompiledGoFiles
	if u.withoutC() {
		files = p.GoFiles
	}
	for _, name := range files {
		f, err := parser.ParseFile(l.fset, name, overlaid(l.overlay, name), parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		p.Syntax = append(p.Syntax, f)
	}
	read := func(name string) ([]byte, error) { return source.Read(name, l.overlay) }
	if files, err := cgoview.Undo(l.fset, p.Syntax, read); err == nil {
		p.Syntax = files
	}
	return nil
}

// typeCheck returns all that the type checker complains of.
func (l *loaded) typeCheck(u *unit) (errs []error) {
	p := u.pkg
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
	conf := types.Config{
		Importer:    l.types.forUnit(u),
		Sizes:       p.TypesSizes,
		Error:       func(err error) { errs = append(errs, err) },
		FakeImportC: u.withoutC(),
	}
	if p.Module != nil && p.Module.GoVersion != "" {
		conf.GoVersion = "go" + p.Module.GoVersion
	}
	var err error
	p.Types, err = conf.Check(p.PkgPath, l.fset, p.Syntax, p.TypesInfo)
	if err != nil && len(errs) == 0 {
		errs = append(errs, err)
	}
	return errs
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
