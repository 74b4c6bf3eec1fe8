#include "textflag.h"

TEXT ·ByHand(SB), NOSPLIT, $0-0 // HAZARD: asm-nosplit
	SUBQ $1024, SP
	ADDQ $1024, SP
	RET

TEXT ·Chain(SB), NOSPLIT, $400-0 // HAZARD: asm-nosplit
	CALL middle<>(SB)
	RET

TEXT middle<>(SB), NOSPLIT, $200-0
	CALL leaf<>(SB)
	RET

TEXT leaf<>(SB), NOSPLIT, $200-0
	RET

// The linker takes a function with a check for one that needs nothing below.
TEXT ·Below(SB), 0, $2048-8 // HAZARD: asm-nosplit
	SUBQ $600, SP
	CALL middle<>(SB)
	ADDQ $600, SP
	RET

TEXT ·NoFrame(SB), NOSPLIT|NOFRAME, $0-0 // HAZARD: asm-nosplit
	LEAQ -800(SP), SP
	LEAQ 800(SP), SP
	RET
