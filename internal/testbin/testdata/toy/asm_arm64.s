#include "textflag.h"

// func asmAdd(a, b, c, d int64) int64
TEXT ·asmAdd(SB),NOSPLIT,$16-40
	MOVD a+0(FP), R0
	MOVD b+8(FP), R1
	ADD R1, R0, R0
	MOVD c+16(FP), R1
	ADD R1, R0, R0
	MOVD d+24(FP), R1
	ADD R1, R0, R0
	MOVD R0, ret+32(FP)
	RET
