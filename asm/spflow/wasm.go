package spflow

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"moho/decode"
	"moho/gotab"
)

// On WASM a PC is a place where a function can go on: PC_B, the number of a
// resume block. What the table says can be held against the code where such a
// block begins and at each call, whose return address is a constant in the code
// that names two of them: the one to go on at, and the one before, which the
// runtime looks up for the call itself.
//
// Offsets in results are PC_B, and instructions that are compared are such
// places.

// A wasmWalk follows the body of one function in order, as often as it takes
// until what is known where blocks begin stays the same.
type wasmWalk struct {
	fn     gotab.Func
	body   []byte
	r      *Result
	starts []int       // lowest PC_B of each resume block, ascending
	in     map[int]int // SP where the block begins, by its lowest PC_B
	final  bool        // compare
	change bool

	nest   []wasmNest
	sp     int  // below the entry's; meaningless if dead
	dead   bool // no path leads here
	out    bool // what leads here unwinds: the callee's SP is still in use
	pushed bool // the last change of SP made room for a return address
	called bool // the last thing that was done is a call
	tail   bool // … without a return address
	block  int
	last   int // constant, or -1
	jump   int // constant that local 0 was set to, which is where the loop goes on, or -1
	ret    int // return address, PC_B, that was a constant last, or -1
}

// A wasmNest is an open block, loop or if.
type wasmNest struct {
	op     uint32
	begin  int // SP where it began
	live   bool
	otherw bool // else was seen
	sp     int  // SP where it is left
	left   bool
	out    bool // it is left by unwinding
}

// Opcodes that are looked at.
const (
	wasmBlock     = 0x02
	wasmLoop      = 0x03
	wasmIf        = 0x04
	wasmElse      = 0x05
	wasmEnd       = 0x0b
	wasmBr        = 0x0c
	wasmBrIf      = 0x0d
	wasmLocalSet  = 0x21
	wasmGlobalGet = 0x23
	wasmI32Const  = 0x41
	wasmI64Const  = 0x42
)

// maxPasses is how often a body is followed: what is known where a block begins
// comes from blocks before it, mostly in the first pass.
const maxPasses = 64

func verifyWASM(fn gotab.Func, body []byte) Result {
	r := Result{Entry: fn.Entry()}
	w := &wasmWalk{fn: fn, body: body, r: &r, in: map[int]int{0: 0}}
	err := w.pass(func(in *decode.WASMInst) {
		if n := len(w.starts); in.Block >= 0 && (n == 0 || w.starts[n-1] != in.Block) {
			w.starts = append(w.starts, in.Block)
		}
	})
	for range maxPasses {
		if w.change = false; err == nil && r.Why == "" {
			r.Insts, r.Reached, r.Filler = 0, 0, 0
			err = w.pass(w.step)
		}
		if !w.change {
			break
		}
	}
	switch {
	case err != nil:
		r.Why = err.Error()
	case w.change:
		r.Why = "SP does not settle"
	case r.Why == "":
		w.final, r.Insts, r.Reached, r.Filler = true, 0, 0, 0
		if err := w.pass(w.step); err != nil {
			r.Why = err.Error() // cannot be: it was read before
		}
		if n := r.Insts - r.Reached - r.Filler; n > 0 {
			r.Gap = Gap{Insts: n}
		}
	}
	return r
}

// pass calls each for every instruction of the body.
func (w *wasmWalk) pass(each func(*decode.WASMInst)) error {
	w.nest, w.sp, w.dead, w.out, w.pushed, w.called = w.nest[:0], 0, false, false, false, false
	w.block, w.last, w.jump, w.ret = -1, -1, -1, -1
	d, err := decode.NewWASM(w.body)
	if err != nil {
		return err
	}
	var in decode.WASMInst
	for {
		if err := d.Next(&in); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		each(&in)
	}
}

// startOf returns the lowest PC_B of the block that place pcb is in.
func (w *wasmWalk) startOf(pcb int) int {
	i, ok := slices.BinarySearch(w.starts, pcb)
	if !ok {
		i--
	}
	if i < 0 {
		return 0
	}
	return w.starts[i]
}

// arrive notes that a path leads to the place pcb with sp.
func (w *wasmWalk) arrive(pcb, sp int) {
	b := w.startOf(pcb)
	old, ok := w.in[b]
	switch {
	case !ok:
		w.in[b], w.change = sp, true
	case old != sp && w.final:
		w.note(b, int32(old), int32(sp), Join)
	}
}

func (w *wasmWalk) note(pcb int, table, flow int32, rule Rule) {
	if len(w.r.Mismatches) < maxMismatches {
		w.r.Mismatches = append(w.r.Mismatches, Mismatch{Off: uint32(pcb), Table: table, Flow: flow, Rule: rule, Insts: 1})
	}
}

// compare holds sp against the table's value for the place pcb.
func (w *wasmWalk) compare(pcb, sp int) {
	if !w.final || pcb < 0 {
		return
	}
	table, ok := w.fn.SPDelta(w.fn.Entry() + gotab.PC(pcb))
	if !ok {
		table = -1
	}
	w.r.Checked++
	if int(table) != sp {
		w.note(pcb, table, int32(sp), Table)
	}
}

