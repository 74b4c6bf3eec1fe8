#include "textflag.h"

TEXT ·swap(SB), NOSPLIT, $8-32
	MOVQ a+0(FP), AX
	MOVQ b+8(FP), BX
	MOVQ AX, 0(SP)
	MOVQ BX, 16(SP) // HAZARD: asm-frame
	MOVQ 16(SP), AX
	MOVQ AX, x+16(FP)
	MOVQ 0(SP), AX
	MOVQ AX, y+24(FP)
	RET
