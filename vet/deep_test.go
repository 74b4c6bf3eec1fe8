package vet_test

import (
	"fmt"
	"strings"
	"testing"

	"moho/vet"
)

// TestDeep runs over code in which the number of ways from a definition to a
// use doubles with every line. A walk that takes them all never ends.
func TestDeep(t *testing.T) {
	var b strings.Builder
	b.WriteString(`package deep

import "unsafe"

func F(p, q *[4]uint64, s []byte, n int, c []bool) ([]byte, unsafe.Pointer) {
	u := uintptr(unsafe.Pointer(p))
	v := uintptr(unsafe.Pointer(q))
	r := p
	t := s
`)
	for i := range 120 {
		fmt.Fprintf(&b, "\tif c[%d] {\n\t\tu, v, r, t, n = v-u, u^v, q, t[n:], n-len(t)\n\t} else {\n\t\tu, v, q, s = u-v, v|u, r, s[len(t)-n:]\n\t}\n", i)
	}
	b.WriteString(`	for n > 0 {
		u, v, n = v-u, u-v, n-int(u-v)
	}
	_ = (*[1 << 20]byte)(unsafe.Pointer(r))[:n]
	_ = unsafe.Slice(&t[0], n)
	return unsafe.Slice(&s[0], n), unsafe.Pointer(u)
}
`)
	dir := write(t, map[string]string{"go.mod": "module deep.test\n\ngo 1.24\n", "deep.go": b.String()})
	r := run(t, vet.Options{Dir: dir})
	if len(r.Gaps) > 0 {
		t.Errorf("gaps: %v", r.Gaps)
	}
}
