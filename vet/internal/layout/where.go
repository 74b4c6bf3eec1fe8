package layout

import (
	"go/ast"
	"go/build/constraint"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// A platform is a pair that the gc compiler builds for, by the size of words.
type platform struct {
	goos, goarch string
	narrow       bool
}

// platforms need not be complete: one for each constraint that files really
// have is enough.
//
// Source: $GOROOT/src/internal/platform/zosarch.go, go1.26.
var platforms = func() (list []platform) {
	add := func(narrow bool, goarch string, oses ...string) {
		for _, goos := range oses {
			list = append(list, platform{goos, goarch, narrow})
		}
	}
	add(true, "386", "linux", "windows", "freebsd", "netbsd", "openbsd", "plan9", "android")
	add(true, "arm", "linux", "freebsd", "netbsd", "openbsd", "plan9", "android")
	add(true, "mips", "linux")
	add(true, "mipsle", "linux")
	add(false, "amd64", "linux", "windows", "darwin", "freebsd", "netbsd", "openbsd", "plan9", "dragonfly", "solaris", "illumos", "android", "ios")
	add(false, "arm64", "linux", "windows", "darwin", "freebsd", "netbsd", "openbsd", "android", "ios")
	add(false, "loong64", "linux")
	add(false, "mips64", "linux", "openbsd")
	add(false, "mips64le", "linux")
	add(false, "ppc64", "linux", "aix")
	add(false, "ppc64le", "linux")
	add(false, "riscv64", "linux", "freebsd", "openbsd")
	add(false, "s390x", "linux")
	add(false, "wasm", "js", "wasip1")
	return list
}()

// strict are the processors that do not load a word from any address.
var strict = map[string]bool{"mips": true, "mipsle": true, "mips64": true, "mips64le": true}

// configured holds the platforms that a file set is analysed for, when they
// were named; without an entry every platform counts.
var configured sync.Map // of *token.FileSet to []string

// SetTargets says which targets, as GOOS/GOARCH, the code of a file set is meant
// for. forget must be called when it has been analysed.
func SetTargets(fset *token.FileSet, targets []string) (forget func()) {
	configured.Store(fset, slices.Clone(targets))
	return func() { configured.Delete(fset) }
}

func meant(fset *token.FileSet, p platform) bool {
	list, ok := configured.Load(fset)
	return !ok || slices.Contains(list.([]string), p.goos+"/"+p.goarch)
}

// Targets lists the processors, of those that the code is meant for and the
// file may be compiled for by its name and build constraint, on which words are
// narrow or not. Tags other than operating systems and processors may be set
// or not.
func Targets(fset *token.FileSet, f *ast.File, narrow bool) []string {
	return archs(fset, f, func(p platform) bool { return p.narrow == narrow })
}

// Strict lists those of the configured processors, if any were named, that do
// not load a word from every address.
func Strict(fset *token.FileSet, f *ast.File) []string {
	if _, ok := configured.Load(fset); !ok {
		return nil
	}
	return archs(fset, f, func(p platform) bool { return strict[p.goarch] })
}

func archs(fset *token.FileSet, f *ast.File, want func(platform) bool) (list []string) {
	exprs := constraints(f)
	name := fset.File(f.FileStart).Name()
	for _, p := range platforms {
		if want(p) && meant(fset, p) && byName(name, p) && !slices.Contains(list, p.goarch) &&
			!slices.ContainsFunc(exprs, func(e constraint.Expr) bool { return evaluate(e, p) == no }) {
			list = append(list, p.goarch)
		}
	}
	return list
}

func constraints(f *ast.File) (list []constraint.Expr) {
	for _, g := range f.Comments {
		if g.Pos() > f.Package {
			break
		}
		for _, c := range g.List {
			if constraint.IsGoBuild(c.Text) {
				if e, err := constraint.Parse(c.Text); err == nil {
					list = append(list, e)
				}
			}
		}
	}
	return list
}

// byName reports whether a file's name lets it be compiled for p.
func byName(name string, p platform) bool {
	name = strings.TrimSuffix(strings.TrimSuffix(filepath.Base(name), ".go"), "_test")
	words := strings.Split(name, "_")
	if len(words) < 2 {
		return true
	}
	last := words[len(words)-1]
	switch {
	case isArch(last):
		return last == p.goarch && (len(words) < 3 || !isOS(words[len(words)-2]) || ofOS(words[len(words)-2], p.goos))
	case isOS(last):
		return ofOS(last, p.goos)
	}
	return true
}

func isArch(s string) bool {
	return slices.ContainsFunc(platforms, func(p platform) bool { return p.goarch == s })
}

func isOS(s string) bool {
	return slices.ContainsFunc(platforms, func(p platform) bool { return p.goos == s })
}

// ofOS reports whether tag holds on goos, which some systems share.
func ofOS(tag, goos string) bool {
	return tag == goos || tag == "linux" && goos == "android" || tag == "solaris" && goos == "illumos" || tag == "darwin" && goos == "ios"
}

type truth int

const (
	no truth = iota
	maybe
	yes
)

func evaluate(e constraint.Expr, p platform) truth {
	switch e := e.(type) {
	case *constraint.AndExpr:
		return min(evaluate(e.X, p), evaluate(e.Y, p))
	case *constraint.OrExpr:
		return max(evaluate(e.X, p), evaluate(e.Y, p))
	case *constraint.NotExpr:
		return yes - evaluate(e.X, p)
	case *constraint.TagExpr:
		return tagged(e.Tag, p)
	}
	return maybe
}

func tagged(tag string, p platform) truth {
	is := func(b bool) truth {
		if b {
			return yes
		}
		return no
	}
	switch {
	case tag == "unix":
		return is(p.goos != "windows" && p.goos != "plan9" && p.goos != "js" && p.goos != "wasip1")
	case tag == "gc" || strings.HasPrefix(tag, "go1."):
		return yes
	case tag == "gccgo" || tag == "ignore":
		return no
	case isArch(tag):
		return is(tag == p.goarch)
	case isOS(tag):
		return is(ofOS(tag, p.goos))
	}
	return maybe
}

// Everywhere reports whether what is declared at pos is not declared in a file
// for one processor only, by its name and, for a file that is at hand, its
// build constraint. f is nil for a file of another package.
func Everywhere(fset *token.FileSet, f *ast.File, pos token.Pos) bool {
	file := fset.File(pos)
	if file == nil {
		return true
	}
	for _, word := range strings.Split(strings.TrimSuffix(filepath.Base(file.Name()), ".go"), "_")[1:] {
		if isArch(word) {
			return false
		}
	}
	return f == nil || !slices.ContainsFunc(constraints(f), namesArch)
}

func namesArch(e constraint.Expr) bool {
	switch e := e.(type) {
	case *constraint.AndExpr:
		return namesArch(e.X) || namesArch(e.Y)
	case *constraint.OrExpr:
		return namesArch(e.X) || namesArch(e.Y)
	case *constraint.NotExpr:
		return namesArch(e.X)
	case *constraint.TagExpr:
		return isArch(e.Tag)
	}
	return false
}
