package cside

import (
	"strconv"
	"strings"
)

// A macro is one #define. params is nil for one without parentheses.
type macro struct {
	params   []string
	function bool
	body     []token
}

// preproc reads files: it follows includes that the package can answer, takes
// the branches of conditionals that are most likely compiled, and expands
// macros that are short.
type preproc struct {
	include func(from, name string) (path, text string, ok bool)
	macros  map[string]macro
	once    map[string]bool
	files   []string
	tokens  []token
	bytes   int
}

func newPreproc() *preproc {
	p := &preproc{macros: map[string]macro{}, once: map[string]bool{}}
	for _, name := range []string{"__GNUC__", "__linux__", "__unix__", "__STDC__", "__LP64__"} {
		p.macros[name] = macro{body: []token{{kind: number, text: "1"}}}
	}
	return p
}

// A branch is one level of conditionals.
type branch struct{ active, taken, outer bool }

// read adds the tokens of a file. line is the number of its first line.
func (p *preproc) read(name, source string, line, depth int) {
	if len(source) > maxText || p.bytes+len(source) > maxTotal || len(p.files) >= maxIncludes || depth > 16 {
		return
	}
	p.bytes += len(source)
	file := int32(len(p.files))
	p.files = append(p.files, name)
	source = uncomment(source)
	stack := []branch{{active: true, taken: true, outer: true}}
	var pending []token
	flush := func() {
		p.tokens = append(p.tokens, p.expand(pending, nil, 0)...)
		pending = pending[:0]
	}
	for ln := int32(line); source != ""; ln++ {
		var l string
		l, source, _ = strings.Cut(source, "\n")
		if len(p.tokens)+len(pending) > maxTokens {
			break
		}
		d, isDirective := strings.CutPrefix(strings.TrimLeft(l, " \t\r"), "#")
		active := stack[len(stack)-1].active
		if !isDirective {
			if active {
				pending = lexLine(pending, l, ln, file)
			}
			continue
		}
		d = strings.TrimSpace(d)
		word, rest := d, ""
		if i := strings.IndexFunc(d, func(r rune) bool { return r < 'a' || r > 'z' }); i >= 0 {
			word, rest = d[:i], strings.TrimSpace(d[i:])
		}
		switch word {
		case "if", "ifdef", "ifndef":
			if len(stack) > 1000 {
				break
			}
			on := active && p.condition(word, rest)
			stack = append(stack, branch{active: on, taken: on, outer: active})
		case "elif":
			b := &stack[len(stack)-1]
			b.active = b.outer && !b.taken && p.condition("if", rest)
			b.taken = b.taken || b.active
		case "else":
			b := &stack[len(stack)-1]
			b.active = b.outer && !b.taken
			b.taken = true
		case "endif":
			if len(stack) > 1 {
				stack = stack[:len(stack)-1]
			}
		case "define":
			if active {
				flush()
				p.define(rest, ln, file)
			}
		case "undef":
			if active {
				flush()
				delete(p.macros, rest)
			}
		case "include":
			if active {
				flush()
				p.follow(name, rest, depth)
			}
		}
	}
	flush()
}

func lexLine(out []token, s string, line, file int32) []token {
	l := lexer{s: s, line: line, file: file}
	for {
		t, ok := l.next()
		if !ok {
			return out
		}
		out = append(out, t)
	}
}

func (p *preproc) follow(from, rest string, depth int) {
	if len(rest) < 2 || rest[0] != '"' && rest[0] != '<' {
		return
	}
	end := byte('"')
	if rest[0] == '<' {
		end = '>'
	}
	i := strings.IndexByte(rest[1:], end)
	if i < 0 || p.include == nil {
		return
	}
	path, source, ok := p.include(from, rest[1:1+i])
	if ok && !p.once[path] {
		p.once[path] = true
		p.read(path, source, 1, depth+1)
	}
}

func (p *preproc) define(rest string, line, file int32) {
	name := rest
	for i := range len(rest) {
		if !isLetter(rest[i]) && !isDigit(rest[i]) {
			name = rest[:i]
			break
		}
	}
	if name == "" {
		return
	}
	m := macro{}
	rest = rest[len(name):]
	if strings.HasPrefix(rest, "(") {
		list, body, ok := strings.Cut(rest[1:], ")")
		if !ok {
			return
		}
		m.function, rest = true, body
		for _, s := range strings.Split(list, ",") {
			if s = strings.TrimSpace(s); s != "" {
				m.params = append(m.params, s)
			}
		}
	}
	m.body = lexLine(nil, rest, line, file)
	p.macros[name] = m
}

