package asmtext

import (
	"fmt"
	"strconv"
	"strings"
)

// A Kind says what an operand is.
type Kind uint8

// Kinds of operands.
const (
	Other Kind = iota // a condition, a system register, something not modelled
	Reg               // AX, R1<<2, V0.B[1]
	Const             // $1
	Mem               // 8(AX)(BX*4): hardware registers only
	SB                // f(SB), table<>+8(SB)
	FP                // x+0(FP)
	SP                // x-8(SP): the pseudo register, which has a name before it
	PC                // 2(PC)
	Label             // loop
	List              // (R0, R1), [V0.B16, V1.B16]
)

// An Operand is one operand of an instruction.
//
// Off is the constant of a Const, the offset of Mem, SB, FP, SP and PC, and
// means nothing when Opaque is set: it is no integer or not known. Addr is set
// for $ before anything but a constant: the address, not what lies there.
type Operand struct {
	Kind     Kind
	Addr     bool
	Opaque   bool
	Modified bool // a register with shift, extension, arrangement or lane
	Static   bool // name<>
	Scale    int8
	Reg      string // of Reg; the base of Mem
	Index    string // of Mem
	Name     string // of SB, FP, SP, Label, Other
	ABI      string // a selector as written
	Off      int64
	Regs     []string // of List
}

// operandParser reads the tokens of one operand.
type operandParser struct {
	toks  []token
	at    Loc
	isReg func(string) bool
	depth int
}

func (p *operandParser) peek() rune { return p.ahead(0).kind }

func (p *operandParser) ahead(n int) token {
	if n < len(p.toks) {
		return p.toks[n]
	}
	return token{kind: tEOF, at: p.at}
}

func (p *operandParser) next() token {
	tok := p.ahead(0)
	if len(p.toks) > 0 {
		p.toks = p.toks[1:]
	}
	return tok
}

func (p *operandParser) expect(kind rune) error {
	if tok := p.next(); tok.kind != kind {
		return errorf(p.at, "expected %q in operand, found %s", kind, quote(tok))
	}
	return nil
}

func (p *operandParser) register() bool {
	tok := p.ahead(0)
	return tok.kind == tIdent && p.isReg(tok.text)
}

func (p *operandParser) operand() (Operand, error) {
	var o Operand
	if p.peek() == '$' {
		p.next()
		o.Addr = true
	} else if p.peek() == '*' {
		p.next()
	}
	var err error
	switch tok := p.ahead(0); {
	case tok.kind == '[':
		err = p.list(&o, ']')
	case tok.kind == '(' && p.ahead(1).kind == tIdent && p.isReg(p.ahead(1).text):
		err = p.indirect(&o)
	case p.register():
		o.Kind, o.Reg = Reg, p.next().text
		if p.peek() != tEOF {
			o.Modified = true
			p.toks = nil
		}
	case tok.kind == tIdent:
		err = p.symbol(&o)
	default:
		err = p.constant(&o)
	}
	if err != nil {
		return Operand{}, err
	}
	if tok := p.next(); tok.kind != tEOF {
		return Operand{}, errorf(p.at, "unexpected %s in operand", quote(tok))
	}
	if o.Kind == Const {
		o.Addr = false
	}
	return o, nil
}

// constant reads a number, or an address that starts with one.
func (p *operandParser) constant(o *Operand) error {
	switch {
	case p.peek() == tString:
		p.next()
		o.Kind, o.Opaque = Const, true
		return nil
	case p.float():
		p.toks = nil
		o.Kind, o.Opaque = Const, true
		return nil
	}
	v, known, err := p.expr()
	if err != nil {
		return err
	}
	o.Off, o.Opaque = int64(v), !known
	if p.peek() == '(' {
		return p.indirect(o)
	}
	o.Kind = Mem // an absolute address
	if o.Addr {
		o.Kind = Const
	}
	return nil
}

// float reports whether the constant at hand is a floating-point one.
func (p *operandParser) float() bool {
	for _, tok := range p.toks {
		switch tok.kind {
		case tFloat:
			return true
		case '(', '+', '-':
		default:
			return false
		}
	}
	return false
}

// symbol reads what starts with a name: a label, or name+off(SB) and the like.
func (p *operandParser) symbol(o *Operand) error {
	o.Name = p.next().text
	if p.peek() == '<' {
		p.next()
		if p.peek() == tIdent {
			o.ABI = p.next().text
		} else {
			o.Static = true
		}
		if err := p.expect('>'); err != nil {
			return err
		}
	}
	if k := p.peek(); k == '+' || k == '-' {
		v, known, err := p.expr()
		if err != nil {
			return err
		}
		o.Off, o.Opaque = int64(v), !known
	}
	if p.peek() == tEOF {
		o.Kind = Label
		if o.Addr { // a constant that nobody has defined
			o.Kind, o.Opaque = Const, true
		}
		return nil
	}
	if p.peek() == '.' || p.peek() == '[' { // name of an arrangement or a system register
		p.toks = nil
		o.Kind = Other
		return nil
	}
	if base := p.ahead(1); p.peek() == '(' && base.kind == tIdent && p.ahead(2).kind == ')' {
		for word, kind := range map[string]Kind{"SB": SB, "FP": FP, "SP": SP, "PC": PC} {
			if base.text == word {
				p.toks = p.toks[3:]
				o.Kind = kind
				return p.index(o)
			}
		}
	}
	o.Opaque, o.Name = true, "" // an offset whose name nobody has defined
	return p.indirect(o)
}

