#include "textflag.h"

TEXT ·Checked(SB), 0, $65536-8
	CALL leaf<>(SB)
	RET

TEXT ·Small(SB), NOSPLIT, $704-0
	RET

TEXT ·Chain(SB), NOSPLIT, $200-0
	CALL leaf<>(SB)
	CALL ·Go(SB)
	CALL ·Checked(SB)
	RET

TEXT leaf<>(SB), NOSPLIT, $200-0
	RET

TEXT ·Above(SB), NOSPLIT, $776-0
	CALL ·Go(SB)
	RET
