package objfile

// sigType has the value types behind the letters of signatures, which are written
// as operands, a colon, results.
//
// Source: WebAssembly core specification 2.0, appendix "Index of Instructions".

var sigType = map[byte]byte{'i': 0x7f, 'l': 0x7e, 'f': 0x7d, 'd': 0x7c, 'v': 0x7b}

// wasmNumeric has the opcodes without immediates, by their last one: each row
// reaches from the one after the row before to its own.
var wasmNumeric = []struct {
	last byte
	sig  string
}{
	{0x45, "i:i"},
	{0x4f, "ii:i"},
	{0x50, "l:i"},
	{0x5a, "ll:i"},
	{0x60, "ff:i"},
	{0x66, "dd:i"},
	{0x69, "i:i"},
	{0x78, "ii:i"},
	{0x7b, "l:l"},
	{0x8a, "ll:l"},
	{0x91, "f:f"},
	{0x98, "ff:f"},
	{0x9f, "d:d"},
	{0xa6, "dd:d"},
	{0xa7, "l:i"},
	{0xa9, "f:i"},
	{0xab, "d:i"},
	{0xad, "i:l"},
	{0xaf, "f:l"},
	{0xb1, "d:l"},
	{0xb3, "i:f"},
	{0xb5, "l:f"},
	{0xb6, "d:f"},
	{0xb8, "i:d"},
	{0xba, "l:d"},
	{0xbb, "f:d"},
	{0xbc, "f:i"},
	{0xbd, "d:l"},
	{0xbe, "i:f"},
	{0xbf, "l:d"},
	{0xc1, "i:i"},
	{0xc4, "l:l"},
}

const wasmNumericFirst = 0x45

// wasmAccess has loads and stores from opcode 0x28: the largest alignment, as a
// power of two, and the signature.
var wasmAccess = []struct {
	align uint32
	sig   string
}{
	{2, "i:i"},
	{3, "i:l"},
	{2, "i:f"},
	{3, "i:d"},
	{0, "i:i"},
	{0, "i:i"},
	{1, "i:i"},
	{1, "i:i"},
	{0, "i:l"},
	{0, "i:l"},
	{1, "i:l"},
	{1, "i:l"},
	{2, "i:l"},
	{2, "i:l"},
	{2, "ii:"},
	{3, "il:"},
	{2, "if:"},
	{3, "id:"},
	{0, "ii:"},
	{1, "ii:"},
	{0, "il:"},
	{1, "il:"},
	{2, "il:"},
}

const wasmAccessFirst = 0x28

// wasmTruncSat are the opcodes 0xfc 0 to 7.
var wasmTruncSat = []string{"f:i", "f:i", "d:i", "d:i", "f:l", "f:l", "d:l", "d:l"}

// A vectorOp is one instruction of the vector prefix 0xfd.
type vectorOp struct {
	sig   string
	align int8 // largest alignment of a memory operand, -1 without one
	lanes byte // how many lanes an index may name, 0 without an index
}

// wasmVectorShape has a letter for each opcode 0xfd 0 to 255: b for two vectors
// to one, u for one to one, t for a test, s for a shift, c for three to one, a
// dot for none, x for those of wasmVectorOdd.
const wasmVectorShape = "" +
	"xxxxxxxxxxxxxxbx" + // 0
	"xxxxxxxxxxxxxxxx" + // 16
	"xxxbbbbbbbbbbbbb" + // 32
	"bbbbbbbbbbbbbbbb" + // 48
	"bbbbbbbbbbbbbubb" + // 64
	"bbctxxxxxxxxxxuu" + // 80
	"uuuttbbuuuusssbb" + // 96
	"bbbbuubbbbubuuuu" + // 112
	"uubttbbuuuusssbb" + // 128
	"bbbbubbbbb.bbbbb" + // 144
	"uu.tt..uuuusssb." + // 160
	".b...bbbbbb.bbbb" + // 176
	"uu.tt..uuuusssb." + // 192
	".b...bbbbbbbbbbb" + // 208
	"uu.ubbbbbbbbuu.u" + // 224
	"bbbbbbbbuuuuuuuu" // 240

