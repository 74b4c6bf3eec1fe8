// Package good deletes each handle once, after its last use.
package good

/*
#include <stdint.h>
static uintptr_t kept;
static void keep(uintptr_t h) { kept = h; }
*/
import "C"

import "runtime/cgo"

func after(v any) any {
	h := cgo.NewHandle(v)
	defer h.Delete()
	return h.Value()
}

func given(v any) { C.keep(C.uintptr_t(cgo.NewHandle(v))) }

//export callback
func callback(p C.uintptr_t) any {
	h := cgo.Handle(p)
	v := h.Value()
	h.Delete()
	return v
}

type owner struct {
	h    cgo.Handle
	open bool
}

func (o *owner) Close() {
	if o.h == 0 {
		return
	}
	o.h.Delete()
	o.h = 0
}

func (o *owner) CloseFlag() {
	if !o.open {
		return
	}
	o.open = false
	o.h.Delete()
}

func closedTwice(o *owner) {
	o.Close()
	o.Close()
}

func flagTwice(o *owner) {
	o.CloseFlag()
	o.CloseFlag()
}

func loop(list []any) {
	for _, v := range list {
		h := cgo.NewHandle(v)
		C.keep(C.uintptr_t(h))
		h.Delete()
	}
}

// another expects the number behind its own to be no handle.
func another(v any) {
	h := cgo.NewHandle(v)
	defer func() {
		recover()
		h.Delete()
	}()
	cgo.Handle(h + 1).Delete()
}

var table = map[int]cgo.Handle{}

func stored(i int, v any) { table[i] = cgo.NewHandle(v) }
