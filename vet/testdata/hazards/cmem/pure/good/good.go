// Package good does not import unsafe.
package good

import "hazards.test/cmem/wrap"

func after(s string) int {
	w := wrap.New(s)
	defer w.Close()
	return w.Len()
}

func again(s string) int {
	w := wrap.New(s)
	w.Close()
	w = wrap.New(s)
	defer w.Close()
	return w.Len()
}

func once(s string) {
	w := wrap.New(s)
	defer w.CloseOnce()
	w.CloseOnce()
}
