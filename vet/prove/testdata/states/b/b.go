// Package b has no tests.
package b

import "unsafe"

// Use is called by nobody.
func Use() []byte {
	b := make([]byte, 8)
	return unsafe.Slice(&b[0], 16) // untested view-overrun
}
