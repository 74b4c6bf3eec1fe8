package debuginfo

import (
	"moho/internal/bounded"
)

// PieceKind says what a piece of a variable is in.
type PieceKind uint8

const (
	// None: nowhere. The compiler has optimised it away, or it does not live here.
	None PieceKind = iota
	// Register: in register Reg.
	Register
	// Frame: in memory, At bytes above the CFA, the address that SP had before
	// the call pushed anything (negative: below).
	Frame
	// FrameRef: in memory at the address that is stored At bytes above the CFA.
	// Go does so with variables that escape to the heap.
	FrameRef
	// Based: in memory, At bytes above what register Reg holds.
	Based
	// Absolute: in memory at address At.
	Absolute
	// Constant: nowhere, but its value is At.
	Constant
	// Unknown: somewhere that the other kinds can't say.
	Unknown
)

// String returns the name of the kind in lower case.
func (k PieceKind) String() string {
	names := [...]string{"none", "register", "frame", "frameref", "based", "absolute", "constant", "unknown"}
	if int(k) < len(names) {
		return names[k]
	}
	return "unknown"
}

// A Piece is a part of a variable that is in one place: Size bytes from Off on.
// Size is 0 when the type of the variable does not say. Reg is a DWARF register
// number: see [RegisterName].
type Piece struct {
	Off, Size uint64
	Kind      PieceKind
	Reg       int
	At        int64
}

// An operand is a value on the stack of an expression: a place in terms of what
// is not known before the program runs, plus a number.
type operand struct {
	base  operandBase
	reg   int
	n     int64
	deref bool // n was added, then a pointer was read there
}

type operandBase uint8

const (
	ofNothing operandBase = iota // a constant
	ofCFA
	ofReg
	ofUnknown
)

// A machine evaluates one expression symbolically.
type machine struct {
	d         *Data
	u         *unit
	frameBase []byte
	stack     []operand
	ops       int
}

// pieces evaluates a location expression for a variable of size bytes, 0 for
// unknown. What is beyond moho's means gives a piece of kind Unknown; an error
// means malformed input.
func (m *machine) pieces(expr []byte, size uint64) ([]Piece, error) {
	if len(expr) == 0 {
		return []Piece{{Size: size}}, nil
	}
	var out []Piece
	r := reader{b: expr}
	off := uint64(0)
	cur, have := Piece{}, false
	m.stack = m.stack[:0]
	m.ops = 0
	for r.off < uint64(len(expr)) {
		if m.ops++; m.ops > maxOps {
			return nil, &bounded.LimitError{Limit: "dwarf: operations of an expression", Value: maxOps + 1, Max: maxOps}
		}
		op := r.u8()
		switch {
		case op >= opReg0 && op <= opReg31:
			cur, have = Piece{Kind: Register, Reg: int(op - opReg0)}, true
		case op == opRegx:
			cur, have = Piece{Kind: Register, Reg: int(min(r.uleb(), 0xffff))}, true
		case op == opImplicitValue:
			b := r.take(r.uleb())
			cur, have = Piece{Kind: Unknown}, true
			if n := uint8(len(b)); n == 1 || n == 2 || n == 4 || n == 8 {
				v := reader{b: b}
				cur = Piece{Kind: Constant, At: int64(v.uint(n))}
			}
		case op == opStackValue:
			cur, have = m.top().constant(), true
		case op == opPiece:
			n := r.uleb()
			if !have {
				cur = m.top().place()
				if len(m.stack) == 0 {
					cur = Piece{}
				}
			}
			cur.Off, cur.Size = off, n
			if off += n; len(out) == maxPieces {
				return append(out, Piece{Off: cur.Off, Size: size - min(cur.Off, size), Kind: Unknown}), nil
			}
			out = append(out, cur)
			cur, have = Piece{}, false
			m.stack = m.stack[:0]
		case op == opNop:
		default:
			if !m.step(op, &r) {
				// An operation of unknown length: nothing behind it can be read.
				return append(out, Piece{Off: off, Size: size - min(off, size), Kind: Unknown}), nil
			}
		}
		if r.bad {
			return nil, malformed("location expression", uint64(len(expr)), "operation %#x is cut off", op)
		}
	}
	if len(out) > 0 && !have && len(m.stack) == 0 {
		return out, nil
	}
	if !have {
		cur = m.top().place()
	}
	cur.Off, cur.Size = off, size-min(off, size)
	return append(out, cur), nil
}

