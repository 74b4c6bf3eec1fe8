package gostate

import (
	"iter"

	"moho/core"
)

// Addrs yields the addresses of the g structs of all goroutines, in the order
// of [World.Goroutines]. It reads no stack: it is for those who want a field or
// two of each.
func (w *World) Addrs() iter.Seq[core.Addr] {
	return func(yield func(core.Addr) bool) {
		for _, a := range w.gs {
			if !yield(core.Addr(a)) {
				return
			}
		}
	}
}
