package decode

import (
	"sync"

	"golang.org/x/arch/arm64/arm64asm"
)

var arm64Mu sync.Mutex // around arm64asm.Decode

// decodeARM64 is arm64asm.Decode for many goroutines: that writes to an array
// which all calls share, for its own tests, and the race detector objects.
func decodeARM64(code []byte) (arm64asm.Inst, error) {
	arm64Mu.Lock()
	defer arm64Mu.Unlock()
	return arm64asm.Decode(code)
}
