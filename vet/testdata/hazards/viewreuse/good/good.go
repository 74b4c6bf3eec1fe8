package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"unsafe"

	"hazards.test/stringmutate/conv"
)

// A lookup is over before the buffer changes.
func lookup(words []string, m map[string]int) (n int) {
	buf := make([]byte, 0, 64)
	for _, w := range words {
		buf = append(buf[:0], w...)
		n += m[conv.String(buf)]
		if _, ok := m[unsafe.String(unsafe.SliceData(buf), len(buf))]; !ok {
			m[string(buf)] = n
		}
		delete(m, conv.String(buf))
	}
	return n
}

// Copies.
func cloned(words []string) (out []string) {
	buf := make([]byte, 0, 64)
	for _, w := range words {
		buf = append(buf[:0], w...)
		out = append(out, strings.Clone(conv.String(buf)))
	}
	return out
}

// A buffer for each string.
func fresh(words []string) map[string]bool {
	m := map[string]bool{}
	for _, w := range words {
		buf := make([]byte, len(w))
		copy(buf, w)
		m[conv.String(buf)] = true
	}
	return m
}

// An arena that is filled piece by piece.
func arena(words []string) (out []string) {
	buf := make([]byte, 1024)
	off := 0
	for _, w := range words {
		n := copy(buf[off:], w)
		out = append(out, conv.String(buf[off:off+n]))
		off += n
	}
	return out
}

// Growing never changes what is there.
func grow(words []string) (out []string) {
	var buf []byte
	for _, w := range words {
		start := len(buf)
		buf = append(buf, w...)
		out = append(out, conv.String(buf[start:]))
	}
	return out
}

var pool = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// Put back after the last use of the view.
func pooled(v int) int {
	b := pool.Get().(*bytes.Buffer)
	defer pool.Put(b)
	b.Reset()
	fmt.Fprint(b, v)
	s := conv.String(b.Bytes())
	return len(s)
}

func copied(v int) string {
	b := pool.Get().(*bytes.Buffer)
	defer pool.Put(b)
	b.Reset()
	fmt.Fprint(b, v)
	return b.String()
}

// Parsed, not kept.
func scan(r io.Reader) (n int) {
	sc := bufio.NewScanner(r)
	for sc.Scan() {
		if strings.HasPrefix(conv.String(sc.Bytes()), "#") {
			n++
		}
	}
	return n
}

func text(r io.Reader) (lines []string) {
	sc := bufio.NewScanner(r)
	for sc.Scan() {
		lines = append(lines, sc.Text())
	}
	return lines
}

// The buffer is given away with the string.
func once(r io.Reader) string {
	buf := make([]byte, 16)
	n, _ := r.Read(buf)
	return conv.String(buf[:n])
}

// Another buffer changes.
func other(a []byte) string {
	b := make([]byte, 4)
	s := conv.String(a)
	copy(b, "next")
	return s + string(b)
}

// The variable is set anew, not the bytes.
func set() []string {
	buf := []byte("one")
	s := conv.String(buf)
	buf = []byte("two")
	buf[0] = 'T'
	return []string{s, string(buf)}
}

// A builder that only adds.
type writer struct{ b []byte }

func (w *writer) Add(s string) { w.b = append(w.b, s...) }
func (w *writer) Text() string { return unsafe.String(unsafe.SliceData(w.b), len(w.b)) }
func (w *writer) Reset()       { w.b = nil }

func build(words []string, m map[string]bool) {
	var w writer
	for _, s := range words {
		w.Reset()
		w.Add(s)
		m[w.Text()] = true
		w.Add("more")
	}
}

// Written before the string is made.
func before() string {
	buf := make([]byte, 4)
	copy(buf, "text")
	buf[0] = 'T'
	s := conv.String(buf)
	return s
}

func main() {
	fmt.Println(lookup(os.Args, map[string]int{}), cloned(nil), fresh(nil), arena(nil), grow(nil), pooled(1), copied(2), scan(os.Stdin), text(os.Stdin), once(os.Stdin), other(nil), set(), before())
	build(nil, nil)
}
