package objfile

import (
	"sort"
)

const (
	// MaxWASMNesting is how deep blocks may nest when a module is validated. Go
	// nests one block for each point at which a function can be resumed.
	MaxWASMNesting = 1 << 20

	// MaxWASMStack is how many operands a function may have at once.
	MaxWASMStack = 1 << 20
)

const (
	tI32, tI64, tF32, tF64 = 0x7f, 0x7e, 0x7d, 0x7c
	tV128                  = 0x7b
	tAny                   = 0 // of unreachable code: whatever is wanted
)

// ValidateWASM checks the instructions of every function as the specification
// demands before a module may run: that they exist, and that operands, labels
// and indices fit. What can be told without them is checked when the file is
// opened. The error wraps ErrFormat and has the offset of the instruction, or
// ErrLimit. Files of other formats are an error.
//
// Source: WebAssembly core specification 2.0, appendix "Validation Algorithm".
func (f *File) ValidateWASM() error {
	if f.wasm == nil {
		return formatErr(f.format, -1, "no WASM module")
	}
	v := &wasmValidator{w: f.wasm}
	for i, b := range f.wasm.bodies {
		v.r = wasmReader{b: f.data[b.off : int(b.off)+int(b.len)], at: b.off}
		v.function(f.wasm.types[f.wasm.funcs[f.wasm.nimport+i]])
		if v.r.err != nil {
			return v.r.err
		}
	}
	return nil
}

// A wasmValidator holds the two stacks of the algorithm.
type wasmValidator struct {
	w      *wasmFile
	r      wasmReader
	vals   []byte
	ctrls  []wasmBlock
	params []byte
	ends   []uint64 // of the ranges of locals, parameters not counted
	types  []byte   // of those ranges
	one    [256][1]byte
}

type wasmBlock struct {
	op          byte
	params, res []byte
	height      int // of the operand stack below it
	unreachable bool
}

func (v *wasmValidator) function(t WASMType) {
	v.vals, v.ctrls = v.vals[:0], v.ctrls[:0]
	v.params, v.ends, v.types = t.Params, v.ends[:0], v.types[:0]
	total := uint64(len(t.Params))
	each(&v.r, "groups of locals", func(r *wasmReader) {
		total += uint64(r.u32("number of locals"))
		v.ends, v.types = append(v.ends, total), append(v.types, r.u8("type of locals"))
	})
	v.pushCtrl(0x02, nil, t.Results)
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
	if len(v.vals) == c.height {
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

func (v *wasmValidator) pushCtrl(op byte, params, res []byte) {
	if len(v.ctrls) >= MaxWASMNesting {
		v.r.fail("more than %d nested blocks", MaxWASMNesting)
		return
	}
	v.ctrls = append(v.ctrls, wasmBlock{op: op, params: params, res: res, height: len(v.vals)})
	v.pushAll(params)
}

func (v *wasmValidator) popCtrl() wasmBlock {
	c := v.ctrls[len(v.ctrls)-1]
	v.popAll(c.res)
	if v.r.err == nil && len(v.vals) != c.height {
		v.r.fail("type mismatch: %d operands are left at the end of a block", len(v.vals)-c.height)
	}
	v.ctrls = v.ctrls[:len(v.ctrls)-1]
	return c
}

func (v *wasmValidator) unreachable() {
	if len(v.ctrls) > 0 {
		c := &v.ctrls[len(v.ctrls)-1]
		v.vals = v.vals[:min(c.height, len(v.vals))]
		c.unreachable = true
	}
}

// label reads a label index and returns what a branch to it carries.
func (v *wasmValidator) label() []byte {
	i := v.r.u32("label")
	if v.r.err == nil && int64(i) >= int64(len(v.ctrls)) {
		v.r.fail("unknown label %d of %d", i, len(v.ctrls))
	}
	if v.r.err != nil {
		return nil
	}
	c := v.ctrls[len(v.ctrls)-1-int(i)]
	if c.op == 0x03 { // to the beginning of a loop
		return c.params
	}
	return c.res
}

// blockType reads the type of a block: none, one value, or an index.
func (v *wasmValidator) blockType() (params, res []byte) {
	at := v.r.off
	switch b := v.r.u8("block type"); {
	case v.r.err != nil:
	case b == 0x40:
	case isWASMValue(b):
		v.one[b][0] = b
		return nil, v.one[b][:]
	default:
		v.r.off = at
		i := v.r.sleb(33, "block type")
		if v.r.err == nil && (i < 0 || i >= int64(len(v.w.types))) {
			v.r.fail("unknown type %d of %d", i, len(v.w.types))
		}
		if v.r.err == nil {
			return v.w.types[i].Params, v.w.types[i].Results
		}
	}
	return nil, nil
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
