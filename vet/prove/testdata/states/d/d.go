// Package d has no unsafe; where words have 32 bits, it panics.
package d

import "sync/atomic"

// Counts are two.
type Counts struct {
	open bool
	n    uint64
}

// Add counts.
func (c *Counts) Add() uint64 {
	return atomic.AddUint64(&c.n, 1) // violated atomic-align
}
