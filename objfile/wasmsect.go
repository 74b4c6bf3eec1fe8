package objfile

// Value types, and the bounds that the specification sets.
//
// Source: WebAssembly core specification 2.0, "Types" and "Limits".
const (
	wasmFuncref, wasmExternref = 0x70, 0x6f

	maxWASMPages  = 1 << 16 // pages of 64 KiB in a memory: 4 GiB
	maxWASMValues = 1000    // parameters or results of one type, as the JavaScript embedding has it
)

func isWASMValue(t byte) bool { return t >= 0x7b && t <= 0x7f || isWASMRef(t) }
func isWASMRef(t byte) bool   { return t == wasmFuncref || t == wasmExternref }

// section decodes one of the known sections.
func (w *wasmFile) section(id byte, r *wasmReader) {
	switch id {
	case 1:
		each(r, "types", w.typ)
	case 2:
		each(r, "imports", w.importItem)
	case 3:
		each(r, "functions", func(r *wasmReader) { w.funcs = append(w.funcs, w.typeIndex(r)) })
	case 4:
		each(r, "tables", w.table)
	case 5:
		each(r, "memories", w.mem)
	case 6:
		each(r, "globals", func(r *wasmReader) {
			t := globalType(r)
			w.constExpr(r, t.val)
			w.globals = append(w.globals, t)
		})
	case 7:
		seen := map[string]bool{}
		each(r, "exports", func(r *wasmReader) { w.export(r, seen) })
	case 8:
		w.start = w.index(r, "start function", len(w.funcs))
		if r.err == nil {
			if t := w.types[w.funcs[w.start]]; len(t.Params)+len(t.Results) > 0 {
				r.fail("start function %d has parameters or results", w.start)
			}
		}
	case 9:
		each(r, "element segments", w.element)
	case 10:
		each(r, "function bodies", w.body)
	case 11:
		each(r, "data segments", w.dataSegment)
	case 12:
		w.ndata = int64(r.u32("data count"))
	}
}

func each(r *wasmReader, what string, item func(*wasmReader)) {
	for n := r.count(what); n > 0 && r.err == nil; n-- {
		item(r)
	}
}

func (w *wasmFile) typ(r *wasmReader) {
	if c := r.u8("type"); r.err == nil && c != 0x60 {
		r.fail("type %d begins with %#x, want 0x60 (function)", len(w.types), c)
	}
	values := func(what string) []byte {
		n := r.u32("number of " + what)
		if r.err == nil && n > maxWASMValues {
			r.fail("type %d: %d %s exceed the limit of %d", len(w.types), n, what, maxWASMValues)
		}
		b := r.bytes(n, what)
		for _, t := range b {
			if !isWASMValue(t) {
				r.fail("type %d: %s: %#x is no value type", len(w.types), what, t)
			}
		}
		return b
	}
	w.types = append(w.types, WASMType{values("parameters"), values("results")})
}

// index reads an index into a space of n things.
func (w *wasmFile) index(r *wasmReader, what string, n int) uint32 {
	i := r.u32(what)
	if r.err == nil && int64(i) >= int64(n) {
		r.fail("%s: unknown index %d of %d", what, i, n)
		return 0
	}
	return i
}

func (w *wasmFile) typeIndex(r *wasmReader) uint32 {
	return w.index(r, "type index", len(w.types))
}

func (w *wasmFile) importItem(r *wasmReader) {
	imp := WASMImport{Module: r.name("module of an import"), Name: r.name("name of an import")}
	imp.Kind = WASMKind(r.u8("kind of an import"))
	switch imp.Kind {
	case WASMFunction:
		imp.Type = w.typeIndex(r)
		w.funcs, w.nimport = append(w.funcs, imp.Type), w.nimport+1
	case WASMTable:
		w.table(r)
	case WASMMemory:
		w.mem(r)
	case WASMGlobal:
		w.globals, w.nglobal = append(w.globals, globalType(r)), w.nglobal+1
	default:
		r.fail("import %q %q: malformed import kind %d", imp.Module, imp.Name, imp.Kind)
	}
	if r.err == nil {
		w.imports = append(w.imports, imp)
	}
}

