package source

import (
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"strings"

	"golang.org/x/tools/go/ast/astutil"

	"moho/vet/internal/place"
)

// code is a file's syntax, parsed for its own sake: what cgo, line directives
// or an importer make of positions does not matter here.
type code struct {
	fset *token.FileSet
	file *ast.File
}

// Code returns the statement around a position as its tokens, one blank
// between two, without comments: the same for any layout. Of a statement that
// has a body it is the head, of a declared function the signature. In files that are not Go
// it is the line, with blanks made one.
func (t *Text) Code(line, col int) string {
	if t == nil {
		return ""
	}
	if !strings.HasSuffix(t.name, ".go") {
		text, _, _ := strings.Cut(t.Line(line), "//")
		return strings.Join(strings.Fields(text), " ")
	}
	if start, end, ok := t.Statement(line, col); ok {
		return tokens(t.Bytes[start:end])
	}
	return tokens([]byte(t.Line(line)))
}

// Statement bounds the statement around a position, as [Text.Code] shows it.
func (t *Text) Statement(line, col int) (start, end int, ok bool) {
	off, ok := t.Offset(line, max(col, 1))
	if !ok {
		return 0, 0, false
	}
	if t.code == nil {
		t.code = &code{fset: token.NewFileSet()}
		t.code.file, _ = parser.ParseFile(t.code.fset, t.name, t.Bytes, parser.SkipObjectResolution)
	}
	if t.code.file == nil {
		return 0, 0, false
	}
	tf := t.code.fset.File(t.code.file.FileStart)
	if tf == nil || off > tf.Size() {
		return 0, 0, false
	}
	pos := tf.Pos(off)
	path, _ := astutil.PathEnclosingInterval(t.code.file, pos, pos)
	from, to := place.Statement(path)
	if !from.IsValid() || !to.IsValid() || to < from {
		return 0, 0, false
	}
	return tf.Offset(from), tf.Offset(to), true
}

// tokens prints the tokens of a piece of Go. Semicolons at the ends of lines
// and commas before a closing bracket come and go with the layout: they are
// left out.
func tokens(b []byte) string {
	var s scanner.Scanner
	fset := token.NewFileSet()
	s.Init(fset.AddFile("", -1, len(b)), b, nil, 0)
	var out strings.Builder
	comma := false
	for {
		_, tok, lit := s.Scan()
		switch {
		case tok == token.EOF:
			return out.String()
		case tok == token.SEMICOLON && lit == "\n":
			continue
		case tok == token.COMMA:
			comma = true
			continue
		}
		closing := tok == token.RPAREN || tok == token.RBRACK || tok == token.RBRACE
		if comma && !closing {
			out.WriteString(" ,")
		}
		comma = false
		if out.Len() > 0 {
			out.WriteByte(' ')
		}
		if lit == "" {
			lit = tok.String()
		}
		out.WriteString(lit)
	}
}
