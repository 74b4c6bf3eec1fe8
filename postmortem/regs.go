package postmortem

import (
	"strconv"

	"moho/core"
	"moho/gostate"
)

// SchemaRegs is the kind that core regs writes.
const SchemaRegs = "moho/regs/v1"

// A RegsHeader is the first line of moho/regs/v1. Count is how many goroutines,
// or places of threads, follow.
type RegsHeader struct {
	Schema string `json:"schema"`
	Target Target `json:"target"`
	Count  int    `json:"count"`
}

// Registers returns the registers of a frame of g as an item of moho/regs/v1.
// The result is valid until the next call.
func (e *Encoder) Registers(g *gostate.Goroutine, r *gostate.Registers) []byte {
	b := append(e.buf[:0], `{"goroutine":`...)
	b = strconv.AppendUint(b, g.ID, 10)
	b = append(b, `,"thread":`...)
	b = strconv.AppendInt(b, int64(g.Thread), 10)
	b = append(b, ',')
	if r.Frame >= 0 {
		b = append(b, `"func":`...)
		b = appendString(b, g.Frames[r.Frame].Func)
		b = append(b, ',')
	}
	b = appendRegisters(b, r)
	e.buf = append(b, '}')
	return e.buf
}

// ThreadRegisters is [Encoder.Registers] for a place where a thread was.
func (e *Encoder) ThreadRegisters(tid int, r *gostate.Registers) []byte {
	b := append(e.buf[:0], `{"goroutine":null,"thread":`...)
	b = strconv.AppendInt(b, int64(tid), 10)
	b = append(b, ',')
	b = appendRegisters(b, r)
	e.buf = append(b, '}')
	return e.buf
}

// appendRegs appends what --with regs adds to a goroutine.
func (e *Encoder) appendRegs(b []byte, g *gostate.Goroutine) []byte {
	if e.c.World == nil {
		return append(b, `,"registers":null`...) // a text has none
	}
	r := e.c.World.Registers(g, gostate.Innermost)
	b = append(b, `,"registersOf":{`...)
	b = appendPlace(b, &r)
	b = append(b, `},"registers":`...)
	return appendValues(b, &r)
}

// appendRegisters appends the fields that registers have everywhere.
func appendRegisters(b []byte, r *gostate.Registers) []byte {
	b = appendPlace(b, r)
	b = append(b, `,"registers":`...)
	return appendValues(b, r)
}

// appendPlace appends what registers are those of.
func appendPlace(b []byte, r *gostate.Registers) []byte {
	b = append(b, `"frame":`...)
	if r.Frame < 0 {
		b = append(b, "null"...)
	} else {
		b = strconv.AppendInt(b, int64(r.Frame), 10)
	}
	b = append(b, `,"from":"`...)
	b = append(b, r.From...)
	b = append(b, '"')
	if r.Note != "" {
		b = append(b, `,"note":`...)
		b = appendString(b, r.Note)
	}
	if r.Known() < len(r.List) {
		b = append(b, `,"unavailable":`...)
		b = appendString(b, r.Why)
	}
	return b
}

// appendValues appends the registers by name.
func appendValues(b []byte, r *gostate.Registers) []byte {
	b = append(b, '{')
	for i := range r.List {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendRegister(b, &r.List[i], r.Why)
	}
	for i := range r.Vectors {
		if i > 0 || len(r.List) > 0 {
			b = append(b, ',')
		}
		b = appendVector(b, &r.Vectors[i])
	}
	return append(b, '}')
}

// appendRegister appends a register; why is what need not be said again.
func appendRegister(b []byte, x *gostate.Register, why string) []byte {
	b = append(b, '"')
	b = append(b, x.Name...)
	b = append(b, `":{"value":`...)
	if x.From == gostate.Unavailable {
		b = append(b, "null"...)
	} else {
		b = append(b, '"')
		b = appendHex(b, core.Addr(x.Value))
		b = append(b, '"')
	}
	b = append(b, `,"from":"`...)
	b = append(b, x.From...)
	b = append(b, '"')
	if x.How != "" && x.How != why {
		b = append(b, `,"how":`...)
		b = appendString(b, x.How)
	}
	return append(b, '}')
}

// appendVector appends a vector register as one number.
func appendVector(b []byte, v *gostate.Vector) []byte {
	b = append(b, '"')
	b = append(b, v.Name...)
	b = append(b, `":{"value":"`...)
	b = append(b, VectorText(v)...)
	b = append(b, `","from":"`...)
	b = append(b, v.From...)
	return append(b, `"}`...)
}

// VectorText returns a vector register as a number, all its digits.
func VectorText(v *gostate.Vector) string {
	const digits = "0123456789abcdef"
	b := append(make([]byte, 0, 2+2*len(v.Bytes)), "0x"...)
	for i := len(v.Bytes) - 1; i >= 0; i-- {
		b = append(b, digits[v.Bytes[i]>>4], digits[v.Bytes[i]&15])
	}
	return string(b)
}
