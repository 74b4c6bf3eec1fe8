package decode

import (
	"encoding/binary"
	"strings"

	"golang.org/x/arch/arm64/arm64asm"
)

// goARM64 appends f in Go's syntax.
func (t *template) goARM64(f *form) {
	w := binary.LittleEndian.Uint32(f.code[:])
	a, err := arm64asm.Decode(f.code[:4])
	if err != nil {
		t.str("?")
		return
	}
	if f.relKind == relADR || f.relKind == relADRP {
		t.str(a.Op.String())
		t.b = append(t.b, ' ')
		t.hole(holeData)
		if f.relKind == relADRP {
			t.kind = holePage
		}
		t.str(", ")
		t.goGPR(w)
		return
	}
	text := arm64asm.GoSyntax(a, 0, func(addr uint64) (string, uint64) {
		if f.relTarget || f.relMem {
			return "\x00", addr
		}
		return "", 0
	}, nil)
	before, after, ok := strings.Cut(strings.ReplaceAll(text, "R28", "g"), "\x00(SB)")
	t.str(strings.TrimSuffix(before, "$"))
	if ok {
		t.hole(holeTarget)
		if f.relMem {
			t.kind = holeData
		}
		t.str(after)
	}
}

// goGPR appends the name of the general register in the low bits of w.
func (t *template) goGPR(w uint32) {
	if w&31 == 31 {
		t.str("ZR")
		return
	}
	t.gpr(w)
}

// gpr appends the name of the general register in the low bits of w, which is
// not 31.
func (t *template) gpr(w uint32) {
	if w&31 == 28 {
		t.str("g")
		return
	}
	t.num('R', int(w&31))
}