func (w *wasmFile) table(r *wasmReader) {
	t := r.u8("element type")
	if r.err == nil && !isWASMRef(t) {
		r.fail("table %d: malformed reference type %#x", len(w.tables), t)
	}
	limits(r, "table", 1<<32-1)
	w.tables = append(w.tables, t)
}

func (w *wasmFile) mem(r *wasmReader) {
	if w.nmem++; w.nmem > 1 {
		r.fail("multiple memories")
	}
	w.memMin, w.memMax = limits(r, "memory", maxWASMPages)
}

func limits(r *wasmReader, what string, most uint64) (lo, hi uint64) {
	flag := r.uleb(7, "flags of limits")
	if r.err == nil && flag > 1 {
		r.fail("%s: malformed limits flags %#x", what, flag)
	}
	lo, hi = uint64(r.u32("minimum")), most
	if flag == 1 {
		hi = uint64(r.u32("maximum"))
	}
	switch {
	case r.err != nil:
	case lo > most || hi > most:
		r.fail("%s: size %d to %d, want at most %d", what, lo, hi, most)
	case lo > hi:
		r.fail("%s: size minimum %d must not be greater than maximum %d", what, lo, hi)
	}
	return lo, hi
}

func globalType(r *wasmReader) wasmType {
	t := r.u8("type of a global")
	if r.err == nil && !isWASMValue(t) {
		r.fail("global: %#x is no value type", t)
	}
	mut := r.u8("mutability of a global")
	if r.err == nil && mut > 1 {
		r.fail("global: malformed mutability %d", mut)
	}
	return wasmType{t, mut == 1}
}

func (w *wasmFile) export(r *wasmReader, seen map[string]bool) {
	e := WASMExport{Name: r.name("name of an export"), Kind: WASMKind(r.u8("kind of an export"))}
	var n int
	switch e.Kind {
	case WASMFunction:
		n = len(w.funcs)
	case WASMTable:
		n = len(w.tables)
	case WASMMemory:
		n = w.nmem
	case WASMGlobal:
		n = len(w.globals)
	default:
		r.fail("export %q: malformed kind %d", e.Name, e.Kind)
	}
	e.Index = w.index(r, e.Kind.String()+" of an export", n)
	if r.err == nil && seen[e.Name] {
		r.fail("duplicate export name %q", e.Name)
	}
	seen[e.Name] = true
	if r.err == nil {
		w.exports = append(w.exports, e)
		if e.Kind == WASMFunction {
			w.declared[e.Index] = true
		}
	}
}

// constExpr reads a constant expression of the given type; known is true when it
// is an i32 constant.
//
// Source: WebAssembly core specification 2.0, "Constant Expressions".
func (w *wasmFile) constExpr(r *wasmReader, want byte) (v int32, known bool) {
	var got []byte
	for r.err == nil {
		at := r.here()
		switch op := r.u8("constant expression"); op {
		case 0x0b:
			if len(got) != 1 || got[0] != want {
				r.fail("constant expression: type mismatch, leaves types % x, want %#x", got, want)
			}
			return v, known && len(got) == 1
		case 0x41:
			v, known = int32(r.sleb(32, "i32.const")), true
			got = append(got, 0x7f)
		case 0x42:
			r.sleb(64, "i64.const")
			got = append(got, 0x7e)
		case 0x43:
			r.bytes(4, "f32.const")
			got = append(got, 0x7d)
		case 0x44:
			r.bytes(8, "f64.const")
			got = append(got, 0x7c)
		case 0x23:
			i := w.index(r, "global of a constant expression", min(len(w.globals), w.nglobal))
			if r.err == nil {
				if w.globals[i].mut {
					r.fail("constant expression required: global %d is mutable", i)
				}
				got = append(got, w.globals[i].val)
			}
		case 0xd0:
			t := r.u8("ref.null")
			if r.err == nil && !isWASMRef(t) {
				r.fail("ref.null: malformed reference type %#x", t)
			}
			got = append(got, t)
		case 0xd2:
			w.declared[w.index(r, "ref.func", len(w.funcs))] = true
			got = append(got, wasmFuncref)
		case 0xfd:
			if sub := r.u32("vector opcode"); r.err == nil && sub != 12 {
				r.fail("constant expression required: vector opcode %d", sub)
			}
			r.bytes(16, "v128.const")
			got = append(got, 0x7b)
		default:
			if r.err == nil {
				r.err = formatErr("wasm", at, "constant expression required: opcode %#x", op)
			}
		}
	}
	return 0, false
}

