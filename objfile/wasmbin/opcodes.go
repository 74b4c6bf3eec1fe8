package wasmbin

// What follows an opcode.
const (
	immBad byte = iota
	immNone
	immBlock    // block type; opens a block
	immElse     //
	immEnd      //
	immLabel    // label
	immTable    // vector of labels, default label (br_table)
	immFunc     // function
	immIndirect // type, table
	immType     // type
	immTag      // tag
	immTry      // block type, catch clauses; opens a block
	immSelect   // vector of one value type
	immLocal    // local
	immGlobal   // global
	immSet      // global that can change
	immTableIdx // table
	immMemory   // zero: the memory
	immI32      // signed number of 32 bits
	immI64      // and of 64
	imm4        // so many bytes
	imm8        //
	immHeap     // heap type
	immRefFunc  // function whose reference may be taken
	immPrefix   // another opcode
	immMem      // alignment and offset; immMem+n may be aligned to 1<<n bytes
)

// immediates says what follows each opcode of one byte.
var immediates = func() (t [256]byte) {
	set := func(imm byte, ops ...byte) {
		for _, op := range ops {
			t[op] = imm
		}
	}
	set(immNone, 0x00, 0x01, 0x0a, 0x0f, 0x1a, 0x1b, 0xd1, 0xd4)
	for op := 0x45; op <= 0xc4; op++ {
		t[op] = immNone
	}
	set(immBlock, 0x02, 0x03, 0x04)
	set(immElse, 0x05)
	set(immTag, 0x08)
	set(immEnd, 0x0b)
	set(immLabel, 0x0c, 0x0d, 0xd5, 0xd6)
	set(immTable, 0x0e)
	set(immFunc, 0x10, 0x12)
	set(immIndirect, 0x11, 0x13)
	set(immType, 0x14, 0x15)
	set(immSelect, 0x1c)
	set(immTry, 0x1f)
	set(immLocal, 0x20, 0x21, 0x22)
	set(immGlobal, 0x23)
	set(immSet, 0x24)
	set(immTableIdx, 0x25, 0x26)
	set(immMem+0, 0x2c, 0x2d, 0x30, 0x31, 0x3a, 0x3c)
	set(immMem+1, 0x2e, 0x2f, 0x32, 0x33, 0x3b, 0x3d)
	set(immMem+2, 0x28, 0x2a, 0x34, 0x35, 0x36, 0x38, 0x3e)
	set(immMem+3, 0x29, 0x2b, 0x37, 0x39)
	set(immMemory, 0x3f, 0x40)
	set(immI32, 0x41)
	set(immI64, 0x42)
	set(imm4, 0x43)
	set(imm8, 0x44)
	set(immHeap, 0xd0)
	set(immRefFunc, 0xd2)
	set(immPrefix, 0xfc, 0xfd, 0xfe)
	return t
}()

// vectorMem gives the natural alignment, as a power of two, of the vector
// instructions that access memory; vectorLanes the number of lanes of those
// that name one.
var (
	vectorMem = map[uint32]uint32{
		0: 4, 1: 3, 2: 3, 3: 3, 4: 3, 5: 3, 6: 3, 7: 0, 8: 1, 9: 2, 10: 3, 11: 4,
		84: 0, 85: 1, 86: 2, 87: 3, 88: 0, 89: 1, 90: 2, 91: 3, 92: 2, 93: 3,
	}
	vectorLanes = map[uint32]byte{
		21: 16, 22: 16, 23: 16, 24: 8, 25: 8, 26: 8, 27: 4, 28: 4, 29: 2, 30: 2, 31: 4, 32: 4, 33: 2, 34: 2,
		84: 16, 85: 8, 86: 4, 87: 2, 88: 16, 89: 8, 90: 4, 91: 2,
	}
)

// vectorGaps are the numbers below the last vector instruction that none has.
var vectorGaps = map[uint32]bool{
	0x9a: true, 0xa2: true, 0xa5: true, 0xa6: true, 0xaf: true, 0xb0: true, 0xb2: true, 0xb3: true, 0xb4: true, 0xbb: true,
	0xc2: true, 0xc5: true, 0xc6: true, 0xcf: true, 0xd0: true, 0xd2: true, 0xd3: true, 0xd4: true, 0xe2: true, 0xee: true,
}

// lastVector is the last relaxed vector instruction.
const lastVector = 0x113

// atomicAlign gives the alignment, as a power of two, that an atomic
// instruction must have.
func atomicAlign(op uint32) uint32 {
	switch {
	case op <= 1: // notify, wait32
		return 2
	case op == 2:
		return 3
	}
	// From 0x10 on in groups of seven: i32, i64, i32 8, i32 16, i64 8, i64 16, i64 32.
	return [...]uint32{2, 3, 0, 1, 0, 1, 2}[(op-0x10)%7]
}
