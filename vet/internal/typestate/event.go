package typestate

import (
	"fmt"
	"go/token"
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/fact"
	"moho/vet/internal/rule"
	"moho/vet/internal/ssafn"
)

// An Event is a misuse on a path that exists.
//
// Sure means that nothing on the path between the release and the use depends
// on a condition that may exclude it.
type Event struct {
	Rule    string
	Pos     token.Pos
	Sure    bool
	Message string
	Flow    []rule.Step
	Fixes   []analysis.SuggestedFix
	// Refused is a second release of which the callee says, by an error that the
	// code looks at, that there is nothing to give back.
	Refused bool
	callers string          // for leaks: the message when all callers lose it
	Never   bool            // for leaks: no path gives it back
	born    ssa.Instruction // for leaks: what made it
	inner   ssa.Instruction // the same, or inside of what that calls
}

type leakKey struct{ born ssa.Instruction }

// A leak is what became of the memory that one instruction made.
type leak struct {
	returns []*ssa.Return
	jumps   []token.Pos // continue statements at which a loop loses it
	again   bool        // an earlier round's was lost
	given   bool        // some path gives it back, or hands it on
	root    sym
	res     resource
}

// use notes that the memory that s points into is used, and reports that if it
// was given back before. sure is false where the use may not touch the memory.
func (w *walker) use(st *state, in ssa.Instruction, pos token.Pos, s sym, how string, sure bool) {
	root := w.tab.root(s)
	r, ok := st.res[root]
	if !ok || r.status != freed || r.family == fact.Handle {
		if k := w.tab.node(root).kind; k == input || k == content {
			st.touched[root] = true
		}
		return
	}
	w.after(st, in, pos, root, r, how, sure)
}

// after reports a use of what was given back.
func (w *walker) after(st *state, in ssa.Instruction, pos token.Pos, root sym, r resource, how string, sure bool) {
	name := "c-uaf"
	switch r.family {
	case fact.Munmap:
		name = "munmap-use"
	case fact.Handle:
		name = "handle-typestate"
	case fact.Unpin:
		return
	}
	free := r.free
	if free == nil || w.sameCall(st, free) {
		return
	}
	if !pos.IsValid() {
		pos = nearest(in)
	}
	w.add(Event{
		Rule:    name,
		Pos:     w.place(st, pos),
		Sure:    sure && w.sure(st, in, free),
		Message: fmt.Sprintf("%s in %s %s %s after %s gave it back", w.textAt(w.place(st, pos)), fullName(w.fn), how, w.noun(root, r), free.by),
		Flow:    append(w.story(root, r), rule.Step{Pos: pos, Text: how + " what was given back"}),
	})
}

// sameCall reports that both a release and the current place are inside of one
// call of a function that is walked for itself.
func (w *walker) sameCall(st *state, free *release) bool {
	outer, turn := w.outer(st)
	return outer != nil && outer == free.outer && turn == free.turn
}

// sure reports whether coming to instruction in means that the release was done.
func (w *walker) sure(st *state, in ssa.Instruction, free *release) bool {
	if st.depth == free.depth {
		return true
	}
	if !free.always || free.block == nil {
		return false
	}
	here := w.rootBlock(st, in)
	return free.block == here || free.block.Dominates(here)
}

// free is an act of giving s back.
func (w *walker) free(st *state, at site, s sym, family fact.Release, by string, certain bool, failed sym) {
	w.freeUnless(st, at, s, family, by, certain, failed, 0)
}

