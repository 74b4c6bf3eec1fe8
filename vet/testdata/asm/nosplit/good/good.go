//go:build amd64 || arm64

// Package good has assembly whose stack is checked, or small.
package good

func Checked(a uint64)
func Small()
func Chain()
func Above()

// Go has its own check.
func Go() { Go() }
