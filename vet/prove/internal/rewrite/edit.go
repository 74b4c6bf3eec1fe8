package rewrite

import (
	"bytes"
	"go/ast"
	"go/token"
	"slices"
)

// Edits insert text, or put it in place of a name, and no text has a line break:
// what stands in a line still stands in it.

type editKind int

// The order of edits at one place: what ends there, inner first; what follows the
// statement; what begins there, outer first.
const (
	closing editKind = iota
	following
	opening
)

type edit struct {
	pos  int
	kind editKind
	seq  int
	text string
	cut  int // bytes that go
}

type edits struct {
	base int // of the file in its set
	list []edit
}

func (e *edits) add(p token.Pos, kind editKind, text string) {
	e.list = append(e.list, edit{pos: int(p) - e.base, kind: kind, seq: len(e.list), text: text})
}

// wrap puts an expression between two texts.
func (e *edits) wrap(x ast.Expr, before, after string) {
	e.add(x.Pos(), opening, before)
	e.add(x.End(), closing, after)
}

// replace puts text in the place of an expression without line breaks.
func (e *edits) replace(x ast.Expr, text string) {
	e.list = append(e.list, edit{pos: int(x.Pos()) - e.base, kind: opening, seq: len(e.list), text: text, cut: int(x.End() - x.Pos())})
}

// after adds statements behind one, before it adds them in front.
func (e *edits) after(s ast.Stmt, text string)  { e.add(s.End(), following, "; "+text) }
func (e *edits) before(s ast.Stmt, text string) { e.add(s.Pos(), opening, text+"; ") }

// apply returns src with the edits made.
func (e *edits) apply(src []byte) []byte {
	slices.SortFunc(e.list, func(a, b edit) int {
		switch {
		case a.pos != b.pos:
			return a.pos - b.pos
		case a.kind != b.kind:
			return int(a.kind - b.kind)
		case a.kind == closing:
			return b.seq - a.seq
		}
		return a.seq - b.seq
	})
	var out bytes.Buffer
	last := 0
	for _, x := range e.list {
		out.Write(src[last:x.pos])
		out.WriteString(x.text)
		last = x.pos + x.cut
	}
	out.Write(src[last:])
	return out.Bytes()
}
