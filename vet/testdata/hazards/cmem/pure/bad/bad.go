// Package bad does not import unsafe.
package bad

import "hazards.test/cmem/wrap"

func after(s string) int {
	w := wrap.New(s)
	n := w.Len()
	w.Close()
	return n + w.Len() // HAZARD: c-uaf
}

func view(s string) []byte {
	w := wrap.New(s)
	b := w.Bytes()
	w.Close()
	return b // HAZARD: c-uaf
}
