//go:build amd64 || arm64

// Command smash damages its own stack, in assembly, and dies of it. The first
// argument says how: lose, tilt, smash or jump. See README.md.
package main

import (
	"fmt"
	"os"
)

func lose()  // moves the stack pointer to where nothing is
func tilt()  // leaves it between two words
func smash() // overwrites the return address of its caller
func jump()  // returns to where no code is

//go:noinline
func victim(how func()) int {
	var local [16]int
	how()
	return fill(local[:]) + crash(nil)
}

//go:noinline
func fill(s []int) int {
	for i := range s {
		s[i] = i
	}
	return len(s)
}

//go:noinline
func crash(p *int) int { return *p }

//go:noinline
func middle(how func()) int { return victim(how) + 1 }

func main() {
	ways := map[string]func(){"lose": lose, "tilt": tilt, "smash": smash, "jump": jump}
	if len(os.Args) != 2 || ways[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: smash lose|tilt|smash|jump")
		os.Exit(2)
	}
	fmt.Println(middle(ways[os.Args[1]]))
}
