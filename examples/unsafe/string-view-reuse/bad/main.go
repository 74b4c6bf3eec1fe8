// Shown by: go run .
// It says: harm: lost
package main

import (
	"fmt"
	"unsafe"
)

func main() {
	seen := map[string]int{}
	buf := make([]byte, 0, 16)
	for _, word := range []string{"first", "other"} {
		// The keys' bytes are those of buf.
		buf = append(buf[:0], word...) // HAZARD: string-view-reuse
		key := unsafe.String(&buf[0], len(buf))
		seen[key]++
	}
	if seen["first"] != 1 {
		fmt.Println("harm: lost")
	}
}
