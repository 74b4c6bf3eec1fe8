//go:build amd64 || arm64

// Package bad has assembly that loses track of SP.
package bad

func Return(a uint64)
func OnePath(a uint64)
func Join(a uint64)
func Name(a uint64) uint64
func Local(a uint64)
func CallsGo()
func CallsGoPushed()
func Tail()
func Misaligned()
func Lea()
func Copy()
func Loop(n uint64)
func Target()

// Go may grow the stack.
func Go() { Go() }
