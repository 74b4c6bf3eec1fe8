package cside

import "strings"

func (b *parser) comma() *expr {
	e := b.assign()
	for b.peek() == "," {
		b.i++
		e = &expr{op: opComma, x: e, y: b.assign()}
	}
	return e
}

func (b *parser) assign() *expr {
	defer func() { b.depth-- }()
	if !b.enter() {
		return &expr{}
	}
	line, file := b.here()
	x := b.conditional()
	op := b.peek()
	switch op {
	case "=", "+=", "-=", "|=", "&=", "^=", "*=", "/=", "%=", "<<=", ">>=":
		b.i++
		y := b.assign()
		return &expr{op: opAssign, text: op, x: x, y: y, line: line, file: file}
	}
	return x
}

func (b *parser) conditional() *expr {
	x := b.binary(0)
	if b.peek() != "?" {
		return x
	}
	b.i++
	y := x
	if b.peek() != ":" {
		y = b.comma()
	}
	b.accept(":")
	z := b.assign()
	return &expr{op: opCond, x: x, y: y, z: z}
}

// precedence of the binary operators, 0 for what is none.
var precedence = map[string]int{
	"||": 1, "&&": 2, "|": 3, "^": 4, "&": 5, "==": 6, "!=": 6, "<": 7, ">": 7, "<=": 7, ">=": 7,
	"<<": 8, ">>": 8, "+": 9, "-": 9, "*": 10, "/": 10, "%": 10,
}

func (b *parser) binary(level int) *expr {
	x := b.unary()
	for {
		op := b.peek()
		prec := precedence[op]
		if prec == 0 || prec <= level || b.i >= len(b.toks) || b.toks[b.i].kind != punct {
			return x
		}
		b.i++
		y := b.binary(prec)
		e := &expr{op: opSum, text: op, x: x, y: y}
		switch prec {
		case 1:
			e.op = opEither
		case 2:
			e.op = opBoth
		case 6, 7:
			e.op = opTest
		case 10:
			e.op = opNone
			e.x, e.y = nil, nil
			e.args = []*expr{x, y}
		}
		x = e
	}
}

func (b *parser) unary() *expr {
	defer func() { b.depth-- }()
	if !b.enter() {
		return &expr{}
	}
	e := &expr{}
	e.line, e.file = b.here()
	switch s := b.peek(); s {
	case "*", "&", "!":
		b.i++
		e.op, e.x = map[string]op{"*": opDeref, "&": opAddr, "!": opNot}[s], b.unary()
		return e
	case "&&": // the address of a label
		b.i += 2
		return e
	case "+", "-", "~":
		b.i++
		e.args = []*expr{b.unary()}
		return e
	case "++", "--":
		b.i++
		e.op, e.x = opStep, b.unary()
		return e
	case "sizeof", "_Alignof", "__alignof__", "typeof", "__typeof__":
		b.i++
		if b.peek() == "(" {
			b.balanced()
		} else {
			b.unary()
		}
		return e
	case "(":
		if b.castAhead() {
			b.balanced()
			if b.peek() == "{" { // a compound literal
				e.op, e.args = opList, b.list()
				return b.postfix(e)
			}
			e.op, e.x = opCast, b.unary()
			return e
		}
	}
	return b.postfix(b.primary())
}

// castAhead reports whether the parenthesis here holds a type.
func (b *parser) castAhead() bool {
	s := b.at(1)
	if qualifier[s] || basic[s] || s == "struct" || s == "union" || s == "enum" {
		return true
	}
	if !b.isIdent(1) || b.vars[s] {
		return false
	}
	i := 2
	for b.at(i) == "*" || qualifier[b.at(i)] {
		i++
	}
	if b.at(i) != ")" {
		return false
	}
	if i > 2 {
		return true // (T *)
	}
	if _, ok := b.typedefs[s]; ok {
		return true
	}
	if _, ok := b.globals[s]; ok || b.consts[s] || b.funcs[s] != nil {
		return false
	}
	// (T)x: what follows must start an operand.
	if b.i+3 >= len(b.toks) {
		return false
	}
	next := b.toks[b.i+3]
	return next.kind != punct || next.text == "(" && strings.HasSuffix(s, "_t")
}

func (b *parser) primary() *expr {
	e := &expr{}
	e.line, e.file = b.here()
	if b.i >= len(b.toks) {
		return e
	}
	t := b.toks[b.i]
	switch {
	case t.text == "(":
		b.i++
		if b.peek() == "{" { // a statement as an expression
			b.balanced()
		} else {
			e = b.comma()
		}
		for b.i < len(b.toks) && b.peek() != ")" && b.peek() != ";" {
			b.i++
		}
		b.accept(")")
	case t.text == "{":
		e.op, e.args = opList, b.list()
	case t.kind == ident:
		b.i++
		e.op, e.text = opName, t.text
	case t.kind == text:
		for b.i < len(b.toks) && b.toks[b.i].kind == text {
			e.text += strings.Trim(b.toks[b.i].text, `"`)
			b.i++
		}
		e.op = opString
	case t.kind == number || t.kind == char:
		b.i++
		e.text = t.text
	}
	return e
}

// list parses the elements between braces.
func (b *parser) list() []*expr {
	b.i++
	var out []*expr
	for b.i < len(b.toks) && !b.accept("}") {
		start := b.i
		for b.peek() == "." || b.peek() == "[" { // .field = or [index] =
			if b.peek() == "[" {
				b.balanced()
			} else {
				b.i += 2
			}
		}
		b.accept("=")
		out = append(out, b.assign())
		b.accept(",")
		if b.i == start {
			b.i++
		}
	}
	return out
}

func (b *parser) postfix(x *expr) *expr {
	for b.i < len(b.toks) {
		e := &expr{x: x}
		e.line, e.file = b.here()
		switch b.peek() {
		case "[":
			b.i++
			e.op, e.y = opDeref, b.comma()
			for b.i < len(b.toks) && b.peek() != "]" && b.peek() != ";" {
				b.i++
			}
			b.accept("]")
		case ".", "->":
			e.op = opMember
			if b.peek() == "->" {
				e.op = opArrow
			}
			e.text = b.at(1)
			b.i += 2
		case "(":
			b.i++
			e.op = opCall
			for b.i < len(b.toks) && !b.accept(")") {
				start := b.i
				e.args = append(e.args, b.assign())
				if !b.accept(",") && b.peek() != ")" || b.i == start {
					b.i = max(b.i, start+1)
				}
			}
		case "++", "--":
			b.i++
			e.op = opStep
		default:
			return x
		}
		x = e
	}
	return x
}
