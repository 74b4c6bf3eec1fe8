//go:build amd64 || arm64

// Package good has assembly that keeps track of SP.
package good

func Pushes(a uint64) uint64
func Paths(a uint64)
func Align()
func ByHand(a uint64)
func CallsGo()
func Tail()
func TailFramed()
func Loop(n uint64)
func NoReturn(a uint64)
func Switch(to uintptr)
func Target()

// Go may grow the stack.
func Go() { Go() }
