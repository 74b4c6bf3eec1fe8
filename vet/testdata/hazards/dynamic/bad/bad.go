// Package bad moves addresses as numbers through calls that name no function.
package bad

import "unsafe"

type node struct{ val int }

type source interface{ at() uintptr }

type kept struct{ n *node }

func (k kept) at() uintptr { return uintptr(unsafe.Pointer(k.n)) }

type moved struct{ u uintptr }

func (m *moved) at() uintptr { return m.u }

// Interface asks whoever implements it.
func Interface(s source) int {
	u := s.at()
	work()
	return (*node)(unsafe.Pointer(u)).val // HAZARD: uintptr-roundtrip
}

type visitor interface{ visit(u uintptr) int }

type reader struct{}

func (reader) visit(u uintptr) int {
	return (*node)(unsafe.Pointer(u)).val // HAZARD: uintptr-roundtrip
}

// Passed to a method of an interface.
func Passed(v visitor, n *node) int { return v.visit(uintptr(unsafe.Pointer(n))) }

func each(nodes []*node, f func(u uintptr)) {
	for _, n := range nodes {
		f(uintptr(unsafe.Pointer(n)))
	}
}

// Callback gets what each passes.
func Callback(nodes []*node) (sum int) {
	each(nodes, func(u uintptr) {
		work()
		sum += (*node)(unsafe.Pointer(u)).val // HAZARD: uintptr-roundtrip
	})
	return sum
}

// Value calls a method value.
func Value(k kept) int {
	f := k.at
	u := f()
	work()
	return (*node)(unsafe.Pointer(u)).val // HAZARD: uintptr-roundtrip
}

var makers = map[string]func() uintptr{
	"new": func() uintptr { return uintptr(unsafe.Pointer(&node{3})) },
}

// Table calls a function out of a map.
func Table(name string) int {
	u := makers[name]()
	work()
	return (*node)(unsafe.Pointer(u)).val // HAZARD: uintptr-roundtrip
}

func apply(f func() uintptr) uintptr { return f() }

// Argument is a function literal.
func Argument(n *node) int {
	u := apply(func() uintptr { return uintptr(unsafe.Pointer(n)) })
	work()
	return (*node)(unsafe.Pointer(u)).val // HAZARD: uintptr-roundtrip
}

func work() { sink = append(sink, make([]byte, 32)) }

var sink [][]byte
