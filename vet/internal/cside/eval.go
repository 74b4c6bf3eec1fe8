package cside

// eval goes over an expression: it returns what its value may be, and carries
// out what the expression does.
func (f *flow) eval(e *expr, depth int) value {
	if e == nil || depth > 16*maxDepth {
		return value{}
	}
	f.steps++
	if f.steps > maxSteps {
		return value{}
	}
	depth++
	switch e.op {
	case opString:
		return value{static: true}
	case opName:
		return f.name(e.text)
	case opDeref:
		if e.y != nil {
			f.eval(e.y, depth)
		}
		return f.load(f.eval(e.x, depth))
	case opArrow:
		return f.load(f.eval(e.x, depth))
	case opMember:
		if e.x.op == opName && f.isLocal(e.x.text) {
			v := f.s.vars[e.x.text]
			v.local = ""
			return v
		}
		return f.eval(e.x, depth)
	case opAddr:
		return f.address(e.x, depth)
	case opCast, opStep:
		return f.eval(e.x, depth)
	case opSum:
		return f.eval(e.x, depth).or(f.eval(e.y, depth))
	case opTest, opBoth, opEither, opNot:
		f.eval(e.x, depth)
		f.eval(e.y, depth)
	case opAssign:
		v := f.eval(e.y, depth)
		if e.text != "=" {
			v = v.or(f.eval(e.x, depth))
		}
		f.assign(e.x, v, e, depth)
		return v
	case opCond:
		f.eval(e.x, depth)
		return f.eval(e.y, depth).or(f.eval(e.z, depth))
	case opComma:
		f.eval(e.x, depth)
		return f.eval(e.y, depth)
	case opCall:
		return f.call(e, depth)
	case opList:
		var v value
		for _, a := range e.args {
			v = v.or(f.eval(a, depth))
		}
		return v
	default:
		for _, a := range e.args {
			f.eval(a, depth)
		}
	}
	return value{}
}

func (f *flow) isLocal(name string) bool {
	_, ok := f.locals[name]
	return ok && !f.static[name]
}

func (f *flow) name(name string) value {
	if f.static[name] {
		return value{static: true}
	}
	if t, ok := f.locals[name]; ok {
		v := f.s.vars[name]
		if t.Array {
			v.local = name
		}
		return v
	}
	if t, ok := f.u.program.globals[name]; ok {
		return value{static: true, from: name, element: t.Array}
	}
	return value{}
}

// load is what is read through a pointer.
func (f *flow) load(p value) value {
	f.touches(p)
	if p.local != "" {
		v := f.s.vars[p.local]
		v.local = ""
		return v
	}
	v := value{through: p.params | p.through, heap: p.heap, static: p.static}
	switch {
	case p.from == "":
	case p.element:
		v.from = p.from
	default:
		f.out.Reads = addString(f.out.Reads, p.from)
	}
	return v
}

// address is where an expression's memory lies.
func (f *flow) address(e *expr, depth int) value {
	if e == nil || depth > 16*maxDepth {
		return value{}
	}
	depth++
	switch e.op {
	case opName:
		if f.isLocal(e.text) {
			return value{local: e.text}
		}
		return value{static: true}
	case opDeref:
		if e.y != nil {
			f.eval(e.y, depth)
		}
		return f.eval(e.x, depth)
	case opArrow:
		return f.eval(e.x, depth)
	case opMember:
		return f.address(e.x, depth)
	case opCast:
		return f.address(e.x, depth)
	}
	return f.eval(e, depth)
}

// assign stores v where the expression to says.
func (f *flow) assign(to *expr, v value, at *expr, depth int) {
	if to.op == opCast {
		to = to.x
	}
	if to.op == opName && f.isLocal(to.text) {
		f.s.vars[to.text] = v // all of the variable
		return
	}
	if to.op == opName {
		f.out.Sets = addString(f.out.Sets, to.text)
	}
	where := f.address(to, depth)
	f.writes(where)
	f.store(where, v, to.key(0), at)
}

// touches notes that memory is read or written, or handed on.
func (f *flow) touches(p value) {
	f.each(p.params, func(p *Param) { p.Touches = true })
}

func (f *flow) writes(where value) {
	f.touches(where)
	f.each(where.params, func(p *Param) { p.Writes = true })
}

// store puts v into the memory at where, of which key is the text.
func (f *flow) store(where value, v value, key string, at *expr) {
	switch {
	case where.local != "":
		f.s.vars[where.local] = f.s.vars[where.local].or(value{params: v.params, through: v.through, heap: v.heap, static: v.static})
		return
	case where.static, where.heap, where.params|where.through != 0:
	default:
		return
	}
	into := where.params | where.through
	if where.static || where.heap {
		into = 0
	}
	if v.heap && !where.heap || v.heap && where.static {
		f.s.given = true
	}
	mask := v.params &^ into
	if mask == 0 {
		delete(f.s.holds, key)
		return
	}
	h := hold{params: mask, into: into, heap: where.heap && !where.static, where: key, line: at.line, file: at.file}
	f.s.holds[key] = h
}

