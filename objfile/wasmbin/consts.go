package wasmbin

import "encoding/binary"

// A Value is what a constant expression comes to. Known is false where it
// depends on an imported global. Bits are those of a number; the index of the
// function for a reference to one that is not null.
type Value struct {
	Type  ValType
	Known bool
	Null  bool
	Bits  uint64
}

// maxConstStack bounds the operand stack of a constant expression; what
// compilers write takes two or three.
const maxConstStack = 64

// constExpr reads a constant expression whose value must be of type want.
func (m *Module) constExpr(r *reader, want ValType) Value {
	var few [4]Value
	stack := few[:0]
	start := r.off
	for r.err == nil {
		at := r.off
		var v Value
		switch op := r.u8(); op {
		case 0x0b: // end
			if r.err == nil && (len(stack) != 1 || !m.matches(stack[0].Type, want)) {
				r.failAt(start, "type mismatch: constant expression gives %d values, want one %s", len(stack), want)
			}
			if r.err != nil {
				return Value{}
			}
			return stack[0]
		case 0x41:
			v = Value{Type: ValType{Code: I32}, Known: true, Bits: uint64(uint32(r.leb(32, true, "i32.const")))}
		case 0x42:
			v = Value{Type: ValType{Code: I64}, Known: true, Bits: r.leb(64, true, "i64.const")}
		case 0x43:
			v = Value{Type: ValType{Code: F32}, Known: true}
			if b := r.bytes(4, "f32.const"); b != nil {
				v.Bits = uint64(binary.LittleEndian.Uint32(b))
			}
		case 0x44:
			v = Value{Type: ValType{Code: F64}, Known: true}
			if b := r.bytes(8, "f64.const"); b != nil {
				v.Bits = binary.LittleEndian.Uint64(b)
			}
		case 0xfd:
			if sub := r.u32("opcode"); sub != 12 {
				r.failAt(at, "constant expression required: opcode 0xfd %#x is none", sub)
			}
			r.bytes(16, "v128.const")
			v = Value{Type: ValType{Code: V128}} // its bits have no room
		case 0xd0:
			v = Value{Type: r.heapType(len(m.types)), Known: true, Null: true}
			v.Type.Null = true
		case 0xd2:
			i := r.index(len(m.funcs), "function")
			if r.err == nil {
				m.declare(i)
				v = Value{Type: ValType{Code: Concrete, Index: m.funcs[i].Type}, Known: true, Bits: uint64(i)}
			}
		case 0x23:
			i := r.index(len(m.globals), "global")
			if r.err == nil && m.globals[i].Mutable {
				r.failAt(at, "constant expression required: global %d can change", i)
			}
			if r.err == nil {
				v = m.globals[i].Init
			}
		case 0x6a, 0x6b, 0x6c, 0x7c, 0x7d, 0x7e:
			v, stack = m.arithmetic(r, at, op, stack)
		default:
			r.failAt(at, "constant expression required: opcode %#x is none", op)
		}
		if len(stack) >= maxConstStack {
			r.failAt(at, "constant expression keeps more than %d values", maxConstStack)
		}
		stack = append(stack, v)
	}
	return Value{}
}

// arithmetic takes two numbers from the stack and returns what op makes of
// them, and the rest of the stack.
func (m *Module) arithmetic(r *reader, at int, op byte, s []Value) (Value, []Value) {
	t := ValType{Code: I32}
	if op >= 0x7c {
		t.Code = I64
	}
	if len(s) < 2 || s[len(s)-1].Type != t || s[len(s)-2].Type != t {
		r.failAt(at, "type mismatch: opcode %#x wants two %s", op, t)
		return Value{}, s
	}
	a, b := s[len(s)-2], s[len(s)-1]
	v := Value{Type: t, Known: a.Known && b.Known}
	switch op {
	case 0x6a, 0x7c:
		v.Bits = a.Bits + b.Bits
	case 0x6b, 0x7d:
		v.Bits = a.Bits - b.Bits
	default:
		v.Bits = a.Bits * b.Bits
	}
	if t.Code == I32 {
		v.Bits = uint64(uint32(v.Bits))
	}
	return v, s[:len(s)-2]
}

// declare notes that a function's reference is taken outside of bodies.
func (m *Module) declare(i int) {
	if m.declared == nil {
		m.declared = make([]uint64, len(m.funcs)/64+1)
	}
	if !m.isDeclared(i) { // sections are read again, by several goroutines
		m.declared[i/64] |= 1 << (i % 64)
	}
}

func (m *Module) isDeclared(i int) bool {
	return m.declared != nil && m.declared[i/64]&(1<<(i%64)) != 0
}
