package decode

import (
	"encoding/binary"
	"fmt"
)

// A wasmCursor reads the numbers of WASM. After an error everything is zero.
type wasmCursor struct {
	b   []byte
	off int
	err error
}

func (c *wasmCursor) fail(err error) {
	if c.err == nil {
		c.err = err
	}
	c.off = len(c.b)
}

func (c *wasmCursor) byte() byte {
	if c.off >= len(c.b) {
		c.fail(fmt.Errorf("body ends early: %w", ErrCode))
		return 0
	}
	c.off++
	return c.b[c.off-1]
}

func (c *wasmCursor) skip(n int) {
	if n > len(c.b)-c.off {
		c.fail(fmt.Errorf("body ends early: %w", ErrCode))
		return
	}
	c.off += n
}

// leb reads a number of at most bits bits; signed ones are extended.
func (c *wasmCursor) leb(bits int, signed bool) uint64 {
	var v uint64
	for shift := 0; ; shift += 7 {
		x := c.byte()
		if c.err != nil {
			return 0
		}
		v |= uint64(x&0x7f) << shift
		if left := bits - shift; left <= 7 { // the last byte there may be
			rest, want := x>>left, byte(0) // the other bits repeat the sign, or are zero
			if signed && x>>(left-1)&1 == 1 {
				want = 0x7f >> left
			}
			if x&0x80 != 0 || rest != want {
				c.fail(fmt.Errorf("number of more than %d bits: %w", bits, ErrCode))
				return 0
			}
		}
		if x&0x80 == 0 {
			if signed && x&0x40 != 0 && shift+7 < 64 {
				v |= ^uint64(0) << (shift + 7)
			}
			return v
		}
	}
}

func (c *wasmCursor) u32() uint32 { return uint32(c.leb(32, false)) }
func (c *wasmCursor) s32() int64  { return int64(int32(c.leb(32, true))) }
func (c *wasmCursor) s33() int64  { return int64(c.leb(33, true)) }
func (c *wasmCursor) s64() int64  { return int64(c.leb(64, true)) }

// valType passes over a value type and returns its first byte.
func (c *wasmCursor) valType() byte {
	t := c.byte()
	switch t {
	case 0x63, 0x64: // a reference to a heap type
		c.s33()
	default:
		if c.err == nil && wasmTypes[t] == "" {
			c.fail(fmt.Errorf("type %#x: %w", t, ErrCode))
		}
	}
	return t
}

// wasmTypes are the names of value types.
var wasmTypes = map[byte]string{
	0x7f: "i32", 0x7e: "i64", 0x7d: "f32", 0x7c: "f64", 0x7b: "v128",
	0x70: "funcref", 0x6f: "externref", 0x69: "exnref", 0x6e: "anyref", 0x6d: "eqref", 0x6c: "i31ref",
	0x6b: "structref", 0x6a: "arrayref", 0x71: "nullref", 0x72: "nullexternref", 0x73: "nullfuncref",
}

// wasmTargets returns the labels of br_table's immediates, which were checked.
func wasmTargets(args []byte) []uint32 {
	c := wasmCursor{b: args}
	n := c.u32()
	list := make([]uint32, 0, n+1)
	for range int(n) + 1 {
		list = append(list, c.u32())
	}
	return list
}

// memArg reads alignment and displacement.
func (c *wasmCursor) memArg(in *WASMInst) {
	in.Align = c.u32()
	if in.Align&0x40 != 0 { // the memory is named
		in.Align &^= 0x40
		in.Index = int64(c.u32())
	}
	if c.err == nil && in.Align > 63 {
		c.fail(fmt.Errorf("alignment of 2^%d bytes: %w", in.Align, ErrCode))
	}
	in.Offset = c.leb(64, false)
}

// read reads the immediates of o.
func (w *WASM) read(c *wasmCursor, o wasmInfo, in *WASMInst) {
	in.Flow = o.flow
	switch o.args {
	case argNone:
	case argBlock:
		c.blockType()
	case argIndex:
		in.Index = int64(c.u32())
	case argIndex2:
		in.Index = int64(c.u32())
		c.u32()
	case argCallIndirect: // the type comes first
		in.Const = int64(c.u32())
		in.Index = int64(c.u32())
	case argMem:
		c.memArg(in)
	case argMemLane:
		c.memArg(in)
		c.byte()
	case argLane:
		in.Const = int64(c.byte())
	case argI32:
		in.Const = c.s32()
	case argI64:
		in.Const = c.s64()
	case argF32:
		c.skip(4)
	case argF64:
		c.skip(8)
	case argV128:
		c.skip(16)
	case argTable:
		n := c.u32()
		if c.err == nil && int64(n) >= int64(len(c.b)-c.off) {
			c.fail(fmt.Errorf("br_table of %d labels in %d bytes: %w", n, len(c.b)-c.off, ErrCode))
		}
		for i := int64(0); i <= int64(n) && c.err == nil; i++ {
			c.u32()
		}
	case argTypes:
		n := c.u32()
		for i := uint32(0); i < n && c.err == nil; i++ {
			c.valType()
		}
	case argHeap:
		in.Const = c.s33()
	case argCatches:
		c.blockType()
		n := c.u32()
		for i := uint32(0); i < n && c.err == nil; i++ {
			if k := c.byte(); k < 2 {
				c.u32()
			} else if k > 3 {
				c.fail(fmt.Errorf("catch of kind %d: %w", k, ErrCode))
			}
			c.u32()
		}
	}
}

// blockType passes over the type of a block: a value type, none, or an index.
func (c *wasmCursor) blockType() {
	if c.off < len(c.b) && c.b[c.off]&0xc0 == 0x40 { // negative, in one byte
		if c.b[c.off] == 0x40 {
			c.off++
			return
		}
		c.valType()
		return
	}
	if n := c.s33(); n < 0 {
		c.fail(fmt.Errorf("block of type %d: %w", n, ErrCode))
	}
}

// wasmFloat returns the bits of a constant of 32 or 64 bits.
func wasmFloat(args []byte) uint64 {
	if len(args) == 4 {
		return uint64(binary.LittleEndian.Uint32(args))
	}
	return binary.LittleEndian.Uint64(args)
}
