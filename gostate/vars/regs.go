package vars

import (
	"encoding/binary"
	"fmt"

	"moho/core"
	"moho/debuginfo"
	"moho/gostate"
)

// registers are those of one frame, by name.
type registers struct {
	words map[string]uint64
	why   string // of those that are not there
}

// readRegisters returns what is left of the registers of frame i.
func (r *Reader) readRegisters(g *gostate.Goroutine, i int) *registers {
	x := &registers{words: map[string]uint64{}, why: "was in a register, which calls do not preserve"}
	f := &g.Frames[i]
	if !f.Exact || g.RegsFrom != "prstatus" || f.PC != g.PC {
		return x
	}
	for _, t := range r.w.Threads() {
		if t.TID != g.Thread {
			continue
		}
		for k, reg := range r.w.Process().Arch().Registers {
			if k < len(t.Regs) {
				x.words[reg.Name] = t.Regs[k]
			}
		}
	}
	return x
}

// register returns the bytes of DWARF register n.
func (x *frameReader) register(n int) (b []byte, why string) {
	if x.regs == nil {
		x.regs = x.r.readRegisters(x.g, x.i)
	}
	name := debuginfo.RegisterName(x.r.w.Process().Arch(), n)
	if name == "" {
		return nil, fmt.Sprintf("in register %d of DWARF, whatever that is", n)
	}
	w, ok := x.regs.words[name]
	if !ok {
		return nil, x.regs.why
	}
	return binary.LittleEndian.AppendUint64(nil, w), ""
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
