#include "textflag.h"

#define ARG(name, off) name+off(FP)

TEXT ·Size(SB), NOSPLIT, $0-24
	MOVQ ARG(a, 0), AX
	ADDQ ARG(b, 8), AX
	MOVQ AX, ARG(ret, 16)
	RET

// All of a string at once.
TEXT ·Copy(SB), NOSPLIT, $0-32
	MOVOU s+0(FP), X0
	MOVUPS X0, ret+16(FP)
	RET

TEXT ·Slice(SB), NOSPLIT, $0-57
	MOVQ s+0(FP), AX
	MOVQ s_len+8(FP), BX
	CMPQ BX, n+24(FP)
	MOVQ AX, r_base+32(FP)
	MOVQ BX, r_len+40(FP)
	MOVQ s_cap+16(FP), CX
	MOVQ CX, r_cap+48(FP)
	SETHI ok+56(FP)
	RET

TEXT ·Struct(SB), NOSPLIT, $0-40
	MOVL p_A+0(FP), AX
	MOVL p_B+4(FP), BX
	MOVSD p_C_real+8(FP), X0
	MOVSD X0, re+24(FP)
	MOVL AX, q_0+32(FP)
	MOVL BX, q_1+36(FP)
	RET

TEXT ·ByAddress(SB), NOSPLIT, $0-32
	LEAQ a+0(FP), SI
	MOVQ (SI), AX
	LEAQ x+16(FP), DI
	MOVQ AX, (DI)
	MOVQ AX, 8(DI)
	RET

// Results that a loop writes through a moving pointer.
TEXT ·Loop(SB), NOSPLIT, $0-32
	LEAQ x+16(FP), DI
	MOVQ $2, CX
next:
	MOVQ AX, (DI)
	ADDQ $8, DI
	DECQ CX
	JNZ next
	RET

TEXT ·Tail(SB), NOSPLIT, $0-16
	JMP ·NoResult(SB)

TEXT ·NoResult(SB), NOSPLIT, $0-16
	MOVQ a+0(FP), AX
	TESTQ AX, AX
	JZ bad
	MOVQ AX, ret+8(FP)
	RET
bad:
	UNDEF

// The kernel writes the result.
TEXT ·Kernel(SB), NOSPLIT, $0-16
	MOVQ p+0(FP), DI
	LEAQ r+8(FP), SI
	SYSCALL
	RET

TEXT ·Caller(SB), NOSPLIT, $0-8
	MOVQ ret-8(FP), AX
	MOVQ AX, ret+0(FP)
	RET

TEXT ·Bool(SB), NOSPLIT, $0-9
	CMPB a+0(FP), $1
	SETEQ ret+8(FP)
	RET

TEXT helper<>(SB), NOSPLIT, $0-8
	RET
