package gostate

import (
	"fmt"
	"strings"

	"moho/core"
)

// throwText returns the argument of runtime.throw or runtime.fatal from its
// frame. It is in the closure that they print it through; the closure's code
// pointer, which must be that of a literal in the same function, makes it
// certain which words those are.
//
// Source: $GOROOT/src/runtime/panic.go (throw), go1.24 to go1.27.
func (w *World) throwText(f *Frame) (string, bool) {
	if f.CFA < f.SP || f.CFA-f.SP > 4096 {
		return "", false
	}
	v := view{mem: w.mem}
	for a := f.SP; a+24 <= f.CFA; a += 8 {
		code, ok := v.word(a)
		if !ok || !w.isEntry(code) {
			continue
		}
		if !strings.HasPrefix(w.lookup(siteKey{code, true}).name(), f.Func+".func") {
			continue
		}
		if s, ok := readString(&v, a+8); ok && s != "" {
			return w.indent(s), true
		}
		if s, ok := readString(&v, a+16); ok && s != "" { // fatal captures _panic first
			return w.indent(s), true
		}
	}
	return "", false
}

// readString reads the string whose header is at a, or its beginning if it is long.
func readString(v *view, a core.Addr) (string, bool) {
	p, ok1 := v.word(a)
	n, ok2 := v.word(a + 8)
	if !ok1 || !ok2 || int64(n) < 0 {
		return "", false
	}
	if n == 0 {
		return "", true
	}
	b, ok := v.slice(core.Addr(p), int(min(n, maxText)))
	if !ok {
		return "", false
	}
	if n > maxText {
		return fmt.Sprintf("%s… (%d bytes)", b, n), true
	}
	return string(b), true
}

// indent does to a message what the runtime does when it prints one, since Go 1.23.
func (w *World) indent(s string) string {
	if w.layout.Minor < 23 {
		return s
	}
	return strings.ReplaceAll(s, "\n", "\n\t")
}