// key is an expression as text, for telling what is assigned to.
func (e *expr) key(depth int) string {
	if e == nil || depth > 8 {
		return "?"
	}
	depth++
	switch e.op {
	case opName:
		return e.text
	case opDeref:
		if e.y != nil {
			return e.x.key(depth) + "[" + e.y.key(depth) + "]"
		}
		return "*" + e.x.key(depth)
	case opMember:
		return e.x.key(depth) + "." + e.text
	case opArrow:
		return e.x.key(depth) + "->" + e.text
	case opAddr:
		return "&" + e.x.key(depth)
	case opCast:
		return e.x.key(depth)
	case opStep:
		return e.x.key(depth) + "++"
	case opCall:
		return e.x.key(depth) + "()"
	}
	if e.text != "" {
		return e.text
	}
	return "?"
}

// call carries out a call of a function that is known, and notes what is
// handed to one that is not.
func (f *flow) call(e *expr, depth int) value {
	args := make([]value, len(e.args))
	for i, a := range e.args {
		args[i] = f.eval(a, depth)
	}
	var callee *Func
	if e.x.op == opName && !f.isLocal(e.x.text) {
		callee = f.u.lookup(e.x.text)
	} else {
		f.eval(e.x, depth)
	}
	f.givenAway(e, args)
	if callee == nil || !callee.Body && !callee.Known {
		for _, a := range args {
			f.each(a.params, func(p *Param) { p.Unseen = true })
			f.touches(a)
			if a.local != "" {
				f.each(f.s.vars[a.local].params, func(p *Param) { p.Unseen = true })
			}
		}
		// A function that nothing is known of may have undone what was stored
		// in a parameter's memory for it to work on.
		for key, h := range f.s.holds {
			if h.into != 0 && touches(args, h.into) {
				delete(f.s.holds, key)
			}
		}
		return value{}
	}
	f.effects(e, callee, args)
	var v value
	if callee.Result.Owned {
		v.heap = true
	}
	if callee.Result.Static {
		v.static = true
	}
	for _, i := range callee.Result.Into {
		if i < len(args) {
			v = v.or(args[i])
		}
	}
	return v
}

// givenAway finds calls that get, with a pointer, the function that is to free
// it: whoever is called keeps it until then.
func (f *flow) givenAway(e *expr, args []value) {
	for _, a := range e.args {
		for a != nil && (a.op == opAddr || a.op == opCast) {
			a = a.x
		}
		if a == nil || a.op != opName || f.isLocal(a.text) {
			continue
		}
		if g := f.u.lookup(a.text); g == nil || !g.param(0).Releases {
			continue
		}
		for _, v := range args {
			if v.params != 0 {
				f.store(value{static: true}, v, e.x.key(0)+"() what is to be freed", e)
			}
		}
		return
	}
}

func touches(args []value, mask uint64) bool {
	for _, a := range args {
		if (a.params|a.through)&mask != 0 {
			return true
		}
	}
	return false
}

func (f *flow) effects(e *expr, callee *Func, args []value) {
	for _, name := range callee.Reads {
		f.out.Reads = addString(f.out.Reads, name)
	}
	for _, name := range callee.Sets {
		f.out.Sets = addString(f.out.Sets, name)
	}
	for i, a := range args {
		p := callee.param(i)
		if a.from != "" && !a.element && !p.Releases && !p.MayFree && !p.Keeps {
			f.out.Reads = addString(f.out.Reads, a.from)
		}
		if p.Writes {
			f.writes(a)
		}
		if p.Touches || callee.Known && !p.Keeps && len(p.KeepsIn) == 0 {
			f.touches(a)
		}
		if p.NUL || callee.Variadic && callee.Known && formatted(e, callee, i) {
			f.each(a.params, func(q *Param) { q.NUL = true })
		}
		if p.Unseen {
			f.each(a.params, func(q *Param) { q.Unseen = true })
		}
		if p.Keeps {
			kept := a
			if a.local != "" {
				kept = f.s.vars[a.local]
			}
			f.store(value{static: true}, kept, callee.Name+"() "+p.Where, e)
		}
		for _, j := range p.KeepsIn {
			if j < len(args) {
				f.store(args[j], a, e.args[j].key(0), e)
			}
		}
		if p.copied && a.local != "" { // memcpy(&kept, &p, sizeof p)
			f.store(args[0], f.s.vars[a.local], e.args[0].key(0), e)
		}
		switch {
		case p.Releases:
			f.release(a)
			f.s.freed |= a.params
			f.each(a.params, func(q *Param) { q.MayFree = true })
		case p.MayFree:
			f.release(a)
			f.each(a.params, func(q *Param) { q.MayFree = true })
		}
	}
}

// release forgets what was stored in memory that is freed.
func (f *flow) release(v value) {
	for key, h := range f.s.holds {
		if v.heap && h.heap {
			delete(f.s.holds, key)
		}
	}
}

// formatted reports whether argument i is what a %s of a format prints.
func formatted(e *expr, callee *Func, i int) bool {
	at := -1
	for j, p := range callee.Params {
		if p.NUL {
			at = j
		}
	}
	if at < 0 || i <= at || at != len(callee.Params)-1 || e.args[at].op != opString {
		return false
	}
	n := at
	format := e.args[at].text
	for k := 0; k < len(format); k++ {
		if format[k] != '%' {
			continue
		}
		k++
		precise := false
		for k < len(format) && !isLetter(format[k]) && format[k] != '%' {
			if format[k] == '.' {
				precise = true
			}
			if format[k] == '*' {
				n++
			}
			k++
		}
		for k < len(format) && (format[k] == 'l' || format[k] == 'h' || format[k] == 'z' || format[k] == 'j') {
			k++
		}
		if k < len(format) && format[k] != '%' {
			n++
			if n == i {
				return format[k] == 's' && !precise
			}
		}
	}
	return false
}