func (w *wasmFile) element(r *wasmReader) {
	flags := r.u32("flags of an element segment")
	if r.err == nil && flags > 7 {
		r.fail("malformed elements segment kind %d", flags)
	}
	table, kind := uint32(0), byte(wasmFuncref)
	if flags&1 == 0 { // active
		if flags&2 != 0 {
			table = r.u32("table index")
		}
		if r.err == nil && int64(table) >= int64(len(w.tables)) {
			r.fail("unknown table %d of %d", table, len(w.tables))
			return
		}
		w.constExpr(r, 0x7f)
	}
	if flags&3 != 0 {
		kind = r.u8("kind of an element segment")
		if flags&4 == 0 {
			if r.err == nil && kind != 0 {
				r.fail("malformed element kind %#x", kind)
			}
			kind = wasmFuncref
		} else if r.err == nil && !isWASMRef(kind) {
			r.fail("malformed reference type %#x", kind)
		}
	}
	if r.err == nil && flags&1 == 0 && w.tables[table] != kind {
		r.fail("type mismatch: elements of type %#x for table %d of type %#x", kind, table, w.tables[table])
	}
	w.elems = append(w.elems, kind)
	each(r, "elements", func(r *wasmReader) {
		if flags&4 != 0 {
			w.constExpr(r, kind)
		} else {
			w.declared[w.index(r, "function of an element", len(w.funcs))] = true
		}
	})
}

// body reads the frame of a function: its locals. Instructions are package
// decode's business.
func (w *wasmFile) body(r *wasmReader) {
	size := r.u32("size of a function body")
	at := r.here()
	b := &wasmReader{b: r.bytes(size, "function body"), at: at}
	if r.err != nil {
		return
	}
	total := uint64(0)
	each(b, "groups of locals", func(b *wasmReader) {
		n, t := b.u32("number of locals"), b.u8("type of locals")
		if total += uint64(n); b.err == nil && total > 1<<32-1 {
			b.fail("too many locals: %d", total)
		}
		if b.err == nil && !isWASMValue(t) {
			b.fail("local: %#x is no value type", t)
		}
	})
	if b.err == nil && (b.len() == 0 || b.b[len(b.b)-1] != 0x0b) {
		b.off = len(b.b)
		b.fail("function body %d: END opcode expected at its end", len(w.bodies))
	}
	r.err = b.err
	w.bodies = append(w.bodies, wasmBody{at, size})
}

func (w *wasmFile) dataSegment(r *wasmReader) {
	d := wasmData{}
	switch flags := r.u32("flags of a data segment"); {
	case r.err != nil:
	case flags > 2:
		r.fail("malformed data segment kind %d", flags)
	case flags != 1:
		mem := uint32(0)
		if flags == 2 {
			mem = r.u32("memory index")
		}
		if r.err == nil && int64(mem) >= int64(w.nmem) {
			r.fail("unknown memory %d of %d", mem, w.nmem)
		}
		var v int32
		v, d.known = w.constExpr(r, 0x7f)
		d.mem, d.active = uint64(uint32(v)), true
	}
	d.len = r.u32("length of a data segment")
	d.off = r.here()
	r.bytes(d.len, "data segment")
	if r.err == nil {
		w.data = append(w.data, d)
	}
}

// check compares sections with each other.
func (w *wasmFile) check() error {
	if n := len(w.funcs) - w.nimport; n != len(w.bodies) {
		return formatErr("wasm", -1, "function and code section have inconsistent lengths: %d and %d", n, len(w.bodies))
	}
	if w.ndata >= 0 && w.ndata != int64(len(w.data)) {
		return formatErr("wasm", -1, "data count and data section have inconsistent lengths: %d and %d", w.ndata, len(w.data))
	}
	return nil
}
