// The twin of bad: GOARCH=386 go run . says nothing but 1.
package main

import (
	"fmt"
	"sync/atomic"
	"unsafe"
)

func main() {
	page := make([]byte, 64)
	count := (*uint64)(unsafe.Pointer(&page[16]))
	atomic.AddUint64(count, 1)
	fmt.Println(page[16])
}
