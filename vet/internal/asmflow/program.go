package asmflow

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"

	"golang.org/x/tools/go/analysis"

	"moho/vet/internal/asmtext"
	"moho/vet/internal/rule"
)

// Analyzer reads the assembly of each package.
var Analyzer = &analysis.Analyzer{
	Name:       "mohoasm",
	Doc:        "read assembly and follow its stack",
	Run:        run,
	ResultType: reflect.TypeFor[*Program](),
}

// A Target is what the assembly is read for.
type Target struct {
	GOOS, GOARCH, GOROOT string
	GOAMD64              string // v1 to v4
}

// targets holds the target of each loaded set of packages: a pass does not
// carry it.
var targets sync.Map // of *token.FileSet to Target

// SetTarget says what the packages of a file set are built for. forget must be
// called when they have been analysed. Without it the environment decides,
// which go vet sets for its tool.
func SetTarget(fset *token.FileSet, t Target) (forget func()) {
	targets.Store(fset, t)
	return func() { targets.Delete(fset) }
}

// TargetOf is what the packages of a file set are built for.
func TargetOf(fset *token.FileSet) Target {
	t, _ := targetOf(fset)
	return t
}

func targetOf(fset *token.FileSet) (t Target, tool bool) {
	if t, ok := targets.Load(fset); ok {
		return t.(Target), false
	}
	return Target{GOOS: build.Default.GOOS, GOARCH: build.Default.GOARCH, GOROOT: build.Default.GOROOT, GOAMD64: os.Getenv("GOAMD64")}, true
}

// A Program is the assembly of one package. Arch is nil when there is none, or
// none that the rules know.
type Program struct {
	Target Target
	Arch   *Arch
	Funcs  []*Func
	Gaps   []rule.Gap // files that could not be read
	Path   string     // of the package

	pkg    *types.Package
	info   *types.Info
	sizes  types.Sizes
	fset   *token.FileSet
	header []byte
	tool   bool // run by go vet
	byName map[string]*Func
	decls  map[string]*ast.FuncDecl // with and without body
	called map[*Func]bool
}

// A Func is one TEXT and what it implements.
//
// Layout is nil when no Go declaration is known. Pos is the place of its name.
type Func struct {
	*Flow
	Layout *Layout
	Decl   *ast.FuncDecl
	file   *source
}

// source is an assembly file and the token files of the texts it was read from.
type source struct {
	text  *asmtext.File
	files []*token.File
	fset  *token.FileSet
}

// Runtime reports a package of the runtime, whose assembly may do what no other
// may: switch stacks, and set the registers that hold its state.
func (p *Program) Runtime() bool {
	return p.Path == "runtime" || strings.HasPrefix(p.Path, "runtime/") || strings.HasPrefix(p.Path, "internal/runtime/")
}

// Fset is what positions of the program are in.
func (p *Program) Fset() *token.FileSet { return p.fset }

// Files returns the assembly files that were read, by name.
func (p *Program) Files() map[string]*asmtext.File {
	files := map[string]*asmtext.File{}
	for _, f := range p.Funcs {
		files[f.file.text.Sources[0].Name] = f.file.text
	}
	return files
}

// Lookup returns the function of the package with the symbol that an operand
// names, or nil.
func (p *Program) Lookup(name string, static bool) *Func {
	if static {
		name += "<>"
	}
	return p.byName[p.local(name)]
}

// GoFunc returns the Go declaration of a symbol of this package, or nil.
func (p *Program) GoFunc(name string) *ast.FuncDecl {
	name = p.local(name)
	if rest, ok := strings.CutPrefix(name, "."); ok {
		return p.decls[rest]
	}
	return nil
}

// local spells a symbol of this package with nothing before the period.
func (p *Program) local(name string) string {
	for _, path := range []string{p.Path, p.pkg.Name()} {
		if rest, ok := strings.CutPrefix(name, path+"."); ok && (path == p.Path || path == "main") {
			return "." + rest
		}
	}
	return name
}

// Pos translates a place in one of a function's texts.
func (f *Func) Pos(at asmtext.Loc) token.Pos {
	tf := f.file.files[at.Source]
	if tf == nil {
		src := f.file.text.Sources[at.Source]
		tf = f.file.fset.AddFile(src.Name, -1, len(src.Text))
		tf.SetLinesForContent(src.Text)
		f.file.files[at.Source] = tf
	}
	return tf.Pos(min(at.Off, tf.Size()))
}

// Symbol returns the linker's name of the function, and whether it belongs to
// the package at hand. A static symbol without a period belongs to none.
func (f *Func) Symbol() (name string, own bool) {
	if rest, ok := strings.CutPrefix(f.Func.Name, "."); ok {
		return rest, true
	}
	return f.Func.Name, false
}

