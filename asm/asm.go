// Package asm is the machine view of a Go program: its functions with what the
// linker recorded about each, and the code between. The packages below it
// answer one question each: spflow proves the stack pointer's offset at every
// instruction, frame says what lies in a frame, nosplit follows calls that
// check no stack, xcheck compares the sources of symbols, listing prints.
//
// # Untrusted input
//
// Programs are read through objfile, gotab and decode, under their limits.
//
// # Compatibility
//
// The JSON kinds are a contract (docs/schemas); this package follows them.
package asm

import (
	"fmt"
	"hash/maphash"
	"iter"
	"sync"

	"moho/arch"
	"moho/gotab"
	"moho/objfile"
)

// A Program is one Go binary, opened for looking at its code. Its methods may
// be called concurrently.
type Program struct {
	File  *objfile.File
	Table *gotab.Table

	mu    sync.Mutex
	files map[gotab.FileID]string

	wrapperOnce sync.Once
	wrapper     gotab.FuncID
	hasWrapper  bool

	symsOnce sync.Once
	syms     symbols

	abi0Once sync.Once
	abi0s    map[gotab.PC]struct{}
	abi0     map[string]struct{} // names
	hasSyms  bool

	twinsOnce sync.Once

	libcOnce sync.Once
	libc     bool               // the runtime may call the system through a library
	kinds    map[uint64][]int32 // indexes of functions by hash of their name
	seed     maphash.Seed
}

// Open opens the binary at path. The error wraps objfile.ErrFormat or
// gotab.ErrNoTable when it is not a Go program.
func Open(path string) (*Program, error) { return OpenArch(path, "") }

// OpenArch is Open for a file that may hold programs for several architectures,
// of which the one for goarch is taken; "" takes what [objfile.OpenArch] does.
func OpenArch(path, goarch string) (*Program, error) {
	f, err := objfile.OpenArch(path, goarch)
	if err != nil {
		return nil, err
	}
	t, err := gotab.Open(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &Program{File: f, Table: t}, nil
}

// Close releases the file; code that came from Program is invalid after it.
func (p *Program) Close() error { return p.File.Close() }

// Arch returns the architecture; it is never nil.
func (p *Program) Arch() *arch.Arch { return p.File.Arch() }

// Functions yields every function in order of entry. Those whose record is
// malformed are left out; [Program.Malformed] counts them.
func (p *Program) Functions() iter.Seq[gotab.Func] {
	return func(yield func(gotab.Func) bool) {
		for i := range p.Table.NumFunc() {
			if fn, err := p.Table.Func(i); err == nil && !yield(fn) {
				return
			}
		}
	}
}

// Malformed returns how many functions Functions leaves out, and the error of
// the first.
func (p *Program) Malformed() (n int, err error) {
	for i := range p.Table.NumFunc() {
		if _, e := p.Table.Func(i); e != nil {
			if n++; err == nil {
				err = e
			}
		}
	}
	return n, err
}

// Code returns the bytes of fn from its entry to its exact end, without the
// padding that follows. They alias the file. The error wraps objfile.ErrFormat
// or objfile.ErrUnmapped. On wasm, where code has no addresses, it is an error.
func (p *Program) Code(fn gotab.Func) ([]byte, error) {
	if !p.Arch().BytePC {
		return nil, fmt.Errorf("%s: code of %s has no address: %w", p.File.Name(), p.Arch().Name, objfile.ErrUnmapped)
	}
	size, err := fn.Size()
	if err != nil {
		return nil, err
	}
	return p.File.Slice(objfile.Addr(fn.Entry()), int(size))
}

// wrapperID returns the runtime's number of functions that the compiler made.
func (p *Program) wrapperID() (gotab.FuncID, bool) {
	p.wrapperOnce.Do(func() { p.wrapper, p.hasWrapper = p.Table.WrapperID() })
	return p.wrapper, p.hasWrapper
}
