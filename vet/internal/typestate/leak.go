package typestate

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/astutil"
	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/fact"
	"moho/vet/internal/rule"
)

func (w *walker) leakOf(born ssa.Instruction) *leak {
	key := leakKey{born: born}
	l := w.leaks[key]
	if l == nil {
		l = &leak{}
		w.leaks[key] = l
	}
	return l
}

// returned is a return of the walked function: what it returns that was given
// back is used, and what it made and nobody has is lost.
func (w *walker) returned(st *state, in *ssa.Return, results []sym) {
	reached := map[sym]bool{}
	for _, s := range results {
		w.reach(st, s, reached)
		root := w.tab.root(s)
		if r, ok := st.res[root]; ok && r.status == freed && r.family != fact.Handle {
			w.after(st, in, in.Pos(), root, r, "returns", true)
		}
	}
	latest := map[ssa.Instruction]int{}
	for s, r := range st.res {
		if r.owned && r.born != nil {
			latest[r.born] = max(latest[r.born], w.turnOf(s))
		}
	}
	for s, r := range st.res {
		if r.born == nil || !r.owned || r.status != live || r.family == fact.Munmap {
			continue
		}
		l := w.leakOf(r.born)
		if r.escaped || reached[s] {
			l.given = true
			continue
		}
		if pos := w.known.jump(r.back); pos.IsValid() {
			if !slices.Contains(l.jumps, pos) {
				l.jumps = append(l.jumps, pos)
			}
			l.root, l.res = s, r
			continue
		}
		if w.turnOf(s) < latest[r.born] {
			l.again = true
		}
		if !slices.Contains(l.returns, in) {
			l.returns = append(l.returns, in)
		}
		l.root, l.res = s, r
	}
}

// turnOf is the execution of its maker that a resource comes from.
func (w *walker) turnOf(s sym) int {
	n := w.tab.node(s)
	if n.kind == part {
		n = w.tab.node(n.a)
	}
	return n.n
}

// lost turns what was seen of leaks into events.
func (w *walker) lost() {
	for _, key := range w.madeInOrder() {
		l := w.leaks[key]
		if len(l.returns)+len(l.jumps) == 0 || !within(key.born.Parent(), w.fn) {
			continue
		}
		name := "c-leak"
		verb := "freed"
		if l.res.family == fact.Handle {
			name, verb = "handle-typestate", "deleted"
		}
		what := w.expr(key.born)
		where := fullName(w.fn)
		if !l.given || l.again {
			ends := append(positions(l.returns), l.jumps...)
			msg := fmt.Sprintf("what %s in %s makes is never %s, returned, kept or handed on", what, where, verb)
			if l.given {
				msg = fmt.Sprintf("what %s in %s makes is not %s when the loop makes the next", what, where, verb)
			}
			var fix []analysis.SuggestedFix
			if !l.given && l.res.family == fact.Free && l.res.inner == key.born {
				fix = w.deferFree(key.born)
			}
			by := ""
			if l.res.inner != key.born {
				by = fmt.Sprintf("what %s in %s makes is returned, and no caller sees to it that it is %s", w.expr(l.res.inner), fullName(l.res.inner.Parent()), verb)
			}
			w.found = append(w.found, Event{
				Rule: name, Pos: key.born.Pos(), Sure: true, Never: !l.given, Fixes: fix, callers: by, born: key.born, inner: l.res.inner, Message: msg,
				Flow: append(w.birth(l.root, l.res), rule.Step{Pos: ends[0], Text: "the function goes on without it"}),
			})
			continue
		}
		for _, pos := range l.jumps {
			w.found = append(w.found, Event{
				Rule: name, Pos: pos, Sure: true, born: key.born, inner: l.res.inner,
				Message: fmt.Sprintf("what %s made in %s is not %s before the loop goes on here", what, where, verb),
				Flow:    append(w.birth(l.root, l.res), rule.Step{Pos: pos, Text: "the loop goes on without it"}),
			})
		}
		for _, ret := range l.returns {
			w.found = append(w.found, Event{
				Rule: name, Pos: nearest(ret), Sure: true, born: key.born, inner: l.res.inner,
				Message: fmt.Sprintf("%s: what %s made in %s is not %s on this path", w.retText(ret), what, where, verb),
				Flow:    append(w.birth(l.root, l.res), rule.Step{Pos: nearest(ret), Text: "the function returns without"}),
			})
		}
	}
}

func (w *walker) madeInOrder() []leakKey {
	return slices.SortedFunc(maps.Keys(w.leaks), func(a, b leakKey) int { return cmp.Compare(a.born.Pos(), b.born.Pos()) })
}

// retText is a return statement as its author wrote it.
func (w *walker) retText(in *ssa.Return) string {
	if s := w.known.returnAt(in.Pos()); s != nil {
		return w.returnText(s)
	}
	return "the end"
}

func positions(list []*ssa.Return) []token.Pos {
	var out []token.Pos
	for _, r := range list {
		out = append(out, nearest(r))
	}
	return out
}

// jump is the continue statement that ends a round of a loop in block b, if it
// is one under a condition.
func (k *knowledge) jump(b *ssa.BasicBlock) token.Pos {
	if b == nil {
		return token.NoPos
	}
	cond, ok := b.Instrs[len(b.Instrs)-1].(*ssa.If)
	if !ok && len(b.Preds) == 1 {
		pred := b.Preds[0]
		cond, ok = pred.Instrs[len(pred.Instrs)-1].(*ssa.If)
	}
	if !ok || !cond.Cond.Pos().IsValid() {
		return token.NoPos
	}
	pos := cond.Cond.Pos()
	for _, f := range k.p.Files {
		if pos < f.FileStart || pos >= f.FileEnd {
			continue
		}
		path, _ := astutil.PathEnclosingInterval(f, pos, pos)
		for _, n := range path {
			s, ok := n.(*ast.IfStmt)
			if !ok {
				continue
			}
			if len(s.Body.List) == 0 {
				return token.NoPos
			}
			if j, ok := s.Body.List[len(s.Body.List)-1].(*ast.BranchStmt); ok && j.Tok == token.CONTINUE {
				return j.Pos()
			}
			return token.NoPos
		}
	}
	return token.NoPos
}