// expand replaces macros. A long one is left as it is, as is one that names
// itself.
func (p *preproc) expand(in []token, busy []string, depth int) []token {
	if depth > 8 {
		return append([]token(nil), in...)
	}
	var out []token
	for i := 0; i < len(in); i++ {
		t := in[i]
		m, ok := p.macros[t.text]
		if t.kind != ident || !ok || len(m.body) > maxMacro || contains(busy, t.text) || len(out) > maxTokens {
			out = append(out, t)
			continue
		}
		body := m.body
		if m.function {
			args, end := arguments(in, i+1)
			if end == 0 || len(args) != len(m.params) && (len(m.params) > 0 || len(args) > 1) {
				out = append(out, t)
				continue
			}
			body = substitute(m, args)
			i = end - 1
		}
		for _, e := range p.expand(body, append(busy[:len(busy):len(busy)], t.text), depth+1) {
			e.line, e.file = t.line, t.file
			out = append(out, e)
			if len(out) > maxTokens {
				break
			}
		}
	}
	return out
}

// arguments splits the parenthesis that starts at i; end is the index behind
// it, 0 when there is none.
func arguments(in []token, i int) (args [][]token, end int) {
	if i >= len(in) || in[i].text != "(" {
		return nil, 0
	}
	depth, start := 0, i+1
	for ; i < len(in); i++ {
		switch in[i].text {
		case "(", "[", "{":
			depth++
		case ")", "]", "}":
			depth--
			if depth == 0 {
				return append(args, in[start:i]), i + 1
			}
		case ",":
			if depth == 1 {
				args = append(args, in[start:i])
				start = i + 1
			}
		}
	}
	return nil, 0
}

func substitute(m macro, args [][]token) []token {
	var out []token
	for _, t := range m.body {
		replaced := false
		for i, name := range m.params {
			if t.kind == ident && t.text == name {
				out = append(out, args[i]...)
				replaced = true
				break
			}
		}
		if !replaced {
			out = append(out, t)
		}
		if len(out) > 16*maxMacro {
			break
		}
	}
	return out
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// condition decides a conditional. A name that no file seen defines is not
// defined.
func (p *preproc) condition(word, rest string) bool {
	switch word {
	case "ifdef":
		return p.defined(strings.TrimSpace(rest))
	case "ifndef":
		return !p.defined(strings.TrimSpace(rest))
	}
	toks := lexLine(nil, rest, 0, 0)
	e := condition{p: p, toks: toks}
	return e.or(0) != 0
}

func (p *preproc) defined(name string) bool {
	name, _, _ = strings.Cut(name, " ")
	_, ok := p.macros[name]
	return ok
}

type condition struct {
	p    *preproc
	toks []token
	i    int
}

func (c *condition) peek() string {
	if c.i < len(c.toks) {
		return c.toks[c.i].text
	}
	return ""
}

func (c *condition) or(depth int) int64 {
	v := c.and(depth)
	for c.peek() == "||" {
		c.i++
		w := c.and(depth)
		v = truth(v != 0 || w != 0)
	}
	return v
}

func (c *condition) and(depth int) int64 {
	v := c.compare(depth)
	for c.peek() == "&&" {
		c.i++
		w := c.compare(depth)
		v = truth(v != 0 && w != 0)
	}
	return v
}

func (c *condition) compare(depth int) int64 {
	v := c.unary(depth)
	for {
		op := c.peek()
		switch op {
		case "==", "!=", "<", ">", "<=", ">=", "+", "-", "*":
		default:
			return v
		}
		c.i++
		w := c.unary(depth)
		switch op {
		case "==":
			v = truth(v == w)
		case "!=":
			v = truth(v != w)
		case "<":
			v = truth(v < w)
		case ">":
			v = truth(v > w)
		case "<=":
			v = truth(v <= w)
		case ">=":
			v = truth(v >= w)
		case "+":
			v += w
		case "-":
			v -= w
		case "*":
			v *= w
		}
	}
}

func (c *condition) unary(depth int) int64 {
	if c.i >= len(c.toks) || depth > maxDepth {
		return 0
	}
	t := c.toks[c.i]
	c.i++
	switch {
	case t.text == "!":
		return truth(c.unary(depth+1) == 0)
	case t.text == "(":
		v := c.or(depth + 1)
		if c.peek() == ")" {
			c.i++
		}
		return v
	case t.text == "defined":
		open := c.peek() == "("
		if open {
			c.i++
		}
		v := truth(c.p.defined(c.peek()))
		c.i++
		if open && c.peek() == ")" {
			c.i++
		}
		return v
	case t.kind == number:
		n, err := strconv.ParseInt(strings.TrimRight(t.text, "uUlL"), 0, 64)
		if err != nil {
			return 0
		}
		return n
	case t.kind == ident:
		if m, ok := c.p.macros[t.text]; ok && !m.function && len(m.body) == 1 && m.body[0].kind == number {
			n, _ := strconv.ParseInt(strings.TrimRight(m.body[0].text, "uUlL"), 0, 64)
			return n
		}
		if _, end := arguments(c.toks, c.i); end > 0 {
			c.i = end // __has_include and the like
		}
	}
	return 0
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
