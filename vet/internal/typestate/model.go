package typestate

import (
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/fact"
	"moho/vet/internal/ssafn"
)

// makers are Go functions whose first result is a resource.
var makers = map[string]fact.Release{
	"syscall.Mmap":                            fact.Munmap,
	"syscall.MapViewOfFile":                   fact.Munmap,
	"golang.org/x/sys/unix.Mmap":              fact.Munmap,
	"golang.org/x/sys/unix.MmapPtr":           fact.Munmap,
	"golang.org/x/sys/unix.SysvShmAttach":     fact.Munmap,
	"golang.org/x/sys/windows.MapViewOfFile":  fact.Munmap,
	"golang.org/x/sys/windows.VirtualAlloc":   fact.Munmap,
	"golang.org/x/sys/windows.VirtualAllocEx": "",
	"runtime/cgo.NewHandle":                   fact.Handle,
}

// releasers are Go functions that give back their first argument.
var releasers = map[string]fact.Release{
	"syscall.Munmap":                           fact.Munmap,
	"syscall.UnmapViewOfFile":                  fact.Munmap,
	"golang.org/x/sys/unix.Munmap":             fact.Munmap,
	"golang.org/x/sys/unix.MunmapPtr":          fact.Munmap,
	"golang.org/x/sys/unix.SysvShmDetach":      fact.Munmap,
	"golang.org/x/sys/windows.UnmapViewOfFile": fact.Munmap,
	"golang.org/x/sys/windows.VirtualFree":     fact.Munmap,
	"(runtime/cgo.Handle).Delete":              fact.Handle,
}

// memRelease is what VirtualFree takes to give an allocation back; with
// anything else it only gives back what is behind some of its pages.
//
// Source: golang.org/x/sys/windows, MEM_RELEASE.
const memRelease = "32768"

// model is a call of a function that this package knows by name. ok is false
// for others.
func (w *walker) model(st *state, at site, f *ssa.Function, args []sym) (result sym, ok bool) {
	if name, ok := cName(f); ok {
		return w.callC(st, at, f, name, args), true
	}
	if ssafn.IsCgo(f) {
		return w.fresh(st, at.at, opaque), true // its checks
	}
	name := f.String()
	if family, ok := releasers[name]; ok && len(args) > 0 {
		if strings.HasSuffix(name, ".VirtualFree") && (len(args) < 3 || w.tab.node(args[2]).text != memRelease) {
			return w.fresh(st, at.at, opaque), true
		}
		s := w.fresh(st, at.at, opaque)
		w.free(st, at, args[0], family, funcName(f), true, s)
		return s, true
	}
	if family, ok := makers[name]; ok && family != "" {
		if family == fact.Handle {
			w.share(st, args[0])
		}
		return w.make(st, at, family, f.Signature.Results().Len(), w.fresh(st, at.at, opaque)), true
	}
	switch name {
	case "(runtime/cgo.Handle).Value":
		if len(args) > 0 {
			root := w.tab.root(args[0])
			if r, ok := st.res[root]; ok && r.status == freed && r.family == fact.Handle {
				w.after(st, at.at, at.at.Pos(), root, r, "asks for the value of", true)
			} else {
				st.touched[root] = true
			}
		}
		return w.fresh(st, at.at, opaque), true
	case "runtime.KeepAlive":
		return w.fresh(st, at.at, opaque), true
	case "runtime.SetFinalizer", "runtime.AddCleanup":
		for _, a := range args {
			w.share(st, a)
		}
		return w.fresh(st, at.at, opaque), true
	}
	return 0, false
}

// make is a call that makes a resource as its first result; s stands for all of
// them.
func (w *walker) make(st *state, at site, family fact.Release, results int, s sym) sym {
	r := resource{owned: true, family: family, born: at.at, inner: at.at}
	if outer, turn := w.outer(st); outer != nil {
		r.born, r.turn = outer, turn
	}
	made := s
	if results > 1 {
		made = w.tab.of(node{kind: part, a: s})
		r.failed = w.tab.of(node{kind: part, a: s, n: results - 1})
	}
	w.leakOf(r.born)
	st.res[made] = r
	return s
}

