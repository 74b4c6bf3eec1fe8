#include "textflag.h"

TEXT ·FramePointer(SB), NOSPLIT, $0-8
	MOVD p+0(FP), R29
	RET // HAZARD: asm-clobber

TEXT ·OnePath(SB), NOSPLIT, $0-8
	MOVD a+0(FP), R0
	MOVD R29, R8
	MOVD $0, R29
	CBZ R0, out
	MOVD R8, R29
	RET
out:
	RET // HAZARD: asm-clobber

TEXT ·WrongRestore(SB), NOSPLIT|NOFRAME, $0-0
	STP.W (R29, R19), -32(RSP)
	MOVD $1, R29
	LDP.P 32(RSP), (R19, R29)
	RET // HAZARD: asm-clobber

TEXT ·AtCall(SB), 0, $8-0
	MOVD $1, R29
	CALL ·Go(SB) // HAZARD: asm-clobber
	RET

// The register pair takes R29 with it.
TEXT ·Direction(SB), NOSPLIT, $0-0
	LDP (R0), (R27, R29)
	RET // HAZARD: asm-clobber

TEXT ·MMX(SB), NOSPLIT, $0-0
	MOVD.P 8(R29), R1
	RET // HAZARD: asm-clobber

TEXT ·Link(SB), NOSPLIT, $0-0
	MOVD R0, R30
	ADD R30, R1
	RET // HAZARD: asm-clobber

// A leaf with a frame saves LR and does not load it again.
TEXT ·LinkLeafFrame(SB), NOSPLIT, $16-0
	LDP (R0), (R29, R30)
	RET // HAZARD: asm-clobber

TEXT ·LinkNoFrame(SB), NOSPLIT|NOFRAME, $0-0
	CALL ·Link(SB)
	RET // HAZARD: asm-clobber

TEXT ·G(SB), NOSPLIT, $0-0
	MOVD g, R0
	MOVD $0, g // HAZARD: asm-clobber
	MOVD R0, g
	RET

TEXT ·Swapped(SB), NOSPLIT|NOFRAME, $0-0
	STP.W (R29, R30), -32(RSP)
	CALL ·Link(SB)
	LDP.P 32(RSP), (R30, R29)
	RET // HAZARD: asm-clobber