var wasmVectorShapes = map[byte]string{'b': "vv:v", 'u': "v:v", 't': "v:i", 's': "vi:v", 'c': "vvv:v"}

// wasmVectorOdd has the vector instructions with immediates or with operands
// that are no vectors.
var wasmVectorOdd = map[uint32]vectorOp{
	0: {"i:v", 4, 0}, 1: {"i:v", 3, 0}, 2: {"i:v", 3, 0}, 3: {"i:v", 3, 0}, 4: {"i:v", 3, 0}, 5: {"i:v", 3, 0}, 6: {"i:v", 3, 0},
	7: {"i:v", 0, 0}, 8: {"i:v", 1, 0}, 9: {"i:v", 2, 0}, 10: {"i:v", 3, 0}, 11: {"iv:", 4, 0},
	15: {"i:v", -1, 0}, 16: {"i:v", -1, 0}, 17: {"i:v", -1, 0}, 18: {"l:v", -1, 0}, 19: {"f:v", -1, 0}, 20: {"d:v", -1, 0},
	21: {"v:i", -1, 16}, 22: {"v:i", -1, 16}, 23: {"vi:v", -1, 16}, 24: {"v:i", -1, 8}, 25: {"v:i", -1, 8}, 26: {"vi:v", -1, 8},
	27: {"v:i", -1, 4}, 28: {"vi:v", -1, 4}, 29: {"v:l", -1, 2}, 30: {"vl:v", -1, 2}, 31: {"v:f", -1, 4}, 32: {"vf:v", -1, 4},
	33: {"v:d", -1, 2}, 34: {"vd:v", -1, 2},
	84: {"iv:v", 0, 16}, 85: {"iv:v", 1, 8}, 86: {"iv:v", 2, 4}, 87: {"iv:v", 3, 2},
	88: {"iv:", 0, 16}, 89: {"iv:", 1, 8}, 90: {"iv:", 2, 4}, 91: {"iv:", 3, 2}, 92: {"i:v", 2, 0}, 93: {"i:v", 3, 0},
}

// vectorAt returns the vector instruction with that number, not ok if there is none.
// The two with 16 bytes of immediates, 12 and 13, are the caller's business.
func vectorAt(n uint32) (vectorOp, bool) {
	if op, ok := wasmVectorOdd[n]; ok {
		return op, true
	}
	if n >= uint32(len(wasmVectorShape)) {
		return vectorOp{}, false
	}
	sig, ok := wasmVectorShapes[wasmVectorShape[n]]
	return vectorOp{sig, -1, 0}, ok
}

// numericSig returns the signature of a numeric instruction without immediates.
func numericSig(op byte) (string, bool) {
	if op < wasmNumericFirst {
		return "", false
	}
	for _, row := range wasmNumeric {
		if op <= row.last {
			return row.sig, true
		}
	}
	return "", false
}

// atomicAt returns alignment and signature of the atomic instruction with that
// number, which is 0 to 2, or from 0x10 on in groups of seven that differ in
// width: loads, stores, and operations that read, change and write.
func atomicAt(n uint32) (align uint32, sig string, ok bool) {
	switch n {
	case 0:
		return 2, "ii:i", true // notify
	case 1:
		return 2, "iil:i", true // wait32
	case 2:
		return 3, "ill:i", true // wait64
	}
	if n < 0x10 || n > 0x4e {
		return 0, "", false
	}
	group, width := (n-0x10)/7, (n-0x10)%7
	align = [...]uint32{2, 3, 0, 1, 0, 1, 2}[width]
	sigs := [...][2]string{{"i:i", "i:l"}, {"ii:", "il:"}, {"ii:i", "il:l"}, {"iii:i", "ill:l"}}
	wide := 0
	if width == 1 || width >= 4 {
		wide = 1
	}
	switch {
	case group < 2:
		return align, sigs[group][wide], true
	case group == 8: // compare and exchange
		return align, sigs[3][wide], true
	}
	return align, sigs[2][wide], true
}
