package rewrite

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/go/gcexportdata"
)

// A command is one call of the compiler.
type command struct {
	args  []string
	files []int // which of args are Go files
	pkg   string
	cfg   string // the import configuration
	out   string // what is written; temporary files go beside it
	lang  string
	std   bool
}

// parseCommand reads the compiler's arguments as the go command writes them.
//
// Source: (gcToolchain).gc in $GOROOT/src/cmd/go/internal/work/gc.go, go1.26.
func parseCommand(args []string) command {
	c := command{args: args}
	for i := 1; i < len(args); i++ {
		a := args[i]
		next := func() string {
			if i+1 < len(args) {
				return args[i+1]
			}
			return ""
		}
		switch {
		case a == "-std":
			c.std = true
		case a == "-p":
			c.pkg = next()
		case a == "-importcfg":
			c.cfg = next()
		case a == "-o":
			c.out = next()
		case strings.HasPrefix(a, "-lang="):
			c.lang = strings.TrimPrefix(a, "-lang=")
		case strings.HasSuffix(a, ".go") && !strings.HasPrefix(a, "-"):
			c.files = append(c.files, i)
		}
	}
	return c
}

// watched are imports without which a package has nothing to rewrite.
var watched = []string{`"unsafe"`, `"sync/atomic"`, `"syscall"`, `"reflect"`, `golang.org/x/sys/`}

// rewrite returns the arguments for the compiler with files in place of those that
// were changed; nil when there is nothing to change.
func (c command) rewrite() ([]string, error) {
	if c.std || c.cfg == "" || c.out == "" || len(c.files) == 0 {
		return nil, nil
	}
	srcs := make([][]byte, len(c.files))
	relevant := false
	for k, i := range c.files {
		b, err := os.ReadFile(c.args[i])
		if err != nil {
			return nil, err
		}
		srcs[k] = b
		relevant = relevant || slices.ContainsFunc(watched, func(s string) bool { return bytes.Contains(b, []byte(s)) })
	}
	if !relevant {
		return nil, nil
	}
	p, err := c.check(srcs)
	if err != nil {
		return nil, err
	}
	args := slices.Clone(c.args)
	dir := filepath.Dir(c.out)
	changed := false
	for k, i := range c.files {
		f := newFile(p, p.files[k], srcs[k], filepath.Base(c.args[i]))
		f.rewrite()
		if len(f.list) == 0 {
			continue
		}
		changed = true
		// The name has to stay: only _cgo_gotypes.go may have directives for the
		// linker.
		name := filepath.Join(dir, "moho"+strconv.Itoa(k), filepath.Base(c.args[i]))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(name, f.text(c.args[i]), 0o644); err != nil {
			return nil, err
		}
		args[i] = name
	}
	if !changed {
		return nil, nil
	}
	h := filepath.Join(dir, "zz_moho_helper.go")
	if err := os.WriteFile(h, []byte(helper(p.files[0].Name.Name)), 0o644); err != nil {
		return nil, err
	}
	// Functions without body are not what -complete promises, and the helper needs a
	// language with its builtins. Nothing changed its meaning up to that.
	args = slices.DeleteFunc(args, func(a string) bool { return a == "-complete" })
	for i, a := range args {
		if v, ok := strings.CutPrefix(a, "-lang="); ok && before120(v) {
			args[i] = "-lang=go1.20"
		}
	}
	return append(args, h), nil
}

func before120(v string) bool {
	minor, ok := strings.CutPrefix(v, "go1.")
	n, err := strconv.Atoi(minor)
	return ok && err == nil && n < 20
}

// A pkg is a package that type-checks.
type pkg struct {
	fset  *token.FileSet
	files []*ast.File
	info  *types.Info
	sizes types.Sizes
	arch  string
	self  *types.Package
	decls map[types.Object]*ast.FuncDecl
}

func (c command) check(srcs [][]byte) (*pkg, error) {
	p := &pkg{
		fset: token.NewFileSet(), arch: os.Getenv("GOARCH"), decls: map[types.Object]*ast.FuncDecl{},
		info: &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{}},
	}
	if p.arch == "" {
		p.arch = "amd64"
	}
	p.sizes = types.SizesFor("gc", p.arch)
	imp, err := c.importer(p.fset)
	if err != nil {
		return nil, err
	}
	for k, i := range c.files {
		f, err := parser.ParseFile(p.fset, c.args[i], srcs[k], parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		p.files = append(p.files, f)
	}
	conf := types.Config{Importer: imp, Sizes: p.sizes, GoVersion: c.lang}
	// The compiler has taken it, or is about to refuse it: what does not type-check
	// here was not understood.
	if p.self, err = conf.Check(c.pkg, p.fset, p.files, p.info); err != nil {
		return nil, err
	}
	for _, f := range p.files {
		for _, d := range f.Decls {
			if fd, ok := d.(*ast.FuncDecl); ok {
				if o := p.info.Defs[fd.Name]; o != nil {
					p.decls[o] = fd
				}
			}
		}
	}
	return p, nil
}

// importer reads the export data that the compiler is told to read.
func (c command) importer(fset *token.FileSet) (types.Importer, error) {
	f, err := os.Open(c.cfg)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	files, names := map[string]string{}, map[string]string{}
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		if v, ok := strings.CutPrefix(sc.Text(), "packagefile "); ok {
			path, file, _ := strings.Cut(v, "=")
			files[path] = file
		} else if v, ok := strings.CutPrefix(sc.Text(), "importmap "); ok {
			from, to, _ := strings.Cut(v, "=")
			names[from] = to
		}
	}
	if err := sc.Err(); err != nil {
		return nil, err
	}
	return &exports{fset: fset, files: files, names: names, known: map[string]*types.Package{}}, nil
}

// exports are the packages that the compiler may import, as the compiler that made
// them describes them.
type exports struct {
	fset  *token.FileSet
	files map[string]string // by package path
	names map[string]string // path in the source -> package path
	known map[string]*types.Package
}

func (x *exports) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	if to, ok := x.names[path]; ok {
		path = to
	}
	if p := x.known[path]; p != nil && p.Complete() {
		return p, nil
	}
	file, ok := x.files[path]
	if !ok {
		return nil, fmt.Errorf("no export data for %s", path)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	//lint:ignore SA1019 what the compiler writes is an archive up to Go 1.28
	r, err := gcexportdata.NewReader(f)
	if err != nil {
		return nil, err
	}
	return gcexportdata.Read(r, x.fset, x.known, path)
}

// compile runs the compiler on the rewritten package. A package that does not
// compile any more is compiled as it was, and the driver is told.
func compile(args []string) int {
	c := parseCommand(args)
	changed, err := c.rewrite()
	if err != nil {
		return c.plain(err)
	}
	if changed == nil {
		return run(args)
	}
	out, code := runQuiet(changed)
	if code == 0 {
		os.Stdout.Write(out)
		return 0
	}
	first, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return c.plain(errors.New(first))
}

// Skipped begins the line that says that a package was left as it is.
const Skipped = "moho: not rewritten: "

func (c command) plain(why error) int {
	code := run(c.args)
	if code == 0 {
		fmt.Printf("%s%s: %v\n", Skipped, c.pkg, why)
	}
	return code
}
