// Package bad relies on what is private to Go.
package bad

import (
	"reflect"
	"sync"
	"unsafe"
)

type oldMap struct {
	count     int
	flags     uint8
	B         uint8
	noverflow uint16
	hash0     uint32
	buckets   unsafe.Pointer
}

// Buckets of a map as it was up to Go 1.23.
func Buckets(m map[string]int) uint8 {
	return (*(**oldMap)(unsafe.Pointer(&m))).B // HAZARD: private-layout
}

type wide struct {
	typ, data unsafe.Pointer
	extra     uint32
}

type stringer interface{ String() string }

// Wide: an interface with methods has two words as well.
func Wide(s stringer) unsafe.Pointer {
	return (*wide)(unsafe.Pointer(&s)).data // HAZARD: private-layout
}

type channel struct {
	qcount, dataqsiz uint
	buf              unsafe.Pointer
}

// Channel has its length first.
func Channel(c chan int) uint {
	return (*(**channel)(unsafe.Pointer(&c))).qcount // HAZARD: private-layout
}

type value struct {
	typ  unsafe.Pointer
	ptr  unsafe.Pointer
	flag uintptr
}

// Flag of a reflect.Value.
func Flag(v reflect.Value) uintptr {
	return (*value)(unsafe.Pointer(&v)).flag // HAZARD: private-layout
}

type mutex struct {
	sema  uint64
	state int32
}

// Locked looks into a mutex, at the wrong place.
func Locked(m *sync.Mutex) bool {
	return (*mutex)(unsafe.Pointer(m)).state&1 != 0 // HAZARD: private-layout
}

type fn struct{ entry uintptr }

// Entry of a function.
func Entry(f func()) uintptr {
	return (*(**fn)(unsafe.Pointer(&f))).entry // HAZARD: private-layout
}
