// Package bad has directives that silence nothing.
package bad

import "unsafe"

func work() { sink = append(sink, make([]byte, 32)) }

var sink [][]byte

// NoReason is not silenced.
func NoReason(p *int) *int {
	u := uintptr(unsafe.Pointer(p))
	work()
	//moho:ignore uintptr-roundtrip
	return (*int)(unsafe.Pointer(u)) // HAZARD: uintptr-roundtrip
}

// OtherRule silences a rule that has nothing to say.
func OtherRule(p *int) *int {
	u := uintptr(unsafe.Pointer(p))
	work()
	//moho:ignore view-overrun because
	return (*int)(unsafe.Pointer(u)) // HAZARD: uintptr-roundtrip
}

// TooFar stands two lines above.
func TooFar(p *int) *int {
	u := uintptr(unsafe.Pointer(p))
	//moho:ignore uintptr-roundtrip because
	work()
	return (*int)(unsafe.Pointer(u)) // HAZARD: uintptr-roundtrip
}

// Typo names no rule.
func Typo(p *int) *int {
	//moho:ignore uintptr-rundtrip because
	return p
}
