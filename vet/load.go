package vet

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"go/token"
	"go/types"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"golang.org/x/tools/go/packages"

	"moho/vet/internal/cache"
)

// target is one GOOS/GOARCH. given is false for what the environment says.
type target struct {
	goos, goarch string
	goVersion    string
	goroot       string
	goamd64      string
	given        bool
}

func (t target) String() string { return t.goos + "/" + t.goarch }

// wide reports words of 64 bits.
func (t target) wide() bool {
	sizes := types.SizesFor("gc", t.goarch)
	return sizes == nil || sizes.Sizeof(types.Typ[types.Uintptr]) == 8
}

// targets resolves opts.Targets.
func targets(ctx context.Context, opts Options) ([]target, error) {
	cmd := exec.CommandContext(ctx, "go", "env", "-json", "GOOS", "GOARCH", "GOVERSION", "GOROOT", "GOAMD64")
	cmd.Dir = opts.Dir
	cmd.Env = environ(opts, target{})
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go env in %s: %w: %s", cmp.Or(opts.Dir, "."), err, strings.TrimSpace(stderr.String()))
	}
	var env struct{ GOOS, GOARCH, GOVERSION, GOROOT, GOAMD64 string }
	if err := json.Unmarshal(out, &env); err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	host := target{goos: env.GOOS, goarch: env.GOARCH, goVersion: env.GOVERSION, goroot: env.GOROOT, goamd64: env.GOAMD64}
	if len(opts.Targets) == 0 {
		return []target{host}, nil
	}
	var list []target
	for _, s := range opts.Targets {
		goos, goarch, ok := strings.Cut(s, "/")
		if !ok || goos == "" || goarch == "" || strings.Contains(goarch, "/") {
			return nil, fmt.Errorf("target %q: want GOOS/GOARCH", s)
		}
		t := host
		t.goos, t.goarch, t.given = goos, goarch, true
		if !slices.Contains(list, t) {
			list = append(list, t)
		}
	}
	slices.SortFunc(list, func(a, b target) int { return cmp.Compare(a.String(), b.String()) })
	return list, nil
}

// environ is the environment of the go command for one target.
func environ(opts Options, t target) []string {
	env := opts.Env
	if env == nil {
		env = os.Environ()
	}
	env = append(slices.Clone(env), "GOPACKAGESDRIVER=off")
	if t.given {
		env = append(env, "GOOS="+t.goos, "GOARCH="+t.goarch)
	}
	return env
}

// loaded is what the patterns match and all that it imports, for one target.
type loaded struct {
	target  target
	fset    *token.FileSet
	units   []*unit // imports first
	matched []string
	errors  []packages.Error
	types   *importer
	memory  *gate
	overlay map[string][]byte
	along   []string // all targets that were asked for, which some rules compare
	cache   *cache.Cache
	started time.Time // before the go command looked at any file
}

// load asks the go command for the packages and for their dependencies' types.
//
// Packages are compiled on the way, as go vet does it too: that yields the
// compiler's own messages for those that do not compile, and the types of
// dependencies without reading their source. Only packages that import unsafe or
// have assembly are parsed after that.
func load(ctx context.Context, opts Options, t target) (*loaded, error) {
	started := time.Now()
	all, err := list(ctx, opts, t)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", strings.Join(opts.Patterns, " "), err)
	}
	l := &loaded{
		target: t, fset: token.NewFileSet(), memory: newGate(maxSource), overlay: opts.Overlay,
		along: opts.Targets, cache: cache.Open(opts.Cache), started: started,
	}
	l.units = graph(all)
	l.types = newImporter(l.fset, l.units, l.target.goarch)
	roots := map[string]bool{}
	for _, p := range all {
		if !p.DepOnly || opts.Deps && p.Module != nil && p.Module.Main && p.ForTest == "" {
			roots[p.ImportPath] = true
		}
	}
	for _, u := range l.units {
		l.errors = append(l.errors, u.pkg.Errors...)
		// Without a name it is a pattern that matches nothing.
		u.asked = roots[u.pkg.ID] && u.pkg.Name != "" && !isTestMain(u.pkg)
		if u.asked {
			l.matched = append(l.matched, u.name)
		}
	}
	return l, nil
}

// isTestMain reports the command that the go command generates around tests.
// Its path ends in .test, but so may that of a package.
func isTestMain(p *packages.Package) bool {
	if p.Name != "main" || !strings.HasSuffix(p.ID, ".test") {
		return false
	}
	for _, name := range p.GoFiles {
		if base(name) != "_testmain.go" && within(moduleDir(p.Module), name) != "" {
			return false
		}
	}
	return true
}
