// Package edit carries out the edits of fixes on the text of a Go file.
//
// # Untrusted input
//
// Edits come from rules, offsets included; those that lie outside of the text or
// collide are refused.
//
// # Compatibility
//
// Internal to vet.
package edit

import (
	"bytes"
	"cmp"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"slices"
	"strconv"

	"golang.org/x/tools/go/ast/astutil"
)

// An Edit replaces the bytes [Start, End) of a text by New.
type Edit struct {
	Start, End int
	New        string
}

// Collides reports whether two edits cannot both be carried out. Equal ones can:
// two fixes may add the same import.
func (e Edit) Collides(o Edit) bool {
	if e == o {
		return false
	}
	if e.Start == e.End || o.Start == o.End {
		return e.Start < o.End && o.Start < e.End || e.Start == o.Start && e.End == o.End
	}
	return e.Start < o.End && o.Start < e.End
}

// Apply carries out edits. An import that is no longer used goes with its last
// use. The result is formatted if the text was. ok is false when edits collide or
// lie outside of the text.
func Apply(text []byte, edits []Edit) (out []byte, ok bool) {
	edits = slices.Clone(edits)
	slices.SortFunc(edits, func(a, b Edit) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End), cmp.Compare(a.New, b.New))
	})
	edits = slices.Compact(edits)
	at := 0
	for i, e := range edits {
		if e.Start < at || e.End < e.Start || e.End > len(text) || i > 0 && e.Collides(edits[i-1]) {
			return nil, false
		}
		out = append(append(out, text[at:e.Start]...), e.New...)
		at = e.End
	}
	out = dropImports(text, append(out, text[at:]...))
	if neat, err := format.Source(text); err == nil && bytes.Equal(neat, text) {
		if neat, err := format.Source(out); err == nil {
			out = neat
		}
	}
	return out, true
}

// dropImports removes the imports of after that before used and after does
// not; never C, whose import is a preamble.
func dropImports(before, after []byte) []byte {
	old, err := parser.ParseFile(token.NewFileSet(), "", before, 0)
	if err != nil {
		return after
	}
	fset := token.NewFileSet()
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
			path, err := strconv.Unquote(s.(*ast.ImportSpec).Path.Value)
			if err == nil && path != "C" && astutil.UsesImport(old, path) && !astutil.UsesImport(f, path) {
				unused = append(unused, s)
			}
		}
		if len(unused) > 0 && len(unused) == len(d.Specs) {
			after = cutLines(after, tf.Offset(d.Pos()), tf.Offset(d.End()))
			continue
		}
		for _, s := range slices.Backward(unused) {
			after = cutLines(after, tf.Offset(s.Pos()), tf.Offset(s.End()))
		}
	}
	return after
}

// cutLines removes [start, end), and the line that it stands on when nothing
// else does but a comment behind it.
func cutLines(text []byte, start, end int) []byte {
	line := bytes.LastIndexByte(text[:start], '\n') + 1
	rest, _, _ := bytes.Cut(text[end:], []byte("\n"))
	if c := bytes.TrimSpace(rest); len(bytes.TrimSpace(text[line:start])) == 0 && (len(c) == 0 || bytes.HasPrefix(c, []byte("//"))) {
		start, end = line, min(end+len(rest)+1, len(text))
	}
	return slices.Concat(text[:start], text[end:])
}
