package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"moho/gostate/internal/layout"
)

// The compiler writes no DWARF for wasm. What it would say is computed from the
// runtime's source, by the type checker and the compiler's rules for sizes. That
// the method is right shows on the architectures that have DWARF: there both
// must agree on every value, for every toolchain.

// sourceTargets maps the columns without DWARF to GOOS and GOARCH. The two systems
// that wasm is compiled for lock in different ways, which shows in m.
var sourceTargets = map[string][2]string{"wasm": {"wasip1", "wasm"}, "wasm/js": {"js", "wasm"}}

// A listed package is what go list says about one.
type listed struct {
	ImportPath, Dir string
	GoFiles         []string
	ImportMap       map[string]string
}

// readSource computes the values that package layout names for a target.
func readSource(dir, toolchain, goos, goarch string) (map[string]int64, error) {
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Dir,GoFiles,ImportMap", "runtime")
	cmd.Dir = dir // away from our go.mod, which older toolchains refuse
	cmd.Env = append(os.Environ(), "GOTOOLCHAIN="+toolchain, "GOOS="+goos, "GOARCH="+goarch,
		"CGO_ENABLED=0", "GOFLAGS=", "GOEXPERIMENT=", "GOWORK=off")
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list runtime: %w", err)
	}
	s := &source{
		fset: token.NewFileSet(), done: map[string]*types.Package{"unsafe": types.Unsafe},
		sizes: types.SizesFor("gc", goarch),
	}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		switch err := d.Decode(&p); {
		case errors.Is(err, io.EOF):
			return s.values()
		case err != nil:
			return nil, fmt.Errorf("go list runtime: %w", err)
		case p.ImportPath != "unsafe":
			if err := s.check(p); err != nil {
				return nil, err
			}
		}
	}
}

// source is the runtime of one toolchain and what it imports.
type source struct {
	fset  *token.FileSet
	done  map[string]*types.Package
	sizes types.Sizes
}

var _ types.Importer = (*source)(nil)

// Import returns a package that was checked before.
func (s *source) Import(path string) (*types.Package, error) {
	if p := s.done[path]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("package %s: go list has not named it before", path)
}

func (s *source) check(p listed) error {
	var files []*ast.File
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(s.fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	conf := types.Config{IgnoreFuncBodies: true, Importer: s, Sizes: s.sizes}
	pkg, err := conf.Check(p.ImportPath, s.fset, files, nil)
	s.done[p.ImportPath] = pkg
	return err
}

// values looks up the names of package layout. As with DWARF, a field that is
// not there is left out, but a struct that is missing altogether is an error.
func (s *source) values() (map[string]int64, error) {
	values := make(map[string]int64)
	for _, name := range layout.Names() {
		if t, ok := strings.CutPrefix(name, "sizeof "); ok {
			st := s.lookup(t)
			if st == nil {
				return nil, fmt.Errorf("type %s: not in the source", t)
			}
			values[name] = s.sizes.Sizeof(st)
			continue
		}
		pkg, path, _ := cutName(name)
		parts := strings.Split(path, ".")
		st := s.lookup(pkg + "." + parts[0])
		if st == nil && layout.Optional(name) {
			continue
		}
		if st == nil {
			return nil, fmt.Errorf("type %s.%s: not in the source", pkg, parts[0])
		}
		if off, ok := s.offset(st, parts[1:]); ok {
			values[name] = off
		}
	}
	return values, nil
}

// cutName cuts internal/runtime/maps.Map.used after the package.
func cutName(name string) (pkg, rest string, ok bool) {
	slash := strings.LastIndexByte(name, '/') + 1
	pkg, rest, ok = strings.Cut(name[slash:], ".")
	return name[:slash] + pkg, rest, ok
}

// lookup returns the struct that a name like runtime.g stands for, or nil.
func (s *source) lookup(name string) *types.Struct {
	pkg, typ, _ := cutName(name)
	p := s.done[pkg]
	if p == nil {
		return nil
	}
	obj := p.Scope().Lookup(typ)
	if obj == nil {
		return nil
	}
	st, _ := obj.Type().Underlying().(*types.Struct)
	return st
}

// offset returns the offset of the field at the end of path.
func (s *source) offset(st *types.Struct, path []string) (int64, bool) {
	var fields []*types.Var
	for f := range st.Fields() {
		fields = append(fields, f)
	}
	for i, f := range fields {
		if f.Name() != path[0] {
			continue
		}
		off := s.sizes.Offsetsof(fields)[i]
		if len(path) == 1 {
			return off, true
		}
		inner, ok := f.Type().Underlying().(*types.Struct)
		if !ok {
			return 0, false
		}
		rest, ok := s.offset(inner, path[1:])
		return off + rest, ok
	}
	return 0, false
}