// freeUnless is free for what is not freed after all when moved is nil.
func (w *walker) freeUnless(st *state, at site, s sym, family fact.Release, by string, certain bool, failed, moved sym) {
	if w.tab.isNull(s) {
		return
	}
	root := w.tab.root(s)
	if truth, known := w.decided(st, w.tab.binary(token.EQL, root, w.tab.null())); known && truth {
		return
	}
	r, known := st.res[root]
	if known && r.status == absent {
		return
	}
	if w.wrong(st, at, s, root, r, family, by) {
		w.share(st, root)
		return
	}
	switch is, isNot := w.tab.whole(s); {
	case !is && family == fact.Munmap:
		return // a part of the mapping
	case isNot && family == fact.Handle:
		return // another number, another handle
	}
	outer, turn := w.outer(st)
	rel := &release{
		at: at.at, pos: at.at.Pos(), by: by, deferred: at.late || w.late(st), depth: st.depth, failed: failed, moved: moved,
		block: w.rootBlock(st, at.at), always: len(st.frames) == 1 || st.depth == st.frames[1].depth, outer: outer, turn: turn,
	}
	if known && r.status == freed && !w.sameCall(st, r.free) && certain && (r.free.by == by || family != fact.Custom && r.family == family) {
		w.again(st, at, root, r, rel, family)
	}
	if r.started != nil && certain {
		w.racing(st, at, root, r, rel)
	}
	r.family, r.free = family, rel
	r.status = freed
	if !certain {
		r.status = maybe
	}
	st.res[root] = r
	if r.born != nil {
		w.leakOf(r.born).given = true
	}
}

func (w *walker) late(st *state) bool {
	return slices.ContainsFunc(st.frames, func(f frame) bool { return f.late })
}

// again reports a second release.
func (w *walker) again(st *state, at site, root sym, r resource, rel *release, family fact.Release) {
	name := map[fact.Release]string{fact.Munmap: "munmap-use", fact.Handle: "handle-typestate"}[family]
	if name == "" {
		name = "c-double-free"
	}
	sure := w.sure(st, at.at, r.free) || rel.always && rel.block != nil && r.free.block != nil && rel.block.Dominates(r.free.block)
	when := ""
	if rel.deferred {
		when = "; deferred, it runs when the function returns"
	}
	w.add(Event{
		Rule:    name,
		Pos:     w.place(st, rel.pos),
		Sure:    sure,
		Refused: refuses(rel),
		Message: fmt.Sprintf("%s in %s gives back %s again, after %s did%s", w.textAt(w.place(st, rel.pos)), fullName(w.fn), w.noun(root, r), r.free.by, when),
		Flow:    append(w.story(root, r), rule.Step{Pos: rel.pos, Text: "given back again by " + rel.by + when}),
	})
}

// refuses reports a release by a function that keeps a list of what it may
// unmap, and whose error somebody looks at, in every function on the way. A
// second one does harm only when the same place was mapped again in between.
//
// Source: $GOROOT/src/syscall/syscall_unix.go, (*mmapper).Munmap, go1.26.
func refuses(rel *release) bool {
	call, ok := rel.at.(ssa.CallInstruction)
	if !ok || rel.deferred || !looked(rel.at) || rel.outer != nil && !looked(rel.outer) {
		return false
	}
	callee := ssafn.Callee(call.Common())
	return callee != nil && listed[callee.String()]
}

// listed are the functions that know their mappings.
var listed = map[string]bool{"syscall.Munmap": true, "golang.org/x/sys/unix.Munmap": true}

func looked(in ssa.Instruction) bool {
	call, ok := in.(*ssa.Call)
	return ok && len(*call.Referrers()) > 0
}

// racing reports a release while a goroutine may still use the memory.
func (w *walker) racing(st *state, at site, root sym, r resource, rel *release) {
	pos := startedUse(r.started)
	w.add(Event{
		Rule:    map[bool]string{true: "munmap-use", false: "c-uaf"}[r.family == fact.Munmap],
		Pos:     w.place(st, pos),
		Sure:    true,
		Message: fmt.Sprintf("%s is used by a goroutine that %s starts, and nothing waits for it before %s gives it back", w.noun(root, r), fullName(w.fn), rel.by),
		Flow: append(w.birth(root, r),
			rule.Step{Pos: r.started.Pos(), Text: "a goroutine starts that uses it"},
			rule.Step{Pos: rel.pos, Text: w.freedText(rel)},
			rule.Step{Pos: pos, Text: "used by the goroutine, perhaps after that"}),
	})
}

