package gotab

import "encoding/binary"

// StackMaps are the pointer maps of a function's arguments or locals: N maps of
// Bits bits each, of which bit i is set if word i may hold a live pointer. The
// zero StackMaps is what a function without them has.
//
// A map holds at calls only, and at a function's entry: elsewhere the collector
// looks at all words.
type StackMaps struct {
	N, Bits int
	base    int64 // of word 0 from the entry SP
	data    []byte
}

// ArgsMaps returns the pointer maps of the arguments and results that lie in
// memory. The error wraps objfile.ErrFormat.
//
// Source: $GOROOT/src/runtime/symtab.go (stackmap, stackmapdata) and
// $GOROOT/src/runtime/stkframe.go (getStackMap), go1.26; the same since 1.16.
func (f Func) ArgsMaps() (StackMaps, error) {
	m, err := f.maps(FuncDataArgsPointerMaps)
	m.base = f.t.ArgPointer()
	return m, err
}

// LocalsMaps returns the pointer maps of the local variables. The error wraps
// objfile.ErrFormat.
//
// Source: as ArgsMaps, and adjustframe in $GOROOT/src/runtime/stack.go, go1.26:
// the last word of the map ends at varp.
func (f Func) LocalsMaps() (StackMaps, error) {
	m, err := f.maps(FuncDataLocalsPointerMaps)
	m.base = f.t.VarPointer() - 8*int64(m.Bits)
	return m, err
}

func (f Func) maps(table int) (StackMaps, error) {
	head, err := f.funcDataBytes(table, 8)
	if err != nil || head == nil {
		return StackMaps{}, err
	}
	n, bits := int32(binary.LittleEndian.Uint32(head)), int32(binary.LittleEndian.Uint32(head[4:]))
	if n < 0 || bits < 0 {
		return StackMaps{}, f.dataErr(table, "%d maps of %d bits", n, bits)
	}
	b, err := f.funcDataBytes(table, 8+uint64(n)*((uint64(bits)+7)/8))
	if err != nil {
		return StackMaps{}, err
	}
	return StackMaps{N: int(n), Bits: int(bits), data: b[8:]}, nil
}

// Live reports whether word bit of map i may hold a live pointer. It is false
// outside the maps.
func (m StackMaps) Live(i, bit int) bool {
	if i < 0 || i >= m.N || bit < 0 || bit >= m.Bits {
		return false
	}
	return m.data[i*((m.Bits+7)/8)+bit/8]>>(bit%8)&1 != 0
}

// Offset returns where the word of that bit lies, in bytes relative to the
// entry SP.
func (m StackMaps) Offset(bit int) int64 { return m.base + 8*int64(bit) }

// StackMapIndex returns which map describes the frame while the instruction at
// pc executes. pc is an instruction, usually a call: of a return address
// subtract 1 first. As in the runtime, a place that names no map is taken for
// the prologue, which has map 0; named says whether the table names one.
//
// The index may be out of range of the maps of a malformed function.
//
// Source: $GOROOT/src/runtime/stkframe.go (getStackMap), go1.26.
func (f Func) StackMapIndex(pc PC) (i int, named bool) {
	v, ok := f.PCData(PCDataStackMapIndex, pc)
	if !ok || v == -1 {
		return 0, false
	}
	return int(v), true
}
