package cside

import (
	"go/ast"
	gotoken "go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Package reads the C of a Go package: what stands above import "C" in its
// files, and those of other that are C. It is nil when there is no import "C".
// The files may be those that cgo rewrote.
func Package(fset *gotoken.FileSet, files []*ast.File, other []string) *Unit {
	g := gather{fset: fset, promises: map[string][]string{}}
	for _, f := range files {
		g.file(f)
	}
	if len(g.sources) == 0 {
		return nil
	}
	other = slices.Clone(other)
	slices.Sort(other)
	for _, name := range other {
		if strings.HasSuffix(name, ".c") || strings.HasSuffix(name, ".h") {
			if text, ok := readText(name); ok {
				g.sources = append(g.sources, Source{File: name, Text: text, Line: 1})
			}
		}
	}
	u := New(g.sources, g.defines, g.include)
	for _, f := range g.promises["noescape"] {
		u.NoEscape[f] = true
	}
	for _, f := range g.promises["nocallback"] {
		u.NoCallback[f] = true
	}
	return u
}

type gather struct {
	fset     *gotoken.FileSet
	sources  []Source
	defines  []string
	dirs     []string
	promises map[string][]string
}

// file takes the comments above import "C", which after cgo, or once its
// names are resolved, is import _ "unsafe".
func (g *gather) file(f *ast.File) {
	for _, decl := range f.Decls {
		d, ok := decl.(*ast.GenDecl)
		if !ok || d.Tok != gotoken.IMPORT {
			continue
		}
		for _, spec := range d.Specs {
			s := spec.(*ast.ImportSpec)
			if s.Path.Value != `"C"` && (s.Path.Value != `"unsafe"` || s.Name == nil || s.Name.Name != "_") {
				continue
			}
			doc := s.Doc
			if doc == nil && len(d.Specs) == 1 {
				doc = d.Doc
			}
			if doc == nil {
				if s.Path.Value == `"C"` || s.Name.NamePos == s.Path.ValuePos {
					g.preamble(f, "", s.Pos())
				}
				continue
			}
			for _, c := range doc.List {
				g.preamble(f, c.Text, c.Pos())
			}
		}
	}
}

func (g *gather) preamble(f *ast.File, comment string, pos gotoken.Pos) {
	at := g.fset.Position(pos)
	dir := filepath.Dir(g.fset.Position(f.Package).Filename)
	if !slices.Contains(g.dirs, dir) {
		g.dirs = append(g.dirs, dir)
	}
	body, line := strings.CutPrefix(comment, "//")
	if !line {
		body = strings.TrimSuffix(strings.TrimPrefix(comment, "/*"), "*/")
	}
	var b strings.Builder
	for l := range strings.Lines(body) {
		if words := strings.Fields(l); len(words) > 0 && words[0] == "#cgo" {
			g.directive(dir, words[1:])
			l = "\n"
		}
		b.WriteString(l)
	}
	// A comment of lines is one source, so that what spans lines stays whole.
	if n := len(g.sources) - 1; line && n >= 0 && g.sources[n].File == at.Filename {
		last := &g.sources[n]
		if last.Line+strings.Count(last.Text, "\n") == at.Line {
			last.Text += b.String() + "\n"
			return
		}
	}
	g.sources = append(g.sources, Source{File: at.Filename, Text: b.String() + "\n", Line: at.Line})
}

// directive reads one #cgo line.
func (g *gather) directive(dir string, words []string) {
	if len(words) == 2 && (words[0] == "noescape" || words[0] == "nocallback") {
		g.promises[words[0]] = append(g.promises[words[0]], words[1])
		return
	}
	flags := false
	for _, w := range words {
		switch {
		case strings.HasSuffix(w, ":"):
			flags = strings.HasSuffix(w, "CFLAGS:") || strings.HasSuffix(w, "CPPFLAGS:")
		case !flags:
		case strings.HasPrefix(w, "-D") && len(w) > 2:
			name, value, ok := strings.Cut(w[2:], "=")
			if !ok {
				value = "1"
			}
			g.defines = append(g.defines, name+" "+value)
		case strings.HasPrefix(w, "-I") && len(w) > 2:
			path := strings.ReplaceAll(w[2:], "${SRCDIR}", dir)
			if !filepath.IsAbs(path) {
				path = filepath.Join(dir, path)
			}
			if strings.HasPrefix(w[2:], "${SRCDIR}") || !filepath.IsAbs(w[2:]) {
				g.dirs = append(g.dirs, path)
			}
		}
	}
}

// include finds a header beside the file that wants it, or where #cgo lines say.
func (g *gather) include(from, name string) (path, text string, ok bool) {
	if filepath.IsAbs(name) || len(name) > 255 {
		return "", "", false
	}
	dirs := append([]string{filepath.Dir(from)}, g.dirs...)
	for _, dir := range dirs {
		path = filepath.Join(dir, name)
		if !g.inside(path) {
			continue
		}
		if text, ok = readText(path); ok {
			return path, text, true
		}
	}
	return "", "", false
}

func (g *gather) inside(path string) bool {
	return slices.ContainsFunc(g.dirs, func(dir string) bool {
		rel, err := filepath.Rel(dir, path)
		return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
	})
}

func readText(name string) (string, bool) {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxText {
		return "", false
	}
	text, err := os.ReadFile(name)
	return string(text), err == nil && len(text) <= maxText
}
