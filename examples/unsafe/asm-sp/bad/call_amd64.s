#include "funcdata.h"
#include "textflag.h"

TEXT ·call(SB), 0, $8-0
	NO_LOCAL_POINTERS
	SUBQ $16, SP // nobody else knows
	CALL ·back(SB) // HAZARD: asm-sp
	ADDQ $16, SP
	RET
