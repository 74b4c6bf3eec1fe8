package gotab

import (
	"bytes"
	"encoding/binary"

	"moho/internal/bounded"
)

// MaxName is the longest name or path that is read, in bytes.
const MaxName = 64 << 10

// A Func is one function of a Table: a small value, made without allocation. It
// comes from a Table; the zero Func is of none and has no methods to be called.
type Func struct {
	t     *Table
	index int32
	off   uint32 // of its code from the text base
	at    uint32 // of its record from t.fns
}

// FuncID is the runtime's number for functions that it treats specially. The
// numbering changes between releases; see [Table.WrapperID].
type FuncID uint8

// FuncFlag is a set of properties that the linker recorded.
type FuncFlag uint8

const (
	TopFrame FuncFlag = 1 << iota // outermost on its stack; unwinding ends here
	SPWrite                       // writes SP in a way that the tables can't say
	Asm                           // written in assembly
)

// Offsets of fields of _func. Until Go 1.17 all but the first came four bytes
// later, as that one was a pointer; in Go 1.20 the record grew by startLine.
//
// Source: $GOROOT/src/runtime/runtime2.go (_func), go1.16 to go1.27.
const (
	fnName        = 4
	fnArgs        = 8
	fnDeferReturn = 12
	fnPCSP        = 16
	fnPCFile      = 20
	fnPCLine      = 24
	fnNPCData     = 28
	fnCU          = 32
	fnStartLine   = 36
)

// fixed returns the size of the record without the arrays that follow it and
// without skew.
func (t *Table) fixed() uint32 {
	if t.hdr.version < V120 {
		return 40
	}
	return 44
}

// valid checks that the record with its arrays lies within the table and is of
// the function that the function table says it is.
func (f Func) valid() bool {
	fixed := uint64(f.t.skew + f.t.fixed())
	if !bounded.Within(uint64(f.at), fixed, uint64(len(f.t.fns))) {
		return false
	}
	if f.t.hdr.version < V118 {
		return f.valid116()
	}
	if binary.LittleEndian.Uint32(f.t.fns[f.at:]) != f.off {
		return false
	}
	arrays := 4 * (uint64(f.u32(fnNPCData)) + uint64(f.nfuncdata()))
	return bounded.Within(uint64(f.at), fixed+arrays, uint64(len(f.t.fns)))
}

// u32 returns the four bytes at that offset of the record.
func (f Func) u32(field uint32) uint32 {
	return binary.LittleEndian.Uint32(f.t.fns[uint64(f.at)+uint64(f.t.skew)+uint64(field):])
}

// tail returns one of the last four bytes: funcID, flag, pad, nfuncdata.
func (f Func) tail(i uint32) byte { return f.t.fns[f.at+f.t.skew+f.t.fixed()-4+i] }

func (f Func) nfuncdata() uint8 { return f.tail(3) }

// Index returns the position of f in its table.
func (f Func) Index() int { return int(f.index) }

// Entry returns the PC of the first instruction.
func (f Func) Entry() PC { return f.t.pc(f.off) }

// Next returns the entry of the next function, or the end of the text after the
// last one. Padding lies between it and the end of f; see Size.
func (f Func) Next() PC { return f.t.pc(f.t.entryOff(int(f.index) + 1)) }

// Name returns the name as the linker wrote it, type arguments included, or ""
// if the table has none at the place. See PrintName.
func (f Func) Name() string { return f.t.name(f.u32(fnName)) }

func (t *Table) name(off uint32) string {
	b, err := bounded.CString(t.names, uint64(off), MaxName)
	if err != nil {
		return ""
	}
	return string(b)
}

func (f Func) named(name string) bool {
	off := f.u32(fnName)
	b, ok := bounded.Sub(f.t.names, uint64(off), uint64(len(name))+1)
	return ok && b[len(name)] == 0 && bytes.Equal(b[:len(name)], []byte(name))
}

// Args returns the bytes of arguments and results that the function has in its
// caller's frame; not ok where an assembly function does not declare it.
func (f Func) Args() (int32, bool) {
	n := int32(f.u32(fnArgs))
	return n, n >= 0
}

// DeferReturn returns the offset from the entry of the call that runs deferred
// functions when a panic was recovered, 0 if there is none.
func (f Func) DeferReturn() uint32 { return f.u32(fnDeferReturn) }

// StartLine returns the line of the func keyword, 0 if the table is too old
// (before Go 1.20) to say.
func (f Func) StartLine() int {
	if f.t.hdr.version < V120 {
		return 0
	}
	return int(int32(f.u32(fnStartLine)))
}

// ID returns the runtime's number of the function, 0 for ordinary ones.
func (f Func) ID() FuncID { return FuncID(f.tail(0)) }

// Flags returns what the linker recorded about the function.
func (f Func) Flags() FuncFlag { return FuncFlag(f.tail(1)) }

// pcdataOff returns where in pctab the PCDATA table i begins, 0 for none.
func (f Func) pcdataOff(i int) uint32 {
	if i < 0 || uint32(i) >= f.u32(fnNPCData) {
		return 0
	}
	return f.u32(f.t.fixed() + 4*uint32(i))
}
