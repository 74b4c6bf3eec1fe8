package value

import (
	"encoding/json"
	"reflect"
	"strconv"

	"moho/core"
)

// MarshalJSON is AppendJSON. The error is always nil.
func (v Value) MarshalJSON() ([]byte, error) { return v.AppendJSON(nil), nil }

// AppendJSON appends the tree to dst as a JSON object: type, kind (as reflect
// has it), and what of name, addr, text, nil, pointer, len, cap, closed,
// children, elided, unreadable and note there is. Addresses are strings, "0x…".
func (v *Value) AppendJSON(dst []byte) []byte {
	dst = append(dst, '{')
	if v.Name != "" {
		dst = append(appendText(append(dst, `"name":`...), v.Name), ',')
	}
	dst = appendText(append(dst, `"type":`...), v.Type)
	dst = appendText(append(dst, `,"kind":`...), v.Kind.String())
	dst = appendAddr(dst, `,"addr":"`, v.Addr)
	if v.Text != "" {
		dst = appendText(append(dst, `,"text":`...), v.Text)
	}
	if v.Nil {
		dst = append(dst, `,"nil":true`...)
	}
	dst = appendAddr(dst, `,"pointer":"`, v.Pointer)
	switch v.Kind {
	case reflect.String, reflect.Array, reflect.Map, reflect.Slice, reflect.Chan:
		dst = strconv.AppendUint(append(dst, `,"len":`...), v.Len, 10)
	}
	switch v.Kind {
	case reflect.Slice, reflect.Chan:
		dst = strconv.AppendUint(append(dst, `,"cap":`...), v.Cap, 10)
	}
	if v.Closed {
		dst = append(dst, `,"closed":true`...)
	}
	if len(v.Children) > 0 {
		dst = append(dst, `,"children":[`...)
		for i := range v.Children {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = v.Children[i].AppendJSON(dst)
		}
		dst = append(dst, ']')
	}
	if v.Elided > 0 {
		dst = strconv.AppendUint(append(dst, `,"elided":`...), v.Elided, 10)
	}
	if v.Unreadable != "" {
		dst = appendText(append(dst, `,"unreadable":`...), v.Unreadable)
	}
	if v.Note != "" {
		dst = appendText(append(dst, `,"note":`...), v.Note)
	}
	return append(dst, '}')
}

func appendAddr(dst []byte, key string, a core.Addr) []byte {
	if a == 0 {
		return dst
	}
	dst = append(append(dst, key...), "0x"...)
	return append(strconv.AppendUint(dst, uint64(a), 16), '"')
}

// appendText appends s as a JSON string. Most need no escapes.
func appendText(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			b, _ := json.Marshal(s) // strings have no error
			return append(dst, b...)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}
