// Package good stays inside objects.
package good

import "unsafe"

type pair struct {
	a uint32
	b uint32
}

// Last is the last element.
func Last() uint32 {
	w := [4]uint32{1, 2, 3, 4}
	return *(*uint32)(unsafe.Add(unsafe.Pointer(&w), unsafe.Sizeof(w)-4))
}

// Field is a field.
func Field() *uint32 {
	p := new(pair)
	return (*uint32)(unsafe.Pointer(uintptr(unsafe.Pointer(p)) + unsafe.Offsetof(p.b)))
}

type header struct{ size, kind uint32 }

// Payload follows a header that more was allocated for.
func Payload(h *header) *byte { return (*byte)(unsafe.Add(unsafe.Pointer(h), unsafe.Sizeof(*h))) }

// Loop ends in time.
func Loop() (sum uint32) {
	var w [4]uint32
	for i := uintptr(0); i < 4; i++ {
		sum += *(*uint32)(unsafe.Add(unsafe.Pointer(&w), i*4))
	}
	return sum
}

// Guarded: what the caller passes decides.
func Guarded(p *byte, n int) byte {
	if n > 8 {
		return *(*byte)(unsafe.Add(unsafe.Pointer(p), 8))
	}
	return *p
}

// Calls both with enough and with less.
func Calls() byte {
	var small [4]byte
	var large [16]byte
	return Guarded(&small[0], len(small)) + Guarded(&large[0], len(large))
}

// Buffer has more room than the first structs in it.
func Buffer() *pair {
	b := make([]byte, 64)
	first := (*pair)(unsafe.Pointer(&b[0]))
	return (*pair)(unsafe.Add(unsafe.Pointer(first), unsafe.Sizeof(*first)))
}

// Back goes to the start again.
func Back() *[8]byte {
	var b [8]byte
	return (*[8]byte)(unsafe.Add(unsafe.Pointer(&b[4]), -4))
}

// Any length.
func Any(b []byte, n int) *byte { return (*byte)(unsafe.Add(unsafe.Pointer(&b[0]), n)) }

// Chosen may be the larger one.
func Chosen(big bool) byte {
	var small [4]byte
	var large [16]byte
	p := unsafe.Pointer(&small)
	if big {
		p = unsafe.Pointer(&large)
		return *(*byte)(unsafe.Add(p, 8))
	}
	return *(*byte)(p)
}

// Zero adds nothing.
func Zero() *struct{} {
	var z struct{}
	return (*struct{})(unsafe.Add(unsafe.Pointer(&z), 0))
}

// Found leaves the loop before it goes too far.
func Found(want uint32) uintptr {
	w := [4]uint32{1, 2, 3, 4}
	for i := uintptr(0); i <= 4; i++ {
		if i == 4 || w[i] == want {
			return i
		}
		if *(*uint32)(unsafe.Add(unsafe.Pointer(&w), i*4)) == want {
			return i
		}
	}
	return 4
}
