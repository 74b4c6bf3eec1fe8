//go:build amd64 || arm64

// Package bad declares functions whose assembly does not match.
package bad

// Pair is passed by value.
type Pair struct {
	A, B uint32
	C    complex128
}

func Size(a, b uint64) uint64
func SizeChecked(a uint64) uint64
func Name(alpha uint64) uint64
func Offset(s []byte, n uint64) uint64
func Wide(a uint32, b uint32) (r uint64)
func Narrow(a uint64) (r uint64)
func Read(a uint32, b uint32) (r uint64)
func ByAddress(a, b uint64) (x, y uint64)
func ByAddressWidth(s string, n uint32) (r uint64)
func Missing(a uint64) (r uint64, err error)
func MissingFirst(a uint64) (r uint64, ok bool)
func Nothing(e any) string
func Struct(p Pair) (re float64)
func Iface(e error) uintptr
func Conditional(a uint64) (r uint64)
func Macro(a uint64) (r uint64)
func Beyond(a uint64) uint64

// Called gives assembly a Go function.
func Called() {}
