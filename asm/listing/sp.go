package listing

import (
	"moho/arch"
	"moho/decode"
)

// WritesSP reports whether in gives the stack pointer a value that is not its
// old one and a constant. In a function that the linker flags SPWRITE nothing
// is known of SP after the first such instruction.
func WritesSP(a *arch.Arch, in *decode.Inst) bool {
	sp := decode.Reg(4)
	if a == arch.ARM64 {
		sp = 31
	}
	if !in.Defs.Has(sp) {
		return false
	}
	for _, e := range in.Effects[:in.NEffect] {
		if e.Dst != sp {
			continue
		}
		switch {
		case e.Op == decode.Store, e.Op == decode.Copy && e.Src == sp, e.Op == decode.And && e.Src == sp:
		default:
			return true
		}
	}
	return false
}
