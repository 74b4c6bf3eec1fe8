#include "textflag.h"

#define LOAD(from, to) \
	MOVD from, to; \
	ADD to, to

TEXT ·Size(SB), NOSPLIT, $0-16 // HAZARD: asm-args
	MOVD a+0(FP), R0
	MOVD R0, ret+16(FP)
	RET

TEXT ·SizeChecked(SB), 0, $256 // HAZARD: asm-args
	MOVD a+0(FP), R0
	MOVD R0, ret+8(FP)
	RET

TEXT ·Name(SB), NOSPLIT, $0-16
	MOVD beta+0(FP), R0 // HAZARD: asm-args
	MOVD R0, ret+8(FP)
	RET

TEXT ·Offset(SB), NOSPLIT, $0-40
	MOVD s_base+0(FP), R0
	MOVD s_len+16(FP), R1 // HAZARD: asm-args
	MOVD R0, ret+32(FP)
	RET

TEXT ·Wide(SB), NOSPLIT, $0-16
	MOVWU a+0(FP), R0
	MOVD R0, b+4(FP) // HAZARD: asm-args
	MOVD R0, r+8(FP)
	RET

TEXT ·Narrow(SB), NOSPLIT, $0-16
	MOVD a+0(FP), R0
	MOVW R0, r+8(FP) // HAZARD: asm-args
	RET

TEXT ·Read(SB), NOSPLIT, $0-16
	MOVD b+4(FP), R0 // HAZARD: asm-args
	MOVD R0, r+8(FP)
	RET

TEXT ·ByAddress(SB), NOSPLIT, $0-32
	MOVD $a+0(FP), R3
	LDP (R3), (R0, R1)
	MOVD R0, 16(R3)
	MOVD R1, 32(R3) // HAZARD: asm-args
	RET // HAZARD: asm-args

TEXT ·ByAddressWidth(SB), NOSPLIT, $0-32
	MOVD $s+0(FP), R3
	MOVWU 16(R3), R0
	ADD $8, R3, R4
	MOVW (R4), R2 // HAZARD: asm-args
	MOVB R0, 16(R4) // HAZARD: asm-args
	RET

TEXT ·Missing(SB), NOSPLIT, $0-32
	MOVD a+0(FP), R0
	MOVD R0, r+8(FP)
	RET // HAZARD: asm-args

TEXT ·MissingFirst(SB), NOSPLIT, $0-17
	MOVD a+0(FP), R0
	CBZ R0, zero
	MOVD $1, R1
	MOVB R1, ok+16(FP)
	RET // HAZARD: asm-args
zero:
	MOVB ZR, ok+16(FP)
	RET

TEXT ·Nothing(SB), NOSPLIT, $0-32
	MOVD e_type+0(FP), R0
	MOVD R0, ret_base+16(FP)
	MOVD R0, ret_cap+24(FP) // HAZARD: asm-args
	RET

TEXT ·Struct(SB), NOSPLIT, $0-32
	MOVWU p_B+4(FP), R0
	FMOVD p_C_real+8(FP), F0
	FMOVS p_C_imag+16(FP), F1 // HAZARD: asm-args
	FMOVS F1, re+24(FP) // HAZARD: asm-args
	RET

TEXT ·Iface(SB), NOSPLIT, $0-24
	MOVD e_itable+0(FP), R0
	MOVD e_type+0(FP), R1 // HAZARD: asm-args
	MOVD R0, ret+16(FP)
	RET

TEXT ·Conditional(SB), NOSPLIT, $0-16
	MOVD a+0(FP), R0
#ifndef GOARCH_arm64
	MOVD R0, r+99(FP)
#else
	MOVD R0, r+0(FP) // HAZARD: asm-args
#endif
	RET // HAZARD: asm-args

TEXT ·Macro(SB), NOSPLIT, $0-16
	LOAD(a+8(FP), R0) // HAZARD: asm-args
	MOVD R0, r+8(FP)
	RET

TEXT ·Beyond(SB), NOSPLIT, $0-16
	MOVD $ret+8(FP), R1
	STP (R0, R2), (R1) // HAZARD: asm-args
	RET

TEXT ·undeclared(SB), NOSPLIT, $0-8 // HAZARD: asm-args
	RET
