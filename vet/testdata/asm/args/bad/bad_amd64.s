#include "textflag.h"

#define LOAD(from, to) \
	MOVQ from, to; \
	ADDQ to, to

TEXT ·Size(SB), NOSPLIT, $0-16 // HAZARD: asm-args
	MOVQ a+0(FP), AX
	ADDQ b+8(FP), AX
	MOVQ AX, ret+16(FP)
	RET

TEXT ·SizeChecked(SB), 0, $256 // HAZARD: asm-args
	MOVQ a+0(FP), AX
	MOVQ AX, ret+8(FP)
	RET

TEXT ·Name(SB), NOSPLIT, $0-16
	MOVQ beta+0(FP), AX // HAZARD: asm-args
	MOVQ AX, ret+8(FP)
	RET

TEXT ·Offset(SB), NOSPLIT, $0-40
	MOVQ s_base+0(FP), AX
	MOVQ s_len+16(FP), CX // HAZARD: asm-args
	ADDQ n+24(FP), CX
	ADDQ CX, AX
	MOVQ AX, ret+32(FP)
	RET

TEXT ·Wide(SB), NOSPLIT, $0-16
	MOVL a+0(FP), AX
	MOVQ AX, b+4(FP) // HAZARD: asm-args
	MOVQ AX, r+8(FP)
	RET

TEXT ·Narrow(SB), NOSPLIT, $0-16
	MOVQ a+0(FP), AX
	MOVL AX, r+8(FP) // HAZARD: asm-args
	RET

TEXT ·Read(SB), NOSPLIT, $0-16
	MOVQ a+0(FP), AX // HAZARD: asm-args
	VPBROADCASTQ b+4(FP), X0 // HAZARD: asm-args
	MOVQ AX, r+8(FP)
	RET

TEXT ·ByAddress(SB), NOSPLIT, $0-32
	LEAQ a+0(FP), SI
	MOVQ (SI), AX
	MOVQ 8(SI), BX
	MOVQ AX, 16(SI)
	MOVQ BX, 28(SI) // HAZARD: asm-args
	RET

TEXT ·ByAddressWidth(SB), NOSPLIT, $0-32
	LEAQ s+0(FP), SI
	MOVQ 16(SI), AX // HAZARD: asm-args
	MOVQ s_len+8(FP), BX
	LEAQ 8(SI), DI
	MOVL (DI), CX // HAZARD: asm-args
	MOVB AX, 16(DI) // HAZARD: asm-args
	RET

TEXT ·Missing(SB), NOSPLIT, $0-32
	MOVQ a+0(FP), AX
	MOVQ AX, r+8(FP)
	RET // HAZARD: asm-args

TEXT ·MissingFirst(SB), NOSPLIT, $0-17
	MOVQ a+0(FP), AX
	TESTQ AX, AX
	JZ zero
	MOVB $1, ok+16(FP)
	RET // HAZARD: asm-args
zero:
	MOVB $0, ok+16(FP)
	RET

TEXT ·Nothing(SB), NOSPLIT, $0-32
	MOVQ e_type+0(FP), AX
	MOVQ AX, ret_base+16(FP)
	MOVQ AX, ret_cap+24(FP) // HAZARD: asm-args
	RET

TEXT ·Struct(SB), NOSPLIT, $0-32
	MOVL p_B+4(FP), AX
	MOVSD p_C_real+8(FP), X0
	MOVSS p_C_imag+16(FP), X1 // HAZARD: asm-args
	MOVSS X1, re+24(FP) // HAZARD: asm-args
	RET

TEXT ·Iface(SB), NOSPLIT, $0-24
	MOVQ e_itable+0(FP), AX
	MOVQ e_type+0(FP), BX // HAZARD: asm-args
	MOVQ AX, ret+16(FP)
	RET

TEXT ·Conditional(SB), NOSPLIT, $0-16
	MOVQ a+0(FP), AX
#ifdef GOARCH_arm64
	MOVQ AX, r+99(FP)
#else
	MOVQ AX, r+0(FP) // HAZARD: asm-args
#endif
	RET // HAZARD: asm-args

TEXT ·Macro(SB), NOSPLIT, $0-16
	LOAD(a+8(FP), AX) // HAZARD: asm-args
	MOVQ AX, r+8(FP)
	RET

TEXT ·Beyond(SB), NOSPLIT, $0-16
	LEAQ ret+8(FP), DI
	MOVOU X0, (DI) // HAZARD: asm-args
	RET

TEXT ·undeclared(SB), NOSPLIT, $0-8 // HAZARD: asm-args
	RET
