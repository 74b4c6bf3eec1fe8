//go:build !linux

package objfile

// forget does nothing where it is not known that a mapping survives it.
func forget([]byte) {}
