package cside

import "strings"

type kind uint8

const (
	ident kind = iota
	number
	text // a string
	char
	punct
)

// A token is one word of C. line counts from 1 in the text of source file.
type token struct {
	kind kind
	text string
	line int32
	file int32
}

// Bounds on what is read of one package.
const (
	maxText     = 2 << 20 // bytes of one file; larger ones are left out
	maxTotal    = 8 << 20 // bytes of all files of a package
	maxTokens   = 2 << 20 // tokens of a package, after macros
	maxDepth    = 64      // nesting of expressions, statements and declarators
	maxIncludes = 256     // files read
	maxMacro    = 64      // tokens of a macro that is expanded
)

// puncts lists the operators of more than one character, longest first.
var puncts = []string{"<<=", ">>=", "...", "->", "++", "--", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||", "+=", "-=", "*=", "/=", "%=", "&=", "^=", "|=", "##"}

// lexer cuts one line of text into tokens. Comments are gone by then.
type lexer struct {
	s    string
	i    int
	line int32
	file int32
}

func (l *lexer) next() (t token, ok bool) {
	for l.i < len(l.s) {
		c := l.s[l.i]
		if c == '\n' {
			l.line++
		} else if c != ' ' && c != '\t' && c != '\r' && c != '\f' && c != '\v' {
			break
		}
		l.i++
	}
	if l.i >= len(l.s) {
		return token{}, false
	}
	start := l.i
	t = token{line: l.line, file: l.file}
	c := l.s[l.i]
	switch {
	case isLetter(c):
		t.kind = ident
		for l.i < len(l.s) && (isLetter(l.s[l.i]) || isDigit(l.s[l.i])) {
			l.i++
		}
	case isDigit(c), c == '.' && l.i+1 < len(l.s) && isDigit(l.s[l.i+1]):
		t.kind = number
		for l.i < len(l.s) && (isLetter(l.s[l.i]) || isDigit(l.s[l.i]) || l.s[l.i] == '.' ||
			(l.s[l.i] == '+' || l.s[l.i] == '-') && (l.s[l.i-1] == 'e' || l.s[l.i-1] == 'E') && !strings.HasPrefix(l.s[start:], "0x")) {
			l.i++
		}
	case c == '"' || c == '\'':
		t.kind = text
		if c == '\'' {
			t.kind = char
		}
		l.quoted(c)
	default:
		t.kind = punct
		l.i++
		for _, p := range puncts {
			if strings.HasPrefix(l.s[start:], p) {
				l.i = start + len(p)
				break
			}
		}
	}
	t.text = l.s[start:l.i]
	return t, true
}

// quoted goes behind the closing quote, or to the end of the line without one.
func (l *lexer) quoted(q byte) {
	l.i++
	for l.i < len(l.s) && l.s[l.i] != '\n' {
		switch l.s[l.i] {
		case '\\':
			if l.i+1 < len(l.s) && l.s[l.i+1] != '\n' {
				l.i++
			}
		case q:
			l.i++
			return
		}
		l.i++
	}
}

func isLetter(c byte) bool {
	return c == '_' || c == '$' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80
}
func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// uncomment replaces comments by blanks and joins lines that end in a
// backslash, in such a way that lines keep their numbers.
func uncomment(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	owed := 0 // line ends taken out by joining
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && s[i+1] == '\n':
			owed++
			i += 2
		case c == '\\' && i+2 < len(s) && s[i+1] == '\r' && s[i+2] == '\n':
			owed++
			i += 3
		case c == '\n':
			for ; owed > 0; owed-- {
				b.WriteByte('\n')
			}
			b.WriteByte('\n')
			i++
		case c == '/' && i+1 < len(s) && s[i+1] == '/':
			for i < len(s) && s[i] != '\n' {
				i++
			}
		case c == '/' && i+1 < len(s) && s[i+1] == '*':
			end := strings.Index(s[i+2:], "*/")
			if end < 0 {
				return b.String()
			}
			b.WriteByte(' ')
			// A comment over several lines does not end a directive; what
			// follows a directive's comment is rarely code.
			owed += strings.Count(s[i:i+2+end], "\n")
			i += end + 4
			if rest := strings.TrimLeft(s[i:], " \t\r"); strings.HasPrefix(rest, "#") || owed > 0 && !inDirective(b.String()) {
				for ; owed > 0; owed-- {
					b.WriteByte('\n')
				}
			}
		case c == '"' || c == '\'':
			l := lexer{s: s, i: i}
			l.quoted(c)
			b.WriteString(s[i:l.i])
			i = l.i
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String()
}

// inDirective reports whether the last line of s is a directive.
func inDirective(s string) bool {
	line := s[strings.LastIndexByte(s, '\n')+1:]
	return strings.HasPrefix(strings.TrimLeft(line, " \t"), "#")
}
