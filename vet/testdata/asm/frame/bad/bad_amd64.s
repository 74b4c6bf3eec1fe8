#include "textflag.h"

TEXT ·SavedBP(SB), NOSPLIT, $48-0
	MOVQ AX, 40(SP)
	MOVQ DX, 48(SP) // HAZARD: asm-frame
	MOVQ 48(SP), DX
	RET

TEXT ·ReturnAddress(SB), NOSPLIT, $16-0
	MOVQ AX, 24(SP) // HAZARD: asm-frame
	RET

TEXT ·BelowSP(SB), NOSPLIT, $0-0
	MOVQ AX, -8(SP) // HAZARD: asm-frame
	MOVQ -8(SP), AX
	RET

TEXT ·Local(SB), NOSPLIT, $16-0
	MOVQ AX, a-8(SP)
	MOVQ AX, b-16(SP)
	MOVQ AX, c-24(SP) // HAZARD: asm-frame
	MOVQ AX, d-4(SP) // HAZARD: asm-frame
	RET

TEXT ·CallersFrame(SB), NOSPLIT, $8-8
	MOVQ 32(SP), AX // HAZARD: asm-frame
	MOVQ AX, 40(SP) // HAZARD: asm-frame
	RET

TEXT ·ThroughSP(SB), NOSPLIT, $0-16
	MOVQ 8(SP), AX // HAZARD: asm-frame
	MOVQ AX, 16(SP) // HAZARD: asm-frame
	RET

TEXT ·Outgoing(SB), 0, $32-0
	MOVQ AX, 0(SP)
	MOVQ AX, 24(SP)
	CALL ·Callee(SB) // HAZARD: asm-frame
	RET

TEXT ·ThroughRegister(SB), NOSPLIT, $64-0
	LEAQ 32(SP), DI
	MOVOU X0, (DI)
	MOVOU X0, 16(DI)
	ADDQ $16, DI
	MOVOU X0, 16(DI) // HAZARD: asm-frame
	RET

TEXT ·Pushed(SB), NOSPLIT, $8-0
	PUSHQ AX
	MOVQ BX, 8(SP)
	MOVQ BX, 16(SP) // HAZARD: asm-frame
	POPQ AX
	RET

TEXT ·LeafPair(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ AX, 0(SP) // HAZARD: asm-frame
	RET

TEXT ·SavedLR(SB), NOSPLIT, $24-0
	MOVL AX, 22(SP) // HAZARD: asm-frame
	RET

TEXT ·Padding(SB), NOSPLIT, $8-0
	MOVOU X0, (SP) // HAZARD: asm-frame
	RET

TEXT ·Push(SB), NOSPLIT, $8-0
	PUSHQ AX
	MOVQ AX, 16(SP) // HAZARD: asm-frame
	POPQ AX
	RET
