package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"os"
	"slices"
	"sort"
	"strings"
	"unsafe"

	"hazards.test/stringmutate/conv"
)

//go:embed bad.go
var embedded string

const greeting = "hello, world"

func direct(s string) {
	b := unsafe.Slice(unsafe.StringData(s), len(s))
	b[0] = 'x' // HAZARD: string-mutate
}

func pointer(s string) {
	*unsafe.StringData(s) = 'x' // HAZARD: string-mutate
}

func constant() {
	b := conv.Bytes(greeting)
	b[0] = 'H' // HAZARD: string-mutate
}

func header() {
	b := conv.Header(os.Args[0])
	copy(b, "other") // HAZARD: string-mutate
}

func pun() {
	b := conv.Pun("a constant")
	sort.Slice(b, func(i, j int) bool { return b[i] < b[j] }) // HAZARD: string-mutate
}

func oldPun(s string) {
	b := *(*[]byte)(unsafe.Pointer(&s)) // HAZARD: cast-grow
	b[1] ^= 0x20                        // HAZARD: string-mutate
}

func embed() {
	clear(conv.Bytes(embedded)) // HAZARD: string-mutate
}

func fill(r io.Reader) {
	s := strings.Repeat(" ", 16) + os.Args[0]
	b := conv.Bytes(s)
	_, err := r.Read(b) // HAZARD: string-mutate
	fmt.Println(s, err)
}

func other() {
	conv.Fill(conv.Bytes("filled"), 0) // HAZARD: string-mutate
}

func key(m map[string]int) {
	for k := range m {
		b := conv.Bytes(k)
		slices.Reverse(b) // HAZARD: string-mutate
	}
}

func appended(s string) []byte {
	b := conv.Bytes(s)
	return append(b[:1], s[2:]...) // HAZARD: string-mutate
}

// All that this one is given are strings.
func upper(b []byte) {
	for i, c := range b {
		b[i] = c &^ 0x20 // HAZARD: string-mutate
	}
}

func callsUpper() {
	upper(conv.Bytes("shout"))
	upper(conv.Pun(os.Args[0]))
}

type view struct{ b []byte }

func (v *view) set(i int, c byte) {
	v.b[i] = c
}

func field(s string) string {
	v := view{conv.Bytes(s)}
	v.b[0] = '!' // HAZARD: string-mutate
	return s
}

func array(s string) {
	if len(s) < 4 {
		return
	}
	p := (*[4]byte)(unsafe.Pointer(unsafe.StringData(s)))
	p[3] = 0 // HAZARD: string-mutate
}

func literal(s string) func() {
	b := conv.Bytes(s)
	return func() {
		b[0]++ // HAZARD: string-mutate
	}
}

func choose(s string, b []byte, own bool) {
	if !own {
		b = conv.Bytes(s)
	}
	b[0] = 1 // HAZARD: string-mutate
}

func shared() string {
	s := strings.Repeat("ab", 4)
	b := conv.Bytes(s)
	b[0] = 'X' // HAZARD: string-mutate
	return s
}

func generic[S ~string](s S) {
	b := unsafe.Slice(unsafe.StringData(string(s)), len(s))
	b[0] = 'g' // HAZARD: string-mutate
}

func main() {
	direct(greeting)
	pointer(greeting)
	constant()
	header()
	pun()
	oldPun(greeting)
	embed()
	fill(bytes.NewReader(nil))
	other()
	key(nil)
	appended(greeting)
	callsUpper()
	field(greeting)
	array(greeting)
	literal(greeting)()
	choose(greeting, nil, false)
	fmt.Println(shared())
	generic(greeting)
	(&view{make([]byte, 4)}).set(0, 1)
}
