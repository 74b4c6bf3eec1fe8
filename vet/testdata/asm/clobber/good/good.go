//go:build amd64 || arm64

// Package good has assembly that leaves what its caller needs.
package good

func Framed(p uintptr)
func Saved()
func SavedInRegister(a uint64)
func Pushed()
func Direction()
func MMX()
func Scratch()
func NoFrameCalls()
func Pair()
func Compare() bool
func Slot()
