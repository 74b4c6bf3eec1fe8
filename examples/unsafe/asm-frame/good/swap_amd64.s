#include "textflag.h"

TEXT ·swap(SB), NOSPLIT, $16-32
	MOVQ a+0(FP), AX
	MOVQ b+8(FP), BX
	MOVQ AX, 0(SP)
	MOVQ BX, 8(SP)
	MOVQ 8(SP), AX
	MOVQ AX, x+16(FP)
	MOVQ 0(SP), AX
	MOVQ AX, y+24(FP)
	RET
