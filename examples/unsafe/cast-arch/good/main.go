// The twin of bad: GOARCH=386 go run . says nothing.
package main

import "fmt"

type entry struct {
	magic, flags uintptr
	size         int
}

type record struct { // as it lies on disk
	magic, flags uint64
	size         int64
}

//go:noinline
func decode(r *record) *entry {
	return &entry{uintptr(r.magic), uintptr(r.flags), int(r.size)}
}

func main() {
	r := &record{magic: 1, size: 77}
	if e := decode(r); e.size != 77 {
		fmt.Println("harm: size", e.size)
	}
}