// indirect reads (R), (R1, R2), (PC), with an index behind it.
func (p *operandParser) indirect(o *Operand) error {
	if err := p.expect('('); err != nil {
		return err
	}
	tok := p.next()
	if tok.kind != tIdent {
		return errorf(p.at, "expected a register in parentheses, found %s", quote(tok))
	}
	switch {
	case p.peek() == ',':
		p.next()
		second := p.next()
		o.Kind, o.Regs = List, []string{tok.text, second.text}
		if second.kind != tIdent {
			return errorf(p.at, "expected a register pair, found %s", quote(second))
		}
		return p.expect(')')
	case p.peek() == '*' || p.peek() == '.' || p.peek() == tLSH:
		// (AX*8) has an index and no base.
		o.Kind, o.Index = Mem, tok.text
		if err := p.scale(o); err != nil {
			return err
		}
		return p.expect(')')
	}
	if err := p.expect(')'); err != nil {
		return err
	}
	switch tok.text {
	case "PC":
		o.Kind = PC
		return nil
	case "FP", "SB":
		return errorf(p.at, "%s without a name before it", tok.text)
	}
	o.Kind, o.Reg = Mem, tok.text
	return p.index(o)
}

// index reads an index in parentheses of its own, if there is one.
func (p *operandParser) index(o *Operand) error {
	if p.peek() != '(' {
		return nil
	}
	p.next()
	tok := p.next()
	if tok.kind != tIdent {
		return errorf(p.at, "expected an index register, found %s", quote(tok))
	}
	o.Index = tok.text
	if err := p.scale(o); err != nil {
		return err
	}
	return p.expect(')')
}

// scale skips *8, <<3, .UXTW<<3 up to the closing parenthesis.
func (p *operandParser) scale(o *Operand) error {
	o.Scale = 1
	for k := p.peek(); k != ')'; k = p.peek() {
		tok := p.next()
		switch tok.kind {
		case tEOF:
			return errorf(p.at, "parenthesis is not closed")
		case tInt:
			n, err := strconv.ParseInt(tok.text, 0, 8)
			if err != nil {
				return errorf(p.at, "scale %s", quote(tok))
			}
			o.Scale = int8(n)
		}
	}
	return nil
}

// list reads [R1, R2] or [V0.B16-V3.B16]; what follows it is skipped.
func (p *operandParser) list(o *Operand, end rune) error {
	p.next()
	o.Kind = List
	from := ""
	for {
		tok := p.next()
		switch tok.kind {
		case tEOF:
			return errorf(p.at, "register list is not closed")
		case end:
			p.toks = nil
			return nil
		case '-':
			if n := len(o.Regs); n > 0 {
				from = o.Regs[n-1]
			}
		case '.':
			p.next()
		case tIdent:
			o.Regs = append(o.Regs, between(from, tok.text)...)
			o.Regs = append(o.Regs, tok.text)
			from = ""
		}
	}
}

// between returns the registers after from and before to, which have the same
// letter: at most 31.
func between(from, to string) []string {
	var regs []string
	if len(from) < 2 || len(to) < 2 || from[0] != to[0] {
		return nil
	}
	a, err1 := strconv.Atoi(from[1:])
	b, err2 := strconv.Atoi(to[1:])
	if err1 != nil || err2 != nil || b > 31 {
		return nil
	}
	for i := a + 1; i < b; i++ {
		regs = append(regs, fmt.Sprintf("%c%d", from[0], i))
	}
	return regs
}

// Symbol is an operand's name as it is written in this package.
func (o Operand) Symbol() string {
	name := o.Name
	if rest, ok := strings.CutPrefix(name, "."); ok {
		name = "·" + rest
	}
	if o.Static {
		name += "<>"
	}
	return name
}

// String writes the operand the way people write it.
func (o Operand) String() string {
	var b strings.Builder
	if o.Addr || o.Kind == Const {
		b.WriteByte('$')
	}
	switch o.Kind {
	case Reg:
		b.WriteString(o.Reg)
	case Const:
		fmt.Fprintf(&b, "%d", o.Off)
	case List:
		fmt.Fprintf(&b, "(%s)", strings.Join(o.Regs, ", "))
	case Mem, PC:
		reg := o.Reg
		if o.Kind == PC {
			reg = "PC"
		}
		if o.Opaque {
			b.WriteString("?")
		} else if o.Off != 0 || o.Kind == PC || reg == "SP" || reg == "RSP" {
			fmt.Fprintf(&b, "%d", o.Off)
		}
		fmt.Fprintf(&b, "(%s)", reg)
	default:
		b.WriteString(o.Symbol())
		if pseudo := map[Kind]string{SB: "SB", FP: "FP", SP: "SP"}[o.Kind]; pseudo != "" {
			if o.Off != 0 || o.Kind != SB {
				fmt.Fprintf(&b, "%+d", o.Off)
			}
			fmt.Fprintf(&b, "(%s)", pseudo)
		}
	}
	if o.Index != "" {
		fmt.Fprintf(&b, "(%s*%d)", o.Index, max(o.Scale, 1))
	}
	return b.String()
}
