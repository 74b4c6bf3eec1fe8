package prove

import (
	"path/filepath"
	"strings"

	"moho/evidence"
	"moho/vet/prove/internal/report"
)

// position is where a frame stands, in the words of findings: relative to the
// main module, module@version/file in another, std@version/file in Go's own.
func (p *plan) position(t *toolchain, f report.Frame) evidence.Position {
	file, _, _ := p.locate(t, f.File)
	return evidence.Position{File: file, Line: f.Line}
}

// locate returns a file's name in a position, the package that it belongs to,
// if it is known, and its name below its module.
func (p *plan) locate(t *toolchain, file string) (name string, pkg *listed, rel string) {
	if rel, ok := below(filepath.Join(t.root, "src"), file); ok {
		return "std@" + t.version + "/" + rel, p.byDir[filepath.Dir(file)], rel
	}
	pkg = p.byDir[filepath.Dir(file)]
	if pkg == nil || pkg.Module == nil {
		return filepath.Base(file), pkg, filepath.Base(file)
	}
	m := pkg.Module
	dir := m.Dir
	if m.Replace != nil && m.Replace.Dir != "" {
		dir = m.Replace.Dir
	}
	rel, ok := below(dir, file)
	if !ok {
		// A vendored package: its path tells where it would be.
		rel = strings.TrimPrefix(strings.TrimPrefix(pkg.ImportPath, m.Path), "/")
		rel = strings.TrimPrefix(rel+"/"+filepath.Base(file), "/")
	}
	switch {
	case m.Main:
		return rel, pkg, rel
	case m.Version == "":
		return m.Path + "/" + rel, pkg, rel
	}
	return m.Path + "@" + m.Version + "/" + rel, pkg, rel
}

func below(dir, file string) (string, bool) {
	if dir == "" {
		return "", false
	}
	rel, ok := strings.CutPrefix(file, strings.TrimSuffix(dir, "/")+"/")
	return filepath.ToSlash(rel), ok
}

// place is the link key of a frame.
func (p *plan) place(t *toolchain, f report.Frame) evidence.Place {
	_, pkg, rel := p.locate(t, f.File)
	sym := evidence.ParseSymbol(f.Fn)
	pl := evidence.Place{
		Package: sym.Package, Symbol: sym.Base, Closures: sym.Closures,
		File: rel, Line: f.Line, EndLine: f.Line,
	}
	if pkg != nil && pkg.Module != nil {
		pl.Module = pkg.Module.Path
		if !pkg.Module.Main {
			pl.Version = pkg.Module.Version
		}
	} else if pkg != nil && pkg.Standard {
		pl.Module, pl.Version = "std", t.version
	}
	return pl
}
