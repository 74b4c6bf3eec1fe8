package rule

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestDoc(t *testing.T) {
	tests := []struct {
		name, source, want, err string
	}{
		{"one section", "// Package p does.\n//\n// # Analyzer p\n//\n// p: the title\n//\n// The text.\npackage p\n", "the title\n\nThe text.", ""},
		{"headings inside", "// # Analyzer p\n//\n// p: title\n//\n// # More\n//\n// Text.\npackage p\n", "title\n\n# More\n\nText.", ""},
		{"next section", "// # Analyzer p\n//\n// p: title\n//\n// # Analyzer q\n//\n// q: other\npackage p\n", "title", ""},
		{"no comment", "package p\n", "", "no package comment"},
		{"no heading", "// Package p.\npackage p\n", "", "no heading"},
		{"prefix of another", "// # Analyzer pq\n//\n// pq: title\npackage p\n", "", "no heading"},
		{"no summary", "// # Analyzer p\n//\n// Text.\npackage p\n", "", "not followed by"},
		{"not Go", "<html>", "", "doc.go"},
		{"empty", "", "", "doc.go"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Doc(tt.source, "p")
			if got != tt.want {
				t.Errorf("text = %q, want %q", got, tt.want)
			}
			if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("error = %v, want %q", err, tt.err)
			}
		})
	}
}

func TestIgnores(t *testing.T) {
	const source = `package p

//moho:ignore a-rule for a reason
var a = 1 //moho:ignore b-rule	because

//moho:ignore
//moho:ignore c-rule
// moho:ignore d-rule not a directive
//moho:ignored e-rule not one either
var b = 2
`
	f, err := parser.ParseFile(token.NewFileSet(), "p.go", source, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	want := []Ignore{
		{Rule: "a-rule", Reason: "for a reason"},
		{Rule: "b-rule", Reason: "because"},
		{},
		{Rule: "c-rule"},
	}
	if d := cmp.Diff(want, Ignores(f), cmpopts.IgnoreFields(Ignore{}, "Pos")); d != "" {
		t.Errorf("directives (-want +got):\n%s", d)
	}
}

func TestExpr(t *testing.T) {
	long := strings.Repeat("ü", 50)
	for _, name := range []string{"x", long} {
		got := Expr(ast.NewIdent(name))
		if len(got) > 60 || !utf8.ValidString(got) {
			t.Errorf("Expr(%q) = %q", name, got)
		}
		if len(name) <= 60 && got != name {
			t.Errorf("Expr(%q) = %q", name, got)
		}
	}
}
