#include "textflag.h"

#define ARG(name, off) name+off(FP)

TEXT ·Size(SB), NOSPLIT, $0-24
	MOVD ARG(a, 0), R0
	MOVD ARG(b, 8), R1
	ADD R0, R1
	MOVD R1, ARG(ret, 16)
	RET

TEXT ·Copy(SB), NOSPLIT, $0-32
	LDP s+0(FP), (R0, R1)
	STP (R0, R1), ret+16(FP)
	RET

TEXT ·Slice(SB), NOSPLIT, $0-57
	MOVD s+0(FP), R0
	LDP s_len+8(FP), (R1, R2)
	MOVD n+24(FP), R3
	STP (R0, R1), r+32(FP)
	MOVD R2, r_cap+48(FP)
	CMP R1, R3
	CSET HI, R4
	MOVB R4, ok+56(FP)
	RET

TEXT ·Struct(SB), NOSPLIT, $0-40
	LDPW p_A+0(FP), (R0, R1)
	FMOVD p_C_real+8(FP), F0
	FMOVD F0, re+24(FP)
	STPW (R0, R1), q+32(FP)
	RET

TEXT ·ByAddress(SB), NOSPLIT, $0-32
	MOVD $a+0(FP), R3
	LDP (R3), (R0, R1)
	MOVD $x+16(FP), R4
	MOVD.P R0, 8(R4)
	MOVD R1, (R4)
	RET

TEXT ·Loop(SB), NOSPLIT, $0-32
	MOVD $x+16(FP), R4
	MOVD $2, R1
next:
	MOVD.P R0, 8(R4)
	SUB $1, R1
	CBNZ R1, next
	RET

TEXT ·Tail(SB), NOSPLIT, $0-16
	B ·NoResult(SB)

TEXT ·NoResult(SB), NOSPLIT, $0-16
	MOVD a+0(FP), R0
	CBZ R0, bad
	MOVD R0, ret+8(FP)
	RET
bad:
	UNDEF

TEXT ·Kernel(SB), NOSPLIT, $0-16
	MOVD p+0(FP), R0
	MOVD $r+8(FP), R1
	SVC
	RET

TEXT ·Caller(SB), NOSPLIT, $0-8
	MOVD R30, ret+0(FP)
	RET

TEXT ·Bool(SB), NOSPLIT, $0-9
	MOVBU a+0(FP), R0
	MOVB R0, ret+8(FP)
	RET

TEXT helper<>(SB), NOSPLIT, $0-8
	RET
