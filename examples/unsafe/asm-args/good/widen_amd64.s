#include "textflag.h"

TEXT ·widen(SB), NOSPLIT, $0-16
	MOVL a+0(FP), AX
	MOVQ AX, ret+8(FP)
	RET
