#include "textflag.h"

TEXT ·widen(SB), NOSPLIT, $0-16
	MOVQ a+0(FP), AX // HAZARD: asm-args
	MOVQ AX, ret+8(FP)
	RET
