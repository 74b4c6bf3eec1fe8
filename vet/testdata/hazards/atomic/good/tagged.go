//go:build amd64 || arm64

package good

import "sync/atomic"

type tagged struct {
	flag bool
	n    uint64
}

// Tagged is never compiled for 32 bits.
func (t *tagged) Tagged() { atomic.AddUint64(&t.n, 1) }
