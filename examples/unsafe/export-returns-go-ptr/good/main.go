// The twin of bad: go run . says nothing but 6.
package main

// int length(void);
import "C"

import "fmt"

//export name
func name() *C.char {
	return C.CString("gopher") // C's to free
}

func main() {
	fmt.Println(C.length())
}
