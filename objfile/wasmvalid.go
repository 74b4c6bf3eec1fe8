package objfile

import (
	"slices"
	"sort"

	"moho/objfile/wasmbin"
)

const (
	// MaxWASMNesting is how deep blocks may nest when a module is validated. Go
	// nests one block for each point at which a function can be resumed.
	MaxWASMNesting = 1 << 20

	// MaxWASMStack is how many operands a function may have at once.
	MaxWASMStack = 1 << 20
)

// Value types. References are those of version 2.0.
//
// Source: WebAssembly core specification 2.0, "Types".
const (
	wasmFuncref, wasmExternref = 0x70, 0x6f

	tI32, tI64, tF32, tF64 = 0x7f, 0x7e, 0x7d, 0x7c
	tV128                  = 0x7b
	tAny                   = 0 // of unreachable code: whatever is wanted
)

func isWASMValue(t byte) bool { return t >= 0x7b && t <= 0x7f || isWASMRef(t) }
func isWASMRef(t byte) bool   { return t == wasmFuncref || t == wasmExternref }

// ValidateWASM checks the instructions of every function as the specification
// demands before a module may run: that they exist, and that operands, labels
// and indices fit. What can be told without the types of operands is checked when
// the file is opened. The error wraps ErrFormat and has the offset of the
// instruction, or ErrLimit. Files of other formats are an error, and modules with
// references to types or with exceptions: those are not validated.
//
// Source: WebAssembly core specification 2.0, appendix "Validation Algorithm".
func (f *File) ValidateWASM() error {
	if f.wasm == nil {
		return formatErr(f.format, -1, "no WASM module")
	}
	m := f.wasm.m
	if m.TypedRefs() || m.NumTags() > 0 {
		return formatErr("wasm", -1, "references to types and exceptions are not validated")
	}
	v := &wasmValidator{m: m}
	for i := m.Imported(wasmbin.KindFunc); i < m.NumFuncs(); i++ {
		off, body := m.Body(i)
		v.r = wasmReader{b: body, at: Off(off)}
		v.function(int32(m.Func(i).Type))
		if v.r.err != nil {
			return v.r.err
		}
	}
	return nil
}

// A wasmValidator holds the two stacks of the algorithm.
type wasmValidator struct {
	m      *wasmbin.Module
	r      wasmReader
	vals   []byte
	ctrls  []wasmBlock
	params []byte
	ends   []uint64 // of the ranges of locals, parameters not counted
	types  []byte   // of those ranges
	one    [256][1]byte
}

// A wasmBlock is an open block. There may be many: it is kept small. typ is the
// index of a type, or less than 0: ^typ is the type of the one result, or 0x40.
type wasmBlock struct {
	typ         int32
	height      int32 // of the operand stack below it
	op          byte
	unreachable bool
	body        bool // of the function: its parameters are locals
}

// sigOf returns what a block takes from the operand stack and leaves there.
func (v *wasmValidator) sigOf(c wasmBlock) (params, res []byte) {
	if c.typ < 0 {
		b := byte(^c.typ)
		if b == 0x40 {
			return nil, nil
		}
		v.one[b][0] = b
		return nil, v.one[b][:]
	}
	params, res = v.m.Signature(int(c.typ))
	if c.body {
		params = nil
	}
	return params, res
}

func (v *wasmValidator) function(typ int32) {
	v.vals, v.ctrls = v.vals[:0], v.ctrls[:0]
	v.params, _ = v.m.Signature(int(typ))
	total := uint64(len(v.params))
	n := v.r.count("groups of locals")
	v.ends, v.types = slices.Grow(v.ends[:0], int(n)), slices.Grow(v.types[:0], int(n))
	for range n {
		total += uint64(v.r.u32("number of locals"))
		v.ends, v.types = append(v.ends, total), append(v.types, v.r.u8("type of locals"))
	}
	// Room for as many blocks as fit the body, so that growing costs nothing.
	if most := min(v.r.len()/2+2, MaxWASMNesting); cap(v.ctrls) < most {
		v.ctrls = make([]wasmBlock, 0, min(max(most, 2*cap(v.ctrls)), MaxWASMNesting))
	}
	v.ctrls = append(v.ctrls, wasmBlock{typ: typ, op: 0x02, body: true})
	for v.r.err == nil && len(v.ctrls) > 0 {
		v.instruction()
	}
	if v.r.err == nil && v.r.len() > 0 {
		v.r.fail("%d bytes follow the END of the function", v.r.len())
	}
}

