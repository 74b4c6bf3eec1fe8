package vet

import (
	"cmp"
	"context"
	"fmt"
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"

	"moho/evidence"
	"moho/vet/internal/escape"
)

// EscapeReport is what the compiler decided about the memory of one function:
// schema moho/escapes/v1, docs/schemas/escapes.v1.json. Files are relative to
// the directory that was asked about, where they lie below it.
type EscapeReport struct {
	Schema    string              `json:"schema"`
	Function  string              `json:"function"` // F, T.M or (*T).M
	Package   string              `json:"package"`
	Go        string              `json:"go"` // the toolchain that decided, as in go1.26.8
	Target    string              `json:"target"`
	Pos       evidence.Position   `json:"pos"`
	EndLine   int                 `json:"endLine"`
	Decisions []EscapeDecision    `json:"decisions"`
	Beliefs   []EscapeBelief      `json:"beliefs"`
	lines     map[string][]string // of files, for Source
}

// EscapeDecision is one value and where it lies: kind is moved (a variable, to
// the heap), escapes (what an expression makes, on the heap), stays (on the
// stack), leaks (a parameter's memory outlives the call) or zero-copy.
type EscapeDecision struct {
	Kind string            `json:"kind"`
	Name string            `json:"name"`
	To   string            `json:"to,omitempty"`
	Pos  evidence.Position `json:"pos"`
	Flow []EscapeStep      `json:"flow"`
}

// EscapeStep is one step of the way on which an address got away. Why is the
// compiler's word for it, Source the line of code.
type EscapeStep struct {
	Text   string            `json:"text"`
	Why    string            `json:"why"`
	Pos    evidence.Position `json:"pos"`
	Source string            `json:"source"`
}

// EscapeBelief is what is often said of code like that at Pos, whether it holds
// here, and what the compiler did.
type EscapeBelief struct {
	Pos    evidence.Position `json:"pos"`
	Claim  string            `json:"claim"`
	Holds  bool              `json:"holds"`
	Really string            `json:"really"`
}

// Escapes compiles the package of a function and tells what became of its
// variables. The name is F, T.M or (*T).M, with the package's name or path in
// front where several packages have one. Several functions, or none, of that
// name are an error that lists what there is.
func Escapes(ctx context.Context, opts Options, name string) (EscapeReport, error) {
	list, err := targets(ctx, opts)
	if err != nil {
		return EscapeReport{}, err
	}
	t := list[0]
	found, err := declared(ctx, opts, t, name)
	if err != nil {
		return EscapeReport{}, err
	}
	decisions, err := escape.Compile(ctx, escape.Options{
		Dir: cmp.Or(opts.Dir, "."), Package: found.pkg.PkgPath, Env: environ(opts, t), BuildFlags: buildFlags(opts),
	})
	if err != nil {
		return EscapeReport{}, err
	}
	return found.report(opts, t, decisions)
}

// function is a declaration and its package.
type function struct {
	pkg  *packages.Package
	decl *ast.FuncDecl
	name string
}

// declared finds the one function of that name in what the patterns match.
func declared(ctx context.Context, opts Options, t target, name string) (function, error) {
	patterns := opts.Patterns
	if len(patterns) == 0 {
		patterns = []string{"."}
	}
	cfg := &packages.Config{
		Context: ctx,
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedSyntax |
			packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports | packages.NeedDeps | packages.NeedExportFile,
		Dir: opts.Dir, Env: environ(opts, t), BuildFlags: buildFlags(opts),
	}
	pkgs, err := packages.Load(cfg, patterns...)
	if err != nil {
		return function{}, fmt.Errorf("load %s: %w", strings.Join(patterns, " "), err)
	}
	var found []function
	for _, p := range pkgs {
		for _, e := range p.Errors {
			return function{}, fmt.Errorf("package %s: %w", p.PkgPath, e)
		}
		for _, f := range p.Syntax {
			for _, d := range f.Decls {
				if fd, ok := d.(*ast.FuncDecl); ok {
					if full := declName(fd); matches(name, full, p) {
						found = append(found, function{p, fd, full})
					}
				}
			}
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return function{}, fmt.Errorf("no function %q in %s", name, strings.Join(patterns, " "))
	}
	names := make([]string, 0, len(found))
	for _, f := range found {
		names = append(names, f.pkg.PkgPath+"."+f.name)
	}
	slices.Sort(names)
	return function{}, fmt.Errorf("%q is the name of %d functions: %s", name, len(found), strings.Join(names, ", "))
}

// declName is F, T.M or (*T).M, without type parameters.
func declName(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return d.Name.Name
	}
	star := false
	t := ast.Unparen(d.Recv.List[0].Type)
	if s, ok := t.(*ast.StarExpr); ok {
		star, t = true, ast.Unparen(s.X)
	}
	switch x := t.(type) {
	case *ast.IndexExpr:
		t = x.X
	case *ast.IndexListExpr:
		t = x.X
	}
	name := "?"
	if id, ok := t.(*ast.Ident); ok {
		name = id.Name
	}
	if star {
		name = "(*" + name + ")"
	}
	return name + "." + d.Name.Name
}

