package house

import (
	"bytes"
	"go/ast"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestNoBinaries: fixtures are source; binaries are made by the tests that
// read them.
func TestNoBinaries(t *testing.T) {
	for _, name := range committed(t) {
		data := read(t, name)
		if bytes.IndexByte(data, 0) >= 0 || !utf8.Valid(data) {
			t.Errorf("%s is not UTF-8 text", name)
		}
	}
}

// hosts of package registries, in two parts so that this file has none. What
// is here must build against whatever mirror its user has.
var hosts = [][2]string{
	{"proxy.", "golang.org"},
	{"sum.", "golang.org"},
	{"goproxy", ".io"},
	{"goproxy", ".cn"},
	{"registry.", "npmjs.org"},
	{"registry.", "yarnpkg.com"},
	{"deb.", "debian.org"},
	{"security.", "debian.org"},
	{"archive.", "ubuntu.com"},
	{"files.", "pythonhosted.org"},
	{"pypi", ".org"},
	{"static.", "crates.io"},
	{"registry-1.", "docker.io"},
}

// machinePath matches an absolute path that exists on one machine only.
var machinePath = regexp.MustCompile(`(?m)(?:^|[^\w./$})-])/(?:work|root)/[\w.]`)

func TestNoMachineNames(t *testing.T) {
	for _, name := range committed(t) {
		data := read(t, name)
		for _, h := range hosts {
			if bytes.Contains(data, []byte(h[0]+h[1])) {
				t.Errorf("%s names the host %s%s", name, h[0], h[1])
			}
		}
		for _, loc := range machinePath.FindAllIndex(data, 3) {
			line := 1 + bytes.Count(data[:loc[0]], []byte("\n"))
			t.Errorf("%s:%d: %q is a path of one machine", name, line, data[loc[0]:loc[1]])
		}
	}
}

var generated = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

// TestFilesAreShort: a file that outgrows a reader is two files.
func TestFilesAreShort(t *testing.T) {
	var lengths []int
	for _, name := range committed(t) {
		if filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") || strings.Contains("/"+name, "/testdata/") {
			continue
		}
		data := read(t, name)
		if generated.Match(data) {
			continue
		}
		n := bytes.Count(data, []byte("\n"))
		lengths = append(lengths, n)
		if n > MaxLines {
			t.Errorf("%s has %d lines, want at most %d", name, n, MaxLines)
		}
	}
	slices.Sort(lengths)
	t.Logf("%d files, median %d lines, longest %d", len(lengths), lengths[len(lengths)/2], lengths[len(lengths)-1])
}

// TestNoPackagePathsInStrings: internal/ci -module rewrites imports and
// comments, not string literals, because it can't tell what they are for. JSON
// kinds (moho/report/v1) are not paths and look alike, so only existing rooms
// count.
func TestNoPackagePathsInStrings(t *testing.T) {
	module := modulePath(t)
	rooms := map[string]bool{}
	packages(t, func(rel string, _ pkg) { rooms[strings.SplitN(rel, "/", 2)[0]] = true })
	kind := regexp.MustCompile(`/v\d+$`)
	eachGoFile(t, func(name string, fset *token.FileSet, file *ast.File) {
		imports := map[*ast.BasicLit]bool{}
		for _, imp := range file.Imports {
			imports[imp.Path] = true
		}
		ast.Inspect(file, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING || imports[lit] {
				return true
			}
			text, err := strconv.Unquote(lit.Value)
			if err != nil {
				return true
			}
			rest, ok := below(module, text)
			if ok && rooms[strings.SplitN(rest, "/", 2)[0]] && !kind.MatchString(text) {
				t.Errorf("%s: %q names a package of ours; -module would not rewrite it", fset.Position(lit.Pos()), text)
			}
			return true
		})
	})
}

// TestOnlyMainExits: a library returns errors; only a program ends itself.
func TestOnlyMainExits(t *testing.T) {
	eachGoFile(t, func(name string, fset *token.FileSet, file *ast.File) {
		if file.Name.Name == "main" || strings.HasSuffix(name, "_test.go") {
			return
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, _ := sel.X.(*ast.Ident)
			if x == nil {
				return true
			}
			if f := x.Name + "." + sel.Sel.Name; f == "os.Exit" || strings.HasPrefix(f, "log.Fatal") || strings.HasPrefix(f, "log.Panic") {
				t.Errorf("%s: %s outside a main package", fset.Position(call.Pos()), f)
			}
			return true
		})
	})
}
