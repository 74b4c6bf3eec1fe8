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
	if sh.rel != 0 { // the key has none
		for i, a := range x.Args {
			switch a := a.(type) {
			case x86asm.Rel:
				x.Args[i] = x86asm.Rel(int32(in.Target - in.PC - uint64(in.Len)))
			case x86asm.Mem:
				if a.Base == x86asm.RIP || a.Base == x86asm.EIP {
					a.Disp = int64(int32(uint64(in.Mem.Disp) - in.PC - uint64(in.Len)))
					x.Args[i] = a
				}
			}
		}
	}
	if x.Op >= opOwn {
		return d.ops.own(dst, &x, s)
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

// own appends an operation that x86asm has no number for, whose operands are
// general registers and memory.
func (o *ops) own(dst []byte, x *x86asm.Inst, s Syntax) []byte {
	// Written as one that has the same operands, under its own name.
	like := *x
	like.Op = x86asm.ADC
	if x.Args[1] == nil {
		like.Op = x86asm.NOT
	}
	if x.Args[0] == nil {
		return append(dst, strings.ToLower(o.name[x.Op])...)
	}
	text := x86asm.GNUSyntax(like, 0, nil)
	if s == IntelSyntax {
		text = x86asm.IntelSyntax(like, 0, nil)
	}
	_, args, _ := strings.Cut(text, " ")
	dst = append(dst, strings.ToLower(o.name[x.Op])...)
	return append(append(dst, ' '), args...)
}

// nativeARM64 appends the word w, which lies where in says.
func nativeARM64(dst []byte, w uint32, in *Inst, name Symbolizer) []byte {
	var code [4]byte
	binary.LittleEndian.PutUint32(code[:], w)
	a, err := arm64asm.Decode(code[:])
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
	addr := in.address()
	dst = appendHex(dst, addr)
	if name != nil {
		n := len(dst)
		if dst = name(append(dst, " <"...), addr); len(dst) > n+2 {
			return append(dst, '>')
		}
		dst = dst[:n]
	}
	return dst
}
