package decode

import "strconv"

// A template is the text of a form, with a hole for the address that depends on
// the place.
type template struct {
	b    []byte
	at   int // of the hole, if kind says there is one
	kind holeKind
}

type holeKind uint8

const (
	noHole     holeKind = iota
	holeTarget          // of a branch
	holeData            // an operand in memory
	holePage            // an address that is only a part of one
)

func (t *template) hole(k holeKind) { t.at, t.kind = len(t.b), k }

func (t *template) str(s string) { t.b = append(t.b, s...) }

// num appends a letter and a number.
func (t *template) num(c byte, n int) {
	t.b = strconv.AppendInt(append(t.b, c), int64(n), 10)
}

// hex appends n as -0x8 or 0x10; what does not fit 32 bits is never negative.
func (t *template) hex(n int64) {
	u := uint64(n)
	if n < 0 && n >= -1<<31 {
		t.b = append(t.b, '-')
		u = -u
	}
	t.b = appendHex(t.b, u)
}

func appendHex(dst []byte, u uint64) []byte {
	return strconv.AppendUint(append(dst, "0x"...), u, 16)
}

// fill appends the text with addr in its hole, by its name if it has one.
func (t *template) fill(dst []byte, addr uint64, name Symbolizer) []byte {
	if t.kind == noHole {
		return append(dst, t.b...)
	}
	dst = append(dst, t.b[:t.at]...)
	n := len(dst)
	if name != nil && t.kind != holePage {
		dst = name(dst, addr)
	}
	switch {
	case len(dst) > n:
		dst = append(dst, "(SB)"...)
	default:
		dst = appendHex(dst, addr)
		if t.kind != holeTarget {
			dst = append(dst, "(SB)"...)
		}
	}
	return append(dst, t.b[t.at:]...)
}
