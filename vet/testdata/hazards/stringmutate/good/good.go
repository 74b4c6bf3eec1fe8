package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unsafe"

	"hazards.test/stringmutate/conv"
)

// Reads only.
func count(s string) (n int) {
	for _, c := range conv.Bytes(s) {
		n += int(c)
	}
	return n
}

// A copy is one's own.
func copied(s string) []byte {
	b := []byte(s)
	b[0] = 'x'
	return b
}

// So is what append makes of a full slice.
func appended(s string) []byte {
	b := append(conv.Bytes(s), '!')
	return b
}

// The source of a copy is only read.
func from(s string) []byte {
	b := make([]byte, len(s))
	copy(b, conv.Bytes(s))
	b[0] = 'x'
	return b
}

// Made on the spot and not used otherwise.
func built(n int) []byte {
	s := string(make([]byte, n))
	b := conv.Bytes(s)
	b[0] = 'x'
	c := conv.Bytes(strings.Clone("constant"))
	c[0] = 'x'
	return append(b, c...)
}

// A string laid over a buffer of one's own, and back.
func roundtrip(n int) {
	buf := make([]byte, n)
	s := conv.String(buf)
	b := conv.Bytes(s)
	b[0] = 'x'
	fmt.Println(len(s))
}

// Writing to a writer reads.
func written(w io.Writer, s string) {
	w.Write(conv.Bytes(s))
}

// The variable is assigned, not the bytes.
func assigned(s string) {
	b := conv.Bytes(s)
	fmt.Println(len(b))
	b = make([]byte, 4)
	b[0] = 1
}

// A table of slices is written to, not what they refer to.
func table(list []string) [][]byte {
	out := make([][]byte, len(list))
	for i, s := range list {
		out[i] = conv.Bytes(s)
	}
	out[0] = nil
	return out
}

// A header of one's own that is given a buffer.
type text struct {
	data unsafe.Pointer
	n    int
}

func own(buf []byte) {
	t := text{unsafe.Pointer(unsafe.SliceData(buf)), len(buf)}
	b := unsafe.Slice((*byte)(t.data), t.n)
	b[0] = 1
}

// Given to a function that reads, beside one that writes.
func sum(dst, src []byte) {
	for i := range src {
		dst[i] = src[i]
	}
}

func reads(s string) []byte {
	b := make([]byte, len(s))
	sum(b, conv.Bytes(s))
	return b
}

// Some callers of this one give strings, to be read.
func maybe(b []byte, write bool) {
	if write {
		b[0] = 0
	}
}

func own2() {
	maybe(make([]byte, 1), true)
}

// A field that is a string's in one place and a buffer in another.
type buffer struct{ b []byte }

func lend(s string) *buffer { return &buffer{conv.Bytes(s)} }

func grow(n int) *buffer { return &buffer{make([]byte, n)} }

func (b *buffer) put(i int, c byte) { b.b[i] = c }

// Strings are assigned, elements of slices of strings.
func strs(list []string) {
	list[0] = "other"
	p := &list[1]
	*p = "more"
}

func main() {
	fmt.Println(count("a"), copied("b"), appended("c"), from("d"), built(3), reads("e"), table(os.Args))
	roundtrip(3)
	written(os.Stdout, "f")
	assigned("g")
	own(make([]byte, 1))
	own2()
	grow(1).put(0, 1)
	fmt.Println(lend("h"))
	strs(make([]string, 2))
}
