package privatelayout

import (
	_ "embed"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/analysis"

	"moho/evidence"
	"moho/vet/internal/asmflow"
	"moho/vet/internal/cast"
	"moho/vet/internal/layout"
	"moho/vet/internal/prov"
	"moho/vet/internal/rule"
	"moho/vet/internal/ssafn"
	"moho/vet/internal/summary"
)

//go:embed doc.go
var text string

// Rule is what people read about the analyzer.
var Rule = rule.New(text, rule.Rule{
	Name:     "private-layout",
	Severity: evidence.High,
	Bad: `type hmap struct { count int; flags, B uint8 }
n := (*(**hmap)(unsafe.Pointer(&m))).count`,
	Good:   `n := len(m)`,
	Fix:    "use what the language, reflect and runtime offer; where nothing does, test the layout for every release of Go",
	Oracle: "a comparison with the source of the toolchain",
	Source: "go.dev/doc/go1compat, section Expectations: use of package unsafe",
})

// Analyzer is the rule for go/analysis drivers. Its result is *rule.Hits.
var Analyzer = Rule.Analyzer(run, summary.Analyzer)

func run(pass *analysis.Pass) ([]rule.Hit, error) {
	p := pass.ResultOf[summary.Analyzer].(*ssafn.Program)
	root := filepath.Join(asmflow.TargetOf(pass.Fset).GOROOT, "src")
	if p.Pkg == nil || inStd(pass, root) {
		return nil, nil
	}
	r := &runner{p: p, src: &source{root: root, pkgs: map[string]*stdPackage{}}}
	for _, f := range p.Funcs {
		for _, c := range cast.In(p, f) {
			r.cast(c)
		}
	}
	r.linknames()
	return r.hits, nil
}

// inStd reports a package of Go's own, which may know what is private to Go.
func inStd(pass *analysis.Pass, root string) bool {
	if len(pass.Files) == 0 {
		return false
	}
	name := pass.Fset.Position(pass.Files[0].Package).Filename
	return strings.HasPrefix(name, root+string(os.PathSeparator))
}

type runner struct {
	p    *ssafn.Program
	src  *source
	hits []rule.Hit
}

// cast judges a conversion to a pointer to a struct of the package's own.
func (r *runner) cast(c cast.Cast) {
	if c.From == nil {
		return
	}
	mirror := c.To
	if ptr, ok := mirror.Underlying().(*types.Pointer); ok {
		mirror = ptr.Elem()
	}
	if !own(mirror) {
		return
	}
	real, name, ok := r.real(c)
	if !ok {
		return
	}
	r.report(c.Expr.Pos(), c.Expr.End(), rule.Expr(c.Expr)+" in "+prov.FuncName(c.Conv.Parent()), mirror, real, name)
}

// own reports a struct that is declared in the package or in place, with more
// than one field.
func own(t types.Type) bool {
	st, ok := t.Underlying().(*types.Struct)
	return ok && st.NumFields() > 0 && !layout.Generic(t)
}

// real returns the struct that lies where a cast starts; nil when it is private
// and can't be found.
func (r *runner) real(c cast.Cast) (t types.Type, name string, private bool) {
	_, indirect := c.To.Underlying().(*types.Pointer)
	switch from := c.From.Underlying().(type) {
	case *types.Interface:
		if indirect {
			return nil, "", false
		}
		if from.NumMethods() > 0 {
			return r.src.named("runtime", "iface"), "runtime.iface", true
		}
		return r.src.named("runtime", "eface"), "runtime.eface", true
	case *types.Map:
		if !indirect {
			return nil, "", false
		}
		if t := r.src.named("internal/runtime/maps", "Map"); t != nil {
			return t, "internal/runtime/maps.Map", true
		}
		return r.src.named("runtime", "hmap"), "runtime.hmap", true
	case *types.Chan:
		if indirect {
			return r.src.named("runtime", "hchan"), "runtime.hchan", true
		}
	case *types.Signature:
		if indirect {
			return r.src.named("runtime", "funcval"), "runtime.funcval", true
		}
	case *types.Struct:
		named, ok := types.Unalias(c.From).(*types.Named)
		if indirect || !ok || !r.std(named.Obj().Pkg()) || !hidden(from) {
			return nil, "", false
		}
		return from, prov.TypeName(named), true
	}
	return nil, "", false
}

