#include "textflag.h"

// 48 bytes of locals at 8(RSP) to 56(RSP); what follows is the caller's.
TEXT ·SavedBP(SB), NOSPLIT, $48-0
	MOVD R0, 48(RSP)
	MOVD R0, 56(RSP) // HAZARD: asm-frame
	RET

TEXT ·ReturnAddress(SB), NOSPLIT, $16-0
	MOVD R0, 32(RSP) // HAZARD: asm-frame
	RET

TEXT ·BelowSP(SB), NOSPLIT, $0-0
	MOVD R0, -16(RSP) // HAZARD: asm-frame
	MOVD -16(RSP), R0
	MOVD R0, -8(RSP) // HAZARD: asm-frame
	RET

TEXT ·Local(SB), NOSPLIT, $16-0
	MOVD R0, a-8(SP)
	MOVD R0, b-16(SP)
	MOVD R0, d-4(SP) // HAZARD: asm-frame
	RET

TEXT ·CallersFrame(SB), NOSPLIT, $8-8
	MOVD 48(RSP), R0 // HAZARD: asm-frame
	MOVD R0, 56(RSP) // HAZARD: asm-frame
	RET

TEXT ·ThroughSP(SB), NOSPLIT, $0-16
	MOVD 8(RSP), R0 // HAZARD: asm-frame
	MOVD R0, 16(RSP) // HAZARD: asm-frame
	RET

TEXT ·Outgoing(SB), 0, $32-0
	MOVD R0, 8(RSP)
	CALL ·Callee(SB) // HAZARD: asm-frame
	RET

TEXT ·ThroughRegister(SB), NOSPLIT, $64-0
	ADD $40, RSP, R1
	STP (R0, R2), (R1)
	STP (R0, R2), 16(R1)
	ADD $16, R1
	STP (R0, R2), 16(R1) // HAZARD: asm-frame
	RET

TEXT ·Pushed(SB), NOSPLIT, $0-0
	SUB $16, RSP
	MOVD R0, 0(RSP)
	MOVD R0, 8(RSP) // HAZARD: asm-frame
	ADD $16, RSP
	RET

TEXT ·LeafPair(SB), NOSPLIT|NOFRAME, $0-0
	STP.W (R19, R20), -16(RSP) // HAZARD: asm-frame
	LDP.P 16(RSP), (R19, R20)
	RET

TEXT ·SavedLR(SB), NOSPLIT, $24-0
	MOVD R0, 0(RSP) // HAZARD: asm-frame
	CALL helper<>(SB)
	MOVD R0, -8(RSP) // HAZARD: asm-frame
	RET

TEXT ·Padding(SB), NOSPLIT, $8-0
	MOVD R0, 16(RSP) // HAZARD: asm-frame
	RET

TEXT helper<>(SB), NOSPLIT, $0-0
	RET

// RET loads R29 from where R1 is pushed.
TEXT ·Push(SB), NOSPLIT, $8-0
	STP.W (R0, R1), -16(RSP) // HAZARD: asm-frame
	CALL helper<>(SB)
	LDP.P 16(RSP), (R0, R1)
	RET
