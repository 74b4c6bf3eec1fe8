package typestate

import (
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/cside"
	"moho/vet/internal/fact"
	"moho/vet/internal/ssafn"
)

// A cFunc is what a C function does with its arguments.
type cFunc struct {
	params   []cParam
	rest     cParam       // for parameters beyond the list
	owned    fact.Release // how the result has to be given back
	inside   int          // the parameter whose memory the result points into, -1 without one
	reads    []string     // C variables behind whose pointers it looks
	sets     []string     // C variables that it assigns
	moves    bool         // the result takes the place of what is freed, unless it is nil
	guessed  bool         // by its name
	internal bool         // cgo's own
}

type cParam struct {
	frees   fact.Release
	certain bool   // on every path
	keptIn  string // the C variable that holds it afterwards
	takes   bool   // becomes the owner, or may
	unknown bool   // nothing is known of what becomes of it
}

func (c *cFunc) param(i int) cParam {
	if i < len(c.params) {
		return c.params[i]
	}
	return c.rest
}

// cName is the C function behind one of cgo's.
func cName(f *ssa.Function) (string, bool) {
	name, _, ok := ssafn.CName(f)
	return name, ok
}

// cFunc returns what a C function does.
func (k *knowledge) cFunc(name string) *cFunc {
	if c, ok := k.cfuncs[name]; ok {
		return c
	}
	c := k.lookup(name)
	k.cfuncs[name] = c
	return c
}

func (k *knowledge) lookup(name string) *cFunc {
	switch name {
	case "CString", "CBytes":
		return &cFunc{owned: fact.Free, inside: -1, internal: true}
	case "GoString", "GoStringN", "GoBytes":
		return &cFunc{inside: -1, internal: true}
	}
	f := k.p.C().Func(name)
	if f == nil || !f.Body && !f.Known {
		return guess(name, f)
	}
	c := &cFunc{inside: -1, reads: f.Reads, sets: f.Sets, moves: name == "realloc" || name == "reallocarray"}
	family := fact.Free
	if f.Known && name != "free" && name != "cfree" && !c.moves {
		family = fact.Custom
	}
	for i := range f.Params {
		p := &f.Params[i]
		out := cParam{takes: p.Keeps || len(p.KeepsIn) > 0 || p.Unseen && !p.Type.Const}
		if p.Keeps {
			out.keptIn = cVariable(p.Where)
		}
		switch {
		case p.Releases && p.Type.Ptr < 2:
			out.frees, out.certain = family, true
		case p.Releases, p.MayFree:
			out.frees = family
		}
		c.params = append(c.params, out)
	}
	if f.Result.Owned && len(f.Result.Into) == 0 && !f.Result.Static {
		c.owned = fact.Free
	}
	if len(f.Result.Into) == 1 && !f.Result.Owned {
		c.inside = f.Result.Into[0]
	}
	return c
}

// cVariable is the C variable that an address was put into, "" where that was
// memory behind one.
func cVariable(where string) string {
	if i := strings.LastIndex(where, "() "); i >= 0 {
		where = where[i+3:]
	}
	if strings.HasPrefix(where, "*") || strings.Contains(where, "->") {
		return ""
	}
	if i := strings.IndexAny(where, ".["); i >= 0 {
		where = where[:i]
	}
	return where
}

// guess goes by a prototype, if there is one, and by the name.
func guess(name string, f *cside.Func) *cFunc {
	c := &cFunc{inside: -1, guessed: true, rest: cParam{unknown: true}}
	if f != nil {
		for i := range f.Params {
			c.params = append(c.params, cParam{unknown: !f.Params[i].Type.Const})
		}
	}
	release, certain := cParam{frees: fact.Custom}, false
	lower := strings.ToLower(name)
	switch {
	case hasSuffix(name, "_free", "_delete", "_finalize", "Free"):
		certain = true
	case hasSuffix(lower, "_destroy", "_close", "_release", "_unref", "_put", "_dispose", "_cleanup", "_clear", "_term", "_deinit", "_fini", "_del", "_dealloc", "destroy", "close", "release", "unref", "free"),
		strings.HasPrefix(lower, "free"), strings.HasPrefix(lower, "destroy"), strings.Contains(lower, "_free_"), strings.Contains(lower, "_destroy_"):
	default:
		return c
	}
	release.certain = certain
	if len(c.params) == 0 {
		c.params = []cParam{release}
	} else {
		c.params[0] = release
	}
	return c
}

func hasSuffix(s string, ends ...string) bool {
	return slices.ContainsFunc(ends, func(end string) bool { return strings.HasSuffix(s, end) })
}

// isPlainPointer reports a parameter that takes a block's address; one that takes
// the address of a pointer, or a struct of Go's, is another matter.
func isPlainPointer(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		_, double := u.Elem().Underlying().(*types.Pointer)
		return !double
	case *types.Basic:
		return u.Kind() == types.UnsafePointer
	}
	return false
}

// isCallback reports the type that cgo gives pointers to C functions.
func isCallback(t types.Type) bool {
	p, ok := t.Underlying().(*types.Pointer)
	if !ok {
		return false
	}
	a, ok := p.Elem().Underlying().(*types.Array)
	return ok && a.Len() == 0
}
