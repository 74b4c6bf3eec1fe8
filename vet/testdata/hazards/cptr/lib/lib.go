// Package lib wraps C functions for other packages.
package lib

/*
#include <stdint.h>
static void *last;
static void keep(void *p) { last = p; }
static int sum(void *p, int n) { int s = 0; for (int i = 0; i < n; i++) s += ((unsigned char *)p)[i]; return s; }
static int peek(uintptr_t p) { return *(char *)p; }
*/
import "C"

import "unsafe"

// Keep lets C keep p.
func Keep(p unsafe.Pointer) { C.keep(p) }

// KeepDeep does it one call further down.
func KeepDeep(n int, p unsafe.Pointer) int {
	Keep(unsafe.Add(p, n))
	return n
}

// Sum only reads.
func Sum(p unsafe.Pointer, n int) int { return int(C.sum(p, C.int(n))) }

// Peek reads where a number says.
func Peek(addr uintptr) int { return int(C.peek(C.uintptr_t(addr))) }
