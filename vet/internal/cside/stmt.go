package cside

// parser reads the body of one function.
type parser struct {
	*program
	vars  map[string]bool // names of variables in scope
	depth int
}

// statements parses a function's body.
func (p *program) statements(fn *function) []*stmt {
	if fn.parsed == nil && fn.body != nil {
		in := *p
		in.toks, in.i = fn.body, 0
		b := &parser{program: &in, vars: map[string]bool{}}
		for _, d := range fn.params {
			b.vars[d.name] = true
		}
		for b.i < len(b.toks) {
			fn.parsed = append(fn.parsed, b.statement()...)
		}
	}
	return fn.parsed
}

func (b *parser) here() (line, file int32) {
	if b.i < len(b.toks) {
		return b.toks[b.i].line, b.toks[b.i].file
	}
	return 0, 0
}

func (b *parser) enter() bool {
	b.depth++
	if b.depth > maxDepth {
		b.i = len(b.toks)
		return false
	}
	return true
}

func (b *parser) one() []*stmt {
	if b.i >= len(b.toks) {
		return nil
	}
	return b.statement()
}

// statement parses one; a declaration gives one for each variable.
func (b *parser) statement() []*stmt {
	defer func() { b.depth-- }()
	if !b.enter() {
		return nil
	}
	s := &stmt{}
	s.line, s.file = b.here()
	word := b.peek()
	switch {
	case word == ";":
		b.i++
		return nil
	case word == "}":
		b.i++
		return nil
	case word == "{":
		b.i++
		s.kind = stmtBlock
		for b.i < len(b.toks) && !b.accept("}") {
			s.body = append(s.body, b.statement()...)
		}
		return []*stmt{s}
	case word == "if":
		b.i++
		s.kind = stmtIf
		s.expr = b.parenthesis()
		s.body = b.one()
		if b.accept("else") {
			s.other = b.one()
		}
		return []*stmt{s}
	case word == "while", word == "switch":
		b.i++
		s.kind = stmtLoop
		if word == "switch" {
			s.kind = stmtSwitch
		}
		s.expr = b.parenthesis()
		s.body = b.one()
		return []*stmt{s}
	case word == "do":
		b.i++
		s.kind = stmtLoop
		s.body = b.one()
		if b.accept("while") {
			s.expr = b.parenthesis()
		}
		b.accept(";")
		return []*stmt{s}
	case word == "for":
		return b.forLoop(s)
	case word == "return":
		b.i++
		s.kind = stmtReturn
		if b.peek() != ";" {
			s.expr = b.comma()
		}
		b.end()
		return []*stmt{s}
	case word == "goto":
		b.i += 2
		s.kind = stmtJump
		b.end()
		return []*stmt{s}
	case word == "break", word == "continue":
		b.i++
		s.kind = stmtJump
		b.end()
		return []*stmt{s}
	case word == "case", word == "default":
		for b.i < len(b.toks) && b.peek() != ":" {
			b.i++
		}
		b.accept(":")
		return nil
	case b.isIdent(0) && b.at(1) == ":" && b.at(2) != ":":
		b.i += 2
		return nil
	case b.declares():
		return b.declaration()
	}
	s.expr = b.comma()
	b.end()
	return []*stmt{s}
}

func (b *parser) forLoop(s *stmt) []*stmt {
	b.i++
	s.kind = stmtLoop
	var out []*stmt
	if b.accept("(") {
		if b.declares() {
			out = b.declaration()
		} else {
			if b.peek() != ";" {
				e := b.comma()
				out = append(out, &stmt{kind: stmtExpr, expr: e, line: s.line, file: s.file})
			}
			b.end()
		}
		if b.peek() != ";" {
			s.expr = b.comma()
		}
		b.end()
		if b.peek() != ")" {
			s.post = b.comma()
		}
		b.accept(")")
	}
	s.body = b.one()
	return append(out, s)
}

// end goes behind the semicolon that ends a statement, over whatever was not
// understood before it.
func (b *parser) end() {
	for b.i < len(b.toks) {
		switch b.peek() {
		case ";":
			b.i++
			return
		case "}":
			return
		case "(", "[", "{":
			b.balanced()
		default:
			b.i++
		}
	}
}

func (b *parser) parenthesis() *expr {
	if !b.accept("(") {
		return nil
	}
	e := b.comma()
	for b.i < len(b.toks) && b.peek() != ")" {
		b.i++
	}
	b.accept(")")
	return e
}

// declares reports whether a declaration starts here.
func (b *parser) declares() bool {
	s := b.peek()
	switch {
	case storage[s], qualifier[s], s == "struct", s == "union", s == "enum":
		return true
	case !b.isIdent(0) || b.vars[s]:
		return false
	case basic[s]:
		return true
	}
	if _, ok := b.typedefs[s]; ok {
		return b.isIdent(1) || b.at(1) == "*"
	}
	if b.isIdent(1) && !b.vars[s] {
		return true // T x
	}
	// T *x = or T *x; reads better as a declaration than as a product.
	i := 1
	for b.at(i) == "*" || qualifier[b.at(i)] {
		i++
	}
	if i == 1 || !b.isIdent(i) {
		return false
	}
	switch b.at(i + 1) {
	case "=", ";", ",", "[":
		return true
	}
	return false
}

func (b *parser) declaration() []*stmt {
	var out []*stmt
	base, st, ok := b.specifiers()
	if !ok {
		b.end()
		return nil
	}
	for b.i < len(b.toks) {
		s := &stmt{kind: stmtVar}
		s.line, s.file = b.here()
		if st == "static" {
			s.kind = stmtStatic
		}
		start := b.i
		name, typ, fn := b.declarator(base, 0)
		b.attributes()
		s.text, s.typ = name, typ
		if b.accept("=") {
			s.expr = b.assign()
		}
		if fn == nil && name != "" && st != "typedef" {
			b.vars[name] = true
			out = append(out, s)
		}
		if !b.accept(",") {
			break
		}
		if b.i == start {
			break
		}
	}
	b.end()
	return out
}
