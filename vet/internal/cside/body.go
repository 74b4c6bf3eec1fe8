package cside

import (
	"slices"
	"strings"
)

// maxParams is how many parameters of a function are followed: as many as bits.
const maxParams = 60

// maxSteps bounds the statements and expressions that are gone over in one
// body, loops counted as often as they are.
const maxSteps = 200_000

// A flow goes over one body.
type flow struct {
	u      *Unit
	fn     *function
	out    *Func
	locals map[string]Type
	static map[string]bool
	s      *state
	steps  int
	exits  int
	freed  uint64 // on all ways out so far
}

// sum works out what a function with a body does.
func (u *Unit) sum(fn *function) *Func {
	out := declaredFunc(u, fn)
	out.Body = true
	f := &flow{u: u, fn: fn, out: out, locals: map[string]Type{}, static: map[string]bool{}, freed: ^uint64(0)}
	f.s = &state{vars: map[string]value{}, holds: map[string]hold{}}
	for i, d := range fn.params {
		if i < maxParams && d.name != "" {
			f.locals[d.name] = d.typ
			f.s.vars[d.name] = value{params: 1 << i}
		}
	}
	f.block(u.program.statements(fn))
	f.exit()
	for i := range out.Params {
		if i < maxParams {
			out.Params[i].Releases = f.exits > 0 && f.freed>>i&1 == 1
		}
	}
	return out
}

func (f *flow) each(mask uint64, do func(p *Param)) {
	for i := range f.out.Params {
		if i < maxParams && mask>>i&1 == 1 {
			do(&f.out.Params[i])
		}
	}
}

// exit is reached at each return and at the end of the body.
func (f *flow) exit() {
	if f.s.dead {
		return
	}
	f.exits++
	f.freed &= f.s.freed
	for _, h := range f.s.holds {
		if h.heap && !f.s.given {
			continue // in an object that nobody else has
		}
		f.each(h.params, func(p *Param) {
			if h.into == 0 {
				if !p.Keeps || int(h.line) < p.Line || int(h.line) == p.Line && h.where < p.Where {
					p.Keeps, p.Where, p.Line, p.File = true, h.where, int(h.line), f.u.fileName(h.file)
				}
				return
			}
			for j := range f.out.Params {
				if j < maxParams && h.into>>j&1 == 1 && &f.out.Params[j] != p {
					if p.Where == "" {
						p.Where, p.Line, p.File = h.where, int(h.line), f.u.fileName(h.file)
					}
					p.KeepsIn = addInt(p.KeepsIn, j)
				}
			}
		})
	}
	f.s.dead = true
}

func addString(list []string, s string) []string {
	if i, found := slices.BinarySearch(list, s); !found {
		return slices.Insert(slices.Clone(list), i, s)
	}
	return list
}

func addInt(list []int, n int) []int {
	for i, x := range list {
		if x == n {
			return list
		}
		if x > n {
			return append(list[:i:i], append([]int{n}, list[i:]...)...)
		}
	}
	return append(list, n)
}

func (f *flow) block(list []*stmt) {
	for _, s := range list {
		f.stmt(s)
	}
}

func (f *flow) stmt(s *stmt) {
	f.steps++
	if f.steps > maxSteps {
		return
	}
	switch s.kind {
	case stmtExpr, stmtSwitch:
		f.eval(s.expr, 0)
		if s.kind == stmtSwitch {
			before := f.s.clone()
			f.block(s.body)
			f.s.join(before)
		}
	case stmtVar:
		f.locals[s.text] = s.typ
		v := f.eval(s.expr, 0)
		f.s.vars[s.text] = v
	case stmtStatic:
		f.static[s.text] = true
		delete(f.locals, s.text)
	case stmtBlock:
		f.block(s.body)
	case stmtIf:
		f.branch(s)
	case stmtLoop:
		f.loop(s)
	case stmtReturn:
		if s.expr != nil {
			v := f.eval(s.expr, 0)
			f.s.given = f.s.given || v.heap
			f.result(v)
		}
		f.exit()
	case stmtJump:
		// Where it leads to has at most what is known here; the end of the loop
		// or body joins it there, roughly.
	}
}

