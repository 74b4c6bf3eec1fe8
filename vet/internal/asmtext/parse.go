package asmtext

import (
	"strings"
)

// Parse reads a .s file. An error is an [*Error]; its place is in one of the
// returned sources, which are there in both cases. On error Funcs is nil.
func Parse(name string, text []byte, opts Options) (*File, error) {
	if opts.Register == nil {
		opts.Register = func(string) bool { return false }
	}
	pre, err := newPreproc(name, text, opts)
	if err != nil {
		return &File{Sources: []Source{{Name: name}}}, err
	}
	p := &parser{pre: pre}
	for {
		more, err := p.line()
		if err != nil {
			return &File{Sources: pre.sources}, err
		}
		if !more {
			break
		}
	}
	p.patch()
	return &File{Sources: pre.sources, Funcs: p.funcs}, nil
}

type parser struct {
	pre     *preproc
	funcs   []*Func
	fn      *Func
	labels  map[string]int
	pending []string
	items   []token // of the line
}

// line reads one line or what is before a semicolon.
func (p *parser) line() (more bool, err error) {
	p.items = p.items[:0]
	for {
		tok, err := p.pre.next()
		if err != nil {
			return false, err
		}
		if tok.kind == tEOF {
			if len(p.items) > 0 {
				return false, p.statement()
			}
			return false, nil
		}
		if tok.kind == ':' && len(p.items) == 1 && p.items[0].kind == tIdent {
			p.pending = append(p.pending, p.items[0].text)
			p.items = p.items[:0]
			continue
		}
		if tok.kind == '\n' || tok.kind == ';' {
			break
		}
		p.items = append(p.items, tok)
	}
	if len(p.items) == 0 {
		return true, nil
	}
	return true, p.statement()
}

// statement reads the items of one instruction or directive.
func (p *parser) statement() error {
	word := p.items[0]
	if word.kind != tIdent {
		return errorf(word.at, "expected an instruction, found %s", quote(word))
	}
	rest := p.items[1:]
	switch word.text {
	case "TEXT":
		return p.text(word, rest)
	case "DATA", "GLOBL":
		return nil
	}
	if p.fn == nil {
		return errorf(word.at, "%s before the first TEXT", word.text)
	}
	in := Inst{Op: word.text, At: word.at, Macro: word.macro, Labels: p.pending, Target: -1}
	if in.Macro != "" {
		in.Body = word.body
	}
	p.pending = nil
	var suffix strings.Builder
	for len(rest) > 1 && rest[0].kind == '.' && rest[1].kind == tIdent {
		suffix.WriteString("." + rest[1].text)
		rest = rest[2:]
	}
	in.Suffix = suffix.String()
	groups, colon, err := split(rest)
	if err != nil {
		return err
	}
	for _, g := range groups {
		op := operandParser{toks: g, at: word.at, isReg: p.pre.opts.Register}
		o, err := op.operand()
		if err != nil {
			return err
		}
		in.Args = append(in.Args, o)
	}
	if colon >= 0 && colon+1 < len(in.Args) { // the old way to write DX, AX
		in.Args[colon], in.Args[colon+1] = in.Args[colon+1], in.Args[colon]
	}
	for _, l := range in.Labels {
		if _, twice := p.labels[l]; twice {
			return errorf(word.at, "label %s is defined twice", l)
		}
		p.labels[l] = len(p.fn.Insts)
	}
	p.fn.Insts = append(p.fn.Insts, in)
	return nil
}

// split cuts operands at commas outside parentheses. colon is the index of an
// operand that ends in a colon, or -1.
func split(toks []token) (groups [][]token, colon int, err error) {
	colon = -1
	depth, from := 0, 0
	for i, tok := range toks {
		switch tok.kind {
		case '(', '[':
			depth++
		case ')', ']':
			depth--
		case ',', ':':
			if depth != 0 {
				continue
			}
			if i == from {
				return nil, -1, errorf(tok.at, "operand is missing")
			}
			if tok.kind == ':' {
				colon = len(groups)
			}
			groups = append(groups, toks[from:i])
			from = i + 1
		}
	}
	if depth != 0 {
		return nil, -1, errorf(toks[0].at, "parentheses do not match")
	}
	if from < len(toks) {
		groups = append(groups, toks[from:])
	} else if from > 0 {
		return nil, -1, errorf(toks[from-1].at, "operand is missing")
	}
	return groups, colon, nil
}

// text reads a TEXT directive: name, flags, $frame-args.
func (p *parser) text(word token, rest []token) error {
	p.patch()
	groups, _, err := split(rest)
	if err != nil {
		return err
	}
	if len(groups) != 2 && len(groups) != 3 {
		return errorf(word.at, "TEXT takes a name, flags and a size")
	}
	op := operandParser{toks: groups[0], at: word.at, isReg: p.pre.opts.Register}
	name, err := op.operand()
	if err != nil {
		return err
	}
	if name.Kind != SB || name.Off != 0 || name.Addr || name.Index != "" {
		return errorf(word.at, "TEXT wants a name like ·F(SB), not %s", name)
	}
	f := &Func{Name: name.Name, Static: name.Static, ABI: name.ABI, At: groups[0][0].at}
	if f.ABI == "" {
		f.ABI = "ABI0"
	}
	if len(groups) == 3 {
		op := operandParser{toks: groups[1], at: word.at, isReg: p.pre.opts.Register}
		if op.peek() == '$' {
			op.next()
		}
		v, known, err := op.expr()
		if err != nil {
			return err
		}
		if !known || op.peek() != tEOF {
			return errorf(word.at, "flags of TEXT %s are not a constant; is textflag.h included?", f.Name)
		}
		f.Flags = int64(v)
	}
	if err := f.size(groups[len(groups)-1], word.at); err != nil {
		return err
	}
	p.fn = f
	p.labels = map[string]int{}
	p.funcs = append(p.funcs, f)
	return nil
}

// size reads $frame-args: not a subtraction, and both are plain numbers.
func (f *Func) size(toks []token, at Loc) error {
	op := operandParser{toks: toks, at: at}
	number := func() (int64, error) {
		v, known, err := op.factor()
		if err == nil && (!known || int64(v) < 0 || v > 1<<31) {
			err = errorf(at, "size in TEXT %s is not a plain number", f.Name)
		}
		return int64(v), err
	}
	if err := op.expect('$'); err != nil {
		return err
	}
	sign := int64(1)
	if op.peek() == '-' {
		op.next()
		sign = -1
	}
	frame, err := number()
	if err != nil {
		return err
	}
	f.Frame, f.Args = sign*frame, ArgsUnknown
	if op.peek() == '-' {
		op.next()
		if f.Args, err = number(); err != nil {
			return err
		}
	}
	if tok := op.next(); tok.kind != tEOF {
		return errorf(at, "unexpected %s after the size in TEXT %s", quote(tok), f.Name)
	}
	return nil
}

// patch resolves the jumps of the function that has just ended.
func (p *parser) patch() {
	p.pending = nil
	if p.fn == nil {
		return
	}
	for i := range p.fn.Insts {
		in := &p.fn.Insts[i]
		if len(in.Args) == 0 {
			continue
		}
		switch o := in.Args[len(in.Args)-1]; o.Kind {
		case Label:
			if to, ok := p.labels[o.Name]; ok {
				in.Target = to
			}
		case PC:
			if to := int64(i) + o.Off; !o.Opaque && o.Off > -1<<31 && o.Off < 1<<31 && to >= 0 && to < int64(len(p.fn.Insts)) {
				in.Target = int(to)
			}
		}
	}
}
