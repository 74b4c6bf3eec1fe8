package decode

import (
	"errors"
	"fmt"
	"io"
)

// ErrCode is wrapped by errors about the body of a WASM function that ends
// early, goes on after its end or has a number that is too long. What is no
// instruction wraps [ErrUnknown].
var ErrCode = errors.New("malformed code")

// WASM reads the body of one function of a WASM module, instruction by
// instruction. Where it was emitted by Go's compiler it follows the resume
// blocks, which are what Go's tables call a PC there, and the stack pointer,
// which is global 0.
//
// Go's body is: SP into local 1, if it is needed often; a loop with as many
// blocks in it as there are places to go on at; br_table on local 0, which is
// PC_B; then each end of one of these blocks is such a place.
//
// Source: WebAssembly Core Specification 2.0, section 5.4;
// $GOROOT/src/cmd/internal/obj/wasm/wasmobj.go (preprocess, assemble), go1.26.
type WASM struct {
	ops   *wasmOps
	code  []byte
	off   int
	depth int // open blocks, the body's own not counted

	blocks  int      // block instructions in a row, up to here
	targets []uint32 // of Go's br_table: block by PC_B
	next    int      // the block that starts at the end of depth open, counted from 0
	open    int      // depth of that end; 0 before br_table and after the last block
	block   int      // PC_B

	spLocal bool      // local 1 holds SP
	last    [4]wasmOp // the last instructions, latest first
}

// wasmOp is what is remembered of an instruction.
type wasmOp struct {
	op  uint32
	arg int64
}

// A WASMInst is one instruction of a function's body. Offsets count from the
// start of the body, which begins with the declarations of locals.
type WASMInst struct {
	Off, Len int

	// Op is the opcode; of those with a prefix, FC to FE, the prefix in bits 16
	// to 23 and the number in the rest.
	Op uint32

	// Depth is how many blocks are open around the instruction; an end or else
	// stands at the depth of what it ends.
	Depth int

	// Block is the lowest PC_B of the resume block that the instruction is in,
	// or -1 before the first, after the last, and where there are none.
	Block int

	// Flow is Call, CallIndirect, Return, Trap (unreachable), Jump (br),
	// Branch (br_if, if) or JumpIndirect (br_table), or Next.
	Flow Flow

	// Index is the index that the instruction names: of the function that is
	// called, the local, the global, the table, the label, the segment; -1 if
	// it names none. Const is the constant of i32.const and i64.const.
	Index int64
	Const int64

	// Align is the logarithm of the alignment, and Offset the displacement, of
	// an access to memory.
	Align  uint32
	Offset uint64

	// SetsSP says that global 0 is written. If SPKnown, SP becomes what it was
	// plus SPDelta.
	SetsSP, SPKnown bool
	SPDelta         int64

	args []byte // the bytes after the opcode
}

// maxWASMLocals is how many groups of locals a body may declare: engines stop at
// 50,000 locals.
const maxWASMLocals = 50_000

// NewWASM returns a reader of body, the contents of a code entry without its
// size: the locals are checked and passed over. The error wraps ErrCode.
func NewWASM(body []byte) (*WASM, error) {
	w := &WASM{ops: wasmTable(), code: body, block: -1}
	c := wasmCursor{b: body}
	n := c.u32()
	if n > maxWASMLocals {
		return nil, fmt.Errorf("%d groups of locals: %w", n, ErrCode)
	}
	for i := uint32(0); i < n && c.err == nil; i++ {
		c.u32()
		c.valType()
	}
	if c.err != nil {
		return nil, fmt.Errorf("locals: %w", c.err)
	}
	w.off = c.off
	return w, nil
}

