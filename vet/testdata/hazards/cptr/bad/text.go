package bad

/*
#include <stdio.h>
#include <string.h>
static int count(const char *s) { int n = 0; while (*s++) n++; return n; }
static int equal(const char *a, const char *b) { return strcmp(a, b) == 0; }
static int deep(int unused, const char *s) { return count(s) + unused; }
static void say(const char *s) { printf("<%s>\n", s); }
*/
import "C"

import (
	"bytes"
	"fmt"
	"os"
	"unsafe"
)

// Param: a caller's bytes.
func Param(b []byte) C.size_t {
	return C.strlen((*C.char)(unsafe.Pointer(&b[0]))) // HAZARD: no-nul
}

// Str: a caller's string.
func Str(s string) C.int {
	return C.count((*C.char)(unsafe.Pointer(unsafe.StringData(s)))) // HAZARD: no-nul
}

// Const: a constant has none either.
func Const() C.int {
	const s = "constant"
	return C.count((*C.char)(unsafe.Pointer(unsafe.StringData(s)))) // HAZARD: no-nul
}

// Copy: a conversion adds none.
func Copy(s string) {
	b := []byte(s)
	C.say((*C.char)(unsafe.Pointer(&b[0]))) // HAZARD: no-nul
}

// Exact: a slice without room.
func Exact(s string) bool {
	b := make([]byte, len(s))
	copy(b, s)
	return C.equal((*C.char)(unsafe.Pointer(&b[0])), nil) != 0 // HAZARD: no-nul
}

// Joined: put together.
func Joined(dir, name string) {
	path := dir + "/" + name
	C.puts((*C.char)(unsafe.Pointer(unsafe.StringData(path)))) // HAZARD: no-nul
}

// Appended: something else at the end.
func AppendedByte(b []byte) C.int {
	b = append(b, '\n')
	return C.deep(2, (*C.char)(unsafe.Pointer(&b[0]))) // HAZARD: no-nul
}

// Formatted.
func Formatted(n int) {
	s := fmt.Sprintf("%d items", n)
	C.say((*C.char)(unsafe.Pointer(unsafe.StringData(s)))) // HAZARD: no-nul
}

// Header: the first word of a string.
func Header(s string) C.int {
	return C.count(*(**C.char)(unsafe.Pointer(&s))) // HAZARD: no-nul
}

// Back: C.GoString looks for one, too.
func Back(b []byte) string {
	return C.GoString((*C.char)(unsafe.Pointer(&b[0]))) // HAZARD: no-nul
}

type file struct{ name string }

func (f *file) open(mode string) {
	C.equal((*C.char)(unsafe.Pointer(unsafe.StringData(mode))), nil) // HAZARD: no-nul
}

// Open calls it.
func Open(f *file) { f.open("r") }

func filled(b []byte) C.int {
	return C.count((*C.char)(unsafe.Pointer(&b[0]))) // HAZARD: no-nul
}

// Filled: to its end, by a loop.
func Filled() C.int {
	b := make([]byte, 64)
	for i := range b {
		b[i] = '-'
	}
	return filled(b)
}

// Repeated: what is repeated has none.
func Repeated() C.int {
	b := bytes.Repeat([]byte("="), 32)
	return C.count((*C.char)(unsafe.Pointer(&b[0]))) // HAZARD: no-nul
}

// Read: a file ends as it ends.
func Read(name string) (C.int, error) {
	b, err := os.ReadFile(name)
	if err != nil || len(b) == 0 {
		return 0, err
	}
	return C.count((*C.char)(unsafe.Pointer(&b[0]))), nil // HAZARD: no-nul
}
