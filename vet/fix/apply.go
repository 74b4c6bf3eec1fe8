package fix

import (
	"bytes"
	"cmp"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strconv"

	"golang.org/x/tools/go/ast/astutil"
)

// overlay returns the text of all files with a batch carried out.
func (r *run) overlay(batch []candidate) map[string][]byte {
	byPath := map[string][]edit{}
	for _, c := range batch {
		for _, e := range c.edits {
			if !slices.ContainsFunc(byPath[e.path], func(o edit) bool { return o.Edit == e.Edit }) {
				byPath[e.path] = append(byPath[e.path], e)
			}
		}
	}
	out := maps.Clone(r.opts.Overlay)
	for path, edits := range byPath {
		out[path] = apply(edits[0].text, edits)
	}
	return out
}

// apply carries out edits that do not collide. An import that is used no more
// goes with its last use. The result is formatted if the text was.
func apply(text []byte, edits []edit) []byte {
	slices.SortStableFunc(edits, func(a, b edit) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End))
	})
	var out []byte
	at := 0
	for _, e := range edits {
		out = append(out, text[at:e.Start]...)
		out = append(out, e.New...)
		at = e.End
	}
	out = append(out, text[at:]...)
	out = dropImports(text, out)
	if neat, err := format.Source(text); err == nil && bytes.Equal(neat, text) {
		if neat, err := format.Source(out); err == nil {
			return neat
		}
	}
	return out
}

// dropImports removes the imports of after that before used and after does
// not. A blank or dot import is never one, nor is C.
func dropImports(before, after []byte) []byte {
	fset := token.NewFileSet()
	old, err := parser.ParseFile(fset, "", before, 0)
	if err != nil {
		return after
	}
	f, err := parser.ParseFile(fset, "", after, 0)
	if err != nil {
		return after
	}
	tf := fset.File(f.FileStart)
	for _, decl := range slices.Backward(f.Decls) {
		d, ok := decl.(*ast.GenDecl)
		if !ok || d.Tok != token.IMPORT {
			continue
		}
		var unused []ast.Spec
		for _, s := range d.Specs {
			if path, err := strconv.Unquote(s.(*ast.ImportSpec).Path.Value); err == nil && path != "C" &&
				astutil.UsesImport(old, path) && !astutil.UsesImport(f, path) {
				unused = append(unused, s)
			}
		}
		if len(unused) == len(d.Specs) && len(unused) > 0 {
			after = cutLines(after, tf.Offset(d.Pos()), tf.Offset(d.End()))
			continue
		}
		for _, s := range slices.Backward(unused) {
			after = cutLines(after, tf.Offset(s.Pos()), tf.Offset(s.End()))
		}
	}
	return after
}

// cutLines removes [start, end) with what else stands on its lines, comments
// that is: nothing else can follow an import clause but a semicolon.
func cutLines(text []byte, start, end int) []byte {
	if i := bytes.LastIndexByte(text[:start], '\n'); len(bytes.TrimSpace(text[i+1:start])) == 0 {
		start = i + 1
	}
	rest, _, _ := bytes.Cut(text[end:], []byte("\n"))
	if c := bytes.TrimSpace(rest); len(c) == 0 || bytes.HasPrefix(c, []byte("//")) {
		end = min(end+len(rest)+1, len(text))
	}
	return slices.Concat(text[:start], text[end:])
}
