// Package native has objects over C memory and mapped files.
package native

/*
#include <stdlib.h>
#include <string.h>
static int sum(char *p, int n) { int s = 0; while (n-- > 0) s += *p++; return s; }
*/
import "C"

import (
	"runtime"
	"unsafe"
)

// A Block is C memory that its finalizer frees.
type Block struct {
	ptr unsafe.Pointer
	n   int
}

// New returns a block of n bytes.
func New(n int) *Block {
	b := &Block{C.malloc(C.size_t(n)), n}
	runtime.SetFinalizer(b, (*Block).free)
	return b
}

func (b *Block) free() {
	if b.ptr != nil {
		C.free(b.ptr)
		b.ptr = nil
	}
}

// Bytes returns the memory of the block, which has to outlive it.
func (b *Block) Bytes() []byte { return unsafe.Slice((*byte)(b.ptr), b.n) }

// Sum keeps the block itself.
func (b *Block) Sum() int {
	s := int(C.sum((*C.char)(b.ptr), C.int(b.n)))
	runtime.KeepAlive(b)
	return s
}
