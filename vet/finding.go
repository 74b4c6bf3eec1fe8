package vet

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/packages"

	"moho/evidence"
	"moho/vet/internal/place"
	"moho/vet/internal/rule"
)

// finding translates a hit; ok is false when it lies in no file of the user's,
// as code that cgo generates does.
func (u *unit) finding(l *loaded, name string, h rule.Hit) (f evidence.Finding, ok bool) {
	pos := l.fset.Position(h.Pos)
	if !u.owns(pos.Filename) {
		return evidence.Finding{}, false
	}
	r := ruleNamed(name)
	f = evidence.Finding{
		Rule:     name,
		Severity: h.Severity,
		Message:  h.Message,
		Pos:      u.position(l, h.Pos),
		Place:    u.placeOf(l, h),
		Flow:     []evidence.Step{},
		Fixes:    []evidence.Fix{},
		Targets:  []string{l.target.String()},
		Proof:    evidence.Proof{State: evidence.Untested, Oracle: r.Oracle},
	}
	if w := h.Window; w.Pos.IsValid() && w.End.IsValid() {
		f.Window = &evidence.Window{From: u.position(l, w.Pos), To: u.position(l, w.End)}
	}
	for _, s := range h.Flow {
		if s.Pos.IsValid() && u.owns(l.fset.Position(s.Pos).Filename) {
			f.Flow = append(f.Flow, evidence.Step{Pos: u.position(l, s.Pos), Text: s.Text})
		}
	}
	for _, fix := range h.Fixes {
		e := evidence.Fix{Message: fix.Message}
		for _, t := range fix.TextEdits {
			start, end := l.fset.Position(t.Pos), l.fset.Position(t.End)
			e.Edits = append(e.Edits, evidence.Edit{
				File:  u.file(l, start.Filename),
				Start: start.Offset,
				End:   end.Offset,
				New:   string(t.NewText),
			})
		}
		f.Fixes = append(f.Fixes, e)
	}
	return f, true
}

func ruleNamed(name string) Rule {
	for _, r := range rules {
		if r.Name == name {
			return r
		}
	}
	return Rule{Name: name}
}

// owns reports whether a file is source of the package, not something that
// cgo or a test main left in the build cache.
func (u *unit) owns(file string) bool {
	for _, list := range [][]string{u.pkg.GoFiles, u.pkg.OtherFiles, u.pkg.IgnoredFiles} {
		for _, name := range list {
			if name == file {
				return true
			}
		}
	}
	// A line directive may name a file that the go command does not list, such
	// as a grammar; it is the user's unless it is a product of the build.
	b := filepath.Base(file)
	return file != "" && b != "_cgo_gotypes.go" && !strings.HasSuffix(b, ".cgo1.go") &&
		!strings.HasSuffix(b, "-d") && b != "_testmain.go"
}

func (u *unit) position(l *loaded, pos token.Pos) evidence.Position {
	p := l.fset.Position(pos)
	return evidence.Position{File: u.file(l, p.Filename), Line: p.Line, Col: p.Column}
}

// fileGap translates a file that a rule could not read.
func (u *unit) fileGap(l *loaded, g rule.Gap) evidence.Gap {
	where := u.file(l, g.File)
	if g.Line > 0 {
		where = fmt.Sprintf("%s:%d", where, g.Line)
	}
	return evidence.Gap{What: "assembly not analysed", Where: where, Why: g.Why}
}

// placeOf is the place of a hit, which in assembly is known by its symbol.
func (u *unit) placeOf(l *loaded, h rule.Hit) evidence.Place {
	if h.Symbol == "" {
		return u.place(l, h.Pos)
	}
	pos := l.fset.Position(h.Pos)
	module, version := u.module(l)
	p := evidence.Place{
		Symbol: h.Symbol, Module: module, Version: version,
		File: u.relFile(l, pos.Filename), Line: pos.Line, EndLine: pos.Line,
	}
	if h.Own {
		p.Package = u.linkPath()
	} else if i := strings.LastIndexByte(h.Symbol, '/') + 1; strings.Contains(h.Symbol[i:], ".") {
		path, name, _ := strings.Cut(h.Symbol[i:], ".")
		p.Package, p.Symbol = place.Link(h.Symbol[:i]+path), name
	}
	return p
}

