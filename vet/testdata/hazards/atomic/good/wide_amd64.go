package good

import "sync/atomic"

type wide struct {
	flag bool
	n    uint64
}

// Wide is never compiled for 32 bits.
func (w *wide) Wide() { atomic.AddUint64(&w.n, 1) }
