package house

import (
	"go/ast"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestPackageComments: every package says what it is; a room that is read by
// people who use it says also what it does with hostile input and what it
// promises not to change.
func TestPackageComments(t *testing.T) {
	checked := map[string]bool{}
	packages(t, func(rel string, p pkg) {
		if checked[rel] || len(p.GoFiles) == 0 {
			return
		}
		checked[rel] = true
		text := packageComment(t, p)
		first := "Package " + p.Name + " "
		if p.Name == "main" {
			first = "Command " // or what the example is
		}
		switch {
		case text == "":
			t.Errorf("%s has no package comment", rel)
		case !strings.HasPrefix(text, first) && !strings.HasPrefix(rel, "examples/"):
			t.Errorf("%s: package comment starts with %.30q, want %q", rel, text, first)
		}
		if rel != Room(rel) || strings.HasPrefix(rel, "internal/") || rel == "examples" || p.Name == "main" {
			return
		}
		heads := headings(text)
		for _, want := range []string{"Untrusted input", "Compatibility"} {
			if !slices.Contains(heads, want) {
				t.Errorf("%s: package comment has no section %q", rel, "# "+want)
			}
		}
	})
}

// packageComment returns the whole comment; go list gives only its synopsis.
func packageComment(t *testing.T, p pkg) string {
	t.Helper()
	var texts []string
	for _, name := range p.GoFiles {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.ParseComments|parser.PackageClauseOnly)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		if file.Doc != nil {
			texts = append(texts, file.Doc.Text())
		}
	}
	return strings.Join(texts, "\n")
}

func headings(text string) []string {
	var heads []string
	for _, block := range new(comment.Parser).Parse(text).Content {
		if h, ok := block.(*comment.Heading); ok {
			for _, x := range h.Text {
				if plain, ok := x.(comment.Plain); ok {
					heads = append(heads, string(plain))
				}
			}
		}
	}
	return heads
}

var gorootFile = regexp.MustCompile(`\$GOROOT/[\w./+*{},-]*[\w*]`)

// TestSourcesExist: a comment that names a file of the Go tree names one that
// the running toolchain has. Where the file is gone, the fact behind it has to
// be looked at again.
func TestSourcesExist(t *testing.T) {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatalf("go env GOROOT: %v", err)
	}
	goroot := strings.TrimSpace(string(out))
	found := 0
	eachGoFile(t, func(name string, fset *token.FileSet, file *ast.File) {
		for _, group := range file.Comments {
			for _, source := range gorootFile.FindAllString(group.Text(), -1) {
				found++
				for _, path := range expand(strings.TrimPrefix(source, "$GOROOT/")) {
					match, err := filepath.Glob(filepath.Join(goroot, path))
					if err != nil || len(match) == 0 {
						t.Errorf("%s: %s: no such file in this toolchain", fset.Position(group.Pos()), path)
					}
				}
			}
		}
	})
	if found == 0 {
		t.Error("no comment names a source")
	}
}

// expand returns the paths that a{b,c}d stands for.
func expand(path string) []string {
	before, rest, ok := strings.Cut(path, "{")
	list, after, closed := strings.Cut(rest, "}")
	if !ok || !closed {
		return []string{path}
	}
	var out []string
	for alt := range strings.SplitSeq(list, ",") {
		out = append(out, expand(before+alt+after)...)
	}
	return out
}

func TestExpand(t *testing.T) {
	for in, want := range map[string][]string{
		"src/a.go":           {"src/a.go"},
		"src/a_{b,c}.go":     {"src/a_b.go", "src/a_c.go"},
		"{a,b}/{c,d}":        {"a/c", "a/d", "b/c", "b/d"},
		"src/unclosed{a,b.c": {"src/unclosed{a,b.c"},
	} {
		if got := expand(in); !slices.Equal(got, want) {
			t.Errorf("expand(%q) = %q, want %q", in, got, want)
		}
	}
}

// eachGoFile parses the Go files outside testdata.
func eachGoFile(t *testing.T, visit func(name string, fset *token.FileSet, file *ast.File)) {
	t.Helper()
	for _, name := range committed(t) {
		if filepath.Ext(name) != ".go" || strings.Contains("/"+name, "/testdata/") {
			continue
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, read(t, name), parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		visit(name, fset, file)
	}
}

func TestREADMEIsShort(t *testing.T) {
	if n := strings.Count(string(read(t, "README.md")), "\n"); n == 0 || n > MaxREADME {
		t.Errorf("README.md has %d lines, want 1 to %d", n, MaxREADME)
	}
}

var localLink = regexp.MustCompile(`\]\(([^)#:\s]+)(?:#[^)]*)?\)`)

// TestDocumentLinks: a link to a file in the tree leads somewhere.
func TestDocumentLinks(t *testing.T) {
	for _, name := range committed(t) {
		if filepath.Ext(name) != ".md" || strings.Contains(name, "testdata/") {
			continue
		}
		for _, m := range localLink.FindAllStringSubmatch(string(read(t, name)), -1) {
			if _, err := os.Stat(filepath.Join(root, filepath.Dir(name), m[1])); err != nil {
				t.Errorf("%s links to %s, which does not exist", name, m[1])
			}
		}
	}
}

// TestThreatsAreNamed: every room that reads untrusted input, and every verb,
// has its line in the threat model.
func TestThreatsAreNamed(t *testing.T) {
	text := string(read(t, "docs/THREATS.md"))
	rooms := map[string]bool{}
	packages(t, func(rel string, _ pkg) { rooms[Room(rel)] = true })
	for _, room := range slices.Concat(Foundation, Verbs, Decoders, []string{"internal/bounded", "internal/cli"}) {
		if rooms[room] && !strings.Contains(text, "`"+room+"`") {
			t.Errorf("docs/THREATS.md does not name `%s`", room)
		}
	}
}

var commandLine = regexp.MustCompile(`(?m)^\s*\$ moho ((?:--?[\w-]+ )*)(\w+)`)

// TestDocumentedCommandsAreTested: a verb that a document shows on a command
// line is run by a script.
func TestDocumentedCommandsAreTested(t *testing.T) {
	var scripts strings.Builder
	for _, name := range committed(t) {
		if filepath.Ext(name) == ".txtar" && strings.HasPrefix(name, "cmd/") {
			scripts.Write(read(t, name))
		}
	}
	shown := 0
	for _, name := range committed(t) {
		if filepath.Ext(name) != ".md" || strings.Contains(name, "testdata/") {
			continue
		}
		for _, m := range commandLine.FindAllStringSubmatch(string(read(t, name)), -1) {
			shown++
			run := regexp.MustCompile(`(?m)^(?:[!?] )?exec moho (?:--?[\w-]+ )*` + m[2] + `\b`)
			if !run.MatchString(scripts.String()) {
				t.Errorf("%s shows moho %s, which no script in cmd/moho/testdata runs", name, m[2])
			}
		}
	}
	if shown == 0 {
		t.Error("no document shows a command line")
	}
}
