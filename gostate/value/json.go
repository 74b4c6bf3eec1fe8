package value

import (
	"encoding/json"
	"reflect"

	"moho/core"
)

// node is how a Value looks in JSON.
type node struct {
	Name       string  `json:"name,omitempty"`
	Type       string  `json:"type"`
	Kind       string  `json:"kind"`
	Addr       string  `json:"addr,omitempty"`
	Text       string  `json:"text,omitempty"`
	Nil        bool    `json:"nil,omitempty"`
	Pointer    string  `json:"pointer,omitempty"`
	Len        *uint64 `json:"len,omitempty"`
	Cap        *uint64 `json:"cap,omitempty"`
	Closed     bool    `json:"closed,omitempty"`
	Children   []Value `json:"children,omitempty"`
	Elided     uint64  `json:"elided,omitempty"`
	Unreadable string  `json:"unreadable,omitempty"`
	Note       string  `json:"note,omitempty"`
}

// MarshalJSON writes the tree: type, kind (as reflect has it), and what of addr,
// text, nil, pointer, len, cap, closed, children, elided, unreadable and note
// there is. Addresses are strings, "0x…". The error is always nil.
func (v Value) MarshalJSON() ([]byte, error) {
	n := node{
		Name: v.Name, Type: v.Type, Kind: v.Kind.String(), Text: v.Text, Nil: v.Nil, Closed: v.Closed,
		Children: v.Children, Elided: v.Elided, Unreadable: v.Unreadable, Note: v.Note,
	}
	if v.Addr != 0 {
		n.Addr = hex(uint64(v.Addr))
	}
	if v.Pointer != core.Addr(0) {
		n.Pointer = hex(uint64(v.Pointer))
	}
	switch v.Kind {
	case reflect.Slice, reflect.Chan:
		n.Len, n.Cap = &v.Len, &v.Cap
	case reflect.String, reflect.Array, reflect.Map:
		n.Len = &v.Len
	}
	return json.Marshal(n)
}