// Next reads the next instruction into in. It returns io.EOF after the end that
// closes the body, if nothing follows; other errors wrap ErrCode or ErrUnknown,
// say the offset, and leave in zero but for Off. After an error Next returns it
// again.
func (w *WASM) Next(in *WASMInst) error {
	if w.depth < 0 {
		*in = WASMInst{Off: w.off}
		if w.off != len(w.code) {
			return fmt.Errorf("offset %#x: %d bytes after the end of the body: %w", w.off, len(w.code)-w.off, ErrCode)
		}
		return io.EOF
	}
	*in = WASMInst{Off: w.off, Index: -1, Depth: w.depth, Block: w.block}
	c := wasmCursor{b: w.code, off: w.off}
	in.Op = uint32(c.byte())
	if in.Op >= 0xfc && in.Op <= 0xfe {
		n := c.u32()
		if n > 0xffff {
			c.fail(ErrUnknown)
		}
		in.Op = in.Op<<16 | n
	}
	start := c.off
	o := w.ops.of(in.Op)
	if o.name == "" {
		c.fail(ErrUnknown)
	}
	w.read(&c, o, in)
	if c.err != nil {
		*in = WASMInst{Off: w.off}
		return fmt.Errorf("offset %#x: %w", w.off, c.err)
	}
	in.Len = c.off - w.off
	in.args = w.code[start:c.off]
	w.follow(in)
	w.off = c.off
	return nil
}

// follow keeps count of blocks and looks for changes of SP.
func (w *WASM) follow(in *WASMInst) {
	row := w.blocks
	w.blocks = 0
	switch in.Op {
	case opBlock, opLoop, opIf, opTry, opTryTable:
		w.depth++
		if in.Op == opBlock {
			w.blocks = row + 1
		}
	case opLocalGet:
		w.blocks = row // the one that br_table reads
	case opElse, opCatch, opCatchAll:
		in.Depth--
	case opEnd, opDelegate:
		if w.open != 0 && w.depth == w.open {
			w.start()
		}
		w.depth--
		in.Depth--
		if w.depth < 0 {
			w.block = -1
		}
	case opBrTable:
		if w.open == 0 && w.next == 0 && row > 0 && w.last[0] == (wasmOp{opLocalGet, 0}) {
			w.open, w.targets = w.depth, wasmTargets(in.args)
			w.fits(row)
		}
	}
	if in.Depth < 0 {
		in.Depth = 0
	}
	w.stack(in)
	copy(w.last[1:], w.last[:])
	w.last[0] = wasmOp{in.Op, in.Index}
	if in.Op == opI32Const {
		w.last[0].arg = in.Const
	}
}

// fits takes back that this is Go's br_table if a target is none of the n blocks.
func (w *WASM) fits(n int) {
	for _, t := range w.targets {
		if int64(t) >= int64(n) {
			w.open, w.targets, w.next = 0, nil, 1
			return
		}
	}
}

// start begins the next resume block.
func (w *WASM) start() {
	w.block = -1
	for pc, t := range w.targets {
		if int(t) == w.next {
			w.block = pc
			break
		}
	}
	if w.block < 0 { // the last block has begun
		w.open = 0
		return
	}
	w.next++
	w.open--
}

// stack notes what in does to the stack pointer.
func (w *WASM) stack(in *WASMInst) {
	switch {
	case in.Op == opLocalSet && in.Index == 1 && w.last[0] == wasmOp{opGlobalGet, 0}:
		w.spLocal = true
	case in.Op == opGlobalSet && in.Index == 0:
		in.SetsSP = true
		h := w.last[:]
		if h[0] == (wasmOp{opLocalTee, 1}) {
			h = h[1:]
		}
		if len(h) < 3 {
			return
		}
		from := h[2] == wasmOp{opGlobalGet, 0} || w.spLocal && h[2] == wasmOp{opLocalGet, 1}
		if !from || h[1].op != opI32Const {
			return
		}
		switch h[0].op {
		case opI32Add:
			in.SPKnown, in.SPDelta = true, h[1].arg
		case opI32Sub:
			in.SPKnown, in.SPDelta = true, -h[1].arg
		}
	}
}