func (v *wasmValidator) local() byte {
	i := uint64(v.r.u32("local index"))
	if i < uint64(len(v.params)) {
		return v.params[i]
	}
	k := sort.Search(len(v.ends), func(k int) bool { return v.ends[k] > i })
	if k == len(v.ends) {
		v.r.fail("unknown local %d", i)
		return tAny
	}
	return v.types[k]
}

func (v *wasmValidator) push(t byte) {
	if len(v.vals) >= MaxWASMStack && v.r.err == nil {
		v.r.fail("more than %d operands", MaxWASMStack)
		return
	}
	v.vals = append(v.vals, t)
}

func (v *wasmValidator) pushAll(ts []byte) {
	for _, t := range ts {
		v.push(t)
	}
}

// pop takes an operand of type want, tAny for any, and returns what it was, tAny
// where nothing can arrive.
func (v *wasmValidator) pop(want byte) byte {
	if v.r.err != nil {
		return tAny
	}
	c := &v.ctrls[len(v.ctrls)-1]
	if len(v.vals) == int(c.height) {
		if !c.unreachable {
			v.r.fail("type mismatch: an operand of type %#x is missing", want)
		}
		return tAny
	}
	got := v.vals[len(v.vals)-1]
	v.vals = v.vals[:len(v.vals)-1]
	if got != want && got != tAny && want != tAny {
		v.r.fail("type mismatch: operand is %#x, want %#x", got, want)
	}
	return got
}

func (v *wasmValidator) popAll(ts []byte) {
	for i := len(ts) - 1; i >= 0; i-- {
		v.pop(ts[i])
	}
}

func (v *wasmValidator) pushCtrl(op byte, typ int32) {
	if len(v.ctrls) >= MaxWASMNesting {
		v.r.fail("more than %d nested blocks", MaxWASMNesting)
		return
	}
	c := wasmBlock{op: op, typ: typ, height: int32(len(v.vals))}
	v.ctrls = append(v.ctrls, c)
	params, _ := v.sigOf(c)
	v.pushAll(params)
}

func (v *wasmValidator) popCtrl() wasmBlock {
	c := v.ctrls[len(v.ctrls)-1]
	_, res := v.sigOf(c)
	v.popAll(res)
	if v.r.err == nil && len(v.vals) != int(c.height) {
		v.r.fail("type mismatch: %d operands are left at the end of a block", len(v.vals)-int(c.height))
	}
	v.ctrls = v.ctrls[:len(v.ctrls)-1]
	return c
}

func (v *wasmValidator) unreachable() {
	if len(v.ctrls) > 0 {
		c := &v.ctrls[len(v.ctrls)-1]
		v.vals = v.vals[:min(int(c.height), len(v.vals))]
		c.unreachable = true
	}
}

// label reads a label index and returns what a branch to it carries.
func (v *wasmValidator) label() []byte {
	i := v.r.index("label", len(v.ctrls))
	if v.r.err != nil {
		return nil
	}
	c := v.ctrls[len(v.ctrls)-1-int(i)]
	params, res := v.sigOf(c)
	if c.op == 0x03 { // to the beginning of a loop
		return params
	}
	return res
}

// blockType reads the type of a block: none, one value, or an index.
func (v *wasmValidator) blockType() int32 {
	at := v.r.off
	b := v.r.u8("block type")
	if v.r.err != nil || b == 0x40 || isWASMValue(b) {
		return ^int32(b)
	}
	v.r.off = at
	i := v.r.sleb(33, "block type")
	if v.r.err == nil && (i < 0 || i >= int64(v.m.NumTypes())) {
		v.r.fail("unknown type %d of %d", i, v.m.NumTypes())
	}
	if v.r.err != nil {
		return ^int32(0x40)
	}
	return int32(i)
}

// sig applies a signature.
func (v *wasmValidator) sig(s string) {
	colon := 0
	for s[colon] != ':' {
		colon++
	}
	for i := colon - 1; i >= 0; i-- {
		v.pop(sigType[s[i]])
	}
	for i := colon + 1; i < len(s); i++ {
		v.push(sigType[s[i]])
	}
}
