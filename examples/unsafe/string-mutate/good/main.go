// The twin of bad: go run . says nothing.
package main

import "fmt"

func main() {
	b := []byte("constant")
	b[0] = 'C'
	fmt.Println(string(b))
}
