package gotab

import (
	"encoding/binary"
	"iter"

	"moho/objfile"
)

// A StackObject is a variable in a frame whose address is taken: the collector
// follows its pointers only if it finds one to the object itself.
type StackObject struct {
	Off      int64 // from the entry SP, in bytes
	Size     int64 // in bytes
	PtrBytes int64 // the first so many bytes may hold pointers

	// Mask is the address of the pointer mask of PtrBytes/8 bits; 0 if unknown.
	// With Prog it is a program that makes the mask (before Go 1.24).
	Mask objfile.Addr
	Prog bool
}

// StackObjects returns the stack objects of the function, in the order of the
// table. On error, which wraps objfile.ErrFormat, there are none.
//
// Source: stackObjectRecord in $GOROOT/src/runtime/stack.go, go1.16, go1.17,
// go1.18 (unchanged to 1.27 but for the field names) and getStackMap.
func (f Func) StackObjects() (n int, objects iter.Seq[StackObject], err error) {
	none := func(func(StackObject) bool) {}
	head, err := f.funcDataBytes(FuncDataStackObjects, 8)
	if err != nil || head == nil {
		return 0, none, err
	}
	count := binary.LittleEndian.Uint64(head)
	size := f.t.stackObjectSize()
	if count > maxFuncData/size {
		return 0, none, f.dataErr(FuncDataStackObjects, "has %d records, at most %d are read", count, maxFuncData/size)
	}
	b, err := f.funcDataBytes(FuncDataStackObjects, 8+size*count)
	if err != nil {
		return 0, none, err
	}
	base, _ := f.FuncData(FuncDataStackObjects)
	return int(count), func(yield func(StackObject) bool) {
		for i := uint64(8); i < uint64(len(b)); i += size {
			if !yield(f.t.stackObject(b[i:i+size], base+objfile.Addr(i))) {
				return
			}
		}
	}, nil
}

// ObjectMask returns the pointer mask of a stack object, one bit for each word
// of its first PtrBytes, the lowest first. Not ok where the mask is made by a
// program, or cannot be read.
func (t *Table) ObjectMask(o StackObject) ([]byte, bool) {
	n := (uint64(o.PtrBytes) + 63) / 64
	if o.Prog || o.Mask == 0 || o.PtrBytes < 0 || n > maxFuncData {
		return nil, false
	}
	b, err := t.mem.Slice(o.Mask, int(n))
	return b, err == nil
}

// stackObjectSize returns the length of a record in bytes.
func (t *Table) stackObjectSize() uint64 {
	if t.release() == go117 {
		return 24 // off, size, ptrdata, pad, gcdata pointer
	}
	return 16 // off, type pointer in 1.16; off, size, ptrdata, gcdata offset since 1.18
}

// stackObject decodes the record in b, which lies at address at.
func (t *Table) stackObject(b []byte, at objfile.Addr) StackObject {
	le := binary.LittleEndian
	var o StackObject
	switch t.release() {
	case go116:
		return t.stackObject116(int64(le.Uint64(b)), at+8)
	case go117:
		o.Mask = t.pointer(at + 16)
	default:
		if rodata := t.rodata(); rodata != 0 {
			o.Mask = rodata + objfile.Addr(le.Uint32(b[12:]))
		}
	}
	o.Off, o.Size = t.frameOff(int64(int32(le.Uint32(b)))), int64(int32(le.Uint32(b[4:])))
	o.PtrBytes = int64(int32(le.Uint32(b[8:])))
	if o.PtrBytes < 0 {
		o.PtrBytes, o.Prog = -o.PtrBytes, true
	}
	return o
}

// frameOff turns an offset of a stack object, which counts from varp if it is
// negative and from argp otherwise, into one from the entry SP.
func (t *Table) frameOff(off int64) int64 {
	if off < 0 {
		return t.VarPointer() + off
	}
	return t.ArgPointer() + off
}

func (t *Table) rodata() objfile.Addr {
	if t.mod == nil {
		return 0
	}
	return t.mod.ROData
}

// pointer returns the pointer that lies at a, 0 if there is none to be read.
func (t *Table) pointer(a objfile.Addr) objfile.Addr {
	v, err := t.mem.Word(a)
	if err != nil {
		return 0
	}
	return objfile.Addr(v)
}
