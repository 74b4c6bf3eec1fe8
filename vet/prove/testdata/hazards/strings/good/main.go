// Strings that don't change.
package main

import (
	"bufio"
	"fmt"
	"hash/crc32"
	"strings"
	"unsafe"
)

func builtin(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

func pun(s string) []byte {
	b := *(*[]byte)(unsafe.Pointer(&struct {
		s string
		n int
	}{s, len(s)}))
	return b
}

func view(b []byte) string { return *(*string)(unsafe.Pointer(&b)) }

//go:noinline
func count(text string) map[string]int {
	m := map[string]int{}
	sc := bufio.NewScanner(strings.NewReader(text))
	sc.Buffer(make([]byte, 8), 16)
	for sc.Scan() {
		v := view(sc.Bytes())
		if _, ok := m[v]; !ok {
			v = strings.Clone(v)
		}
		m[v]++
	}
	return m
}

func main() {
	s := strings.Repeat("ab", 6)
	fmt.Println(crc32.ChecksumIEEE(builtin(s)), crc32.ChecksumIEEE(pun(s)))
	own := append([]byte(nil), builtin(s)...)
	own[0] = 'x'
	fmt.Println(s, string(own), len(count("one two\nthree\none two\n")))
}
