package wasmbin

// readCode reads where the bodies are and checks each.
func (m *Module) readCode(r *reader) {
	at := r.off
	imported := m.imported[KindFunc]
	n := r.count(3, MaxFuncs, "function bodies")
	if r.err == nil && int(n) != len(m.funcs)-imported {
		r.failAt(at, "function and code section have inconsistent lengths: %d and %d", len(m.funcs)-imported, n)
	}
	if r.err != nil {
		return
	}
	m.codeOff = at
	b := &body{m: m}
	for i := range int(n) {
		size := r.u32("size of a function body")
		from := r.off
		if r.bytes(size, "function body"); r.err != nil {
			return
		}
		f := &m.funcs[imported+i]
		f.off, f.Len = uint32(from-at), size
		br := reader{data: r.data, off: from, end: r.off}
		b.check(imported+i, &br)
		r.typed = r.typed || br.typed
		if r.err = br.err; r.err != nil {
			return
		}
	}
}

// A body checks the bodies of functions, one after the other.
type body struct {
	m      *Module
	blocks []byte // kinds of the blocks that are open, the function's own first
	locals uint64
}

const (
	inFunc byte = iota
	inBlock
	inIf
	inElse
)

// check checks the body of function fn: locals, the frames and indices of its
// instructions, and that it ends where it should.
func (b *body) check(fn int, r *reader) {
	b.locals = uint64(b.m.types[b.m.funcs[fn].Type].params)
	b.readLocals(r)
	b.blocks = append(b.blocks[:0], inFunc)
	for r.err == nil && len(b.blocks) > 0 {
		at := r.off
		if at >= r.end {
			r.failAt(at, "function %d: END opcode expected", fn)
			break
		}
		op := r.data[at]
		r.off++
		b.instruction(r, at, op)
	}
	if r.err == nil && r.left() > 0 {
		r.failAt(r.off, "section size mismatch: %d bytes behind the end of function %d", r.left(), fn)
	}
}

func (b *body) readLocals(r *reader) {
	for range r.count(2, 0, "declarations of locals") {
		at := r.off
		b.locals += uint64(r.u32("number of locals"))
		r.valType(len(b.m.types))
		if b.locals > 1<<32-1 {
			r.failAt(at, "too many locals: %d", b.locals)
		}
		if r.err != nil {
			return
		}
	}
}

// instruction reads what follows op, which stands at at.
func (b *body) instruction(r *reader, at int, op byte) {
	m := b.m
	switch imm := immediates[op]; imm {
	case immNone:
	case immLocal:
		if i := r.u32("local"); uint64(i) >= b.locals {
			r.failAt(at, "unknown local %d, there are %d", i, b.locals)
		}
	case immI32:
		r.leb(32, true, "i32.const")
	case immI64:
		r.leb(64, true, "i64.const")
	case immGlobal:
		r.index(len(m.globals), "global")
	case immSet:
		if i := r.index(len(m.globals), "global"); r.err == nil && !m.globals[i].Mutable {
			r.failAt(at, "global %d is immutable", i)
		}
	case immBlock:
		b.blockType(r)
		if kind := inBlock; op == 0x04 {
			b.blocks = append(b.blocks, inIf)
		} else {
			b.blocks = append(b.blocks, kind)
		}
	case immElse:
		if top := &b.blocks[len(b.blocks)-1]; *top == inIf {
			*top = inElse
		} else {
			r.failAt(at, "else without if")
		}
	case immEnd:
		b.blocks = b.blocks[:len(b.blocks)-1]
	case immLabel:
		b.label(r)
	case immTable:
		for range r.count(1, 0, "labels") {
			if b.label(r); r.err != nil {
				return
			}
		}
		b.label(r)
	case immFunc:
		r.index(len(m.funcs), "function")
	case immIndirect:
		r.index(len(m.types), "type")
		r.index(len(m.tables), "table")
	case immType:
		r.index(len(m.types), "type")
	case immTag:
		r.index(len(m.tags), "tag")
	case immTry:
		b.try(r)
	case immSelect:
		if n := r.count(1, 0, "types of select"); n != 1 {
			r.failAt(at, "invalid result arity %d, want 1", n)
		}
		r.valType(len(m.types))
	case immTableIdx:
		r.index(len(m.tables), "table")
	case immMemory:
		b.memory(r)
	case imm4:
		r.bytes(4, "f32.const")
	case imm8:
		r.bytes(8, "f64.const")
	case immHeap:
		r.heapType(len(m.types))
	case immRefFunc:
		if i := r.index(len(m.funcs), "function"); r.err == nil && !m.isDeclared(i) {
			r.failAt(at, "undeclared function reference %d", i)
		}
	case immPrefix:
		switch sub := r.u32("opcode"); op {
		case 0xfc:
			b.bulk(r, at, sub)
		case 0xfd:
			b.vector(r, at, sub)
		default:
			b.atomic(r, at, sub)
		}
	case immBad:
		r.failAt(at, "illegal opcode %#x", op)
	default:
		b.memarg(r, uint32(imm-immMem), false)
	}
}

