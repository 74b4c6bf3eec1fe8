package typestate

import (
	"go/constant"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// A sym is a value that the walk tells apart from others. Equal symbols are
// equal values; different ones are not known to be.
type sym int32

type kind uint8

const (
	opaque    kind = iota // what an instruction yielded at its nth execution
	literal               // a constant
	variable              // the address of a local variable or of new memory
	global                // the address of a package variable
	input                 // a parameter or captured variable of the walked function
	content               // what was at address a in its version n
	field                 // the address of field n of what a points to
	index                 // an address derived from a: element b, or b bytes on
	view                  // a slice or string over the memory that a points to
	part                  // component n of the value a
	operation             // an operator on a and b
	iface                 // an interface that holds a
	function              // a function or a closure
	snapshot              // a struct that was read as a whole from a
)

// A node is what a symbol stands for.
type node struct {
	kind kind
	at   any // ssa.Value, ssa.Instruction or types.Type that made it
	n    int
	a, b sym
	text string
}

// table numbers nodes; equal nodes have one number. Symbol 0 is no value.
type table struct {
	nodes []node
	known map[node]sym
}

func newTable() *table {
	return &table{nodes: make([]node, 1), known: map[node]sym{}}
}

func (t *table) of(n node) sym {
	s, ok := t.known[n]
	if !ok {
		s = sym(len(t.nodes))
		t.nodes = append(t.nodes, n)
		t.known[n] = s
	}
	return s
}

func (t *table) node(s sym) node { return t.nodes[s] }

func (t *table) constant(c *ssa.Const) sym {
	if c.Value == nil {
		if _, ok := c.Type().Underlying().(*types.Struct); ok {
			return t.of(node{kind: literal, text: "zero"})
		}
		return t.null()
	}
	return t.of(node{kind: literal, text: c.Value.ExactString()})
}

func (t *table) null() sym { return t.of(node{kind: literal, text: "nil"}) }

func (t *table) boolean(b bool) sym {
	if b {
		return t.of(node{kind: literal, text: "true"})
	}
	return t.of(node{kind: literal, text: "false"})
}

func (t *table) isNull(s sym) bool {
	n := t.nodes[s]
	return n.kind == literal && (n.text == "nil" || n.text == "0")
}

// root leads from an address, a view or an interface to what it was made from.
func (t *table) root(s sym) sym {
	for range 64 {
		switch n := t.nodes[s]; n.kind {
		case field, index, view, iface:
			s = n.a
		default:
			return s
		}
	}
	return s
}

// whole reports whether s is its root's own address: certainly, and certainly
// not. Of two shifts it is not known whether they cancel.
func (t *table) whole(s sym) (is, isNot bool) {
	is = true
	shifts := 0
	for range 64 {
		switch n := t.nodes[s]; n.kind {
		case field:
			if n.n != 0 {
				shifts++
				is, isNot = false, shifts == 1
			}
			s = n.a
		case index:
			if b := t.nodes[n.b]; b.kind != literal {
				shifts += 2
				is, isNot = false, false
			} else if b.text != "0" {
				shifts++
				is, isNot = false, shifts == 1
			}
			s = n.a
		case view, iface:
			s = n.a
		default:
			return is, isNot
		}
	}
	return false, false
}

// under reports whether address s lies at or below address top.
func (t *table) under(s, top sym) bool {
	for range 64 {
		if s == top {
			return true
		}
		switch n := t.nodes[s]; n.kind {
		case field, index, view:
			s = n.a
		default:
			return false
		}
	}
	return false
}

// made reports whether a symbol is never nil.
func (t *table) made(s sym) bool {
	switch n := t.nodes[s]; n.kind {
	case variable, global, field, iface, function:
		return true
	case index, view:
		return t.made(n.a)
	}
	return false
}

// binary is the symbol of an operator, folded where both sides are constants.
func (t *table) binary(op token.Token, x, y sym) sym {
	nx, ny := t.nodes[x], t.nodes[y]
	switch op {
	case token.EQL, token.NEQ:
		if eq, ok := t.equal(x, y); ok {
			return t.boolean(eq == (op == token.EQL))
		}
		if nx.kind == literal && ny.kind != literal || nx.kind == ny.kind && x > y {
			x, y = y, x
		}
		eq := t.of(node{kind: operation, n: int(token.EQL), a: x, b: y})
		if op == token.EQL {
			return eq
		}
		return t.not(eq)
	case token.GTR, token.LEQ: // x > y is y < x
		greater := t.binary(token.LSS, y, x)
		if op == token.LEQ {
			return t.not(greater)
		}
		return greater
	case token.GEQ:
		return t.not(t.binary(token.LSS, x, y))
	}
	if nx.kind == literal && ny.kind == literal {
		if s, ok := t.fold(op, nx.text, ny.text); ok {
			return s
		}
	}
	return t.of(node{kind: operation, n: int(op), a: x, b: y})
}

func (t *table) not(s sym) sym {
	n := t.nodes[s]
	switch {
	case n.kind == literal && n.text == "true":
		return t.boolean(false)
	case n.kind == literal && n.text == "false":
		return t.boolean(true)
	case n.kind == operation && n.n == int(token.NOT):
		return n.a
	}
	return t.of(node{kind: operation, n: int(token.NOT), a: s})
}

func (t *table) equal(x, y sym) (eq, ok bool) {
	nx, ny := t.nodes[x], t.nodes[y]
	switch {
	case x == y:
		return true, true
	case nx.kind == literal && ny.kind == literal:
		return nx.text == ny.text || t.isNull(x) && t.isNull(y), true
	case t.isNull(x) && t.made(y), t.isNull(y) && t.made(x):
		return false, true
	}
	return false, false
}

func (t *table) fold(op token.Token, x, y string) (sym, bool) {
	cx, cy := constant.MakeFromLiteral(x, token.INT, 0), constant.MakeFromLiteral(y, token.INT, 0)
	if cx.Kind() != constant.Int || cy.Kind() != constant.Int {
		return 0, false
	}
	switch op {
	case token.LSS:
		return t.boolean(constant.Compare(cx, op, cy)), true
	case token.ADD, token.SUB, token.MUL:
		return t.of(node{kind: literal, text: constant.BinaryOp(cx, op, cy).ExactString()}), true
	}
	return 0, false
}
