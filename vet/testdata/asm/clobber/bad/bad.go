//go:build amd64 || arm64

// Package bad has assembly that destroys what its caller needs.
package bad

func FramePointer(p uintptr)
func OnePath(a uint64)
func WrongRestore()
func AtCall()
func Direction()
func MMX()
func Link()
func LinkLeafFrame()
func LinkNoFrame()
func G()
func Swapped()

// Go may be unwound by frame pointers.
func Go() { Go() }
