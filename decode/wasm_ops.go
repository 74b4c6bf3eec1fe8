package decode

import (
	"strings"
	"sync"
)

// Opcodes that structure code or move the stack pointer.
const (
	opBlock     = 0x02
	opLoop      = 0x03
	opIf        = 0x04
	opElse      = 0x05
	opTry       = 0x06
	opCatch     = 0x07
	opEnd       = 0x0b
	opBrTable   = 0x0e
	opDelegate  = 0x18
	opCatchAll  = 0x19
	opTryTable  = 0x1f
	opLocalGet  = 0x20
	opLocalSet  = 0x21
	opLocalTee  = 0x22
	opGlobalGet = 0x23
	opGlobalSet = 0x24
	opI32Const  = 0x41
	opI32Add    = 0x6a
	opI32Sub    = 0x6b
)

// Kinds of immediates.
type wasmArgs uint8

const (
	argNone wasmArgs = iota
	argBlock
	argIndex
	argIndex2
	argCallIndirect
	argMem
	argMemLane
	argLane
	argI32
	argI64
	argF32
	argF64
	argV128
	argTable
	argTypes
	argHeap
	argCatches
)

// wasmInfo is what is known about an opcode; name is empty if there is none.
type wasmInfo struct {
	name string
	args wasmArgs
	flow Flow
}

// wasmPlain lists the opcodes of one byte from 0, those of FC, FD and FE by
// number: names in order, "-" where there is none, with a mark for immediates.
//
// Source: WebAssembly Core Specification 2.0, section 7.3 (index of
// instructions), and the finished proposals for tail calls, exceptions,
// threads, function references and relaxed SIMD.
const wasmPlain = `unreachable nop block:b loop:b if:b else try:b catch:i throw:i rethrow:i throw_ref end br:i br_if:i br_table:t return
call:i call_indirect:c return_call:i return_call_indirect:c call_ref:i return_call_ref:i - - delegate:i catch_all drop select select:y - - try_table:x
local.get:i local.set:i local.tee:i global.get:i global.set:i table.get:i table.set:i -
i32.load:m i64.load:m f32.load:m f64.load:m i32.load8_s:m i32.load8_u:m i32.load16_s:m i32.load16_u:m
i64.load8_s:m i64.load8_u:m i64.load16_s:m i64.load16_u:m i64.load32_s:m i64.load32_u:m
i32.store:m i64.store:m f32.store:m f64.store:m i32.store8:m i32.store16:m i64.store8:m i64.store16:m i64.store32:m
memory.size:i memory.grow:i i32.const:4 i64.const:8 f32.const:f f64.const:d
i32.eqz i32.eq i32.ne i32.lt_s i32.lt_u i32.gt_s i32.gt_u i32.le_s i32.le_u i32.ge_s i32.ge_u
i64.eqz i64.eq i64.ne i64.lt_s i64.lt_u i64.gt_s i64.gt_u i64.le_s i64.le_u i64.ge_s i64.ge_u
f32.eq f32.ne f32.lt f32.gt f32.le f32.ge f64.eq f64.ne f64.lt f64.gt f64.le f64.ge
i32.clz i32.ctz i32.popcnt i32.add i32.sub i32.mul i32.div_s i32.div_u i32.rem_s i32.rem_u i32.and i32.or i32.xor i32.shl i32.shr_s i32.shr_u i32.rotl i32.rotr
i64.clz i64.ctz i64.popcnt i64.add i64.sub i64.mul i64.div_s i64.div_u i64.rem_s i64.rem_u i64.and i64.or i64.xor i64.shl i64.shr_s i64.shr_u i64.rotl i64.rotr
f32.abs f32.neg f32.ceil f32.floor f32.trunc f32.nearest f32.sqrt f32.add f32.sub f32.mul f32.div f32.min f32.max f32.copysign
f64.abs f64.neg f64.ceil f64.floor f64.trunc f64.nearest f64.sqrt f64.add f64.sub f64.mul f64.div f64.min f64.max f64.copysign
i32.wrap_i64 i32.trunc_f32_s i32.trunc_f32_u i32.trunc_f64_s i32.trunc_f64_u i64.extend_i32_s i64.extend_i32_u
i64.trunc_f32_s i64.trunc_f32_u i64.trunc_f64_s i64.trunc_f64_u
f32.convert_i32_s f32.convert_i32_u f32.convert_i64_s f32.convert_i64_u f32.demote_f64
f64.convert_i32_s f64.convert_i32_u f64.convert_i64_s f64.convert_i64_u f64.promote_f32
i32.reinterpret_f32 i64.reinterpret_f64 f32.reinterpret_i32 f64.reinterpret_i64
i32.extend8_s i32.extend16_s i64.extend8_s i64.extend16_s i64.extend32_s
- - - - - - - - - - - ref.null:h ref.is_null ref.func:i ref.eq ref.as_non_null br_on_null:i br_on_non_null:i`

