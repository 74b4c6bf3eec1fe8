// The twin of bad: go run . says nothing.
package main

/*
struct request { char *text; int len; };
static int first(struct request *r) { return r->text[0]; }
*/
import "C"

import (
	"fmt"
	"runtime"
	"unsafe"
)

func main() {
	text := []byte("text")
	var pins runtime.Pinner
	defer pins.Unpin()
	pins.Pin(&text[0])
	r := &C.struct_request{text: (*C.char)(unsafe.Pointer(&text[0])), len: 4}
	fmt.Println(C.first(r))
}
