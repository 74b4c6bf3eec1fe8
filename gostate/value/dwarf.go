package value

import (
	"errors"
	"fmt"
	"reflect"

	"moho/debuginfo"
)

// dwarf reads what DWARF says of a type.
func (r *Reader) dwarf(t debuginfo.Type) (*shape, error) {
	s := &shape{name: t.Name(), kind: t.Kind(), size: t.Size()}
	if s.kind == reflect.Invalid {
		return nil, errors.New("DWARF has no type")
	}
	if want := pointerSized(s.kind); want != 0 && s.size != want {
		if s.size != 0 || want != 8 {
			return nil, fmt.Errorf("DWARF: type %s: %v of %d bytes", s.name, s.kind, s.size)
		}
		s.size = want
	}
	switch s.kind {
	case reflect.Pointer, reflect.Slice, reflect.Chan:
		s.elem = ref{dw: t.Elem()}
	case reflect.Array:
		s.elem = ref{dw: t.Elem()}
		n, ok := t.Len()
		if !ok {
			s.cut = true // of C, known only when the program runs
		}
		s.len = n
	case reflect.Map:
		s.key, s.elem = ref{dw: t.Key()}, ref{dw: t.Elem()}
	case reflect.Struct:
		fields, all := t.Fields(maxFields)
		s.cut = !all
		for _, f := range fields {
			if f.Off > s.size {
				return nil, fmt.Errorf("DWARF: type %s: field %s at %d of %d bytes", s.name, f.Name, f.Off, s.size)
			}
			s.fields = append(s.fields, field{f.Name, f.Off, ref{dw: f.Type}})
		}
	}
	return s, nil
}
