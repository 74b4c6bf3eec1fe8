package value

import (
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"moho/core"
)

// descriptor reads the runtime's descriptor at a.
func (r *Reader) descriptor(a core.Addr) (*shape, error) {
	table := r.w.Table()
	y, err := table.TypeAt(r.link(a))
	if err != nil {
		s, err2 := r.heapType(a)
		if err2 != nil {
			return nil, errors.Join(err, err2)
		}
		return s, nil
	}
	s := &shape{
		name: y.Name, kind: reflect.Kind(y.Kind), size: y.Size, len: y.Len,
		elem: ref{rt: r.live(y.Elem)}, key: ref{rt: r.live(y.Key)},
	}
	if s.kind != reflect.Struct {
		return s, nil
	}
	fields, err := table.Fields(y)
	if err != nil {
		return nil, err
	}
	for _, f := range fields {
		if len(s.fields) == maxFields {
			s.cut = true
			break
		}
		s.fields = append(s.fields, field{f.Name, f.Off, ref{rt: r.live(f.Type)}})
	}
	return s, nil
}

// Offsets in a descriptor.
//
// Source: $GOROOT/src/internal/abi/type.go (Type, ArrayType, StructType), go1.26;
// the same from 1.21 to 1.27.
const (
	typSize   = 0
	typTFlag  = 20
	typAlign  = 21
	typKind   = 23
	typHead   = 48
	arrayLen  = 64
	fieldsPtr = 56
	fieldLen  = 24

	kindMask    = 31
	directIface = 1 << 5 // in typTFlag since 1.26, in typKind before

	maxHeapTypes = 4096 // made by reflect that one Reader reads: forged ones may be anywhere
)

// heapType reads a descriptor that package reflect has made. Its name is a
// number that only reflect can look up, so it is put together: reflect makes
// none but unnamed types.
//
// Source: $GOROOT/src/reflect/type.go (addReflectOff, SliceOf, …), go1.26.
func (r *Reader) heapType(a core.Addr) (*shape, error) {
	if a%8 != 0 {
		return nil, fmt.Errorf("no type at %#x: not aligned", uint64(a))
	}
	b, err := r.view.Slice(a, typHead)
	if err != nil {
		return nil, fmt.Errorf("no type at %#x: %w", uint64(a), err)
	}
	s := &shape{kind: reflect.Kind(b[typKind] & kindMask), size: binary.LittleEndian.Uint64(b[typSize:])}
	align := b[typAlign]
	if align == 0 || align > 8 || align&(align-1) != 0 || s.size%uint64(align) != 0 {
		return nil, fmt.Errorf("no type at %#x: size %d, alignment %d", uint64(a), s.size, align)
	}
	word := func(off core.Addr) core.Addr {
		x, _ := r.view.Word(a + off)
		return core.Addr(x)
	}
	elem := ref{rt: word(typHead)}
	switch s.kind {
	case reflect.Pointer, reflect.Slice, reflect.Chan:
		s.elem = elem
	case reflect.Array:
		s.elem, s.len = elem, uint64(word(arrayLen))
	case reflect.Map:
		s.key, s.elem = elem, ref{rt: word(typHead + 8)}
	case reflect.Func:
	case reflect.Struct:
		if err := r.heapFields(s, word(fieldsPtr), uint64(word(fieldsPtr+8))); err != nil {
			return nil, fmt.Errorf("no type at %#x: %w", uint64(a), err)
		}
	default:
		return nil, fmt.Errorf("no type at %#x: reflect makes no %v", uint64(a), s.kind)
	}
	if want := pointerSized(s.kind); want != 0 && s.size != want {
		return nil, fmt.Errorf("no type at %#x: %v of %d bytes", uint64(a), s.kind, s.size)
	}
	if r.heap++; r.heap > maxHeapTypes {
		return nil, fmt.Errorf("no type at %#x: more than %d are outside the program's own", uint64(a), maxHeapTypes)
	}
	s.name = "…" // for a type that claims to consist of itself
	r.remember(ref{rt: a}, s)
	s.name = r.heapName(s)
	return s, nil
}

// pointerSized returns the bytes that all values of a kind have; 0 for others.
func pointerSized(k reflect.Kind) uint64 {
	switch k {
	case reflect.Pointer, reflect.Chan, reflect.Map, reflect.Func, reflect.UnsafePointer:
		return 8
	case reflect.String, reflect.Interface:
		return 16
	case reflect.Slice:
		return 24
	}
	return 0
}

// heapFields reads the n fields at a of a structure that reflect has made.
func (r *Reader) heapFields(s *shape, a core.Addr, n uint64) error {
	if n > maxFields {
		return fmt.Errorf("%d fields", n)
	}
	b, err := r.view.Slice(a, int(n*fieldLen))
	if err != nil {
		return err
	}
	for ; len(b) >= fieldLen; b = b[fieldLen:] {
		f := field{
			typ: ref{rt: core.Addr(binary.LittleEndian.Uint64(b[8:]))},
			off: binary.LittleEndian.Uint64(b[16:]),
		}
		if f.off > s.size {
			return fmt.Errorf("a field at %d of %d bytes", f.off, s.size)
		}
		// A name is a byte of flags, the length, the text.
		at := core.Addr(binary.LittleEndian.Uint64(b))
		if head, err := r.view.Slice(at+1, 2); err == nil {
			if n, k := binary.Uvarint(head); k > 0 && n <= maxName {
				if text, err := r.view.Slice(at+1+core.Addr(k), int(n)); err == nil {
					f.name = string(text)
				}
			}
		}
		s.fields = append(s.fields, f)
	}
	return nil
}

// heapName puts the name of a type together.
func (r *Reader) heapName(s *shape) string {
	of := func(at ref) string {
		if t, err := r.shape(at); err == nil {
			return t.name
		}
		return "?"
	}
	name := ""
	switch s.kind {
	case reflect.Pointer:
		name = "*" + of(s.elem)
	case reflect.Slice:
		name = "[]" + of(s.elem)
	case reflect.Array:
		name = "[" + strconv.FormatUint(s.len, 10) + "]" + of(s.elem)
	case reflect.Chan:
		name = "chan " + of(s.elem)
	case reflect.Map:
		name = "map[" + of(s.key) + "]" + of(s.elem)
	case reflect.Func:
		name = "func(…)"
	case reflect.Struct:
		var b strings.Builder
		b.WriteString("struct {")
		for i, f := range s.fields {
			if b.Len() > maxName {
				break
			}
			if i > 0 {
				b.WriteString(";")
			}
			b.WriteString(" " + f.name + " " + of(f.typ))
		}
		name = b.String() + " }"
	}
	if len(name) > maxName {
		name = name[:maxName] + "…"
	}
	return name
}
