// Package fact is what one package tells those that import it about memory:
// which functions release, keep, write or point into what they are given, and
// which types have a finalizer.
//
// A [Package] is a go/analysis package fact, so the same summaries travel
// between packages in a standalone run, under go vet -vettool and in other
// drivers. What is not there is not known; a summary never claims that a
// function does not do something, except where a field says so in words.
//
// # Untrusted input
//
// Facts are read back from caches and from files that the go command hands
// over; every index in one is checked by the accessors before it is used.
//
// # Compatibility
//
// Internal to vet. Fields may be added; a changed meaning needs a new
// [Version], which is part of every cache key.
package fact

import (
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"
)

// Version changes when the meaning of a fact does.
const Version = 3

// A Package holds the summaries of one package. Functions are keyed by [Name],
// types by their name. Only entries that say something are there.
type Package struct {
	Funcs map[string]*Func
	Types map[string]*Type
	Std   bool // of the standard library
}

// Concerns reports whether a package that imports this one directly, and no
// other that hands out raw memory, can break a rule with what it gets: memory
// that has to be given back or may be gone, an object with a finalizer, an
// integer that is used as an address, a string over somebody's bytes. What
// ordinary functions do too (return an argument, keep it, write to it) is not it.
//
// The standard library does not count: its own interfaces for such things are
// imports that count by themselves, and else nearly everything would.
func (p *Package) Concerns() bool {
	if p == nil || p.Std {
		return false
	}
	for _, f := range p.Funcs {
		if slices.ContainsFunc(f.Results, Result.raw) || slices.ContainsFunc(f.Params, Param.raw) {
			return true
		}
	}
	for _, t := range p.Types {
		if t.Finalizer || len(t.Releases) > 0 {
			return true
		}
	}
	return false
}

func (r Result) raw() bool {
	return r.Memory&(C|Mapped) != 0 || r.Owned != "" || len(r.Lent) > 0 || r.Recast
}

func (a Param) raw() bool {
	return a.Frees != "" || a.MayFree != "" || a.AsPointer || a.KeptByC || a.IntToC ||
		slices.ContainsFunc(a.Fields, func(e Effect) bool { return e.Frees != "" || e.MayFree != "" })
}

// AFact marks Package as a fact of go/analysis.
func (*Package) AFact() {}

// A Func is what callers should know of a function. Params has the receiver
// first; a list may be shorter than the function's, and the rest is not known.
type Func struct {
	Params  []Param
	Results []Result
}

// A Release names the way in which memory or another resource is given back.
type Release string

// The kinds of release that rules tell apart.
const (
	Free   Release = "free"   // C's free, or a C function that ends in it
	Munmap Release = "munmap" // munmap, shmdt, UnmapViewOfFile, VirtualFree
	Handle Release = "handle" // cgo.Handle.Delete
	Unpin  Release = "unpin"  // runtime.Pinner.Unpin
	Custom Release = "custom" // a C library's own function for its own objects
)

// A Param is what a function does with one argument.
type Param struct {
	Frees     Release // on every path that returns; "" otherwise
	MayFree   Release // on some path
	Retains   bool    // keeps the pointer beyond the call: global, heap, C
	Writes    bool    // writes to the bytes of a slice, string or pointer
	Reuses    bool    // starts to fill a buffer again from its beginning: Reset, Put
	AsPointer bool    // an integer that becomes a pointer, or goes to the kernel or C as an address
	ToKernel  bool    // the argument, or the address it is, goes to the operating system
	KeepsLive bool    // alive until the call ends: KeepAlive, go:uintptrescapes
	KeptByC   bool    // C has the pointer still when the call returns
	IntToC    bool    // an integer that C gets as it is

	// Seen: all of the function was looked at. What the fields above that speak
	// of release, and those below, do not say it does not do.
	Seen   bool
	Uses   bool // reads or writes the memory, on every path that returns
	MayUse bool // on some path
	Fields []Effect
}

// An Effect is what a function does with memory that it finds behind a
// parameter: in a field of the receiver, say. Path leads there from the
// parameter: the index of a field, or -1 for what a pointer points to.
type Effect struct {
	Path    []int
	Frees   Release // on every path that returns; a path where it is nil counts
	MayFree Release
	Uses    bool
	MayUse  bool
	Sets    bool // puts something else there, on some path
	Clears  bool // puts nil there, on every path
}

// A Source is memory behind a parameter, at a path as in an [Effect].
type Source struct {
	Param int
	Path  []int
}

// A Result is what a function returns.
type Result struct {
	Memory    Memory   // kinds of memory that a pointer result may point to; 0 is not known
	PointsTo  []int    // parameters whose memory the result may point into
	Only      bool     // it points nowhere but into PointsTo and Memory
	AddressOf []int    // parameters whose address an integer result holds
	AddressIs Memory   // kinds of memory whose address an integer result holds
	Lent      []int    // parameters whose finalizer gives back what the result refers to
	Recast    bool     // a string that points into a slice of the caller's, or the other way round
	Owned     Release  // how the caller has to give the result back; "" when it need not
	Views     []Source // memory behind parameters that the result points into
	Bytes     int64    // from a pointer, slice or string result to the end of what it points into; 0 is not known
}

// A Type is what users of a type should know. Releases lists the fields whose
// memory or handle the finalizer (or the cleanup) gives back.
type Type struct {
	Finalizer bool
	Releases  []string
}

// Visible returns the part of p that other packages can make use of, nil when
// that is nothing: functions and methods with an exported name, and all types,
// since a value of an unexported one may be handed out.
func (p *Package) Visible() *Package {
	out := &Package{Funcs: maps.Clone(p.Funcs), Types: p.Types, Std: p.Std}
	maps.DeleteFunc(out.Funcs, func(name string, _ *Func) bool {
		return !token.IsExported(name[strings.LastIndexByte(name, '.')+1:])
	})
	if len(out.Funcs)+len(out.Types) == 0 {
		return nil
	}
	return out
}

// Param returns what is known of parameter i, the receiver being 0.
func (f *Func) Param(i int) Param {
	if f == nil || i < 0 || i >= len(f.Params) {
		return Param{}
	}
	return f.Params[i]
}

// Result returns what is known of result i.
func (f *Func) Result(i int) Result {
	if f == nil || i < 0 || i >= len(f.Results) {
		return Result{}
	}
	return f.Results[i]
}

// SetParam returns parameter i for writing; i is an index that the function has.
func (f *Func) SetParam(i int) *Param {
	for len(f.Params) <= i {
		f.Params = append(f.Params, Param{})
	}
	return &f.Params[i]
}

// SetResult returns result i for writing; i is an index that the function has.
func (f *Func) SetResult(i int) *Result {
	for len(f.Results) <= i {
		f.Results = append(f.Results, Result{})
	}
	return &f.Results[i]
}

// Name is the key of a function in a Package: F for a function, T.M for a
// method of T or *T.
func Name(fn *types.Func) string {
	recv := fn.Signature().Recv()
	if recv == nil {
		return fn.Name()
	}
	t := recv.Type()
	if ptr, ok := types.Unalias(t).(*types.Pointer); ok {
		t = ptr.Elem()
	}
	if named, ok := types.Unalias(t).(*types.Named); ok {
		return named.Obj().Name() + "." + fn.Name()
	}
	return "?." + fn.Name()
}
