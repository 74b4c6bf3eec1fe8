package main

import (
	"fmt"
	"runtime/cgo"
)

type box struct{ h cgo.Handle }

func (b *box) free()          { b.h.Delete() }
func lookup(h cgo.Handle) any { return h.Value() }

func main() {
	h := cgo.NewHandle(1)
	fmt.Println(h.Value())
	h.Delete()
	h.Delete() // HAZARD: handle-typestate
	b := &box{cgo.NewHandle(2)}
	defer b.free() // HAZARD: handle-typestate
	b.free()
	k := cgo.NewHandle(3)
	u := uintptr(k)
	k.Delete()
	fmt.Println(cgo.Handle(u).Value()) // HAZARD: handle-typestate
	n := cgo.NewHandle(4)
	defer func() {
		n.Delete() // HAZARD: handle-typestate
	}()
	n.Delete()
	m := cgo.NewHandle(5)
	m.Delete()
	fmt.Println(lookup(m)) // HAZARD: handle-typestate
	hs := []cgo.Handle{cgo.NewHandle(6)}
	hs[0].Delete()
	hs[0].Delete() // HAZARD: handle-typestate
}
