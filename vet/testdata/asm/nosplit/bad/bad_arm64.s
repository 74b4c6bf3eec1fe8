#include "textflag.h"

TEXT ·ByHand(SB), NOSPLIT, $0-0 // HAZARD: asm-nosplit
	MOVD $2048, R1
	SUB $1024, RSP
	ADD $1024, RSP
	RET

TEXT ·Chain(SB), NOSPLIT, $400-0 // HAZARD: asm-nosplit
	CALL middle<>(SB)
	RET

TEXT middle<>(SB), NOSPLIT, $200-0
	CALL leaf<>(SB)
	RET

TEXT leaf<>(SB), NOSPLIT, $200-0
	RET

TEXT ·Below(SB), 0, $2048-8 // HAZARD: asm-nosplit
	SUB $608, RSP
	CALL middle<>(SB)
	ADD $608, RSP
	RET

// No frame, no check: the linker believes that there is one.
TEXT ·NoFrame(SB), NOFRAME, $0-0 // HAZARD: asm-nosplit
	MOVD.W R30, -240(RSP)
	SUB $256, RSP
	CALL middle<>(SB)
	ADD $256, RSP
	MOVD.P 240(RSP), R30
	RET
