package asmtext

import "strconv"

// expr reads a sum of terms. known is false when it holds a name that nobody
// has defined.
//
// The assembler computes in 64 bits without a sign, multiplication, shifts and
// & binding tighter than +, -, | and ^.
//
// Source: $GOROOT/src/cmd/asm/internal/asm/parse.go (expr, term, factor), go1.26.
func (p *operandParser) expr() (v uint64, known bool, err error) {
	if p.depth++; p.depth > MaxDepth {
		return 0, false, errorf(p.at, "expression is nested deeper than MaxDepth = %d", MaxDepth)
	}
	defer func() { p.depth-- }()
	v, known = 0, true
	op := '+'
	if k := p.peek(); k == '-' || k == '+' {
		op = p.next().kind
	}
	for {
		t, ok, err := p.term()
		if err != nil {
			return 0, false, err
		}
		known = known && ok
		switch op {
		case '+':
			v += t
		case '-':
			v -= t
		case '|':
			v |= t
		case '^':
			v ^= t
		}
		switch op = p.peek(); op {
		case '+', '-', '|', '^':
			p.next()
		default:
			return v, known, nil
		}
	}
}

func (p *operandParser) term() (v uint64, known bool, err error) {
	v, known, err = p.factor()
	for err == nil {
		op := p.peek()
		switch op {
		case '*', '/', '%', '&', tLSH, tRSH:
			p.next()
		default:
			return v, known, nil
		}
		var w uint64
		var ok bool
		if w, ok, err = p.factor(); err != nil {
			break
		}
		known = known && ok
		switch {
		case op == '*':
			v *= w
		case op == '&':
			v &= w
		case op == tLSH:
			v <<= w
		case op == tRSH:
			v >>= w
		case w == 0 && known:
			return 0, false, errorf(p.at, "division by zero")
		case w == 0:
		case op == '/':
			v /= w
		case op == '%':
			v %= w
		}
	}
	return 0, false, err
}

func (p *operandParser) factor() (v uint64, known bool, err error) {
	if p.depth++; p.depth > MaxDepth {
		return 0, false, errorf(p.at, "expression is nested deeper than MaxDepth = %d", MaxDepth)
	}
	defer func() { p.depth-- }()
	tok := p.next()
	switch tok.kind {
	case tInt:
		v, err := strconv.ParseUint(tok.text, 0, 64)
		if err != nil {
			return 0, false, errorf(p.at, "integer %s", quote(tok))
		}
		return v, true, nil
	case tChar:
		r, _, _, err := strconv.UnquoteChar(tok.text[1:len(tok.text)-1], '\'')
		if err != nil {
			return 0, false, errorf(p.at, "character %s", quote(tok))
		}
		return uint64(r), true, nil
	case tIdent:
		return 0, false, nil
	case '+', '-', '~':
		v, known, err := p.factor()
		switch tok.kind {
		case '-':
			v = -v
		case '~':
			v = ^v
		}
		return v, known, err
	case '(':
		v, known, err := p.expr()
		if err == nil {
			err = p.expect(')')
		}
		if err != nil {
			return 0, false, err
		}
		return v, known, nil
	}
	return 0, false, errorf(p.at, "unexpected %s in expression", quote(tok))
}
