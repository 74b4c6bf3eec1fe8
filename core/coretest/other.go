//go:build !linux

// Package coretest makes cores for tests. Only linux has any.
//
// # Untrusted input
//
// None.
//
// # Compatibility
//
// For moho's tests.
package coretest

import "testing"

// A Maker runs a program until it has a core of it.
type Maker func(tb testing.TB, env []string, argv ...string) (core, output string)

// NeedKernelCores ends the test: there is no kernel here that writes ELF cores.
func NeedKernelCores(tb testing.TB) {
	tb.Helper()
	tb.Skip("needs a linux kernel, which writes ELF cores")
}

// Kernel, Captured and Gcore end the test.
func Kernel(tb testing.TB, _ []string, _ ...string) (core, output string)   { return none(tb) }
func Captured(tb testing.TB, _ []string, _ ...string) (core, output string) { return none(tb) }
func Gcore(tb testing.TB, _ []string, _ ...string) (core, output string)    { return none(tb) }

func none(tb testing.TB) (core, output string) {
	tb.Helper()
	NeedKernelCores(tb)
	return "", ""
}
