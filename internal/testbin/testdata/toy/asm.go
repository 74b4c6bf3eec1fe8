//go:build amd64 || arm64

package main

// asmAdd adds its arguments, in a frame of 16 bytes.
//
//go:noescape
func asmAdd(a, b, c, d int64) int64
