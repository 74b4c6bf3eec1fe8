package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"reflect"
	"strconv"
	"sync"
	"unsafe"

	"hazards.test/stringmutate/conv"
)

func key(words []string) map[string]int {
	m := map[string]int{}
	buf := make([]byte, 0, 64)
	for i, w := range words {
		buf = append(buf[:0], w...) // HAZARD: string-view-reuse
		m[unsafe.String(unsafe.SliceData(buf), len(buf))] = i
	}
	return m
}

func twoSteps(words []string) (out []string) {
	buf := make([]byte, 0, 64)
	for _, w := range words {
		buf = buf[:0]
		buf = append(buf, w...) // HAZARD: string-view-reuse
		out = append(out, conv.String(buf))
	}
	return out
}

func read(r io.Reader, seen map[string]bool) {
	buf := make([]byte, 8)
	for {
		n, err := r.Read(buf) // HAZARD: string-view-reuse
		if err != nil {
			return
		}
		seen[*(*string)(unsafe.Pointer(&buf))] = n > 0
	}
}

var pool = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func pooled(v int) string {
	b := pool.Get().(*bytes.Buffer)
	defer pool.Put(b) // HAZARD: string-view-reuse
	b.Reset()
	fmt.Fprint(b, v)
	return conv.String(b.Bytes())
}

func pooledLater(v int) string {
	b := pool.Get().(*bytes.Buffer)
	fmt.Fprint(b, v)
	s := conv.String(b.Bytes())
	pool.Put(b) // HAZARD: string-view-reuse
	return s
}

type record struct{ name string }

func field(r io.Reader, rec *record) error {
	buf := make([]byte, 16)
	if _, err := io.ReadFull(r, buf); err != nil {
		return err
	}
	rec.name = conv.String(buf)
	_, err := io.ReadFull(r, buf) // HAZARD: string-view-reuse
	return err
}

func scan(r io.Reader) (lines []string) {
	sc := bufio.NewScanner(r)
	for sc.Scan() { // HAZARD: string-view-reuse
		lines = append(lines, conv.String(sc.Bytes()))
	}
	return lines
}

func send(c chan string, list []int) {
	buf := make([]byte, 0, 20)
	for _, n := range list {
		buf = strconv.AppendInt(buf[:0], int64(n), 10) // HAZARD: string-view-reuse
		c <- conv.String(buf)
	}
}

func local(a, b []byte) bool {
	buf := make([]byte, 8)
	copy(buf, a)
	s := conv.String(buf)
	copy(buf, b) // HAZARD: string-view-reuse
	return s == "12345678"
}

func headers(words [][]byte, m map[string]int) {
	buf := make([]byte, 32)
	for i, w := range words {
		copy(buf, w) // HAZARD: string-view-reuse
		var s string
		sh := (*reflect.StringHeader)(unsafe.Pointer(&s))
		bh := (*reflect.SliceHeader)(unsafe.Pointer(&buf))
		sh.Data, sh.Len = bh.Data, bh.Len
		m[s] = i
	}
}

// A buffer of one's own, with a view and a reset.
type writer struct{ b []byte }

func (w *writer) Add(s string) { w.b = append(w.b, s...) }
func (w *writer) Reset()       { w.b = w.b[:0] }
func (w *writer) Text() string { return unsafe.String(unsafe.SliceData(w.b), len(w.b)) }

func own(words []string, m map[string]bool) {
	w := new(writer)
	for _, s := range words {
		w.Reset() // HAZARD: string-view-reuse
		w.Add(s)
		m[w.Text()] = true
	}
}

func keeps(m map[string]bool, s string) { m[s] = true }

func passed(m map[string]bool) {
	buf := []byte("first")
	keeps(m, conv.String(buf))
	buf[0] = 'F' // HAZARD: string-view-reuse
}

func goroutine(done chan bool) {
	buf := []byte("first")
	s := conv.String(buf)
	go func() {
		fmt.Println(s)
		done <- true
	}()
	clear(buf) // HAZARD: string-view-reuse
}

func main() {
	fmt.Println(key(os.Args), twoSteps(os.Args), pooled(1), pooledLater(2), scan(os.Stdin), local(nil, nil))
	read(os.Stdin, nil)
	field(os.Stdin, &record{})
	send(make(chan string, 1), nil)
	headers(nil, nil)
	own(nil, nil)
	passed(map[string]bool{})
	goroutine(make(chan bool, 1))
}
