package objfile

// instruction validates one instruction.
func (v *wasmValidator) instruction() {
	r := &v.r
	op := r.u8("opcode: END expected")
	if r.err != nil {
		return
	}
	switch {
	case op <= 0x13:
		v.control(op)
	case op >= 0x1a && op <= 0x1c:
		v.parametric(op)
	case op >= 0x20 && op <= 0x26:
		v.variable(op)
	case op >= wasmAccessFirst && op <= 0x3e:
		a := wasmAccess[op-wasmAccessFirst]
		v.memarg(a.align)
		v.sig(a.sig)
	case op == 0x3f || op == 0x40:
		v.memory()
		if v.zero(); op == 0x40 {
			v.pop(tI32)
		}
		v.push(tI32)
	case op == 0x41:
		r.sleb(32, "i32.const")
		v.push(tI32)
	case op == 0x42:
		r.sleb(64, "i64.const")
		v.push(tI64)
	case op == 0x43:
		r.bytes(4, "f32.const")
		v.push(tF32)
	case op == 0x44:
		r.bytes(8, "f64.const")
		v.push(tF64)
	case op >= 0xd0 && op <= 0xd2:
		v.reference(op)
	case op == 0xfc:
		v.misc(r.u32("opcode after 0xfc"))
	case op == 0xfd:
		v.vector(r.u32("opcode after 0xfd"))
	case op == 0xfe:
		v.atomic(r.u32("opcode after 0xfe"))
	default:
		s, ok := numericSig(op)
		if !ok {
			r.off--
			r.fail("illegal opcode %#x", op)
			return
		}
		v.sig(s)
	}
}

func (v *wasmValidator) control(op byte) {
	r := &v.r
	switch op {
	case 0x00: // unreachable
		v.unreachable()
	case 0x01: // nop
	case 0x02, 0x03, 0x04: // block, loop, if
		typ := v.blockType()
		if op == 0x04 {
			v.pop(tI32)
		}
		params, _ := v.sigOf(wasmBlock{typ: typ})
		v.popAll(params)
		if r.err == nil {
			v.pushCtrl(op, typ)
		}
	case 0x05: // else
		if v.ctrls[len(v.ctrls)-1].op != 0x04 {
			r.fail("else without if")
			return
		}
		c := v.popCtrl()
		v.pushCtrl(op, c.typ)
	case 0x0b: // end
		c := v.popCtrl()
		params, res := v.sigOf(c)
		if c.op == 0x04 && string(params) != string(res) {
			r.fail("type mismatch: an if without else gives its parameters, not its results")
		}
		v.pushAll(res)
	case 0x0c: // br
		v.popAll(v.label())
		v.unreachable()
	case 0x0d: // br_if
		v.pop(tI32)
		l := v.label()
		v.popAll(l)
		v.pushAll(l)
	case 0x0e:
		v.branchTable()
	case 0x0f: // return
		_, res := v.sigOf(v.ctrls[0])
		v.popAll(res)
		v.unreachable()
	case 0x10: // call
		i := r.index("function index", v.m.NumFuncs())
		if r.err == nil {
			v.call(v.m.Func(int(i)).Type)
		}
	case 0x11: // call_indirect
		t := r.index("type index", v.m.NumTypes())
		table := r.index("table index", len(v.m.Tables()))
		if r.err == nil && v.m.Tables()[table].Type.Code != wasmFuncref {
			r.fail("type mismatch: table %d holds no functions", table)
		}
		v.pop(tI32)
		if r.err == nil {
			v.call(t)
		}
	case 0x12: // return_call
		if i := r.index("function index", v.m.NumFuncs()); r.err == nil {
			v.tailCall(v.m.Func(int(i)).Type)
		}
	case 0x13: // return_call_indirect
		t := r.index("type index", v.m.NumTypes())
		table := r.index("table index", len(v.m.Tables()))
		if r.err == nil && v.m.Tables()[table].Type.Code != wasmFuncref {
			r.fail("type mismatch: table %d holds no functions", table)
		}
		v.pop(tI32)
		if r.err == nil {
			v.tailCall(t)
		}
	default:
		r.off--
		r.fail("illegal opcode %#x", op)
	}
}