// blockType reads the type of a block: none, one result, or a type's index.
func (b *body) blockType(r *reader) {
	at := r.off
	if at < r.end && r.data[at] == 0x40 {
		r.off++
		return
	}
	if at < r.end && r.data[at]&0xc0 == 0x40 { // a negative number of one byte
		r.valType(len(b.m.types))
		return
	}
	v := int64(r.leb(33, true, "block type"))
	if r.err == nil && (v < 0 || v >= int64(len(b.m.types))) {
		r.failAt(at, "unknown type %d of a block, there are %d", v, len(b.m.types))
	}
}

func (b *body) label(r *reader) { r.index(len(b.blocks), "label") }

// memory reads the index of a memory, which is 0.
func (b *body) memory(r *reader) {
	at := r.off
	if z := r.u8(); r.err == nil && z != 0 {
		r.failAt(at, "zero byte expected, the index of the memory")
	}
	if b.m.memory == nil {
		r.failAt(at, "unknown memory 0, there is none")
	}
}

// memarg reads an alignment, as a power of two, and an offset.
func (b *body) memarg(r *reader, natural uint32, exact bool) {
	at := r.off
	align := r.u32("alignment")
	r.u32("offset of a memory access")
	switch {
	case b.m.memory == nil:
		r.failAt(at, "unknown memory 0, there is none")
	case align > natural:
		r.failAt(at, "alignment 1<<%d must not be larger than natural, 1<<%d", align, natural)
	case exact && align != natural:
		r.failAt(at, "alignment 1<<%d of an atomic access, want 1<<%d", align, natural)
	}
}

// try reads the type and the clauses of try_table, whose labels count without
// its own block.
func (b *body) try(r *reader) {
	b.blockType(r)
	for range r.count(2, 0, "catch clauses") {
		at := r.off
		kind := r.u8()
		if kind > 3 {
			r.failAt(at, "malformed catch clause %d", kind)
		}
		if kind < 2 {
			r.index(len(b.m.tags), "tag")
		}
		if b.label(r); r.err != nil {
			return
		}
	}
	b.blocks = append(b.blocks, inBlock)
}

// bulk reads what follows opcode 0xfc.
func (b *body) bulk(r *reader, at int, op uint32) {
	m := b.m
	switch {
	case op <= 7: // saturating conversions
	case op == 8 || op == 9: // memory.init, data.drop
		if m.dataCount < 0 {
			r.failAt(at, "data count section required")
		}
		r.index(max(m.dataCount, 0), "data segment")
		if op == 8 {
			b.memory(r)
		}
	case op == 10:
		b.memory(r)
		b.memory(r)
	case op == 11:
		b.memory(r)
	case op == 12:
		r.index(len(m.elems), "element segment")
		r.index(len(m.tables), "table")
	case op == 13:
		r.index(len(m.elems), "element segment")
	case op == 14:
		r.index(len(m.tables), "table")
		r.index(len(m.tables), "table")
	case op <= 17:
		r.index(len(m.tables), "table")
	default:
		r.failAt(at, "illegal opcode 0xfc %#x", op)
	}
}

// vector reads what follows opcode 0xfd.
func (b *body) vector(r *reader, at int, op uint32) {
	if op > lastVector || vectorGaps[op] {
		r.failAt(at, "illegal opcode 0xfd %#x", op)
		return
	}
	if op > 93 { // neither memory nor lanes
		return
	}
	if natural, ok := vectorMem[op]; ok {
		b.memarg(r, natural, false)
	}
	switch lanes := vectorLanes[op]; {
	case op == 12:
		r.bytes(16, "v128.const")
	case op == 13:
		for _, lane := range r.bytes(16, "i8x16.shuffle") {
			if lane >= 32 {
				r.failAt(at, "invalid lane index %d of 32", lane)
			}
		}
	case lanes != 0:
		if lane := r.u8(); lane >= lanes {
			r.failAt(at, "invalid lane index %d of %d", lane, lanes)
		}
	}
}

// atomic reads what follows opcode 0xfe.
func (b *body) atomic(r *reader, at int, op uint32) {
	switch {
	case op == 3: // fence
		if z := r.u8(); r.err == nil && z != 0 {
			r.failAt(at, "zero byte expected behind atomic.fence")
		}
	case op < 3 || op >= 0x10 && op <= 0x4e:
		b.memarg(r, atomicAlign(op), true)
	default:
		r.failAt(at, "illegal opcode 0xfe %#x", op)
	}
}
