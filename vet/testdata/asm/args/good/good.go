//go:build amd64 || arm64

// Package good declares functions whose assembly matches.
package good

// Pair is passed by value.
type Pair struct {
	A, B uint32
	C    complex128
}

func Size(a, b uint64) uint64
func Copy(s string) string
func Slice(s []byte, n uint64) (r []byte, ok bool)
func Struct(p Pair) (re float64, q [2]uint32)
func ByAddress(a, b uint64) (x, y uint64)
func Loop(a, b uint64) (x, y uint64)
func Tail(a uint64) uint64
func Kernel(p *byte) (r uint64)
func Caller() uintptr
func NoResult(a uint64) uint64
func Bool(a uint8) bool
