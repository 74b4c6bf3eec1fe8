#include "textflag.h"

TEXT ·Locals(SB), NOSPLIT, $48-0
	MOVQ AX, 0(SP)
	MOVQ AX, 40(SP)
	MOVQ AX, a-8(SP)
	MOVQ AX, b-48(SP)
	MOVOU X0, c-16(SP)
	LEAQ 48(SP), DI // the end
	MOVQ AX, -8(DI)
	RET

TEXT ·Outgoing(SB), 0, $40-0
	MOVQ AX, 0(SP)
	MOVQ AX, 24(SP)
	CALL ·Callee(SB)
	MOVQ 32(SP), AX
	RET

TEXT ·Pushed(SB), NOSPLIT, $8-0
	PUSHQ AX
	PUSHQ BX
	MOVQ BX, 16(SP)
	MOVQ 0(SP), BX
	POPQ BX
	POPQ AX
	RET

TEXT ·CallerPC(SB), NOSPLIT, $8-8
	MOVQ 16(SP), AX
	MOVQ AX, ret+0(FP)
	RET

// BP goes back to where the assembler's epilogue loads it from.
TEXT ·SaveBP(SB), NOSPLIT, $8-0
	MOVQ 8(SP), AX
	MOVQ AX, 8(SP)
	RET

TEXT ·Args(SB), NOSPLIT, $8-16
	MOVQ a+0(FP), AX
	MOVQ AX, ret+8(FP)
	RET

TEXT ·Indexed(SB), NOSPLIT, $64-8
	MOVQ n+0(FP), CX
	MOVQ AX, 0(SP)(CX*8)
	RET

TEXT ·Leaf(SB), NOSPLIT, $0-0
	RET

TEXT ·ByHand(SB), NOSPLIT|NOFRAME, $0-0
	SUBQ $24, SP
	MOVQ AX, 16(SP)
	MOVQ AX, 0(SP)
	ADDQ $24, SP
	RET
