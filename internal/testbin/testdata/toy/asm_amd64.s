#include "textflag.h"

// func asmAdd(a, b, c, d int64) int64
TEXT ·asmAdd(SB),NOSPLIT,$16-40
	MOVQ a+0(FP), AX
	PUSHQ BX
	ADDQ b+8(FP), AX
	POPQ CX
	ADDQ c+16(FP), AX
	ADDQ d+24(FP), AX
	MOVQ AX, ret+32(FP)
	RET
