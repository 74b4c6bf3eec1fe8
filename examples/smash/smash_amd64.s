#include "textflag.h"

// func lose()
TEXT ·lose(SB),NOSPLIT,$0-0
	MOVQ $0x10000, AX
	MOVQ AX, SP // nothing is mapped there
	MOVQ AX, (SP)
	RET

// func tilt()
TEXT ·tilt(SB),NOSPLIT,$0-0
	LEAQ -4(SP), AX
	MOVQ AX, SP // half a word
	MOVQ $0, AX
	MOVQ (AX), AX
	RET

// func smash()
TEXT ·smash(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ (BP), AX // frame pointer of the caller of the wrapper around this
	MOVQ $0x5A5A5A5A5A5A, CX
	MOVQ CX, 8(AX) // above it is its return address
	RET

// func jump()
TEXT ·jump(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ $0x5A5A5A5A5A5A, AX
	MOVQ AX, 0(SP)
	RET
