// Package good moves pointers, or numbers that are none, through the same calls.
package good

import "unsafe"

type node struct{ val int }

type source interface{ at() unsafe.Pointer }

type kept struct{ n *node }

func (k kept) at() unsafe.Pointer { return unsafe.Pointer(k.n) }

// Interface gets a pointer.
func Interface(s source) int { return (*node)(s.at()).val }

type visitor interface{ visit(u uintptr) bool }

type seen map[uintptr]bool

func (s seen) visit(u uintptr) bool {
	old := s[u]
	s[u] = true
	return old
}

// Passed as a key.
func Passed(v visitor, n *node) bool { return v.visit(uintptr(unsafe.Pointer(n))) }

type other interface{ size() uintptr }

type fixed struct{}

func (fixed) size() uintptr { return unsafe.Sizeof(node{}) }

// Offset adds a number.
func Offset(o other, n *[2]node) *node {
	return (*node)(unsafe.Pointer(uintptr(unsafe.Pointer(n)) + o.size()))
}

func each(nodes []*node, f func(p unsafe.Pointer)) {
	for _, n := range nodes {
		f(unsafe.Pointer(n))
	}
}

// Callback gets a pointer.
func Callback(nodes []*node) (sum int) {
	each(nodes, func(p unsafe.Pointer) { sum += (*node)(p).val })
	return sum
}