// Name is the function's name in messages.
func (f *Func) Name() string { return strings.TrimPrefix(f.Func.Name, ".") }

func run(pass *analysis.Pass) (any, error) {
	target, tool := targetOf(pass.Fset)
	p := &Program{Target: target, tool: tool, Path: pass.Pkg.Path(), pkg: pass.Pkg, info: pass.TypesInfo, sizes: pass.TypesSizes, fset: pass.Fset}
	arch := Archs[p.Target.GOARCH]
	files := Files(pass.OtherFiles)
	if arch == nil || len(files) == 0 || usesCgo(pass) && p.Path != "runtime/cgo" {
		return p, nil
	}
	p.Arch = arch
	p.byName = map[string]*Func{}
	p.declare(pass)
	for _, name := range files {
		p.read(pass, name)
	}
	return p, nil
}

// Files selects Go assembly from a package's other files.
func Files(other []string) []string {
	var list []string
	for _, name := range other {
		if strings.HasSuffix(name, ".s") && !strings.HasPrefix(filepath.Base(name), "gcc_") {
			list = append(list, name)
		}
	}
	return list
}

// usesCgo reports a package whose .s files are the C compiler's.
func usesCgo(pass *analysis.Pass) bool {
	for _, f := range pass.Files {
		if strings.HasSuffix(pass.Fset.PositionFor(f.FileStart, false).Filename, "_cgo_gotypes.go") {
			return true
		}
		for _, im := range f.Imports {
			if im.Path.Value == `"C"` {
				return true
			}
		}
	}
	return false
}

// declare collects the package's functions. The compiler does not take methods
// without a body.
func (p *Program) declare(pass *analysis.Pass) {
	p.decls = map[string]*ast.FuncDecl{}
	for _, f := range pass.Files {
		for _, d := range f.Decls {
			if fd, ok := d.(*ast.FuncDecl); ok && fd.Recv == nil {
				p.decls[fd.Name.Name] = fd
			}
		}
	}
}

// read parses one file and follows its functions.
func (p *Program) read(pass *analysis.Pass, name string) {
	text, err := readSource(name)
	if err != nil {
		p.Gaps = append(p.Gaps, rule.Gap{File: name, Why: err.Error()})
		return
	}
	defines := map[string]string{"GOOS_" + p.Target.GOOS: "1", "GOARCH_" + p.Target.GOARCH: "1"}
	if p.Arch.Name == "amd64" {
		level := p.Target.GOAMD64
		if level == "" {
			level = "v1"
		}
		defines["GOAMD64_"+level] = "1"
	}
	file, err := asmtext.Parse(name, text, asmtext.Options{
		Defines:  defines,
		Include:  p.include(filepath.Dir(name)),
		Register: p.Arch.Register,
	})
	if err != nil {
		gap := rule.Gap{File: name, Why: err.Error()}
		if e, ok := err.(*asmtext.Error); ok && e.Loc.Source < len(file.Sources) {
			src := file.Sources[e.Loc.Source]
			gap.Line = 1 + strings.Count(string(src.Text[:min(e.Loc.Off, len(src.Text))]), "\n")
			if e.Loc.Source != 0 {
				gap.Why = filepath.Base(src.Name) + ": " + gap.Why
			}
		}
		p.Gaps = append(p.Gaps, gap)
		return
	}
	src := &source{text: file, files: make([]*token.File, len(file.Sources)), fset: p.fset}
	for _, f := range file.Funcs {
		fn := &Func{file: src}
		if fd := p.GoFunc(f.Name); fd != nil && fd.Body == nil && !f.Static {
			if obj, ok := pass.TypesInfo.Defs[fd.Name].(*types.Func); ok {
				fn.Decl, fn.Layout = fd, layoutOf(obj.Signature(), p.sizes)
			}
		}
		var results []Span
		if fn.Layout != nil {
			for _, r := range fn.Layout.Results {
				results = append(results, Span{r.Off, r.Off + r.Size})
			}
		}
		fn.Flow = Analyze(p.Arch, f, results)
		if fn.TooLarge {
			p.Gaps = append(p.Gaps, rule.Gap{File: name, Why: fmt.Sprintf("%s has more than MaxBlocks = %d blocks", fn.Name(), MaxBlocks)})
		}
		p.Funcs = append(p.Funcs, fn)
		key := f.Name
		if f.Static {
			key += "<>"
		}
		if _, have := p.byName[p.local(key)]; !have {
			p.byName[p.local(key)] = fn
		}
	}
}
