package decode

import (
	"math"
	"strconv"
)

// AppendText appends in, as Next left it, in the text format of WebAssembly.
// name may be nil; it is asked for functions, by their index.
//
// Source: WebAssembly Core Specification 2.0, section 6.5.
func (w *WASM) AppendText(dst []byte, in *WASMInst, name Symbolizer) []byte {
	o := w.ops.of(in.Op)
	if o.name == "" {
		return append(dst, '?')
	}
	dst = append(dst, o.name...)
	switch o.args {
	case argBlock, argCatches:
		dst = appendBlockType(dst, in.args)
	case argIndex:
		dst = append(dst, ' ')
		if n := len(dst); (in.Op == 0x10 || in.Op == 0x12 || in.Op == 0xd2) && name != nil {
			if dst = name(dst, uint64(in.Index)); len(dst) > n {
				return dst
			}
		}
		dst = strconv.AppendInt(dst, in.Index, 10)
	case argIndex2:
		c := wasmCursor{b: in.args}
		a, b := c.u32(), c.u32()
		dst = strconv.AppendUint(append(dst, ' '), uint64(a), 10)
		dst = strconv.AppendUint(append(dst, ' '), uint64(b), 10)
	case argCallIndirect:
		dst = strconv.AppendInt(append(dst, ' '), in.Index, 10)
		dst = strconv.AppendInt(append(dst, " (type "...), in.Const, 10)
		dst = append(dst, ')')
	case argMem, argMemLane:
		if in.Offset != 0 {
			dst = strconv.AppendUint(append(dst, " offset="...), in.Offset, 10)
		}
		dst = strconv.AppendUint(append(dst, " align="...), 1<<in.Align, 10)
		if o.args == argMemLane {
			dst = strconv.AppendUint(append(dst, ' '), uint64(in.args[len(in.args)-1]), 10)
		}
	case argLane, argI32, argI64:
		dst = strconv.AppendInt(append(dst, ' '), in.Const, 10)
	case argF32:
		f := float64(math.Float32frombits(uint32(wasmFloat(in.args))))
		dst = strconv.AppendFloat(append(dst, ' '), f, 'g', -1, 32)
	case argF64:
		dst = strconv.AppendFloat(append(dst, ' '), math.Float64frombits(wasmFloat(in.args)), 'g', -1, 64)
	case argV128:
		for _, b := range in.args {
			dst = strconv.AppendUint(append(dst, ' '), uint64(b), 10)
		}
	case argTable:
		for _, t := range wasmTargets(in.args) {
			dst = strconv.AppendUint(append(dst, ' '), uint64(t), 10)
		}
	case argHeap:
		dst = append(dst, ' ')
		if t := wasmHeaps[byte(in.Const&0x7f)]; in.Const < 0 && t != "" {
			return append(dst, t...)
		}
		dst = strconv.AppendInt(dst, in.Const, 10)
	}
	return dst
}

// wasmHeaps are the names of heap types.
var wasmHeaps = map[byte]string{
	0x70: "func", 0x6f: "extern", 0x69: "exn", 0x6e: "any", 0x6d: "eq", 0x6c: "i31",
	0x6b: "struct", 0x6a: "array", 0x71: "none", 0x72: "noextern", 0x73: "nofunc",
}

// appendBlockType appends the type of a block, if it has one.
func appendBlockType(dst, args []byte) []byte {
	c := wasmCursor{b: args}
	switch {
	case len(args) == 0 || args[0] == 0x40:
		return dst
	case args[0]&0xc0 == 0x40:
		return append(append(append(dst, " (result "...), wasmTypes[args[0]]...), ')')
	}
	return append(strconv.AppendInt(append(dst, " (type "...), c.s33(), 10), ')')
}