// call takes the parameters of a type and gives its results.
func (v *wasmValidator) call(typ uint32) {
	params, results := v.m.Signature(int(typ))
	v.popAll(params)
	v.pushAll(results)
}

// tailCall takes the parameters of a type and returns its results, which must be
// those of the function.
func (v *wasmValidator) tailCall(typ uint32) {
	params, results := v.m.Signature(int(typ))
	v.popAll(params)
	if _, own := v.sigOf(v.ctrls[0]); string(own) != string(results) {
		v.r.fail("type mismatch: a tail call gives % x, the function % x", results, own)
	}
	v.unreachable()
}

func (v *wasmValidator) branchTable() {
	r := &v.r
	v.pop(tI32)
	n := r.count("labels")
	start := *r
	for range n { // the default label comes last and says how many operands there are
		r.u32("label")
	}
	def := v.label()
	end := *r
	*r = start
	r.err = end.err
	var kept []byte
	for i := uint32(0); i < n && r.err == nil; i++ {
		l := v.label()
		if r.err == nil && len(l) != len(def) {
			r.fail("type mismatch: label %d of br_table carries %d operands, the default %d", i, len(l), len(def))
		}
		kept = kept[:0]
		for j := len(l) - 1; j >= 0 && r.err == nil; j-- {
			kept = append(kept, v.pop(l[j]))
		}
		for j := len(kept) - 1; j >= 0; j-- {
			v.push(kept[j])
		}
	}
	if r.err == nil {
		*r = end
	}
	v.popAll(def)
	v.unreachable()
}

func (v *wasmValidator) parametric(op byte) {
	r := &v.r
	if op == 0x1a { // drop
		v.pop(tAny)
		return
	}
	t := byte(tAny)
	if op == 0x1c { // select with a type
		if n := r.count("types of select"); r.err == nil && n != 1 {
			r.fail("invalid result arity %d of select", n)
		}
		if t = r.u8("type of select"); r.err == nil && !isWASMValue(t) {
			r.fail("select: %#x is no value type", t)
		}
	}
	v.pop(tI32)
	a := v.pop(t)
	b := v.pop(max(a, t))
	if a = max(a, b, t); op == 0x1b && isWASMRef(a) { // the one that is known
		r.fail("type mismatch: select of references needs a type")
	}
	v.push(a)
}

func (v *wasmValidator) variable(op byte) {
	r := &v.r
	switch op {
	case 0x20: // local.get
		v.push(v.local())
	case 0x21: // local.set
		v.pop(v.local())
	case 0x22: // local.tee
		t := v.local()
		v.pop(t)
		v.push(t)
	case 0x23, 0x24: // global.get, global.set
		i := r.index("global index", len(v.m.Globals()))
		if r.err != nil {
			return
		}
		g := v.m.Globals()[i]
		if op == 0x23 {
			v.push(g.Type.Code)
			return
		}
		if !g.Mutable {
			r.fail("global %d is immutable", i)
		}
		v.pop(g.Type.Code)
	default: // table.get, table.set
		t, ok := v.tableType()
		if !ok {
			return
		}
		if op == 0x26 {
			v.pop(t)
		}
		v.pop(tI32)
		if op == 0x25 {
			v.push(t)
		}
	}
}

func (v *wasmValidator) tableType() (byte, bool) {
	i := v.r.index("table index", len(v.m.Tables()))
	if v.r.err != nil {
		return 0, false
	}
	return v.m.Tables()[i].Type.Code, true
}

