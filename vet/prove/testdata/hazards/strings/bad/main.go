// Strings that change: through bytes that were made of them, and under views.
package main

import (
	"bufio"
	"fmt"
	"reflect"
	"strings"
	"unsafe"
)

func builtin(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

func header(s string) (b []byte) {
	h := (*reflect.SliceHeader)(unsafe.Pointer(&b))
	h.Data = (*reflect.StringHeader)(unsafe.Pointer(&s)).Data
	h.Len = len(s)
	h.Cap = len(s)
	return b
}

type upper struct{ b []byte }

func (u *upper) do() {
	for i, c := range u.b {
		u.b[i] = c &^ 0x20 // HAZARD: string-mutate
	}
}

//go:noinline
func mask(b []byte) {
	copy(b[1:], "***") // HAZARD: string-mutate
}

func view(b []byte) string { return *(*string)(unsafe.Pointer(&b)) }

//go:noinline
func lines(text string) (all []string) {
	sc := bufio.NewScanner(strings.NewReader(text))
	sc.Buffer(make([]byte, 8), 16)
	for sc.Scan() {
		all = append(all, view(sc.Bytes())) // HAZARD: string-view-reuse
	}
	return all
}

func main() {
	s := strings.Repeat("ab", 6)
	(&upper{builtin(s)}).do()
	t := fmt.Sprint("password", len(s))
	mask(header(t))
	fmt.Println(s, t, lines("one two\nthree four\nfive six\n"))
}
