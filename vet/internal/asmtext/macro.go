package asmtext

import (
	"slices"
	"strconv"
)

// A macro is the body of one #define. args is nil for a macro without
// parentheses, empty for one with none between them.
type macro struct {
	name string
	args []string
	body []token
}

// A reader yields tokens of a text or of a macro's expansion.
type reader struct {
	text  *tokenizer // or nil
	slice []token
	size  int    // of slice when it was pushed
	at    Loc    // of the outermost invocation, for slices
	macro string // its name
}

func (r *reader) next() (token, error) {
	if r.text != nil {
		return r.text.next()
	}
	if len(r.slice) == 0 {
		return token{kind: tEOF, at: r.at}, nil
	}
	tok := r.slice[0]
	r.slice = r.slice[1:]
	tok.at, tok.macro = r.at, r.macro
	return tok, nil
}

// raw returns the next token of the innermost reader that has one, without
// looking for macros.
func (p *preproc) raw() (token, error) {
	if p.back != nil {
		tok := *p.back
		p.back = nil
		return tok, nil
	}
	for {
		top := &p.stack[len(p.stack)-1]
		tok, err := top.next()
		if err != nil {
			return token{}, err
		}
		if tok.kind == tEOF && len(p.stack) > 1 {
			if top.text != nil && len(p.conds) > p.condBase[len(p.condBase)-1] {
				return token{}, errorf(tok.at, "#ifdef without #endif")
			}
			if top.text != nil {
				p.condBase = p.condBase[:len(p.condBase)-1]
			}
			p.pending -= top.size
			p.stack = p.stack[:len(p.stack)-1]
			continue
		}
		if top.text == nil {
			if p.expanded++; p.expanded > MaxExpanded {
				return token{}, errorf(tok.at, "macros expand to more than MaxExpanded = %d tokens", MaxExpanded)
			}
		}
		if p.tokens++; p.tokens > MaxTokens {
			return token{}, errorf(tok.at, "more than MaxTokens = %d tokens after macro expansion", MaxTokens)
		}
		return tok, nil
	}
}

func (p *preproc) push(r reader) error {
	if len(p.stack) >= MaxNesting {
		return errorf(r.at, "macros or includes are nested deeper than MaxNesting = %d", MaxNesting)
	}
	r.size = len(r.slice)
	if p.pending += r.size; p.pending > MaxPending {
		return errorf(r.at, "more than MaxPending = %d tokens of macros are pending", MaxPending)
	}
	p.stack = append(p.stack, r)
	return nil
}

// define reads the rest of a #define line.
func (p *preproc) define() error {
	name, err := p.word("#define")
	if err != nil {
		return err
	}
	if _, have := p.macros[name.text]; have {
		return errorf(name.at, "macro %s is defined twice", name.text)
	}
	m := &macro{name: name.text}
	tok, err := p.raw()
	if err != nil {
		return err
	}
	if tok.kind == '(' && tok.tight {
		if m.args, err = p.formals(m.name); err != nil {
			return err
		}
		if tok, err = p.raw(); err != nil {
			return err
		}
	}
	for tok.kind != '\n' {
		if tok.kind == tEOF {
			return errorf(tok.at, "macro %s does not end with its line", m.name)
		}
		if tok.kind == '\\' {
			if tok, err = p.raw(); err != nil {
				return err
			}
			if tok.kind != '\n' && tok.kind != '\\' {
				return errorf(tok.at, "a backslash in macro %s is not at the end of the line", m.name)
			}
		}
		m.body = append(m.body, tok)
		if tok, err = p.raw(); err != nil {
			return err
		}
	}
	p.macros[m.name] = m
	return nil
}

// formals reads a macro's parameters after the opening parenthesis.
func (p *preproc) formals(name string) ([]string, error) {
	args := []string{}
	comma := true
	for {
		tok, err := p.raw()
		if err != nil {
			return nil, err
		}
		switch {
		case tok.kind == ')':
			return args, nil
		case tok.kind == ',' && !comma:
			comma = true
		case tok.kind == tIdent && comma && !slices.Contains(args, tok.text):
			args = append(args, tok.text)
			comma = false
		default:
			return nil, errorf(tok.at, "parameters of macro %s: unexpected %s", name, quote(tok))
		}
	}
}

// invoke pushes the expansion of m, whose name is the token at.
func (p *preproc) invoke(m *macro, at token) error {
	r := reader{at: at.at, macro: at.macro}
	if r.macro == "" {
		r.macro = m.name
	}
	if m.args == nil {
		r.slice = m.body
		return p.push(r)
	}
	tok, err := p.raw()
	if err != nil {
		return err
	}
	if tok.kind != '(' {
		// Without arguments the name is only a name.
		p.back = &tok
		at.plain = true
		p.plain = &at
		return nil
	}
	actuals, err := p.actuals(m, at)
	if err != nil {
		return err
	}
	for _, t := range m.body {
		i := -1
		if t.kind == tIdent {
			i = slices.Index(m.args, t.text)
		}
		if i < 0 || len(actuals[i]) == 0 {
			// The assembler leaves the name of a parameter that is given
			// nothing as it is.
			r.slice = append(r.slice, t)
			continue
		}
		r.slice = append(r.slice, actuals[i]...)
		if len(r.slice) > MaxPending {
			return errorf(at.at, "macro %s expands to more than MaxPending = %d tokens", m.name, MaxPending)
		}
	}
	return p.push(r)
}

// actuals reads the arguments of an invocation after the opening parenthesis.
func (p *preproc) actuals(m *macro, at token) ([][]token, error) {
	list := [][]token{nil}
	for depth := 0; ; {
		tok, err := p.raw()
		if err != nil {
			return nil, err
		}
		last := len(list) - 1
		switch {
		case tok.kind == tEOF || tok.kind == '\n':
			return nil, errorf(at.at, "arguments of macro %s are not closed", m.name)
		case depth == 0 && tok.kind == ')':
			if len(m.args) == 0 && last == 0 && len(list[0]) == 0 {
				return nil, nil
			}
			if len(list) != len(m.args) {
				return nil, errorf(at.at, "macro %s takes %d arguments, not %d", m.name, len(m.args), len(list))
			}
			return list, nil
		case depth == 0 && tok.kind == ',':
			list = append(list, nil)
			continue
		case tok.kind == '(':
			depth++
		case tok.kind == ')':
			depth--
		}
		list[last] = append(list[last], tok)
	}
}

func quote(tok token) string {
	switch tok.kind {
	case tEOF:
		return "end of file"
	case '\n':
		return "end of line"
	}
	text := tok.text
	if len(text) > 40 {
		text = text[:40]
	}
	return strconv.Quote(text)
}
