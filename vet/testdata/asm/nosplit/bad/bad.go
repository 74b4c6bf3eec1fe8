//go:build amd64 || arm64

// Package bad has assembly that uses stack nobody has checked. It must not be
// linked: the linker refuses what it sees of it.
package bad

func ByHand()
func Chain()
func Below(a uint64)
func NoFrame()
