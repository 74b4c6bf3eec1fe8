#include "textflag.h"

#define OPEN(n) SUB $n, RSP

TEXT ·Return(SB), NOSPLIT, $0-8
	SUB $32, RSP
	ADD $16, RSP
	RET // HAZARD: asm-sp

TEXT ·OnePath(SB), NOSPLIT, $0-8
	MOVD a+0(FP), R0
	OPEN(16)
	CBZ R0, out
	ADD $16, RSP
	RET
out:
	RET // HAZARD: asm-sp

TEXT ·Join(SB), NOSPLIT|NOFRAME, $0-8
	MOVD a+0(FP), R0
	CBZ R0, skip
	MOVD.W R0, -32(RSP)
skip:
	MOVD R0, R1 // HAZARD: asm-sp
	MOVD.P 32(RSP), R0
	RET

TEXT ·Name(SB), NOSPLIT, $0-16
	SUB $32, RSP
	MOVD a+0(FP), R0 // HAZARD: asm-sp
	ADD $32, RSP
	MOVD R0, ret+8(FP)
	RET

TEXT ·Local(SB), NOSPLIT, $16-8
	SUB $32, RSP
	MOVD R0, x-8(SP) // HAZARD: asm-sp
	ADD $32, RSP
	RET

TEXT ·CallsGo(SB), 0, $8-0
	MOVD.W R0, -32(RSP)
	CALL ·Go(SB) // HAZARD: asm-sp
	MOVD.P 32(RSP), R0
	RET

TEXT ·CallsGoPushed(SB), 0, $8-0
	MOVD RSP, R1
	SUB $64, R1
	MOVD R1, RSP
	CALL helper<>(SB) // HAZARD: asm-sp
	ADD $64, RSP
	RET

TEXT helper<>(SB), 0, $1024-0
	CALL ·Go(SB)
	RET

TEXT ·Tail(SB), NOSPLIT, $16-0
	MOVD R0, 8(RSP)
	B ·Target(SB) // HAZARD: asm-sp

TEXT ·Target(SB), NOSPLIT, $0-0
	RET

TEXT ·Misaligned(SB), NOSPLIT|NOFRAME, $0-0
	SUB $24, RSP
	MOVD R0, 8(RSP) // HAZARD: asm-sp
	ADD $24, RSP
	RET

TEXT ·Lea(SB), NOSPLIT|NOFRAME, $0-0
	SUB $64, RSP, RSP
	ADD $48, RSP, RSP
	RET // HAZARD: asm-sp

TEXT ·Copy(SB), NOSPLIT, $0-0
	MOVD RSP, R12
	SUB $64, RSP
	ADD $16, R12
	MOVD R12, RSP
	RET // HAZARD: asm-sp

TEXT ·Loop(SB), NOSPLIT, $0-8
	MOVD n+0(FP), R0
more:
	SUB $16, RSP // HAZARD: asm-sp
	SUBS $1, R0
	BNE more
	RET
