//go:build amd64 || arm64

// Package good has assembly that stays inside its frame.
package good

func Locals()
func Outgoing()
func Pushed()
func CallerPC() uintptr
func SaveBP()
func Args(a uint64) uint64
func Indexed(n uint64)
func Leaf()
func ByHand()

// Callee takes 40 bytes.
func Callee(a, b, c, d uint64) uint64 { return a + b + c + d }