// step takes one instruction into account.
func (w *wasmWalk) step(in *decode.WASMInst) {
	if in.Block >= 0 && in.Block != w.block {
		w.begin(in.Block)
	}
	w.r.Insts++
	switch {
	case !w.dead || w.out:
		w.r.Reached++
	case in.Op == wasmEnd || in.Op == wasmElse || in.Flow == decode.Trap:
		w.r.Filler++ // what structure asks for
	}
	called := w.called
	w.called = called && (in.Op == wasmGlobalGet || in.Op == wasmLocalSet) // SP is read again after a call
	switch {
	case in.SetsSP:
		if !in.SPKnown && !w.dead {
			w.doubt("SP is written in a way that was not followed")
		}
		w.sp -= int(in.SPDelta)
		w.pushed, w.ret = in.SPDelta == -8, -1
	case in.Op == wasmI64Const && uint64(in.Const)>>16 == uint64(w.fn.Entry())>>16:
		w.ret = int(in.Const & 0xffff)
	case in.Op == wasmI32Const:
		w.last = int(in.Const)
	case in.Op == wasmLocalSet && in.Index == 0:
		w.jump = w.last
	case in.Flow == decode.Call || in.Flow == decode.CallIndirect:
		w.call()
	case in.Flow == decode.Return:
		if !w.dead && w.sp != -8 && !(called && w.tail && w.sp == 0) && w.final && w.fn.Flags()&(gotab.Asm|gotab.SPWrite) == 0 {
			w.note(max(w.block, 0), -8, int32(w.sp), Return)
		}
		w.dead, w.out = true, false
	case in.Flow == decode.Trap:
		w.dead, w.out = true, false
	}
	w.structure(in, called)
	if in.Op != wasmI32Const {
		w.last = -1
	}
}

func (w *wasmWalk) doubt(why string) {
	if w.r.Why == "" {
		w.r.Why = fmt.Sprintf("%s, in block %d", why, max(w.block, 0))
	}
}

// call takes a call into account: the callee takes away the return address, if
// it was given one.
func (w *wasmWalk) call() {
	w.called, w.tail = true, !w.pushed
	if w.pushed && w.ret >= 0 && !w.dead {
		w.sp -= 8
		w.compare(w.ret, w.sp)
		w.compare(w.ret-1, w.sp)
		if w.startOf(w.ret) > max(w.block, 0) { // otherwise it never goes on
			w.arrive(w.ret, w.sp)
		}
	}
	w.pushed, w.ret = false, -1
}

// begin enters the resume block whose lowest place is b.
func (w *wasmWalk) begin(b int) {
	w.block = b
	if !w.dead {
		w.arrive(b, w.sp)
	}
	sp, ok := w.in[b]
	if w.dead, w.out = !ok, false; ok {
		w.sp = sp
		w.compare(b, sp)
	}
}

// structure follows blocks and branches. called says that a branch is taken if
// the callee unwinds.
func (w *wasmWalk) structure(in *decode.WASMInst, called bool) {
	n := len(w.nest) - 1
	switch {
	case in.Op == wasmBlock || in.Op == wasmLoop || in.Op == wasmIf:
		w.nest = append(w.nest, wasmNest{op: in.Op, begin: w.sp, live: !w.dead})
	case in.Op == wasmElse && n >= 0:
		x := &w.nest[n]
		w.leave(x)
		w.sp, w.dead, x.otherw = x.begin, !x.live, true
	case in.Op == wasmEnd && n >= 0:
		x := &w.nest[n]
		w.leave(x)
		if x.op == wasmIf && !x.otherw && x.live {
			w.sp, w.dead = x.begin, false
			w.leave(x)
		}
		w.sp, w.dead, w.out = x.sp, !x.left, !x.left && x.out
		w.nest = w.nest[:n]
	case in.Op == wasmBr || in.Op == wasmBrIf:
		w.branch(n-int(in.Index), called)
		w.dead = w.dead || in.Op == wasmBr
	case in.Flow == decode.JumpIndirect:
		if w.block >= 0 || len(w.starts) == 0 {
			w.doubt("a jump table was not followed")
		}
		w.dead = true // where it goes is in w.in
	}
}

// branch follows a branch to the block at index i of the open ones.
func (w *wasmWalk) branch(i int, unwinds bool) {
	switch {
	case i < 0 || w.dead: // out of the function
	case unwinds:
		w.nest[i].out = true
	case w.nest[i].op != wasmLoop:
		w.leave(&w.nest[i])
	case w.block < 0: // a loop of a function written by hand
		if x := w.nest[i]; x.begin != w.sp && w.final {
			w.note(0, int32(x.begin), int32(w.sp), Join)
		}
	case w.jump < 0:
		w.doubt("jump to where could not be found")
	default:
		w.arrive(w.jump, w.sp)
	}
}

// leave joins SP into what it is behind x.
func (w *wasmWalk) leave(x *wasmNest) {
	switch {
	case w.dead:
	case !x.left:
		x.sp, x.left = w.sp, true
	case x.sp != w.sp && w.final:
		w.note(max(w.block, 0), int32(x.sp), int32(w.sp), Join)
	}
}