// callC is a call of a C function.
func (w *walker) callC(st *state, at site, f *ssa.Function, name string, args []sym) sym {
	c := w.known.cFunc(name)
	result := w.fresh(st, at.at, opaque)
	callback := false
	for i, a := range args {
		callback = callback || isCallback(argType(f, i)) && !w.tab.isNull(a)
	}
	for _, v := range c.sets {
		w.keeps(st, 0, v)
	}
	for i, a := range args {
		w.argument(st, at, f, c, i, a, name, result, callback)
	}
	for s, r := range st.res {
		for _, v := range c.reads {
			if r.kept == v && r.status == freed {
				w.after(st, at.at, at.at.Pos(), s, r, "reads, through C's "+v+",", true)
			}
		}
	}
	results := f.Signature.Results().Len()
	if _, errno, _ := ssafn.CName(f); errno {
		results = 2
	}
	switch {
	case c.owned != "":
		return w.make(st, at, c.owned, results, result)
	case c.inside >= 0 && c.inside < len(args) && results == 1:
		return w.tab.of(node{kind: index, a: args[c.inside], b: result})
	}
	return result
}

func argType(f *ssa.Function, i int) types.Type {
	if i < f.Signature.Params().Len() {
		return f.Signature.Params().At(i).Type()
	}
	return types.Typ[types.Invalid]
}

// argument is one argument of a C function.
func (w *walker) argument(st *state, at site, f *ssa.Function, c *cFunc, i int, a sym, name string, result sym, callback bool) {
	root, t, p := w.tab.root(a), argType(f, i), c.param(i)
	if p.frees != "" && (!c.guessed || isPlainPointer(t) && w.tab.node(root).kind != variable && w.tab.node(root).kind != global) {
		moved := sym(0)
		if c.moves {
			moved = result
		}
		failed := sym(0)
		if res := f.Signature.Results(); res.Len() == 1 && w.isInteger(res.At(0).Type()) {
			failed = result // a status
		}
		w.freeUnless(st, at, a, p.frees, "C."+name, p.certain, failed, moved)
		if p.certain {
			return
		}
	} else if !w.tab.isNull(a) {
		w.use(st, at.at, at.at.Pos(), a, "uses", true)
	}
	if p.keptIn != "" {
		w.keeps(st, root, p.keptIn)
	}
	r, ok := st.res[root]
	if ok && r.status == live && (p.takes || callback || p.unknown && !w.isCopy(r) || r.family == fact.Handle || w.isInteger(t)) {
		w.share(st, a)
	}
	w.behind(st, root)
}

// isCopy reports what cgo copied for C to read. A library does not take that
// over: it could not know how to free it.
func (w *walker) isCopy(r resource) bool {
	call, ok := r.inner.(ssa.CallInstruction)
	if !ok {
		return false
	}
	f := call.Common().StaticCallee()
	if f == nil {
		return false
	}
	name, _ := cName(f)
	return name == "CString" || name == "CBytes"
}

// keeps notes that a C variable holds the address of a block, and of no other
// any more.
func (w *walker) keeps(st *state, root sym, variable string) {
	for s, r := range st.res {
		if r.kept == variable && s != root {
			r.kept = ""
			st.res[s] = r
		}
	}
	if r, ok := st.res[root]; ok {
		r.kept = variable
		st.res[root] = r
	}
}

// behind is what happens to a Go variable whose address C is given: C may
// write to it, and may own what it holds.
func (w *walker) behind(st *state, root sym) {
	if k := w.tab.node(root).kind; k == literal || k == function {
		return
	}
	changed := false
	for a, v := range st.cells {
		if a != root && !w.tab.under(a, root) {
			continue
		}
		w.share(st, v)
		delete(st.cells, a)
		changed = true
	}
	if changed || w.tab.node(root).kind == variable {
		st.version[root]++
	}
}

// harmlessPackages neither keep what they are given nor call back.
var harmlessPackages = map[string]bool{
	"fmt": true, "errors": true, "strings": true, "bytes": true, "strconv": true, "log": true, "math": true, "unicode/utf8": true,
	"encoding/binary": true, "encoding/hex": true, "time": true, "slices": true, "math/bits": true, "sync/atomic": true, "internal/bytealg": true,
	"path": true, "path/filepath": true, "hash/crc32": true,
}

func harmless(f *ssa.Function) bool {
	return f.Pkg != nil && harmlessPackages[f.Pkg.Pkg.Path()] || f.Pkg == nil && f.Object() != nil && f.Object().Pkg() != nil && harmlessPackages[f.Object().Pkg().Path()]
}

// isInteger reports a parameter that takes an address as a number: what becomes
// of it is anybody's guess.
func (w *walker) isInteger(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsInteger != 0
}
