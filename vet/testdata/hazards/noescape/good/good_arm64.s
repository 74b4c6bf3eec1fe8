#include "textflag.h"

TEXT ·keep(SB), NOSPLIT, $0-8
	MOVD p+0(FP), R0
	MOVD R0, ·last(SB)
	RET

TEXT ·sum(SB), NOSPLIT, $0-32
	MOVD b_base+0(FP), R1
	MOVD b_len+8(FP), R0
	MOVD R0, ret+24(FP)
	RET

TEXT ·value(SB), NOSPLIT, $0-8
	MOVD p+0(FP), R0
	MOVD 8(R0), R1
	MOVD R1, ·count(SB)
	RET

TEXT ·other(SB), NOSPLIT, $0-16
	MOVD p+0(FP), R0
	MOVD n+8(FP), R0
	MOVD R0, ·count(SB)
	RET

TEXT ·set(SB), NOSPLIT, $0-16
	MOVD p+0(FP), R0
	MOVD n+8(FP), R1
	MOVD R1, 8(R0)
	RET

TEXT ·same(SB), NOSPLIT, $0-16
	MOVD p+0(FP), R0
	MOVD R0, ret+8(FP)
	RET

TEXT ·length(SB), NOSPLIT, $0-24
	MOVD b_len+8(FP), R0
	MOVD R0, ·count(SB)
	RET
