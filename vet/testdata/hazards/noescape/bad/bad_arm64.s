#include "textflag.h"

TEXT ·keep(SB), NOSPLIT, $0-8
	MOVD p+0(FP), R0
	MOVD R0, ·last(SB)
	RET

TEXT ·link(SB), NOSPLIT, $0-16
	MOVD head+0(FP), R0
	MOVD p+8(FP), R1
	MOVD R1, (R0)
	RET

TEXT ·keepBytes(SB), NOSPLIT, $0-24
	MOVD b_base+0(FP), R1
	MOVD R1, R2
	MOVD R2, ·last(SB)
	RET

TEXT ·keepText(SB), NOSPLIT, $0-32
	MOVD s_base+8(FP), R1
	MOVD R1, ·last(SB)
	MOVD n+0(FP), R0
	MOVD R0, ret+24(FP)
	RET

TEXT ·through(SB), NOSPLIT, $0-8
	MOVD p+0(FP), R3
	MOVD R3, R4
	MOVD R4, ·last(SB)
	RET