// std reports a package of the standard library.
func (r *runner) std(pkg *types.Package) bool {
	if pkg == nil {
		return false
	}
	first, _, _ := strings.Cut(pkg.Path(), "/")
	_, err := os.Stat(filepath.Join(r.src.root, filepath.FromSlash(pkg.Path())))
	return err == nil && !strings.Contains(first, ".") && pkg.Path() != "syscall"
}

// hidden reports a struct with unexported fields.
func hidden(st *types.Struct) bool {
	for f := range st.Fields() {
		if !f.Exported() && f.Name() != "_" {
			return true
		}
	}
	return false
}

// linknames judges the functions that are pulled out of the standard library.
func (r *runner) linknames() {
	for _, f := range r.p.Files {
		targets := map[string]string{}
		for _, g := range f.Comments {
			for _, c := range g.List {
				words := strings.Fields(c.Text)
				if len(words) == 3 && words[0] == "//go:linkname" {
					targets[words[1]] = words[2]
				}
			}
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body != nil || targets[fn.Name.Name] == "" {
				continue
			}
			target := targets[fn.Name.Name]
			dot := strings.LastIndexByte(target, '.')
			if dot < 0 {
				continue
			}
			r.linkname(fn, target[:dot], target[dot+1:])
		}
	}
}

func (r *runner) linkname(fn *ast.FuncDecl, path, name string) {
	obj, ok := r.p.Info.Defs[fn.Name].(*types.Func)
	if !ok {
		return
	}
	params := obj.Signature().Params()
	real := r.src.parameters(path, name)
	for i := range params.Len() {
		ptr, ok := params.At(i).Type().Underlying().(*types.Pointer)
		if !ok || !own(ptr.Elem()) || i >= len(real) || real[i] == nil {
			continue
		}
		if _, ok := real[i].Underlying().(*types.Struct); ok {
			r.report(fn.Name.Pos(), fn.Name.End(), fmt.Sprintf("%s, which is %s.%s", fn.Name.Name, path, name), ptr.Elem(), real[i], "parameter "+strindex(i)+" of "+path+"."+name)
		}
	}
}

func strindex(i int) string { return fmt.Sprint(i + 1) }

// report compares a mirror with the real struct.
func (r *runner) report(pos, end token.Pos, where string, mirror, real types.Type, name string) {
	sev, why := evidence.Medium, "could not be compared with it: it is not in the source of the toolchain"
	if real != nil {
		if diff := difference(r.p.Sizes, mirror, real); diff != "" {
			sev, why = evidence.High, "is laid out differently: "+diff
		} else if stable(name) {
			return
		} else {
			sev, why = evidence.Low, "is laid out like it, which nothing promises for other releases of Go"
		}
	}
	msg := fmt.Sprintf("%s takes %s for a %s, which %s", where, name, prov.TypeName(mirror), why)
	r.hits = append(r.hits, rule.Hit{
		Pos: pos, End: end, Severity: sev, Message: msg,
		Flow: []rule.Step{{Pos: pos, Text: "the layout of " + name + " is relied on"}},
	})
}

// stable reports the two words of an interface: they have been the same since
// Go 1.0, and half the programs that use unsafe know them.
func stable(name string) bool { return name == "runtime.eface" || name == "runtime.iface" }

// difference names the first part at which a mirror is not like the real
// struct; "" when there is none. A mirror may be shorter.
func difference(s types.Sizes, mirror, real types.Type) string {
	have, ok1 := layout.Pieces(s, mirror)
	want, ok2 := layout.Pieces(s, real)
	if !ok1 || !ok2 {
		return ""
	}
	for i, h := range have {
		if i >= len(want) {
			return fmt.Sprintf("field %s lies beyond its end", h.Name)
		}
		w := want[i]
		if h.Off != w.Off || h.Size != w.Size {
			return fmt.Sprintf("field %s has %d bytes at offset %d, where %s has %d at %d", h.Name, h.Size, h.Off, w.Name, w.Size, w.Off)
		}
	}
	return ""
}
