// Package bad uses handles after deleting them, or never deletes them.
package bad

/*
#include <stdint.h>
static uintptr_t kept;
static void keep(uintptr_t h) { kept = h; }
*/
import "C"

import "runtime/cgo"

func after(v any) any {
	h := cgo.NewHandle(v)
	h.Delete()
	return h.Value() // HAZARD: handle-typestate
}

func twice(h cgo.Handle) {
	h.Delete()
	h.Delete() // HAZARD: handle-typestate
}

func deferred(v any, fail bool) bool {
	h := cgo.NewHandle(v)
	defer h.Delete() // HAZARD: handle-typestate
	if fail {
		h.Delete()
		return false
	}
	return true
}

func aliased(p uintptr) any {
	h := cgo.Handle(p)
	h.Delete()
	return cgo.Handle(p).Value() // HAZARD: handle-typestate
}

func never(v any) any {
	h := cgo.NewHandle(v) // HAZARD: handle-typestate
	return h.Value()
}

type owner struct{ h cgo.Handle }

func (o *owner) Close() { o.h.Delete() }

func closed(o *owner) any {
	o.Close()
	return o.h.Value() // HAZARD: handle-typestate
}
