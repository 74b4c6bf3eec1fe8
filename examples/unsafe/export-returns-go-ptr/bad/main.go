// Shown by: go run .
// It says: result of Go function name called from cgo is unpinned Go pointer
package main

// int length(void);
import "C"

import (
	"fmt"
	"unsafe"
)

//export name
func name() *C.char {
	b := []byte("gopher\x00")
	return (*C.char)(unsafe.Pointer(&b[0])) // HAZARD: export-returns-go-ptr
}

func main() {
	fmt.Println(C.length())
}
