#include "textflag.h"

#define OPEN(n) SUBQ $n, SP

TEXT ·Return(SB), NOSPLIT, $0-8
	SUBQ $16, SP
	ADDQ $8, SP
	RET // HAZARD: asm-sp

TEXT ·OnePath(SB), NOSPLIT, $0-8
	MOVQ a+0(FP), AX
	OPEN(16)
	TESTQ AX, AX
	JZ out
	ADDQ $16, SP
	RET
out:
	RET // HAZARD: asm-sp

TEXT ·Join(SB), NOSPLIT, $0-8
	MOVQ a+0(FP), AX
	TESTQ AX, AX
	JZ skip
	PUSHQ AX
skip:
	MOVQ AX, BX // HAZARD: asm-sp
	POPQ AX
	RET

TEXT ·Name(SB), NOSPLIT, $0-16
	SUBQ $32, SP
	MOVQ a+0(FP), AX // HAZARD: asm-sp
	ADDQ $32, SP
	MOVQ AX, ret+8(FP)
	RET

TEXT ·Local(SB), NOSPLIT, $16-8
	LEAQ -32(SP), SP
	MOVQ AX, x-8(SP) // HAZARD: asm-sp
	LEAQ 32(SP), SP
	RET

TEXT ·CallsGo(SB), 0, $8-0
	SUBQ $16, SP
	CALL ·Go(SB) // HAZARD: asm-sp
	ADDQ $16, SP
	RET

TEXT ·CallsGoPushed(SB), 0, $8-0
	PUSHQ AX
	MOVQ SP, BX
	CALL helper<>(SB) // HAZARD: asm-sp
	MOVQ SP, BX
	MOVQ BX, SP
	POPQ AX
	RET

TEXT helper<>(SB), 0, $1024-0
	CALL ·Go(SB)
	RET

TEXT ·Tail(SB), NOSPLIT, $16-0
	MOVQ AX, 0(SP)
	JMP ·Target(SB) // HAZARD: asm-sp

TEXT ·Target(SB), NOSPLIT, $0-0
	RET

TEXT ·Misaligned(SB), NOSPLIT, $8-0
	SUBQ $4, SP
	CALL ·Target(SB) // HAZARD: asm-sp
	ADDQ $4, SP
	RET

TEXT ·Lea(SB), NOSPLIT|NOFRAME, $0-0
	LEAQ -64(SP), SP
	LEAQ 56(SP), SP
	RET // HAZARD: asm-sp

TEXT ·Copy(SB), NOSPLIT, $0-0
	MOVQ SP, R12
	SUBQ $64, SP
	ANDQ $~31, SP
	ADDQ $8, R12
	MOVQ R12, SP
	RET // HAZARD: asm-sp

TEXT ·Loop(SB), NOSPLIT, $0-8
	MOVQ n+0(FP), CX
more:
	SUBQ $8, SP // HAZARD: asm-sp
	DECQ CX
	JNZ more
	RET
