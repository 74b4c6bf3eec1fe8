package asm

import (
	"bytes"
	"hash/maphash"
	"slices"

	"moho/evidence"
	"moho/gotab"
	"moho/objfile"
)

// An ABI is the calling convention of a function: "ABIInternal", "ABI0" or
// "unknown", and how that is known.
type ABI struct {
	Value string          `json:"value"`
	How   evidence.Origin `json:"how"`
}

// HasSymbols reports whether p has a symbol table.
func (p *Program) HasSymbols() bool {
	_, ok := p.abi0Entries()
	return ok
}

// ABI returns the calling convention of fn.
func (p *Program) ABI(fn gotab.Func) ABI { return p.abi(fn, p.recorded(fn)) }

// abi tells the convention of a function; nothing of it is in the pclntab. The
// symbol table has a suffix .abi0 where the linker knew both conventions for
// one name. Without that table, what is compiled from Go is of ABIInternal if it
// can't be of ABI0, which takes go:cgo_unsafe_args or a call from assembly; which
// of a function and its wrapper is which only their code tells: see package
// frame. Assembly that has a wrapper is of ABI0, other assembly may be of either.
//
// Source: $GOROOT/src/cmd/link/internal/ld/symtab.go (mangleABIName) and
// $GOROOT/src/cmd/compile/internal/ssagen/abi.go, go1.26.
func (p *Program) abi(fn gotab.Func, flags Flags) ABI {
	abi0, symbols := p.abi0Entries()
	if _, ok := abi0[fn.Entry()]; ok {
		return ABI{"ABI0", evidence.Recorded}
	}
	if symbols && flags&Asm == 0 {
		return ABI{"ABIInternal", evidence.Derived}
	}
	twins := p.twins(fn)
	switch {
	case flags&Asm != 0 && twins == Wrapper && !symbols, flags&Wrapper != 0 && twins == goTwin && !p.UnsafeArgs(fn):
		return ABI{"ABI0", evidence.Derived}
	case flags&Asm != 0, flags&Wrapper != 0 && twins&(goTwin|Wrapper) != 0, flags&Wrapper == 0 && p.UnsafeArgs(fn):
		return ABI{"unknown", evidence.Unknown}
	}
	return ABI{"ABIInternal", evidence.Derived}
}

// UnsafeArgs reports whether fn may have been compiled with go:cgo_unsafe_args,
// which makes it ABI0: cgo writes it above each C function that it makes
// callable, the runtime above calls of the system's library where it has to go
// through one.
//
// Source: $GOROOT/src/cmd/cgo/out.go (writeDefsFunc) and
// $GOROOT/src/runtime/sys_darwin.go, go1.26; syscall_windows.go, go1.20.
func (p *Program) UnsafeArgs(fn gotab.Func) bool {
	var buf [128]byte
	name := fn.AppendName(buf[:0])
	for _, s := range []string{"._Cfunc_", "._C2func_", "._cgo_cmalloc"} {
		if bytes.Contains(name, []byte(s)) {
			return true
		}
	}
	if !bytes.HasPrefix(name, []byte("runtime.")) && !bytes.HasPrefix(name, []byte("syscall.")) {
		return false
	}
	p.libcOnce.Do(func() {
		goos := p.File.OS()
		if bi, err := p.File.BuildInfo(); err == nil && goos == "" {
			for _, s := range bi.Settings {
				if s.Key == "GOOS" {
					goos = s.Value
				}
			}
		}
		p.libc = !slices.Contains([]string{"linux", "android", "freebsd", "netbsd", "dragonfly", "js", "wasip1"}, goos)
	})
	return p.libc
}

// goTwin stands, among the flags of twins, for a function compiled from Go.
const goTwin Flags = 1 << 7

// twins returns what other functions that have the name of fn are: Asm,
// Wrapper, goTwin, together where there are several.
func (p *Program) twins(fn gotab.Func) Flags {
	p.twinsOnce.Do(func() {
		p.kinds, p.seed = map[uint64][]int32{}, maphash.MakeSeed()
		for f := range p.Functions() {
			h := p.nameHash(f)
			p.kinds[h] = append(p.kinds[h], int32(f.Index()))
		}
	})
	var out Flags
	for _, i := range p.kinds[p.nameHash(fn)] {
		other, err := p.Table.Func(int(i))
		if err != nil || int(i) == fn.Index() {
			continue
		}
		if f := p.recorded(other) & (Asm | Wrapper); f != 0 {
			out |= f
		} else {
			out |= goTwin
		}
	}
	return out
}

// nameHash stands for the name of fn. Where it lies in the table does not: the
// linker stores the names of two functions of one name twice when they differ
// in ABI.
func (p *Program) nameHash(fn gotab.Func) uint64 {
	var buf [128]byte
	return maphash.Bytes(p.seed, fn.AppendName(buf[:0]))
}

// ABI0Symbol says what the symbol table does: that the function at entry is of
// ABI0, and that one called name is. Without a table both are false.
func (p *Program) ABI0Symbol(entry gotab.PC, name string) (this, named bool) {
	p.abi0Entries()
	_, this = p.abi0s[entry]
	_, named = p.abi0[name]
	return this, named
}

// IsWrapper reports whether the compiler made fn, for a method or another ABI.
func (p *Program) IsWrapper(fn gotab.Func) bool {
	id, ok := p.wrapperID()
	return ok && fn.ID() == id
}

// abi0Entries returns the entries of the functions that the symbol table says are of
// ABI0, and whether there is a symbol table to say it. The table is not kept:
// it is larger than all the rest that a list of functions needs.
func (p *Program) abi0Entries() (map[gotab.PC]struct{}, bool) {
	p.abi0Once.Do(func() {
		p.abi0s, p.abi0 = map[gotab.PC]struct{}{}, map[string]struct{}{}
		err := p.File.EachSymbol(func(s objfile.Symbol, name []byte) bool {
			p.hasSyms = true
			if name, ok := bytes.CutSuffix(name, []byte(".abi0")); ok {
				p.abi0s[gotab.PC(s.Addr)] = struct{}{}
				p.abi0[string(name)] = struct{}{}
			}
			return true
		})
		if err != nil {
			p.abi0s, p.abi0, p.hasSyms = nil, nil, false
		}
	})
	return p.abi0s, p.hasSyms
}
