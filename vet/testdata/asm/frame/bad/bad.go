//go:build amd64 || arm64

// Package bad has assembly that writes outside its frame.
package bad

func SavedBP()
func ReturnAddress()
func BelowSP()
func Local()
func CallersFrame(a uint64)
func ThroughSP(a uint64) uint64
func Outgoing()
func ThroughRegister()
func Pushed()
func LeafPair()
func SavedLR()
func Padding()
func Push()

// Callee takes 40 bytes.
func Callee(a, b, c, d uint64) uint64 { return a + b + c + d }
