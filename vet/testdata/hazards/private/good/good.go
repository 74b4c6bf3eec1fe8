// Package good looks at nothing that is private.
package good

import (
	"reflect"
	"sync"
	"unsafe"
)

type header struct {
	data     unsafe.Pointer
	len, cap int
}

// Slice has a header that is documented.
func Slice(s []int) int { return (*header)(unsafe.Pointer(&s)).cap }

type padded struct {
	mu sync.Mutex
	_  [56]byte
}

// Begin of a struct of one's own.
func (p *padded) Begin() *sync.Mutex { return (*sync.Mutex)(unsafe.Pointer(p)) }

// Length asks.
func Length(m map[string]int) int { return len(m) }

// Pointer asks reflect.
func Pointer(v any) unsafe.Pointer { return reflect.ValueOf(v).UnsafePointer() }

// Number is one word.
func Number(c *chan int) uintptr { return uintptr(unsafe.Pointer(c)) }

type eface struct{ typ, data unsafe.Pointer }

// Data of an interface has always been its second word.
func Data(v any) unsafe.Pointer { return (*eface)(unsafe.Pointer(&v)).data }