// step does one operation on the stack; false if it is not known.
func (m *machine) step(op uint8, r *reader) bool {
	switch {
	case op >= opLit0 && op <= opLit31:
		return m.push(operand{n: int64(op - opLit0)})
	case op >= opBreg0 && op <= opBreg31:
		return m.push(operand{base: ofReg, reg: int(op - opBreg0), n: r.sleb()})
	}
	switch op {
	case opAddr:
		return m.push(operand{n: int64(r.uint(m.u.addrSize))})
	case opAddrx, opConstx:
		i := r.uleb()
		rt, err := m.d.root(m.u)
		if err != nil {
			return false
		}
		a, err := indexed(&m.d.addr, rt.addrBase, i, m.u.addrSize)
		return err == nil && m.push(operand{n: int64(a)})
	case opConst1u:
		return m.push(operand{n: int64(r.u8())})
	case opConst1s:
		return m.push(operand{n: int64(int8(r.u8()))})
	case opConst2u:
		return m.push(operand{n: int64(r.u16())})
	case opConst2s:
		return m.push(operand{n: int64(int16(r.u16()))})
	case opConst4u:
		return m.push(operand{n: int64(r.u32())})
	case opConst4s:
		return m.push(operand{n: int64(int32(r.u32()))})
	case opConst8u, opConst8s:
		return m.push(operand{n: int64(r.u64())})
	case opConstu:
		return m.push(operand{n: int64(r.uleb())})
	case opConsts:
		return m.push(operand{n: r.sleb()})
	case opBregx:
		return m.push(operand{base: ofReg, reg: int(min(r.uleb(), 0xffff)), n: r.sleb()})
	case opCallFrameCFA:
		return m.push(operand{base: ofCFA})
	case opFbreg:
		return m.push(m.frame().plus(r.sleb()))
	case opPlusUconst:
		return m.push(m.pop().plus(int64(r.uleb())))
	case opPlus, opMinus:
		b, a := m.pop(), m.pop()
		switch {
		case op == opMinus && b.base == ofNothing && !b.deref:
			return m.push(a.plus(-b.n))
		case op == opPlus && b.base == ofNothing && !b.deref:
			return m.push(a.plus(b.n))
		case op == opPlus && a.base == ofNothing && !a.deref:
			return m.push(b.plus(a.n))
		}
		return m.push(operand{base: ofUnknown})
	case opDeref:
		a := m.pop()
		if a.base == ofCFA && !a.deref {
			a.deref = true
			return m.push(a)
		}
		return m.push(operand{base: ofUnknown})
	}
	return false
}

// frame returns the frame base of the function, for which two forms are in use:
// the CFA, and a register.
func (m *machine) frame() operand {
	fb := m.frameBase
	switch {
	case len(fb) == 1 && fb[0] == opCallFrameCFA:
		return operand{base: ofCFA}
	case len(fb) == 1 && fb[0] >= opReg0 && fb[0] <= opReg31:
		return operand{base: ofReg, reg: int(fb[0] - opReg0)}
	case len(fb) > 1 && fb[0] >= opBreg0 && fb[0] <= opBreg31:
		r := reader{b: fb[1:]}
		if n := r.sleb(); !r.bad && r.off == uint64(len(r.b)) {
			return operand{base: ofReg, reg: int(fb[0] - opBreg0), n: n}
		}
	}
	return operand{base: ofUnknown}
}

func (m *machine) push(o operand) bool {
	if len(m.stack) >= maxStack {
		return false
	}
	m.stack = append(m.stack, o)
	return true
}

func (m *machine) top() operand {
	if len(m.stack) == 0 {
		return operand{base: ofUnknown}
	}
	return m.stack[len(m.stack)-1]
}

func (m *machine) pop() operand {
	o := m.top()
	m.stack = m.stack[:max(len(m.stack)-1, 0)]
	return o
}

func (o operand) plus(n int64) operand {
	if o.deref && n != 0 {
		return operand{base: ofUnknown}
	}
	o.n += n
	return o
}

// place is what the operand says as the address of a piece.
func (o operand) place() Piece {
	switch {
	case o.base == ofCFA && o.deref:
		return Piece{Kind: FrameRef, At: o.n}
	case o.deref || o.base == ofUnknown:
		return Piece{Kind: Unknown}
	case o.base == ofCFA:
		return Piece{Kind: Frame, At: o.n}
	case o.base == ofReg:
		return Piece{Kind: Based, Reg: o.reg, At: o.n}
	}
	return Piece{Kind: Absolute, At: o.n}
}

// constant is what the operand says as the value of a piece.
func (o operand) constant() Piece {
	switch {
	case o.base == ofNothing && !o.deref:
		return Piece{Kind: Constant, At: o.n}
	case o.base == ofReg && o.n == 0 && !o.deref:
		return Piece{Kind: Register, Reg: o.reg}
	case o.base == ofCFA && o.deref: // the value that is stored there
		return Piece{Kind: Frame, At: o.n}
	}
	return Piece{Kind: Unknown}
}
