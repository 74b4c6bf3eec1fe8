package frame

import (
	"fmt"

	"moho/decode"
	"moho/evidence"
	"moho/gotab"
)

const (
	abi0        = "ABI0"
	abiInternal = "ABIInternal"
)

// abi returns the calling convention. The linker's tables do not have it; the
// symbol table names it where a function has two entries, and code shows it.
func (l *Layouts) abi(b *body, f *Frame) Fact[string] {
	switch this, named := l.p.ABI0Symbol(b.fn.Entry(), f.Name); {
	case this:
		return recorded(abi0)
	case named:
		return Fact[string]{Value: abiInternal, How: evidence.Recorded, Why: "the symbol of the other entry has the suffix .abi0"}
	}
	if b.fn.Flags()&gotab.Asm != 0 {
		return b.asmABI()
	}
	if l.p.IsWrapper(b.fn) {
		if abi, why := l.wrapperABI(b, f); abi != "" {
			return derived(abi, why)
		}
	}
	if !l.p.HasSymbols() && l.p.UnsafeArgs(b.fn) {
		return b.unsafeABI()
	}
	return derived(abiInternal, "the compiler's code; only its wrappers for assembly can be ABI0")
}

// wrapperABI tells the ABI of a wrapper that has the name of what it calls: the
// other one.
func (l *Layouts) wrapperABI(b *body, f *Frame) (abi, why string) {
	for i := range b.insts {
		in := &b.insts[i]
		if in.Flow != decode.Call && in.Flow != decode.Jump || b.inside(in.Target) {
			continue
		}
		to, ok := l.p.Table.FuncAt(gotab.PC(in.Target))
		if !ok || uint64(to.Entry()) != in.Target || to.Name() != f.Name {
			continue
		}
		if to.Flags()&gotab.Asm != 0 {
			return abiInternal, fmt.Sprintf("a wrapper around the assembly at %#x of the same name", in.Target)
		}
		if l.p.UnsafeArgs(to) {
			return "", "" // either may be the one whose arguments lie in memory
		}
		return abi0, fmt.Sprintf("a wrapper around the Go function at %#x of the same name", in.Target)
	}
	return "", ""
}

// unsafeABI tells the ABI of Go code that may stand under go:cgo_unsafe_args: one
// that uses the register of the first argument is of ABIInternal. An argument
// that is read in memory shows nothing, since large ones are passed there in
// either.
func (b *body) unsafeABI() Fact[string] {
	if n, _ := b.fn.Args(); n > 0 {
		if i, ok := b.readsFirst(b.roles.args()[0]); ok {
			return derived(abiInternal, fmt.Sprintf("reads the register of its first argument at +%#x", b.off(i)))
		}
	}
	return unknown[string]("Go code that may be compiled with go:cgo_unsafe_args and uses no register of an argument")
}

// asmABI tells the ABI of assembly by what it reads first: its arguments in
// memory, or the first register that ABIInternal passes them in.
func (b *body) asmABI() Fact[string] {
	n, known := b.fn.Args()
	for i := range b.insts {
		in := &b.insts[i]
		if in.HasMem && (in.Mem.Load || in.Mem.Store) && in.Mem.Base == b.roles.sp && in.Mem.Index == decode.NoReg {
			if off := in.Mem.Disp - int64(b.delta[i]); off >= 8 && (!known || off < 8+int64(n)) {
				return derived(abi0, fmt.Sprintf("assembly that has an argument or a result in memory, at +%#x", b.off(i)))
			}
		}
	}
	if known && n > 0 {
		if i, ok := b.readsFirst(b.roles.args()[0]); ok {
			return derived(abiInternal, fmt.Sprintf("assembly that has arguments, none of them in memory, and reads the register of the first at +%#x", b.off(i)))
		}
	}
	if known && n == 0 {
		return unknown[string]("assembly without arguments: both ABIs look the same")
	}
	return unknown[string]("assembly that does not show where its arguments are")
}

// args returns the integer registers of ABIInternal, in order.
//
// Source: $GOROOT/src/cmd/compile/abi-internal.md, go1.26.
func (r roles) args() []decode.Reg {
	if r == rolesARM64 {
		return []decode.Reg{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	}
	return []decode.Reg{0, 3, 1, 7, 6, 8, 9, 10, 11}
}
