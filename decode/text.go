package decode

import (
	"golang.org/x/arch/arm64/arm64asm"
	"golang.org/x/arch/x86/x86asm"
)

// plainText appends what x/arch prints.
func (d *Decoder) plainText(dst []byte, in *Inst, s Syntax, name Symbolizer) []byte {
	lookup := func(addr uint64) (string, uint64) {
		if name == nil {
			return "", 0
		}
		return string(name(nil, addr)), addr
	}
	code := in.key.bytes()
	if d.ops == nil {
		a, err := arm64asm.Decode(code[:4])
		switch {
		case err != nil:
			return append(dst, '?')
		case s == GoSyntax:
			return append(dst, arm64asm.GoSyntax(a, in.PC, lookup, nil)...)
		}
		return append(dst, arm64asm.GNUSyntax(a)...)
	}
	sh, _ := shapeOf(code[:])
	x, ok := readAMD64(code[:], sh)
	switch {
	case !ok:
		return append(dst, '?')
	case s == GoSyntax:
		return append(dst, x86asm.GoSyntax(x, in.PC, lookup)...)
	case s == GNUSyntax:
		return append(dst, x86asm.GNUSyntax(x, in.PC, lookup)...)
	}
	return append(dst, x86asm.IntelSyntax(x, in.PC, lookup)...)
}
