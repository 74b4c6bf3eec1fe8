// Shown by: GOARCH=386 go run .
// It says: unaligned 64-bit atomic operation
package main

import (
	"fmt"
	"sync/atomic"
	"unsafe"
)

func main() {
	page := make([]byte, 64)
	count := (*uint64)(unsafe.Pointer(&page[12])) // HAZARD: cast-align
	atomic.AddUint64(count, 1)
	fmt.Println(page[12])
}
