package gostate

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"

	"moho/core"
)

// rtype is the head of a type descriptor. It has not moved since Go 1.14; the
// flag bits beside the kind have.
//
// Source: $GOROOT/src/internal/abi/type.go (Type), go1.21 to go1.27.
const (
	rtypeTFlag = 20
	rtypeKind  = 23
	rtypeStr   = 40
	rtypeSize  = 48

	kindMask       = 31
	tflagExtraStar = 2
)

// Kinds of the types that printpanicval spells out.
const (
	kBool = 1 + iota
	kInt
	kInt8
	kInt16
	kInt32
	kInt64
	kUint
	kUint8
	kUint16
	kUint32
	kUint64
	kUintptr
	kFloat32
	kFloat64

	kString = 24
)

var kindNames = [...]string{
	kBool: "bool", kInt: "int", kInt8: "int8", kInt16: "int16", kInt32: "int32", kInt64: "int64",
	kUint: "uint", kUint8: "uint8", kUint16: "uint16", kUint32: "uint32", kUint64: "uint64",
	kUintptr: "uintptr", kFloat32: "float32", kFloat64: "float64", kString: "string",
}

// typeName returns the name and kind of the type whose descriptor is at p, which
// must be one of the program's own, not made by reflection.
func (w *World) typeName(v *view, p uint64) (name string, kind uint8, ok bool) {
	if p < uint64(w.mod.Types) || p >= uint64(w.mod.ETypes) {
		return "", 0, false
	}
	b, ok := v.slice(core.Addr(p), rtypeSize)
	if !ok {
		return "", 0, false
	}
	off := uint64(binary.LittleEndian.Uint32(b[rtypeStr:]))
	at := uint64(w.mod.Types) + off
	if at >= uint64(w.mod.ETypes) {
		return "", 0, false
	}
	// One byte of flags, the length, the text.
	head, ok := v.slice(core.Addr(at+1), 4)
	if !ok {
		return "", 0, false
	}
	n, size := binary.Uvarint(head)
	if size <= 0 || n == 0 || n > maxText {
		return "", 0, false
	}
	text, ok := v.slice(core.Addr(at+1)+core.Addr(size), int(n))
	if !ok {
		return "", 0, false
	}
	if b[rtypeTFlag]&tflagExtraStar != 0 {
		text = text[1:]
	}
	return string(text), b[rtypeKind] & kindMask, true
}

// value returns the interface value at a as a panic prints it, to the letter: it
// is compared with logs. What Go would call the value is gostate/value's to say.
//
// Source: $GOROOT/src/runtime/error.go (printpanicval, printanycustomtype), go1.27.
func (w *World) value(a uint64) (string, bool) {
	v := view{mem: w.mem}
	typ, ok1 := v.word(core.Addr(a))
	data, ok2 := v.word(core.Addr(a + 8))
	if !ok1 || !ok2 {
		return "", false
	}
	if typ == 0 {
		return "nil", true
	}
	name, kind, ok := w.typeName(&v, typ)
	if !ok {
		return fmt.Sprintf("(%#x) %#x", typ, data), true
	}
	text, ok := w.basic(&v, kind, core.Addr(data))
	switch {
	case !ok:
		return fmt.Sprintf("(%s) %#x", name, data), true
	case int(kind) < len(kindNames) && kindNames[kind] == name:
		return text, true
	case kind == kString:
		return name + `("` + text + `")`, true
	}
	return name + "(" + text + ")", true
}

// basic returns the text of a value of a basic kind at a.
func (w *World) basic(v *view, kind uint8, a core.Addr) (string, bool) {
	if kind == kString {
		s, ok := readString(v, a)
		return w.indent(s), ok
	}
	size := 0
	switch kind {
	case kBool, kInt8, kUint8:
		size = 1
	case kInt16, kUint16:
		size = 2
	case kInt32, kUint32, kFloat32:
		size = 4
	case kInt, kInt64, kUint, kUint64, kUintptr, kFloat64:
		size = 8
	default:
		return "", false
	}
	b, ok := v.slice(a, size)
	if !ok {
		return "", false
	}
	var raw [8]byte
	copy(raw[:], b)
	x := binary.LittleEndian.Uint64(raw[:])
	switch kind {
	case kBool:
		return strconv.FormatBool(x != 0), true
	case kInt8:
		return strconv.FormatInt(int64(int8(x)), 10), true
	case kInt16:
		return strconv.FormatInt(int64(int16(x)), 10), true
	case kInt32:
		return strconv.FormatInt(int64(int32(x)), 10), true
	case kInt, kInt64:
		return strconv.FormatInt(int64(x), 10), true
	case kFloat32:
		return w.float(float64(math.Float32frombits(uint32(x))), 32), true
	case kFloat64:
		return w.float(math.Float64frombits(x), 64), true
	}
	return strconv.FormatUint(x, 10), true
}

// float formats as the runtime's print does: shortest since Go 1.26, before that
// always as +1.500000e+000.
func (w *World) float(f float64, bits int) string {
	if w.layout.Minor >= 26 {
		return strconv.FormatFloat(f, 'g', -1, bits)
	}
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 0):
		return fmt.Sprintf("%+v", f)
	}
	mantissa, exp, _ := strings.Cut(strconv.FormatFloat(f, 'e', 6, 64), "e")
	if mantissa[0] != '-' {
		mantissa = "+" + mantissa
	}
	return mantissa + "e" + exp[:1] + strings.Repeat("0", 4-len(exp)) + exp[1:]
}
