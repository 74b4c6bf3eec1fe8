package good

/*
#include <stdio.h>
#include <string.h>
#include <unistd.h>
static int count(const char *s) { int n = 0; while (*s++) n++; return n; }
static int bounded(const char *s, int n) { int k = 0; while (k < n && s[k]) k++; return k; }
static void name(char *out, int n) { snprintf(out, n, "moho"); }
*/
import "C"

import (
	"bytes"
	"os"
	"syscall"
	"unsafe"
)

// Ended: in several ways.
func Ended(s string, b []byte) int {
	n := C.count((*C.char)(unsafe.Pointer(unsafe.StringData(s + "\x00"))))
	const text = "constant\x00"
	n += C.count((*C.char)(unsafe.Pointer(unsafe.StringData(text))))
	c := append([]byte(s), 0)
	n += C.count((*C.char)(unsafe.Pointer(&c[0])))
	b = append(b, 'x', 0)
	n += C.count((*C.char)(unsafe.Pointer(&b[0])))
	b = append(b, "more\x00"...)
	n += C.count((*C.char)(unsafe.Pointer(unsafe.SliceData(b))))
	return int(n)
}

// Longer: a buffer with room.
func Longer(s string) C.int {
	b := make([]byte, len(s)+1)
	copy(b, s)
	return C.count((*C.char)(unsafe.Pointer(&b[0])))
}

// Set: the last byte is set.
func Set(b []byte) C.int {
	b[len(b)-1] = 0
	return C.count((*C.char)(unsafe.Pointer(&b[0])))
}

// Looked: there is one.
func Looked(b []byte) string {
	if bytes.IndexByte(b, 0) < 0 {
		return ""
	}
	return C.GoString((*C.char)(unsafe.Pointer(&b[0])))
}

// Tested: the last byte is looked at.
func Tested(b []byte) string {
	if len(b) == 0 || b[len(b)-1] != 0 {
		return ""
	}
	return C.GoString((*C.char)(unsafe.Pointer(&b[0])))
}

// Filled: C writes one.
func Filled() string {
	var buf [64]byte
	C.name((*C.char)(unsafe.Pointer(&buf[0])), 64)
	out := make([]byte, 64)
	C.name((*C.char)(unsafe.Pointer(&out[0])), 64)
	return C.GoString((*C.char)(unsafe.Pointer(&buf[0]))) + C.GoString((*C.char)(unsafe.Pointer(&out[0])))
}

// Lengths: functions that take one.
func Lengths(s string, b []byte) {
	C.write(1, unsafe.Pointer(unsafe.StringData(s)), C.size_t(len(s)))
	C.bounded((*C.char)(unsafe.Pointer(&b[0])), C.int(len(b)))
	var out [32]C.char
	C.strncpy(&out[0], (*C.char)(unsafe.Pointer(&b[0])), 8)
	C.memcpy(unsafe.Pointer(&out[0]), unsafe.Pointer(&b[0]), 8)
	C.fwrite(unsafe.Pointer(&b[0]), 1, 2, C.stdout)
}

// Library: what it makes ends in one.
func Library(s string) (int, error) {
	p, err := syscall.BytePtrFromString(s)
	if err != nil {
		return 0, err
	}
	q, err := syscall.ByteSliceFromString(s)
	if err != nil {
		return 0, err
	}
	return int(C.count((*C.char)(unsafe.Pointer(p))) + C.count((*C.char)(unsafe.Pointer(&q[0])))), nil
}

func ended(s string) []byte { return append([]byte(s), 0) }

// Own: a helper of one's own.
func Own(s string) C.int {
	b := ended(s)
	return C.count((*C.char)(unsafe.Pointer(&b[0])))
}

// Line: filled but for the last byte.
func Line() C.int {
	b := make([]byte, 64)
	for i := 0; i < len(b)-1; i++ {
		b[i] = '-'
	}
	return C.count((*C.char)(unsafe.Pointer(&b[0])))
}

// Padded: a 0 is put at the end of what was read.
func Padded(name string) (C.int, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return 0, err
	}
	b = append(b, 0)
	return C.count((*C.char)(unsafe.Pointer(&b[0]))), nil
}