// place builds the link key of a position.
func (u *unit) place(l *loaded, pos token.Pos) evidence.Place {
	isFunc := func(e ast.Expr) bool {
		t := u.pkg.TypesInfo.TypeOf(e)
		if t == nil {
			return false
		}
		_, ok := t.Underlying().(*types.Signature)
		return ok
	}
	at, _ := place.Find(u.pkg.Syntax, pos, isFunc)
	start, end := l.fset.Position(at.Pos), l.fset.Position(at.End)
	module, version := u.module(l)
	p := evidence.Place{
		Package:  u.linkPath(),
		Symbol:   at.Symbol,
		Closures: at.Closures,
		Module:   module,
		Version:  version,
		File:     u.relFile(l, l.fset.Position(pos).Filename),
		Line:     start.Line,
		EndLine:  end.Line,
	}
	// Line directives can pull the two ends apart.
	line := l.fset.Position(pos).Line
	p.Line, p.EndLine = min(p.Line, line), max(p.EndLine, line)
	if start.Filename != l.fset.Position(pos).Filename {
		p.Line = line
	}
	return p
}

// linkPath is the package path in the linker's symbol names. A command is
// "main", except in its own test binary, where it is imported.
func (u *unit) linkPath() string {
	if u.pkg.Name == "main" && u.pkg.ForTest == "" {
		return "main"
	}
	return place.Link(u.pkg.PkgPath)
}

// module returns the module of a unit; std has the toolchain's version.
func (u *unit) module(l *loaded) (path, version string) {
	if m := u.pkg.Module; m != nil {
		if m.Main {
			return m.Path, ""
		}
		return m.Path, m.Version
	}
	if u.inStd(l) {
		return "std", l.target.goVersion
	}
	return "", ""
}

func (u *unit) inStd(l *loaded) bool {
	return len(u.pkg.GoFiles) > 0 && within(filepath.Join(l.target.goroot, "src"), u.pkg.GoFiles[0]) != ""
}

// file is a file's name in a position: relative to the root of the main
// module, module@version/path for dependencies, std@version/path for Go's own.
func (u *unit) file(l *loaded, name string) string {
	rel := u.relFile(l, name)
	module, version := u.module(l)
	switch {
	case u.pkg.Module != nil && u.pkg.Module.Main, module == "":
		return rel
	case version == "":
		return module + "/" + rel
	}
	return module + "@" + version + "/" + rel
}

// relFile is a file's name relative to the root of its module, with slashes.
func (u *unit) relFile(l *loaded, name string) string {
	if root := moduleDir(u.pkg.Module); root != "" {
		if rel := within(root, name); rel != "" {
			return rel
		}
	}
	if rel := within(filepath.Join(l.target.goroot, "src"), name); rel != "" {
		return rel
	}
	// A vendored module has no directory of its own: go by the package's path.
	path := u.name
	if m := u.pkg.Module; m != nil {
		path = strings.TrimPrefix(strings.TrimPrefix(path, m.Path), "/")
	}
	if path == "" || path == "command-line-arguments" {
		return base(name)
	}
	return path + "/" + base(name)
}

func moduleDir(m *packages.Module) string {
	switch {
	case m == nil:
		return ""
	case m.Replace != nil && m.Replace.Dir != "":
		return m.Replace.Dir
	}
	return m.Dir
}

// within returns name relative to dir with slashes, "" when it lies elsewhere.
func within(dir, name string) string {
	rel, err := filepath.Rel(dir, name)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return ""
	}
	return filepath.ToSlash(rel)
}

func base(name string) string { return filepath.Base(name) }
