#include "textflag.h"

TEXT ·FramePointer(SB), NOSPLIT, $0-8
	MOVQ p+0(FP), BP
	ADDQ (BP), AX
	RET // HAZARD: asm-clobber

TEXT ·OnePath(SB), NOSPLIT, $0-8
	MOVQ a+0(FP), AX
	MOVQ BP, R8
	XORL BP, BP
	TESTQ AX, AX
	JZ out
	MOVQ R8, BP
	RET
out:
	RET // HAZARD: asm-clobber

TEXT ·WrongRestore(SB), NOSPLIT|NOFRAME, $0-0
	PUSHQ BP
	PUSHQ BX
	MOVL $1, BP
	POPQ BP
	POPQ BX
	RET // HAZARD: asm-clobber

TEXT ·AtCall(SB), 0, $8-0
	MOVQ $1, BP
	CALL ·Go(SB) // HAZARD: asm-clobber
	RET

TEXT ·Direction(SB), NOSPLIT, $0-0
	STD
	REP; MOVSQ
	RET // HAZARD: asm-clobber

TEXT ·MMX(SB), NOSPLIT, $0-0
	MOVQ AX, M0
	PADDB M0, M1
	RET // HAZARD: asm-clobber

TEXT ·Link(SB), NOSPLIT, $0-0
	POPQ R8
	PUSHQ R8
	LEAQ 8(BP), BP
	RET // HAZARD: asm-clobber

TEXT ·LinkLeafFrame(SB), NOSPLIT, $0-0
	INCB BP
	RET // HAZARD: asm-clobber

TEXT ·LinkNoFrame(SB), NOSPLIT|NOFRAME, $0-0
	CALL ·Link(SB)
	MOVBLZX BP, BP
	RET // HAZARD: asm-clobber

TEXT ·G(SB), NOSPLIT, $0-0
	STD
	CALL ·Link(SB) // HAZARD: asm-clobber
	CLD
	RET

TEXT ·Swapped(SB), NOSPLIT, $0-0
	MOVQ BP, AX
	MOVQ SP, BP
	RET // HAZARD: asm-clobber
