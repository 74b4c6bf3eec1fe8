package vars

import (
	"encoding/binary"
	"fmt"
	"strings"

	"moho/core"
	"moho/debuginfo"
	"moho/decode"
	"moho/gostate"
)

// Why a register is of no use.
const (
	lostRegister = "was in a register, which calls do not preserve"
	badRegister  = "DWARF has it in a register throughout a call, which no register survives"
)

// register returns the bytes of DWARF register n.
func (x *frameReader) register(n int) (b []byte, why string) {
	if !x.f.Exact {
		return nil, lostRegister
	}
	if x.regs == nil {
		r := x.r.w.Registers(x.g, x.i)
		x.regs = &r
	}
	name := debuginfo.RegisterName(x.r.w.Process().Arch(), n)
	if name == "" {
		return nil, fmt.Sprintf("in register %d of DWARF, whatever that is", n)
	}
	if r, ok := x.regs.Lookup(name); ok {
		if r.From == gostate.Unavailable {
			return nil, "was in " + name + ": " + r.How
		}
		return binary.LittleEndian.AppendUint64(nil, r.Value), ""
	}
	half, _ := strings.CutPrefix(name, "v") // arm64's d3 is the lower half of v3
	for _, v := range x.regs.Vectors {
		if v.Name == name || v.Name == "d"+half {
			return v.Bytes, ""
		}
	}
	return nil, "was in " + name + ", which was not saved"
}

// maxCode bounds the code that is read to check one place of a variable.
const maxCode = 1 << 20

// survives reports whether what DWARF says of a variable in a register can be
// true: in the code of r no call returns, other than of what the compiler knows
// to leave registers alone.
//
// The compiler loses sight of registers now and then: on arm64 it has been seen
// to leave a variable of a loop in x0 until the end of its function.
func (x *frameReader) survives(r debuginfo.Range) bool {
	if !r.Contains(x.pc) || r.High-r.Low > maxCode {
		return false
	}
	code, err := x.r.view.Slice(core.Addr(uint64(r.Low)+x.r.w.Bias()), int(r.High-r.Low))
	if err != nil {
		return false
	}
	d, err := decode.New(x.r.w.Process().Arch())
	if err != nil {
		return false
	}
	for pc := uint64(r.Low); len(code) > 0; {
		var in decode.Inst
		if d.Decode(code, pc, &in) != nil || in.Len <= 0 || in.Len > len(code) {
			return len(code) < 16 // an instruction that r cuts
		}
		code, pc = code[in.Len:], pc+uint64(in.Len)
		call := in.Flow == decode.Call || in.Flow == decode.CallIndirect
		if call && pc < uint64(r.High) && !(in.Flow == decode.Call && x.harmless(in.Target)) {
			return false
		}
	}
	return true
}

// harmless reports whether a call leaves registers alone, or does not return.
func (x *frameReader) harmless(target uint64) bool {
	f, _, ok := x.r.w.FuncAt(core.Addr(target + x.r.w.Bias()))
	if !ok {
		return false
	}
	name, ok := strings.CutPrefix(f.Name(), "runtime.")
	if !ok {
		return false
	}
	for _, prefix := range []string{"gcWriteBarrier", "duff", "panic", "goPanic", "gopanic", "throw", "fatal", "morestack", "unreachableMethod"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// address returns where in memory a piece is.
func (x *frameReader) address(p debuginfo.Piece) (a core.Addr, from Where, why string) {
	switch p.Kind {
	case debuginfo.Frame:
		return x.f.CFA + core.Addr(p.At), Memory, ""
	case debuginfo.FrameRef:
		at := x.f.CFA + core.Addr(p.At)
		w, err := x.r.view.Word(at)
		switch {
		case err != nil:
			return 0, Nowhere, err.Error()
		case w == 0:
			return 0, Nowhere, "not set yet"
		}
		return core.Addr(w), Heap, ""
	case debuginfo.Absolute:
		return core.Addr(uint64(p.At) + x.r.w.Bias()), Memory, ""
	case debuginfo.Based:
		b, why := x.register(p.Reg)
		if why != "" || len(b) < 8 {
			return 0, Nowhere, why
		}
		return core.Addr(binary.LittleEndian.Uint64(b)) + core.Addr(p.At), Memory, ""
	}
	return 0, Nowhere, OptimizedOut
}