func (f *flow) result(v value) {
	if f.s.dead || f.fn.result.Ptr == 0 && !isWide(f.fn.result) {
		return
	}
	r := &f.out.Result
	r.Owned = r.Owned || v.heap
	r.Static = r.Static || v.static
	for i := range f.out.Params {
		if i < maxParams && v.params>>i&1 == 1 {
			r.Into = addInt(r.Into, i)
		}
	}
}

// isWide reports integer types that can hold an address, and types that are not
// known to be something else.
func isWide(t Type) bool {
	switch t.Base {
	case "uintptr_t", "intptr_t", "size_t", "long":
		return true
	}
	return !basic[t.Base]
}

// branch follows both ways of an if. Where a pointer is known to be null,
// there is nothing left to free.
func (f *flow) branch(s *stmt) {
	f.eval(s.expr, 0)
	nullThen, nullElse := f.nullIf(s.expr)
	yes, no := f.s, f.s.clone()
	yes.freed |= nullThen
	no.freed |= nullElse
	f.s = yes
	f.block(s.body)
	yes = f.s
	f.s = no
	f.block(s.other)
	yes.join(f.s)
	f.s = yes
}

// nullIf returns the parameters that are null when e holds, and when it does not.
func (f *flow) nullIf(e *expr) (then, otherwise uint64) {
	if e == nil {
		return 0, 0
	}
	switch e.op {
	case opName:
		return 0, f.s.vars[e.text].params
	case opNot:
		then, otherwise = f.nullIf(e.x)
		return otherwise, then
	case opTest:
		x := e.x
		if !isNull(e.y) {
			if !isNull(e.x) {
				return 0, 0
			}
			x = e.y
		}
		if x == nil || x.op != opName {
			return 0, 0
		}
		v := f.s.vars[x.text].params
		switch e.text {
		case "==":
			return v, 0
		case "!=":
			return 0, v
		}
	case opBoth:
		a, _ := f.nullIf(e.x)
		b, _ := f.nullIf(e.y)
		return a | b, 0
	case opEither:
		_, a := f.nullIf(e.x)
		_, b := f.nullIf(e.y)
		return 0, a | b
	}
	return 0, 0
}

func isNull(e *expr) bool {
	for e != nil && e.op == opCast {
		e = e.x
	}
	return e != nil && (e.op == opName && e.text == "NULL" || e.op == opNone && e.text == "0")
}

func (f *flow) loop(s *stmt) {
	f.terminated(s.expr)
	for range 2 {
		before := f.s.clone()
		f.eval(s.expr, 0)
		f.block(s.body)
		f.eval(s.post, 0)
		f.s.join(before)
	}
}

// terminated looks for a loop that runs up to a NUL.
func (f *flow) terminated(e *expr) {
	if e == nil {
		return
	}
	switch e.op {
	case opBoth:
		if bounded(e.x) || bounded(e.y) {
			return // the length ends it too
		}
		f.terminated(e.x)
		f.terminated(e.y)
	case opDeref:
		f.each(f.eval(e.x, 0).params, func(p *Param) {
			if p.Type.Base == "char" || p.Type.Base == "void" {
				p.NUL = true
			}
		})
	case opTest:
		if e.text == "!=" && e.y != nil && e.y.op == opNone && (e.y.text == "0" || e.y.text == `'\0'`) {
			f.terminated(e.x)
		}
	case opAssign: // while (*d++ = *s++)
		f.terminated(e.y)
	case opCast:
		f.terminated(e.x)
	}
}

func bounded(e *expr) bool {
	if e == nil {
		return false
	}
	switch e.op {
	case opTest:
		return strings.ContainsAny(e.text, "<>") || e.text == "!=" && e.y != nil && e.y.op == opName
	case opBoth:
		return bounded(e.x) || bounded(e.y)
	case opStep, opName:
		return true // while (n-- && *p)
	}
	return false
}