func (v *wasmValidator) reference(op byte) {
	r := &v.r
	switch op {
	case 0xd0: // ref.null
		t := r.u8("type of ref.null")
		if r.err == nil && !isWASMRef(t) {
			r.fail("ref.null: malformed reference type %#x", t)
		}
		v.push(t)
	case 0xd1: // ref.is_null
		if t := v.pop(tAny); r.err == nil && t != tAny && !isWASMRef(t) {
			r.fail("type mismatch: ref.is_null of %#x", t)
		}
		v.push(tI32)
	case 0xd2: // ref.func
		i := r.index("function index", v.m.NumFuncs())
		if r.err == nil && !v.m.Declared(int(i)) {
			r.fail("undeclared function reference %d", i)
		}
		v.push(wasmFuncref)
	}
}

func (v *wasmValidator) memory() {
	if v.m.Memory() == nil {
		v.r.fail("unknown memory 0")
	}
}

func (v *wasmValidator) zero() {
	if b := v.r.u8("memory index"); v.r.err == nil && b != 0 {
		v.r.fail("zero byte expected, not %#x", b)
	}
}

func (v *wasmValidator) memarg(most uint32) {
	v.memory()
	if a := v.r.u32("alignment"); v.r.err == nil && a > most {
		v.r.fail("alignment 2**%d must not be larger than natural, 2**%d", a, most)
	}
	v.r.u32("offset")
}

func (v *wasmValidator) misc(op uint32) {
	r := &v.r
	if op < uint32(len(wasmTruncSat)) {
		v.sig(wasmTruncSat[op])
		return
	}
	switch op {
	case 8, 9: // memory.init, data.drop
		if r.err == nil && v.m.DataCount() < 0 {
			r.fail("data count section required")
		}
		r.index("data segment", max(v.m.DataCount(), 0))
		if op == 8 {
			v.memory()
			v.zero()
			v.sig("iii:")
		}
	case 10, 11: // memory.copy, memory.fill
		v.memory()
		if v.zero(); op == 10 {
			v.zero()
		}
		v.sig("iii:")
	case 12: // table.init
		e := r.index("element segment", v.m.NumElems())
		if t, ok := v.tableType(); ok && v.m.ElemType(int(e)).Code != t {
			r.fail("type mismatch: element segment %d for a table of type %#x", e, t)
		}
		v.sig("iii:")
	case 13: // elem.drop
		r.index("element segment", v.m.NumElems())
	case 14: // table.copy
		a, _ := v.tableType()
		if b, ok := v.tableType(); ok && a != b {
			r.fail("type mismatch: table.copy between types %#x and %#x", b, a)
		}
		v.sig("iii:")
	case 15, 16, 17: // table.grow, table.size, table.fill
		t, ok := v.tableType()
		if !ok {
			return
		}
		if op != 16 {
			v.pop(tI32)
			v.pop(t)
		}
		if op == 17 {
			v.pop(tI32)
		} else {
			v.push(tI32)
		}
	default:
		r.fail("illegal opcode 0xfc %d", op)
	}
}

func (v *wasmValidator) vector(n uint32) {
	r := &v.r
	switch n {
	case 12: // v128.const
		r.bytes(16, "v128.const")
		v.push(tV128)
		return
	case 13: // i8x16.shuffle
		for _, lane := range r.bytes(16, "lanes of a shuffle") {
			if lane >= 32 {
				r.fail("invalid lane index %d", lane)
			}
		}
		v.sig("vv:v")
		return
	}
	op, ok := vectorAt(n)
	if !ok {
		r.fail("illegal opcode 0xfd %d", n)
		return
	}
	if op.align >= 0 {
		v.memarg(uint32(op.align))
	}
	if op.lanes > 0 {
		if lane := r.u8("lane"); r.err == nil && lane >= op.lanes {
			r.fail("invalid lane index %d of %d", lane, op.lanes)
		}
	}
	v.sig(op.sig)
}

// atomic validates an instruction of the threads proposal.
//
// Source: WebAssembly threads proposal, "Binary Format".
func (v *wasmValidator) atomic(n uint32) {
	if n == 3 { // fence
		v.zero()
		return
	}
	align, sig, ok := atomicAt(n)
	if !ok {
		v.r.fail("illegal opcode 0xfe %d", n)
		return
	}
	v.memarg(align)
	v.sig(sig)
}
