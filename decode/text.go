package decode

import (
	"encoding/binary"
	"strings"

	"golang.org/x/arch/arm64/arm64asm"
	"golang.org/x/arch/x86/x86asm"
)

// native appends in in GNU's or Intel's syntax, as x/arch writes it, with what
// it does not know. It allocates.
func (d *Decoder) native(dst []byte, in *Inst, s Syntax, name Symbolizer) []byte {
	code := in.key.bytes()
	if d.ops == nil {
		return nativeARM64(dst, binary.LittleEndian.Uint32(code[:]), in, name)
	}
	sh, _ := shapeOf(code[:])
	x, ok := readAMD64(code[:], sh)
	if !ok {
		return append(dst, '?')
	}
	if d.ops.name[x.Op][0] != 'F' && (stringSize(&x) == 0 || s == IntelSyntax) {
		w := x86Writer{b: dst, x: &x, s: sh, code: code[:sh.n], in: in, intel: s == IntelSyntax, name: name}
		w.write(d.ops)
		return w.b
	}
	for i, a := range x.Args { // the key has no displacement
		if m, ok := a.(x86asm.Mem); ok && in.Mem.PCRel {
			m.Disp = int64(int32(uint64(in.Mem.Disp) - in.PC - uint64(in.Len)))
			x.Args[i] = m
		}
	}
	lookup := func(addr uint64) (string, uint64) {
		if name == nil {
			return "", 0
		}
		return string(name(nil, addr)), addr
	}
	if s == IntelSyntax {
		return append(dst, x86asm.IntelSyntax(x, in.PC, lookup)...)
	}
	return append(dst, x86asm.GNUSyntax(x, in.PC, lookup)...)
}

// nativeARM64 appends the word w, which lies where in says.
func nativeARM64(dst []byte, w uint32, in *Inst, name Symbolizer) []byte {
	var code [4]byte
	binary.LittleEndian.PutUint32(code[:], w)
	a, err := decodeARM64(code[:])
	if err != nil {
		t := template{}
		t.textOwn(w, true)
		return append(dst, t.b...)
	}
	text := arm64asm.GNUSyntax(a)
	if relKindOf(w) == notRel {
		return append(dst, text...)
	}
	if i := strings.LastIndex(text, ".+0x"); i >= 0 { // the key has no displacement
		text = text[:i]
	}
	dst = append(dst, text...)
	return appendPlace(dst, in.address(), name)
}
