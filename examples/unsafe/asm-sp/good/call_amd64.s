#include "funcdata.h"
#include "textflag.h"

TEXT ·call(SB), 0, $24-0
	NO_LOCAL_POINTERS
	CALL ·back(SB)
	RET