// matches compares a name as given with a function of a package: (*T).M is
// also T.M and M.
func matches(given, full string, p *packages.Package) bool {
	plain := strings.NewReplacer("(*", "", ")", "").Replace(full)
	forms := []string{full, plain}
	if _, method, ok := strings.Cut(plain, "."); ok {
		forms = append(forms, method)
	}
	for _, f := range forms {
		if given == f || given == p.Name+"."+f || given == p.PkgPath+"."+f {
			return true
		}
	}
	return false
}

// report picks what lies in the function and puts it into words.
func (f function) report(opts Options, t target, decisions []escape.Decision) (EscapeReport, error) {
	dir, err := filepath.Abs(cmp.Or(opts.Dir, "."))
	if err != nil {
		return EscapeReport{}, err
	}
	start, end := f.pkg.Fset.Position(f.decl.Pos()), f.pkg.Fset.Position(f.decl.End())
	r := EscapeReport{
		Schema: evidence.SchemaEscapes, Function: f.name, Package: f.pkg.PkgPath, Go: t.goVersion, Target: t.String(),
		Pos: positionIn(dir, start), EndLine: end.Line,
		Decisions: []EscapeDecision{}, Beliefs: []EscapeBelief{}, lines: map[string][]string{},
	}
	mine := escape.Within(decisions, start.Filename, start.Line, end.Line)
	for _, d := range mine {
		r.Decisions = append(r.Decisions, r.decision(dir, d))
	}
	for _, b := range escape.Beliefs(f.pkg.Fset, f.pkg.TypesInfo, f.decl, mine) {
		r.Beliefs = append(r.Beliefs, EscapeBelief{Pos: positionIn(dir, b.Pos), Claim: b.Claim, Holds: b.Holds, Really: b.Really})
	}
	return r, nil
}

func (r *EscapeReport) decision(dir string, d escape.Decision) EscapeDecision {
	out := EscapeDecision{
		Kind: string(d.Kind), Name: d.Name, To: d.To, Flow: []EscapeStep{},
		Pos: positionIn(dir, token.Position{Filename: d.Pos.File, Line: d.Pos.Line, Column: d.Pos.Col}),
	}
	for _, h := range d.Flow {
		out.Flow = append(out.Flow, EscapeStep{
			Text: h.Text, Why: h.Why, Source: r.line(h.Pos.File, h.Pos.Line),
			Pos: positionIn(dir, token.Position{Filename: h.Pos.File, Line: h.Pos.Line, Column: h.Pos.Col}),
		})
	}
	return out
}

// line returns one line of a source file; files are read once.
func (r *EscapeReport) line(file string, n int) string {
	lines, ok := r.lines[file]
	if !ok {
		if text, err := os.ReadFile(file); err == nil {
			lines = strings.Split(string(text), "\n")
		}
		r.lines[file] = lines
	}
	if n < 1 || n > len(lines) {
		return ""
	}
	return strings.TrimSpace(lines[n-1])
}

func positionIn(dir string, p token.Position) evidence.Position {
	file := within(dir, p.Filename)
	if file == "" {
		file = base(p.Filename)
	}
	return evidence.Position{File: file, Line: p.Line, Col: p.Column}
}
