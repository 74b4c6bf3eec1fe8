package cside

import "sort"

// maxRounds bounds how often all functions are gone over until nothing new is
// learnt.
const maxRounds = 5

// A Unit is the C that belongs to one Go package.
type Unit struct {
	program *program
	files   []string
	funcs   map[string]*Func

	// NoEscape and NoCallback hold the functions that #cgo lines make promises
	// about.
	NoEscape, NoCallback map[string]bool
}

// A Source is one text of C. Line is the number of its first line in File.
type Source struct {
	File string
	Text string
	Line int
}

// New reads sources in order. include answers #include: from and the result's
// path are names of files; nil means that nothing is included.
func New(sources []Source, defines []string, include func(from, name string) (path, text string, ok bool)) *Unit {
	pre := newPreproc()
	pre.include = include
	for _, d := range defines {
		pre.define(d, 0, 0)
	}
	for _, s := range sources {
		if !pre.once[s.File] {
			pre.read(s.File, s.Text, s.Line, 0)
		}
	}
	u := &Unit{program: parse(pre.tokens), files: pre.files, funcs: map[string]*Func{}, NoEscape: map[string]bool{}, NoCallback: map[string]bool{}}
	u.sumAll()
	return u
}

// sumAll sums up bodies until callers know all about their callees.
func (u *Unit) sumAll() {
	names := append([]string(nil), u.program.order...)
	sort.Strings(names)
	for _, name := range names {
		u.funcs[name] = declaredFunc(u, u.program.funcs[name])
	}
	for range maxRounds {
		changed := false
		for _, name := range names {
			fn := u.program.funcs[name]
			if fn.body == nil {
				continue
			}
			next := u.sum(fn)
			if !equal(u.funcs[name], next) {
				changed = true
			}
			u.funcs[name] = next
		}
		if !changed {
			break
		}
	}
}

func equal(a, b *Func) bool {
	if a.Body != b.Body || a.Result.Owned != b.Result.Owned || a.Result.Static != b.Result.Static || len(a.Result.Into) != len(b.Result.Into) ||
		len(a.Reads) != len(b.Reads) || len(a.Sets) != len(b.Sets) {
		return false
	}
	for i := range a.Params {
		x, y := &a.Params[i], &b.Params[i]
		if x.Keeps != y.Keeps || len(x.KeepsIn) != len(y.KeepsIn) || x.Releases != y.Releases || x.MayFree != y.MayFree ||
			x.Writes != y.Writes || x.NUL != y.NUL || x.Unseen != y.Unseen || x.Touches != y.Touches {
			return false
		}
	}
	return true
}

func declaredFunc(u *Unit, fn *function) *Func {
	f := &Func{Name: fn.name, Variadic: fn.variadic, Result: Result{Type: fn.result}, File: u.fileName(fn.file), Line: int(fn.line)}
	for _, d := range fn.params {
		f.Params = append(f.Params, Param{Name: d.name, Type: d.typ})
	}
	return f
}

func (u *Unit) fileName(i int32) string {
	if int(i) < len(u.files) {
		return u.files[i]
	}
	return ""
}

// lookup returns what is known of a function: its own body before the table.
func (u *Unit) lookup(name string) *Func {
	f := u.funcs[name]
	if f != nil && f.Body {
		return f
	}
	if k := WellKnown(name); k != nil {
		return k
	}
	return f
}

// Func returns what is known of a function, nil when that is nothing. Params of
// one from the table have types only where a declaration was seen.
func (u *Unit) Func(name string) *Func {
	if u == nil {
		return WellKnown(name)
	}
	f := u.lookup(name)
	if f == nil || !f.Known {
		return f
	}
	d := u.funcs[name]
	if d == nil {
		return f
	}
	merged := *f
	merged.Params = append([]Param(nil), f.Params...)
	for i := range merged.Params {
		if i < len(d.Params) {
			merged.Params[i].Name, merged.Params[i].Type = d.Params[i].Name, d.Params[i].Type
		}
	}
	return &merged
}

// Param returns parameter i; arguments beyond the declared ones have none.
func (f *Func) Param(i int) Param { return f.param(i) }

func (f *Func) param(i int) Param {
	if f == nil || i < 0 || i >= len(f.Params) {
		return Param{}
	}
	return f.Params[i]
}

// IsGlobal reports whether name is a variable of the package's C.
func (u *Unit) IsGlobal(name string) bool {
	_, ok := u.program.globals[name]
	return ok
}
