// Shown by: go run .
// It says: argument of cgo function has Go pointer to unpinned Go pointer
package main

/*
struct request { char *text; int len; };
static int first(struct request *r) { return r->text[0]; }
*/
import "C"

import (
	"fmt"
	"unsafe"
)

func main() {
	text := []byte("text")
	r := &C.struct_request{text: (*C.char)(unsafe.Pointer(&text[0])), len: 4}
	fmt.Println(C.first(r)) // HAZARD: c-go-ptr-in-arg
}
