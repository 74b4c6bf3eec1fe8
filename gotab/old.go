package gotab

import (
	"encoding/binary"

	"moho/internal/bounded"
	"moho/objfile"
)

// The format of Go 1.16 and 1.17 has addresses where later ones have offsets:
// in the function table, in a function's record, for its funcdata. Here they
// become offsets, so that the rest of the package need not know.
//
// Source: $GOROOT/src/runtime/symtab.go and runtime2.go (_func), go1.16.15 and
// go1.17.13.

// release tells apart releases that share a generation of the table.
type release uint8

const (
	go116 release = iota + 1
	go117
	go118 // and newer
)

// skew116 is how far behind their later place the fields of a _func lay: its
// first was a pointer.
const skew116 = 4

// readTable116 makes ftab from the function table of t.
func (t *Table) readTable116() error {
	t.skew = skew116
	at := t.addr + objfile.Addr(t.hdr.fns)
	if t.text == 0 && t.mem.Arch().BytePC {
		first, err := t.mem.Word(at)
		if err != nil {
			return tableErr("function table: %v", err)
		}
		t.text, t.textFrom = PC(first), "functab"
	}
	ftab := make([]byte, 0, 8*t.nfunc+4)
	for i := range t.nfunc + 1 {
		entry, err := t.mem.Word(at + objfile.Addr(16*i))
		if err != nil {
			return tableErr("function table: entry %d: %v", i, err)
		}
		off := PC(entry) - t.text
		if off > 0xffffffff {
			return tableErr("function %d begins at %#x, which is not within 4 GiB of the text at %#x", i, entry, t.text)
		}
		ftab = binary.LittleEndian.AppendUint32(ftab, uint32(off))
		if i == t.nfunc {
			break
		}
		rec := binary.LittleEndian.Uint64(t.fns[16*i+8:])
		if rec > uint64(len(t.fns)) {
			return tableErr("function %d: record at %#x does not fit the table of %d bytes", i, rec, len(t.fns))
		}
		ftab = binary.LittleEndian.AppendUint32(ftab, uint32(rec))
	}
	t.ftab = ftab
	return nil
}

// valid116 is the part of valid that differs; the fixed part is within t.fns.
func (f Func) valid116() bool {
	entry, err := f.t.mem.Word(f.recordAddr())
	if err != nil || PC(entry)-f.t.text != PC(f.off) {
		return false
	}
	end := uint64(f.at) + uint64(f.pointersAt()) + 8*uint64(f.nfuncdata())
	npcdata := uint64(f.u32(fnNPCData))
	return bounded.Fits(npcdata, 4, uint64(len(f.t.fns))) && end <= uint64(len(f.t.fns))
}

func (f Func) recordAddr() objfile.Addr {
	return f.t.addr + objfile.Addr(f.t.hdr.fns) + objfile.Addr(f.at)
}

// pointersAt returns the offset in the record of the funcdata pointers, which
// are aligned to their size in memory.
func (f Func) pointersAt() uint64 {
	after := uint64(f.t.skew+f.t.fixed()) + 4*uint64(f.u32(fnNPCData))
	return after + uint64(f.recordAddr()+objfile.Addr(after))&4
}

// funcDataPointer is FuncData for this format.
func (f Func) funcDataPointer(i int) (objfile.Addr, bool) {
	a := f.t.pointer(f.recordAddr() + objfile.Addr(f.pointersAt()+8*uint64(i)))
	return a, a != 0
}

// release says which release wrote the tables, as far as the form of funcdata
// depends on it. Before Go 1.18 only the tables that functions have tell: the
// description of arguments is new in Go 1.17.
func (t *Table) release() release {
	if t.hdr.version >= V118 {
		return go118
	}
	t.releaseOnce.Do(func() {
		t.before118 = go116
		for i := range t.nfunc {
			if f, err := t.Func(i); err == nil && f.nfuncdata() > FuncDataArgInfo {
				t.before118 = go117
				return
			}
		}
	})
	return t.before118
}

// stackObject116 decodes a record of Go 1.16, which points to the object's type
// instead of saying what the collector needs.
//
// Source: rtype in $GOROOT/src/reflect/type.go, go1.16.15.
func (t *Table) stackObject116(off int64, typ objfile.Addr) StackObject {
	o := StackObject{Off: t.frameOff(off)}
	a := t.pointer(typ)
	b, err := t.mem.Slice(a, 40)
	if a == 0 || err != nil {
		return o
	}
	const kindGCProg = 1 << 6
	o.Size = int64(binary.LittleEndian.Uint64(b))
	o.PtrBytes = int64(binary.LittleEndian.Uint64(b[8:]))
	o.Prog, o.Mask = b[23]&kindGCProg != 0, t.pointer(a+32)
	return o
}
