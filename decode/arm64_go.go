package decode

import (
	"encoding/binary"
	"strings"

	"golang.org/x/arch/arm64/arm64asm"
)

// goARM64 appends w, whose form is f, in Go's syntax.
func (t *template) goARM64(w uint32, f *form) {
	if !t.fastARM64(w) {
		t.slowARM64(w, f)
	}
}

// slowARM64 appends what arm64asm writes, corrected.
func (t *template) slowARM64(w uint32, f *form) {
	var code [4]byte
	binary.LittleEndian.PutUint32(code[:], w)
	a, err := decodeARM64(code[:])
	if err != nil {
		t.textOwn(w, false)
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
	text = goFixes(w, text)
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

// goFixes corrects what arm64asm writes otherwise than Go's assembler reads it.
func goFixes(w uint32, text string) string {
	op, args, _ := strings.Cut(text, " ")
	switch {
	case w&0x7fe0ffe0 == 0x2a0003e0 && w>>31 == 0: // it clears the upper half
		op = "MOVWU"
	case op == "LDPSW": // operands in the order of STP's
		if i := strings.LastIndex(args[:strings.LastIndex(args, ", ")], ", "); i > 0 {
			second, first, _ := strings.Cut(args[i+2:], ", ")
			args = args[:i] + ", (" + first + ", " + second + ")"
		}
	case op == "LDURHW":
		op = "MOVHU"
	case op == "LDURBW":
		op = "MOVBU"
	case strings.HasPrefix(op, "LDURS"):
		op = map[string]string{"LDURSB": "MOVB", "LDURSH": "MOVH", "LDURSW": "MOVW", "LDURSBW": "MOVBW", "LDURSHW": "MOVHW"}[op]
	default:
		return text
	}
	return op + " " + args
}
