#include "textflag.h"

// func lose()
TEXT ·lose(SB),NOSPLIT,$0-0
	MOVD $0x10000, R0
	MOVD R0, RSP // nothing is mapped there
	MOVD R1, (RSP)
	RET

// func tilt()
TEXT ·tilt(SB),NOSPLIT,$0-0
	MOVD RSP, R0
	SUB  $8, R0
	MOVD R0, RSP // half of what the architecture asks for
	MOVD $0, R0
	MOVD (R0), R0
	RET

// func smash()
TEXT ·smash(SB),NOSPLIT|NOFRAME,$0-0
	MOVD (R29), R0 // frame pointer of the caller of the wrapper around this
	MOVD $0x5A5A5A5A5A5A, R1
	MOVD R1, 8(R0) // above it is its return address
	RET

// func jump()
TEXT ·jump(SB),NOSPLIT|NOFRAME,$0-0
	MOVD $0x5A5A5A5A5A5A, R30
	RET