const wasmFC = `i32.trunc_sat_f32_s i32.trunc_sat_f32_u i32.trunc_sat_f64_s i32.trunc_sat_f64_u
i64.trunc_sat_f32_s i64.trunc_sat_f32_u i64.trunc_sat_f64_s i64.trunc_sat_f64_u
memory.init:2 data.drop:i memory.copy:2 memory.fill:i table.init:2 elem.drop:i table.copy:2 table.grow:i table.size:i table.fill:i`

const wasmFD = `v128.load:m v128.load8x8_s:m v128.load8x8_u:m v128.load16x4_s:m v128.load16x4_u:m v128.load32x2_s:m v128.load32x2_u:m
v128.load8_splat:m v128.load16_splat:m v128.load32_splat:m v128.load64_splat:m v128.store:m v128.const:v i8x16.shuffle:v i8x16.swizzle
i8x16.splat i16x8.splat i32x4.splat i64x2.splat f32x4.splat f64x2.splat
i8x16.extract_lane_s:l i8x16.extract_lane_u:l i8x16.replace_lane:l i16x8.extract_lane_s:l i16x8.extract_lane_u:l i16x8.replace_lane:l
i32x4.extract_lane:l i32x4.replace_lane:l i64x2.extract_lane:l i64x2.replace_lane:l f32x4.extract_lane:l f32x4.replace_lane:l f64x2.extract_lane:l f64x2.replace_lane:l
i8x16.eq i8x16.ne i8x16.lt_s i8x16.lt_u i8x16.gt_s i8x16.gt_u i8x16.le_s i8x16.le_u i8x16.ge_s i8x16.ge_u
i16x8.eq i16x8.ne i16x8.lt_s i16x8.lt_u i16x8.gt_s i16x8.gt_u i16x8.le_s i16x8.le_u i16x8.ge_s i16x8.ge_u
i32x4.eq i32x4.ne i32x4.lt_s i32x4.lt_u i32x4.gt_s i32x4.gt_u i32x4.le_s i32x4.le_u i32x4.ge_s i32x4.ge_u
f32x4.eq f32x4.ne f32x4.lt f32x4.gt f32x4.le f32x4.ge f64x2.eq f64x2.ne f64x2.lt f64x2.gt f64x2.le f64x2.ge
v128.not v128.and v128.andnot v128.or v128.xor v128.bitselect v128.any_true
v128.load8_lane:n v128.load16_lane:n v128.load32_lane:n v128.load64_lane:n v128.store8_lane:n v128.store16_lane:n v128.store32_lane:n v128.store64_lane:n
v128.load32_zero:m v128.load64_zero:m f32x4.demote_f64x2_zero f64x2.promote_low_f32x4
i8x16.abs i8x16.neg i8x16.popcnt i8x16.all_true i8x16.bitmask i8x16.narrow_i16x8_s i8x16.narrow_i16x8_u
f32x4.ceil f32x4.floor f32x4.trunc f32x4.nearest i8x16.shl i8x16.shr_s i8x16.shr_u i8x16.add i8x16.add_sat_s i8x16.add_sat_u i8x16.sub i8x16.sub_sat_s i8x16.sub_sat_u
f64x2.ceil f64x2.floor i8x16.min_s i8x16.min_u i8x16.max_s i8x16.max_u f64x2.trunc i8x16.avgr_u
i16x8.extadd_pairwise_i8x16_s i16x8.extadd_pairwise_i8x16_u i32x4.extadd_pairwise_i16x8_s i32x4.extadd_pairwise_i16x8_u
i16x8.abs i16x8.neg i16x8.q15mulr_sat_s i16x8.all_true i16x8.bitmask i16x8.narrow_i32x4_s i16x8.narrow_i32x4_u
i16x8.extend_low_i8x16_s i16x8.extend_high_i8x16_s i16x8.extend_low_i8x16_u i16x8.extend_high_i8x16_u
i16x8.shl i16x8.shr_s i16x8.shr_u i16x8.add i16x8.add_sat_s i16x8.add_sat_u i16x8.sub i16x8.sub_sat_s i16x8.sub_sat_u f64x2.nearest i16x8.mul
i16x8.min_s i16x8.min_u i16x8.max_s i16x8.max_u - i16x8.avgr_u i16x8.extmul_low_i8x16_s i16x8.extmul_high_i8x16_s i16x8.extmul_low_i8x16_u i16x8.extmul_high_i8x16_u
i32x4.abs i32x4.neg - i32x4.all_true i32x4.bitmask - - i32x4.extend_low_i16x8_s i32x4.extend_high_i16x8_s i32x4.extend_low_i16x8_u i32x4.extend_high_i16x8_u
i32x4.shl i32x4.shr_s i32x4.shr_u i32x4.add - - i32x4.sub - - - i32x4.mul i32x4.min_s i32x4.min_u i32x4.max_s i32x4.max_u i32x4.dot_i16x8_s -
i32x4.extmul_low_i16x8_s i32x4.extmul_high_i16x8_s i32x4.extmul_low_i16x8_u i32x4.extmul_high_i16x8_u
i64x2.abs i64x2.neg - i64x2.all_true i64x2.bitmask - - i64x2.extend_low_i32x4_s i64x2.extend_high_i32x4_s i64x2.extend_low_i32x4_u i64x2.extend_high_i32x4_u
i64x2.shl i64x2.shr_s i64x2.shr_u i64x2.add - - i64x2.sub - - - i64x2.mul i64x2.eq i64x2.ne i64x2.lt_s i64x2.gt_s i64x2.le_s i64x2.ge_s
i64x2.extmul_low_i32x4_s i64x2.extmul_high_i32x4_s i64x2.extmul_low_i32x4_u i64x2.extmul_high_i32x4_u
f32x4.abs f32x4.neg - f32x4.sqrt f32x4.add f32x4.sub f32x4.mul f32x4.div f32x4.min f32x4.max f32x4.pmin f32x4.pmax
f64x2.abs f64x2.neg - f64x2.sqrt f64x2.add f64x2.sub f64x2.mul f64x2.div f64x2.min f64x2.max f64x2.pmin f64x2.pmax
i32x4.trunc_sat_f32x4_s i32x4.trunc_sat_f32x4_u f32x4.convert_i32x4_s f32x4.convert_i32x4_u i32x4.trunc_sat_f64x2_s_zero i32x4.trunc_sat_f64x2_u_zero f64x2.convert_low_i32x4_s f64x2.convert_low_i32x4_u
i8x16.relaxed_swizzle i32x4.relaxed_trunc_f32x4_s i32x4.relaxed_trunc_f32x4_u i32x4.relaxed_trunc_f64x2_s_zero i32x4.relaxed_trunc_f64x2_u_zero
f32x4.relaxed_madd f32x4.relaxed_nmadd f64x2.relaxed_madd f64x2.relaxed_nmadd i8x16.relaxed_laneselect i16x8.relaxed_laneselect i32x4.relaxed_laneselect i64x2.relaxed_laneselect
f32x4.relaxed_min f32x4.relaxed_max f64x2.relaxed_min f64x2.relaxed_max i16x8.relaxed_q15mulr_s i16x8.relaxed_dot_i8x16_i7x16_s i32x4.relaxed_dot_i8x16_i7x16_add_s`

