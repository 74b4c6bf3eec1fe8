// The twin of bad: go run . says nothing.
package main

import "fmt"

func main() {
	seen := map[string]int{}
	buf := make([]byte, 0, 16)
	for _, word := range []string{"first", "other"} {
		buf = append(buf[:0], word...)
		seen[string(buf)]++ // a copy
	}
	if seen["first"] != 1 {
		fmt.Println("harm: lost")
	}
}