// wrong reports a release of what that release is not for.
func (w *walker) wrong(st *state, at site, s, root sym, r resource, family fact.Release, by string) bool {
	if family != fact.Free {
		return false
	}
	what := ""
	n := w.tab.node(root)
	switch {
	case n.kind == variable && w.isAlloc(n):
		what = "memory of Go's, " + goMemory(n)
	case n.kind == global:
		what = "the package variable " + n.at.(*ssa.Global).Name()
	case n.kind == function, n.kind == literal && len(n.text) > 1 && n.text[0] == '"':
		what = "a constant of Go's"
	case w.ofString(s):
		what = "the bytes of a Go string"
	case n.kind == opaque && goMade(n):
		what = "memory of Go's"
	case r.owned && r.family == fact.Munmap:
		what = "a mapping, which is not the allocator's"
	case r.owned && r.family == fact.Free:
		if _, inside := w.tab.whole(s); inside {
			what = "an address inside of a block, not where it begins"
		}
	}
	if what == "" {
		return false
	}
	flow := w.birth(root, r)
	if v, ok := n.at.(ssa.Instruction); ok && r.born == nil && v.Pos().IsValid() {
		flow = append(flow, rule.Step{Pos: v.Pos(), Text: "made here"})
	}
	w.add(Event{
		Rule:    "free-go-memory",
		Pos:     w.place(st, at.at.Pos()),
		Sure:    true,
		Message: fmt.Sprintf("%s in %s frees %s", w.textAt(w.place(st, at.at.Pos())), fullName(w.fn), what),
		Flow:    append(flow, rule.Step{Pos: at.at.Pos(), Text: "given to " + by}),
	})
	return true
}

// ofString reports the address of the bytes of a string.
func (w *walker) ofString(s sym) bool {
	n := w.tab.node(s)
	for range 8 {
		if n.kind != index {
			return false
		}
		if n.text == "string" {
			return true
		}
		n = w.tab.node(n.a)
	}
	return false
}

func (w *walker) add(e Event) {
	for _, f := range w.found {
		if f.Rule == e.Rule && f.Pos == e.Pos && (f.Sure || !e.Sure) {
			return
		}
	}
	w.found = slices.DeleteFunc(w.found, func(f Event) bool { return f.Rule == e.Rule && f.Pos == e.Pos })
	w.found = append(w.found, e)
}

// birth and story tell where memory came from and what became of it.
func (w *walker) birth(root sym, r resource) []rule.Step {
	if r.born == nil || !r.born.Pos().IsValid() {
		return nil
	}
	return []rule.Step{{Pos: r.born.Pos(), Text: "made by " + w.expr(r.born)}}
}

func (w *walker) story(root sym, r resource) []rule.Step {
	flow := w.birth(root, r)
	if r.kept != "" {
		flow = append(flow, rule.Step{Pos: r.born.Pos(), Text: "C keeps its address in " + r.kept})
	}
	if r.free != nil && r.free.pos.IsValid() {
		flow = append(flow, rule.Step{Pos: r.free.pos, Text: w.freedText(r.free)})
	}
	return flow
}

func (w *walker) freedText(rel *release) string {
	if rel.deferred {
		return "given back by " + rel.by + ", deferred: it runs when the function returns"
	}
	return "given back by " + rel.by
}

// noun names memory for a message.
func (w *walker) noun(root sym, r resource) string {
	if r.born != nil {
		return "what " + w.expr(r.born) + " made"
	}
	if call, ok := w.tab.node(root).at.(*ssa.Call); ok && w.tab.node(root).kind == opaque {
		return "what " + w.expr(call) + " returned"
	}
	if name := w.name(root); name != "" {
		switch r.family {
		case fact.Handle:
			return "the handle " + name
		case fact.Munmap:
			return "the mapping " + name
		}
		return "the memory of " + name
	}
	return "memory"
}
