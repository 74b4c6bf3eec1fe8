package gotab

import (
	"encoding/binary"
	"fmt"
	"sort"

	"moho/objfile"
)

// maxFuncData bounds one funcdata table, in bytes. The largest of etcd's, of
// 32,156 functions, are pointer maps of 7,039.
const maxFuncData = 16 << 20

const noFuncData = ^uint32(0)

// FuncData returns the address of funcdata table i, not ok if the function has
// none or the base of all funcdata is not known.
//
// Source: $GOROOT/src/runtime/symtab.go (funcdata), go1.26; go1.17, where a
// function has pointers to its tables instead of offsets.
func (f Func) FuncData(i int) (objfile.Addr, bool) {
	if i < 0 || i >= int(f.nfuncdata()) {
		return 0, false
	}
	if f.t.hdr.version < V118 {
		return f.funcDataPointer(i)
	}
	off := f.u32(f.t.fixed() + 4*(f.u32(fnNPCData)+uint32(i)))
	if off == noFuncData || f.t.goFunc == 0 {
		return 0, false
	}
	return f.t.goFunc + objfile.Addr(off), true
}

// funcDataBytes returns the first n bytes of funcdata table i; none, without an
// error, if the function has no such table.
func (f Func) funcDataBytes(i int, n uint64) ([]byte, error) {
	a, ok := f.FuncData(i)
	if !ok {
		return nil, nil
	}
	if n > maxFuncData {
		return nil, f.dataErr(i, "has %d bytes, at most %d are read", n, maxFuncData)
	}
	b, err := f.t.mem.Slice(a, int(n))
	if err != nil {
		return nil, f.dataErr(i, "%d bytes at %#x: %v", n, uint64(a), err)
	}
	return b, nil
}

// funcDataUpTo returns funcdata table i from its offset off on, at most n bytes
// of it and fewer only where its segment ends.
func (f Func) funcDataUpTo(i int, off uint64, n int) ([]byte, error) {
	a, ok := f.FuncData(i)
	if !ok {
		return nil, nil
	}
	a += objfile.Addr(off)
	b, err := f.t.mem.Slice(a, n)
	if err != nil { // the longest that there is
		k := sort.Search(n, func(k int) bool {
			_, err := f.t.mem.Slice(a, k+1)
			return err != nil
		})
		b, err = f.t.mem.Slice(a, k)
	}
	if err != nil {
		return nil, f.dataErr(i, "offset %d: %v", off, err)
	}
	return b, nil
}

var funcDataNames = [...]string{
	"args pointer maps", "locals pointer maps", "stack objects", "inline tree",
	"open-coded defers", "argument info", "argument liveness", "wrapped function",
}

// dataErr returns an error about funcdata table i of f; it wraps
// objfile.ErrFormat.
func (f Func) dataErr(i int, what string, args ...any) error {
	return tableErr("function %d: %s: %s", f.index, funcDataNames[i], fmt.Sprintf(what, args...))
}

// WrapInfo returns the entry of the function whose call, in a go or defer
// statement, the closure f stands for. Not ok if f is no such closure, or is of
// a release that does not say (before Go 1.18).
//
// Source: $GOROOT/src/runtime/tracestack.go (startPCForTrace), go1.26.
func (f Func) WrapInfo() (PC, bool) {
	b, err := f.funcDataBytes(FuncDataWrapInfo, 4)
	if err != nil || b == nil {
		return 0, false
	}
	return f.t.pc(binary.LittleEndian.Uint32(b)), true
}
