package place

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLink(t *testing.T) {
	tests := map[string]string{
		"main":                    "main",
		"example.com/a/b":         "example.com/a/b",
		"gopkg.in/yaml.v3":        "gopkg.in/yaml%2ev3",
		"example.com/a.b/c.d":     "example.com/a.b/c%2ed",
		"example.com":             "example%2ecom",
		`a/with "quotes" and %`:   "a/with%20%22quotes%22%20and%20%25",
		"example.com/caf\u00e9":   "example.com/caf%c3%a9",
		"example.com/del\x7f.end": "example.com/del%7f%2eend",
		"":                        "",
	}
	for path, want := range tests {
		if got := Link(path); got != want {
			t.Errorf("Link(%q) = %q, want %q", path, got, want)
		}
	}
}

// TestFind checks statements, on source where @ marks the position asked for.
func TestFind(t *testing.T) {
	tests := []struct {
		name, body string
		symbol     string
		first      int
		last       int
		closures   []string
	}{
		{"simple", "func f() {\n\tx := g(\n\t\t@a,\n\t)\n\t_ = x\n}", "f", 4, 6, nil},
		{"head of if", "func f() {\n\tif @g() {\n\t\th()\n\t}\n}", "f", 4, 4, nil},
		{"head of for", "func f() {\n\tfor i := 0; i < @n; i++ {\n\t\th()\n\t}\n}", "f", 4, 4, nil},
		{"case", "func f() {\n\tswitch {\n\tcase @g():\n\t\th()\n\t}\n}", "f", 5, 5, nil},
		{"pointer method", "func (t *T[A, B]) m() {\n\t@g()\n}", "(*T).m", 4, 4, nil},
		{"value method", "func (t T[A]) m() {\n\t@g()\n}", "T.m", 4, 4, nil},
		{"second init", "func init() {}\nfunc init() {\n\t@g()\n}", "init.1", 5, 5, nil},
		{"variable", "var x = func() int {\n\treturn @1\n}", "init", 4, 4, []string{"func1"}},
		{"second variable's", "var a = func() {}\nvar b = func() { func() { @g() }() }", "init", 4, 4, []string{"func2", "1"}},
		{"defer", "func f() {\n\tdefer func() {\n\t\t@g()\n\t}()\n}", "f", 5, 5, []string{"func1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			source := "package p\n\n" + tt.body
			offset := strings.Index(source, "@")
			fset := token.NewFileSet()
			f, err := parser.ParseFile(fset, "p.go", strings.Replace(source, "@", "", 1), 0)
			if err != nil {
				t.Fatal(err)
			}
			pos := fset.File(f.Pos()).Pos(offset)
			got, ok := Find([]*ast.File{f}, pos, func(ast.Expr) bool { return false })
			if !ok || got.Symbol != tt.symbol {
				t.Fatalf("symbol = %q, %v, want %q", got.Symbol, ok, tt.symbol)
			}
			if d := cmp.Diff(tt.closures, got.Closures); d != "" {
				t.Errorf("closures (-want +got):\n%s", d)
			}
			first, last := fset.Position(got.Pos).Line, fset.Position(got.End).Line
			if first != tt.first || last != tt.last {
				t.Errorf("lines %d to %d, want %d to %d", first, last, tt.first, tt.last)
			}
		})
	}
}
