package asmtext

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// Kinds of tokens. Punctuation is its own rune.
const (
	tEOF rune = -(iota + 1)
	tIdent
	tInt
	tFloat
	tString
	tChar
	tLSH // <<
	tRSH // >>
	tARR // ->
	tROT // @>
)

type token struct {
	kind  rune
	text  string // as written, except that · and ∕ are . and / in identifiers
	at    Loc    // in the user's file, or where a macro was invoked
	body  Loc    // where it is written
	macro string // outermost macro it comes from
	tight bool   // no blank before it
	plain bool   // the name of a macro that is not to be expanded
}

// A tokenizer cuts one text. A line ends with a '\n' token.
type tokenizer struct {
	source int
	text   []byte
	off    int
}

func (t *tokenizer) loc() Loc { return Loc{t.source, t.off} }

// next returns the token at the current offset.
func (t *tokenizer) next() (token, error) {
	start := t.off
	if nl, err := t.blank(); err != nil {
		return token{}, err
	} else if nl {
		// A comment that spans lines ends none.
		start = t.off
	}
	tok := token{at: t.loc(), body: t.loc(), tight: t.off == start}
	if t.off >= len(t.text) {
		tok.kind = tEOF
		return tok, nil
	}
	r, size := utf8.DecodeRune(t.text[t.off:])
	if r == utf8.RuneError && size == 1 || r == 0 {
		return token{}, errorf(t.loc(), "byte %#02x is not text", t.text[t.off])
	}
	from := t.off
	switch {
	case identRune(r, true):
		t.off += size
		t.ident()
		tok.kind = tIdent
		tok.text = spell(t.text[from:t.off])
		return tok, nil
	case r >= '0' && r <= '9', r == '.' && t.off+1 < len(t.text) && digit(t.text[t.off+1]):
		tok.kind = t.number()
	case r == '"' || r == '\'':
		if err := t.quoted(byte(r)); err != nil {
			return token{}, err
		}
		tok.kind = tString
		if r == '\'' {
			tok.kind = tChar
		}
	default:
		t.off += size
		tok.kind = r
		if k, ok := pairs[[2]byte{byte(r), t.peek()}]; ok && r < utf8.RuneSelf {
			t.off++
			tok.kind = k
		}
	}
	tok.text = string(t.text[from:t.off])
	return tok, nil
}

var pairs = map[[2]byte]rune{{'<', '<'}: tLSH, {'>', '>'}: tRSH, {'-', '>'}: tARR, {'@', '>'}: tROT}

func (t *tokenizer) peek() byte {
	if t.off < len(t.text) {
		return t.text[t.off]
	}
	return 0
}

// blank skips blanks and comments, but no line end outside a comment.
func (t *tokenizer) blank() (newline bool, err error) {
	for t.off < len(t.text) {
		rest := t.text[t.off:]
		switch {
		case rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\r':
			t.off++
		case bytes.HasPrefix(rest, []byte("//")):
			n := bytes.IndexByte(rest, '\n')
			if n < 0 {
				n = len(rest)
			}
			t.off += n
		case bytes.HasPrefix(rest, []byte("/*")):
			n := bytes.Index(rest[2:], []byte("*/"))
			if n < 0 {
				return false, errorf(t.loc(), "comment is not closed")
			}
			newline = newline || bytes.IndexByte(rest[:n+4], '\n') >= 0
			t.off += n + 4
		default:
			return newline, nil
		}
	}
	return newline, nil
}

// identRune reports whether r may stand in a name: letters, digits after the
// first, _, the middle dot that stands for a period and the division slash.
func identRune(r rune, first bool) bool {
	return r == '_' || r == '·' || r == '∕' || unicode.IsLetter(r) || !first && unicode.IsDigit(r)
}

func (t *tokenizer) ident() {
	for t.off < len(t.text) {
		r, size := utf8.DecodeRune(t.text[t.off:])
		if !identRune(r, false) || r == utf8.RuneError {
			return
		}
		t.off += size
	}
}

// spell is a name as the linker spells it.
func spell(name []byte) string {
	name = bytes.ReplaceAll(name, []byte("·"), []byte("."))
	return string(bytes.ReplaceAll(name, []byte("∕"), []byte("/")))
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// number skips an integer or floating-point literal.
func (t *tokenizer) number() rune {
	kind := tInt
	hex := t.off+1 < len(t.text) && t.text[t.off] == '0' && t.text[t.off+1]|0x20 == 'x'
	for t.off < len(t.text) {
		c := t.text[t.off]
		switch {
		case digit(c) || c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' && (hex || c|0x20 != 'e'):
			if hex && c|0x20 > 'f' && c|0x20 != 'x' {
				return kind
			}
		case c == '.' && !hex:
			kind = tFloat
		case c|0x20 == 'e' && !hex:
			kind = tFloat
			if t.off+1 < len(t.text) && (t.text[t.off+1] == '+' || t.text[t.off+1] == '-') {
				t.off++
			}
		default:
			return kind
		}
		t.off++
	}
	return kind
}

// quoted skips a string or character up to its closing quote.
func (t *tokenizer) quoted(quote byte) error {
	start := t.loc()
	for t.off++; t.off < len(t.text); t.off++ {
		switch t.text[t.off] {
		case '\\':
			t.off++
		case '\n':
			return errorf(start, "literal is not closed")
		case quote:
			t.off++
			return nil
		}
	}
	return errorf(start, "literal is not closed")
}
