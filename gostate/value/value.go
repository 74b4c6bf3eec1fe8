package value

import (
	"reflect"

	"moho/core"
)

// A Value is a Go value, read from memory as far as that could be done and was
// asked for.
//
// What has no parts has a Text: 42, "text", 0xc000012345, main.main.func1. Of
// strings and of slices and arrays of bytes it is the beginning, quoted.
//
// Children are the fields of a structure, the elements of an array or a slice,
// the elements buffered in a channel, what a pointer points to or an interface
// holds; of a map keys and elements alternate. Elided counts those that exist
// and were left out; bytes, of what is text.
type Value struct {
	Name string // of the field that it is; "" for others
	Type string
	Kind reflect.Kind // Invalid when not even the type could be read
	Addr core.Addr    // where it is; 0 when it is in a register or nowhere
	Size uint64       // in bytes

	Text     string
	Nil      bool      // of pointers, slices, maps, channels, functions, interfaces
	Pointer  core.Addr // what a pointer of any kind leads to, slices and strings included
	Len, Cap uint64    // of strings, arrays, slices, maps, channels
	Closed   bool      // of a channel
	Children []Value
	Elided   uint64

	Unreadable string // why there is nothing, or not all
	Note       string // what else is to be known, such as a map that is growing
}

// Options say how much of a value is read. Zero fields mean the default.
type Options struct {
	Depth    int // pointers followed, one after the other: 2; negative for none
	Elements int // of each array, slice, map and channel: 64
	Text     int // bytes of each string: 256
	Nodes    int // of the whole tree: 1,024
}

const (
	// MaxNodes bounds the nodes of one tree, whatever Options ask for: a node
	// has some 200 bytes.
	MaxNodes = 64 << 10

	// MaxText bounds the bytes of text in one tree.
	MaxText = 1 << 20

	// maxNesting bounds how deep a tree is. Types of programs nest less than
	// 20 deep; each pointer followed adds that much.
	maxNesting = 100

	// maxVisits bounds the slots of maps and channels that are looked at for
	// one tree, most of which may be empty.
	maxVisits = 1 << 20
)

func (o Options) withDefaults() Options {
	def := func(p *int, normal, most int) {
		switch {
		case *p == 0:
			*p = normal
		case *p < 0:
			*p = 0
		}
		*p = min(*p, most)
	}
	def(&o.Depth, 2, maxNesting)
	def(&o.Elements, 64, MaxNodes)
	def(&o.Text, 256, MaxText)
	def(&o.Nodes, 1024, MaxNodes)
	return o
}

// Bytes are a value that is not, or not wholly, in one place of the memory: in
// registers, in pieces.
type Bytes struct {
	Data    []byte
	Missing []Missing
}

// Missing is a part of Bytes whose Data mean nothing, and why.
type Missing struct {
	Off, Size uint64
	Why       string
}
