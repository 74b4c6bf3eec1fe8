#include "textflag.h"

TEXT ·keep(SB), NOSPLIT, $0-8
	MOVQ p+0(FP), AX
	MOVQ AX, ·last(SB)
	RET

TEXT ·link(SB), NOSPLIT, $0-16
	MOVQ head+0(FP), AX
	MOVQ p+8(FP), BX
	MOVQ BX, (AX)
	RET

TEXT ·keepBytes(SB), NOSPLIT, $0-24
	MOVQ b_base+0(FP), SI
	MOVQ b_len+8(FP), CX
	MOVQ SI, DI
	MOVQ DI, ·last(SB)
	RET

TEXT ·keepText(SB), NOSPLIT, $0-32
	MOVQ s_base+8(FP), SI
	MOVQ SI, ·last(SB)
	MOVQ n+0(FP), AX
	MOVQ AX, ret+24(FP)
	RET

TEXT ·through(SB), NOSPLIT, $0-8
	MOVQ p+0(FP), R8
	XORL AX, AX
	MOVQ R8, R9
	MOVQ R9, ·last(SB)
	RET
