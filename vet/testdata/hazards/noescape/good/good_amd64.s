#include "textflag.h"

TEXT ·keep(SB), NOSPLIT, $0-8
	MOVQ p+0(FP), AX
	MOVQ AX, ·last(SB)
	RET

TEXT ·sum(SB), NOSPLIT, $0-32
	MOVQ b_base+0(FP), SI
	MOVQ b_len+8(FP), AX
	MOVQ AX, ret+24(FP)
	RET

TEXT ·value(SB), NOSPLIT, $0-8
	MOVQ p+0(FP), AX
	MOVQ 8(AX), BX
	MOVQ BX, ·count(SB)
	RET

TEXT ·other(SB), NOSPLIT, $0-16
	MOVQ p+0(FP), AX
	MOVQ n+8(FP), AX
	MOVQ AX, ·count(SB)
	RET

TEXT ·set(SB), NOSPLIT, $0-16
	MOVQ p+0(FP), AX
	MOVQ n+8(FP), BX
	MOVQ BX, 8(AX)
	RET

TEXT ·same(SB), NOSPLIT, $0-16
	MOVQ p+0(FP), AX
	MOVQ AX, ret+8(FP)
	RET

TEXT ·length(SB), NOSPLIT, $0-24
	MOVQ b_len+8(FP), AX
	MOVQ AX, ·count(SB)
	RET
