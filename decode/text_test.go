package decode

import (
	"testing"

	"moho/arch"
)

func checkText(t *testing.T, a *arch.Arch, s Syntax, tests [][2]string) {
	t.Helper()
	d, err := New(a)
	if err != nil {
		t.Fatal(err)
	}
	name := func(dst []byte, addr uint64) []byte {
		if addr == 0x1100 {
			return append(dst, "main.f"...)
		}
		return dst
	}
	for _, tt := range tests {
		in := decodeAt(t, d, tt[0])
		if got := string(d.AppendText([]byte("> "), &in, s, name)); got != "> "+tt[1] {
			t.Errorf("%s: %s, want %s", tt[0], got, tt[1])
		}
	}
}

func TestGoTextAMD64(t *testing.T) {
	checkText(t, arch.AMD64, GoSyntax, [][2]string{
		{"4889e5", "MOVQ SP, BP"},
		{"e8fb000000", "CALL main.f(SB)"},
		{"e8fa000000", "CALL 0x10ff"},
		{"0f85fa000000", "JNE main.f(SB)"},
		{"488d3df9000000", "LEAQ main.f(SB), DI"},
		{"488d3df8000000", "LEAQ 0x10ff(SB), DI"},
		{"c5fe6f1df8000000", "VMOVDQU main.f(SB), Y3"},
		{"493b6610", "CMPQ SP, 0x10(R14)"},
		{"668b05f9000000", "MOVW main.f(SB), AX"},
		{"4883ec68", "SUBQ $0x68, SP"},
		{"f0480fb10a", "LOCK; CMPXCHGQ CX, 0(DX)"},
		{"f348a5", "REP; MOVSQ"},
		{"48ab", "STOSQ"},
		{"0f94c0", "SETEQ AL"},
		{"480f45d8", "CMOVQNE AX, BX"},
		{"0fb64808", "MOVBLZX 0x8(AX), CX"},
		{"4863c1", "MOVLQSX CX, AX"},
		{"486bc105", "IMUL3Q $0x5, CX, AX"},
		{"660f7ec0", "MOVL X0, AX"},
		{"66480f7ec0", "MOVQ X0, AX"},
		{"f20f10c1", "MOVSD X1, X0"},
		{"f2480f2ac6", "CVTSQ2SD SI, X0"},
		{"f20fc2c101", "CMPSD X1, X0, $0x1"},
		{"66410f3a0fd708", "PALIGNR $0x8, X15, X2"},
		{"64488b042528000000", "MOVQ 0x28(FS), AX"},
		{"488d5cc408", "LEAQ 0x8(SP)(AX*8), BX"},
		{"66480f38f6d8", "ADCXQ AX, BX"},
		{"f30f1efa", "ENDBR64"},
		{"c5f877", "VZEROUPPER"},
		{"62f16d48fe08", "VPADDD 0(AX), Z2, Z1"},
		{"6a05", "PUSHQ $0x5"},
		{"90", "NOP"},
		{"0f1f4000", "NOPL 0(AX)"},
		{"cc", "INT $0x3"},
		{"e302", "JCXZQ 0x1004"},
	})
}

func TestGoTextARM64(t *testing.T) {
	checkText(t, arch.ARM64, GoSyntax, [][2]string{
		{"40000094", "CALL main.f(SB)"},
		{"3f000094", "CALL 0x10fc"},
		{"01080054", "BNE main.f(SB)"},
		{"010800b4", "CBZ R1, main.f(SB)"},
		{"fe0f19f8", "MOVD.W R30, -112(RSP)"},
		{"fdfb3fa9", "STP (R29, R30), -8(RSP)"},
		{"900b40f9", "MOVD 16(g), R16"},
		{"ff633bcb", "SUB R27, RSP, RSP"},
		{"00080058", "MOVD main.f(SB), R0"},
		{"1b0000f0", "ADRP 0x4000(SB), R27"},
		{"c0035fd6", "RET"},
	})
}
