#include "textflag.h"

TEXT ·scratch(SB), NOSPLIT, $0-0 // HAZARD: asm-nosplit
	SUBQ $3584, SP
	MOVQ $9, 0(SP)
	ADDQ $3584, SP
	RET