const wasmFE = `memory.atomic.notify:m memory.atomic.wait32:m memory.atomic.wait64:m atomic.fence:l - - - - - - - - - - - -
i32.atomic.load:m i64.atomic.load:m i32.atomic.load8_u:m i32.atomic.load16_u:m i64.atomic.load8_u:m i64.atomic.load16_u:m i64.atomic.load32_u:m
i32.atomic.store:m i64.atomic.store:m i32.atomic.store8:m i32.atomic.store16:m i64.atomic.store8:m i64.atomic.store16:m i64.atomic.store32:m`

// wasmOps holds the opcodes by prefix, none or FC, FD and FE by their low bits,
// and number. FB, which is garbage collected types, is not read.
type wasmOps [4][]wasmInfo

// of returns what is known about op; the name is empty if it is none.
func (t *wasmOps) of(op uint32) wasmInfo {
	list := t[3]
	if p := op >> 16; p != 0 {
		list = t[p&3]
	}
	if n := int(op & 0xffff); n < len(list) {
		return list[n]
	}
	return wasmInfo{}
}

var wasmTable = sync.OnceValue(func() *wasmOps {
	kinds := map[string]wasmArgs{
		"": argNone, "b": argBlock, "i": argIndex, "2": argIndex2, "c": argCallIndirect, "m": argMem, "n": argMemLane, "l": argLane,
		"4": argI32, "8": argI64, "f": argF32, "d": argF64, "v": argV128, "t": argTable, "y": argTypes, "h": argHeap, "x": argCatches,
	}
	flows := map[string]Flow{
		"unreachable": Trap, "throw": Trap, "rethrow": Trap, "throw_ref": Trap, "br": Jump, "br_if": Branch, "br_table": JumpIndirect, "if": Branch,
		"return": Return, "call": Call, "call_indirect": CallIndirect, "call_ref": CallIndirect,
		"return_call": Jump, "return_call_indirect": JumpIndirect, "return_call_ref": JumpIndirect, "br_on_null": Branch, "br_on_non_null": Branch,
	}
	rmw := ""
	for _, op := range []string{"add", "sub", "and", "or", "xor", "xchg", "cmpxchg"} {
		for _, t := range []string{"i32.atomic.rmw.", "i64.atomic.rmw.", "i32.atomic.rmw8.", "i32.atomic.rmw16.", "i64.atomic.rmw8.", "i64.atomic.rmw16.", "i64.atomic.rmw32."} {
			rmw += " " + t + op
			if !strings.HasSuffix(t, "rmw.") {
				rmw += "_u"
			}
			rmw += ":m"
		}
	}
	m := &wasmOps{}
	for prefix, names := range map[uint32]string{3: wasmPlain, 0xfc: wasmFC, 0xfd: wasmFD, 0xfe: wasmFE + rmw} {
		for _, f := range strings.Fields(names) {
			name, kind, _ := strings.Cut(f, ":")
			if name == "-" {
				name = ""
			}
			p := &m[prefix&3]
			*p = append(*p, wasmInfo{name, kinds[kind], flows[name]})
		}
	}
	return m
})
