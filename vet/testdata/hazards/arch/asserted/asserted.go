// Package asserted does not compile where its types are not alike.
package asserted

import "unsafe"

type pair struct{ a, b int }

type wire struct{ a, b int64 }

const _ = uint(unsafe.Sizeof(pair{})-unsafe.Sizeof(wire{})) + uint(unsafe.Sizeof(wire{})-unsafe.Sizeof(pair{}))

// Pair is right wherever it compiles.
func Pair(p *pair) wire { return *(*wire)(unsafe.Pointer(p)) }
