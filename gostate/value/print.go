package value

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// String returns the value on one line, in Go's syntax as %#v has it as far as
// that goes; what was left out is an ellipsis, and what could not be read says
// why in parentheses.
func (v *Value) String() string {
	var b strings.Builder
	v.print(&b, false)
	return b.String()
}

// maxAnonymous bounds the type of a structure without a name, in bytes, which
// stands before its fields and says the same as those.
const maxAnonymous = 40

// Short is String cut to about n characters.
func (v *Value) Short(n int) string {
	s := v.String()
	count := 0
	for i := range s {
		if count++; count > n {
			return s[:i] + "…"
		}
	}
	return s
}

// print writes v; typed adds the type of a number or a text, which is otherwise
// known from where it stands.
func (v *Value) print(b *strings.Builder, typed bool) {
	if b.Len() > 2*MaxText { // names of types can be long
		b.WriteString("…")
		return
	}
	if v.Unreadable != "" && v.Text == "" && len(v.Children) == 0 {
		b.WriteString("(unreadable: " + v.Unreadable + ")")
		return
	}
	switch v.Kind {
	case reflect.Struct:
		if v.Type == "time.Time" && v.Note != "" {
			b.WriteString(v.Type + "(" + v.Note + ")")
			return
		}
		if len(v.Type) > maxAnonymous && strings.HasPrefix(v.Type, "struct {") {
			b.WriteString("struct {…}{")
		} else {
			b.WriteString(v.Type + "{")
		}
		for i := range v.Children {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(v.Children[i].Name + ":")
			v.Children[i].print(b, false)
		}
		v.rest(b)
		b.WriteString("}")
	case reflect.Array, reflect.Slice:
		v.list(b)
	case reflect.Map:
		v.entries(b)
	case reflect.Chan:
		v.buffer(b)
	case reflect.Pointer:
		v.target(b)
	case reflect.Interface:
		if len(v.Children) == 1 {
			v.Children[0].print(b, true)
		} else if v.Nil {
			b.WriteString(v.Type + "(nil)")
		} else {
			b.WriteString(v.Type + "(…)")
		}
	case reflect.Func:
		if v.Nil {
			b.WriteString("(" + v.Type + ")(nil)")
		} else {
			b.WriteString(v.Text)
		}
	case reflect.UnsafePointer:
		b.WriteString("unsafe.Pointer(" + v.Text + ")")
	default:
		v.basic(b, typed)
	}
	if v.Note != "" {
		b.WriteString(" (" + v.Note + ")")
	}
	if v.Unreadable != "" {
		b.WriteString(" (unreadable: " + v.Unreadable + ")")
	}
}

// basic writes a number or a text.
func (v *Value) basic(b *strings.Builder, typed bool) {
	text := v.Text
	if v.Elided > 0 {
		text += fmt.Sprintf("…+%d", v.Elided)
	}
	switch {
	case typed && v.Type != plain[v.Kind]:
		b.WriteString(v.Type + "(" + text + ")")
	default:
		b.WriteString(text)
	}
}

// plain has the types that constants have by themselves.
var plain = map[reflect.Kind]string{
	reflect.Bool: "bool", reflect.Int: "int", reflect.Float64: "float64", reflect.Complex128: "complex128", reflect.String: "string",
}

// rest says how many children are missing.
func (v *Value) rest(b *strings.Builder) {
	if v.Elided == 0 {
		return
	}
	if len(v.Children) > 0 {
		b.WriteString(", ")
	}
	b.WriteString("…" + strconv.FormatUint(v.Elided, 10) + " more")
}

func (v *Value) list(b *strings.Builder) {
	switch {
	case v.Kind == reflect.Slice && v.Nil && v.Len == 0:
		b.WriteString(v.Type + "(nil)")
	case v.Text != "":
		b.WriteString(v.Type + "(" + v.Text)
		if v.Elided > 0 {
			fmt.Fprintf(b, "…+%d", v.Elided)
		}
		b.WriteString(")")
	default:
		b.WriteString(v.Type + "{")
		for i := range v.Children {
			if i > 0 {
				b.WriteString(", ")
			}
			v.Children[i].print(b, false)
		}
		v.rest(b)
		b.WriteString("}")
	}
}

func (v *Value) entries(b *strings.Builder) {
	if v.Nil {
		b.WriteString(v.Type + "(nil)")
		return
	}
	b.WriteString(v.Type + "{")
	for i := 0; i+1 < len(v.Children); i += 2 {
		if i > 0 {
			b.WriteString(", ")
		}
		v.Children[i].print(b, false)
		b.WriteString(":")
		v.Children[i+1].print(b, false)
	}
	v.rest(b)
	b.WriteString("}")
}

func (v *Value) buffer(b *strings.Builder) {
	if v.Nil {
		b.WriteString("(" + v.Type + ")(nil)")
		return
	}
	b.WriteString("(" + v.Type + ")(" + v.Text + ")")
	if v.Cap > 0 || v.Closed {
		fmt.Fprintf(b, "{%d/%d", v.Len, v.Cap)
		if v.Closed {
			b.WriteString(" closed")
		}
		for i := range v.Children {
			b.WriteString([]string{", ", ": "}[min(1, max(0, 1-i))])
			v.Children[i].print(b, false)
		}
		v.rest(b)
		b.WriteString("}")
	}
}

func (v *Value) target(b *strings.Builder) {
	switch {
	case v.Nil:
		b.WriteString("(" + v.Type + ")(nil)")
	case len(v.Children) == 1 && v.Children[0].Unreadable == "":
		b.WriteString("&")
		v.Children[0].print(b, true)
	default:
		b.WriteString("(" + v.Type + ")(" + v.Text + ")")
		if len(v.Children) == 1 {
			b.WriteString(" (unreadable: " + v.Children[0].Unreadable + ")")
		}
	}
}
