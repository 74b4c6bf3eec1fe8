package spflow

import (
	"moho/asm"
	"moho/decode"
	"moho/gotab"
)

// A scratch is what following one function after the other needs.
type scratch struct {
	*shared
	dec  *decode.Decoder
	in   decode.Inst
	body body

	todo  []todo
	joins []join // where paths disagree
	outs  []join // where a path leaves with an SP that is not 0
	why   string // why a path ended early
	whyAt uint32
	full  full
}

// A todo is an instruction to go on from, a join one where sp did not agree
// with what was there.
type (
	todo struct{ i, sp int32 }
	join struct{ i, sp int32 }
)

// maxJoins is how many places where paths disagree are kept of one function.
const maxJoins = maxMismatches

// returns tells whether calls of the function at an address come back.
type returns func(target uint64) bool

// follow finds SP at every instruction that paths from the entry reach, as far
// as sums of constants get: all that compilers write.
func (v *scratch) follow(back returns) {
	b := &v.body
	v.restart()
	if len(b.insts) == 0 {
		return
	}
	v.todo = append(v.todo, todo{0, 0})
	v.run(back, reached)
	v.deferred(back)
	v.behind()
}

// restart forgets what an earlier attempt found.
func (v *scratch) restart() {
	v.todo, v.joins, v.outs, v.why = v.todo[:0], v.joins[:0], v.outs[:0], ""
	for i := range v.body.insts {
		x := &v.body.insts[i]
		x.mark &^= reached | assumed
		x.at = unknownSP
	}
}

// run follows all paths from what is to be done, and marks what they reach.
func (v *scratch) run(back returns, mark uint8) {
	b := &v.body
	n := int32(len(b.insts))
	for len(v.todo) > 0 {
		t := v.todo[len(v.todo)-1]
		v.todo = v.todo[:len(v.todo)-1]
		i, sp := t.i, t.sp
		for i < n { // code that runs off its end has no next instruction to be wrong about
			x := &b.insts[i]
			if i == b.exit {
				break
			}
			if x.mark&(reached|assumed) != 0 {
				if x.at != sp && mark == reached {
					v.disagree(i, sp)
				}
				break
			}
			x.mark |= mark
			x.at = sp
			if x.mark&bad != 0 {
				v.stop("unknown instruction", x.off)
				break
			}
			sp += x.delta
			i = v.step(x, i, sp, back)
			if i < 0 {
				break
			}
		}
	}
}

// step returns the instruction after x, or -1 if a path ends there, and notes
// other ones to go on from. sp is what x leaves.
func (v *scratch) step(x *inst, i, sp int32, back returns) int32 {
	switch x.flow {
	case decode.Call:
		if x.to > 0 { // a subroutine of its own: the return address is on top
			v.todo = append(v.todo, todo{x.to, sp + v.regs.push})
		}
		if !back(x.target) {
			return -1
		}
	case decode.Branch:
		if x.to >= 0 {
			v.todo = append(v.todo, todo{x.to, sp})
		} else {
			v.leave(x, i, sp)
		}
	case decode.Jump:
		if x.to < 0 {
			v.leave(x, i, sp)
		}
		return x.to
	case decode.JumpIndirect:
		targets := v.body.tableOf(x)
		for _, to := range targets {
			v.todo = append(v.todo, todo{to, sp})
		}
		if targets == nil && sp != 0 && !v.byHand() { // not a tail call: a table that was not found
			v.stop("jump to where could not be found", x.off)
		}
		return -1
	case decode.Return:
		v.out(i, sp)
		return -1
	case decode.Trap:
		return -1
	}
	return i + 1
}

// leave notes a jump out of the function, which is a call in the place of a
// return. A jump into the padding behind the function is one into nothing.
func (v *scratch) leave(x *inst, i, sp int32) {
	if v.body.inside(x.target) {
		v.stop("jump into the middle of an instruction", x.off)
	} else {
		v.out(i, sp)
	}
}

// byHand reports whether the function was written in assembly: it may leave in
// its own way.
func (v *scratch) byHand() bool { return v.body.fn.Flags()&(gotab.Asm|gotab.SPWrite) != 0 }

func (v *scratch) out(i, sp int32) {
	if sp != 0 && len(v.outs) < maxJoins && !v.byHand() {
		v.outs = append(v.outs, join{i, sp})
	}
}

func (v *scratch) disagree(i, sp int32) {
	if len(v.joins) < maxJoins {
		v.joins = append(v.joins, join{i, sp})
	}
}

// stop notes why a path ended early; the first in order of address counts.
func (v *scratch) stop(why string, off uint32) {
	if v.why == "" || off < v.whyAt {
		v.why, v.whyAt = why, off
	}
}

// deferred follows the code that runs deferred functions after a panic was
// recovered.
func (v *scratch) deferred(back returns) {
	if i, sp, ok := v.deferSP(); ok {
		v.todo = append(v.todo, todo{i, sp})
		v.run(back, reached)
	}
}

// deferSP returns the instruction at which a function goes on after a panic was
// recovered, if no path leads there. Nothing jumps there: the runtime does,
// with SP as it was at the function's calls, so that is what is assumed if it
// was the same at all.
//
// Source: $GOROOT/src/runtime/panic.go (recovery), go1.26.
func (v *scratch) deferSP() (i, sp int32, ok bool) {
	b := &v.body
	d := b.fn.DeferReturn()
	if d == 0 {
		return 0, 0, false
	}
	i = b.find(b.entry + uint64(d))
	if i < 0 || b.insts[i].mark&reached != 0 {
		return 0, 0, false
	}
	for k := range b.insts {
		x := &b.insts[k]
		if x.mark&reached == 0 || x.at <= 0 || x.flow != decode.Call && x.flow != decode.CallIndirect {
			continue
		}
		if sp != 0 && x.at != sp {
			return 0, 0, false
		}
		sp = x.at
	}
	return i, sp, sp != 0
}

// behind follows what comes after calls that do not come back and after
// breakpoints, where nothing else leads: a no-op that keeps the return address
// within the function, code that the compiler did not know to be dead, or code
// that runs after a debugger had its turn.
func (v *scratch) behind() {
	b := &v.body
	always := func(uint64) bool { return true }
	var deferreturn uint64
	if i := b.find(b.entry + uint64(b.fn.DeferReturn())); i > 0 && b.insts[i].flow == decode.Call {
		deferreturn = b.insts[i].target
	}
	for i := range b.insts {
		x := &b.insts[i]
		if deferreturn != 0 && x.target == deferreturn && x.mark&(reached|assumed) == 0 {
			// Another place where the function could have gone on: the linker chose
			// the first for the table.
			v.todo = append(v.todo, todo{int32(i), b.insts[b.find(b.entry+uint64(b.fn.DeferReturn()))].at})
			v.run(always, assumed)
		}
		if x.flow != decode.Call && x.flow != decode.Trap || x.mark&(reached|assumed) == 0 || x.mark&bad != 0 || i+1 == len(b.insts) || b.insts[i+1].mark&(reached|assumed) != 0 ||
			b.insts[i+1].mark&filler != 0 && b.insts[i+1].flow == decode.Trap {
			continue
		}
		why, at, outs := v.why, v.whyAt, len(v.outs)
		v.todo = append(v.todo, todo{int32(i + 1), x.at + x.delta})
		v.run(always, assumed)
		v.why, v.whyAt, v.outs = why, at, v.outs[:outs]
	}
}

// impossible finds the block that Go 1.18 ends a select statement with: where
// its result is none of the cases. There is nothing to do there, and so what
// comes next is what the assembler has put behind the function's last block,
// the call of runtime.morestack.
func (v *scratch) impossible() {
	b := &v.body
	if v.p.StackCheck(b.fn) <= asm.NoCheck {
		return
	}
	for i := range b.insts {
		x := &b.insts[i]
		if x.flow != decode.Branch {
			continue
		}
		exit := x.to // the call, with what is spilled for it
		for exit > 0 && b.insts[exit-1].mark&filler != 0 {
			exit--
		}
		if exit >= 0 && exit < x.to && b.insts[exit].mark&leader != 0 {
			b.exit = exit
		}
		return
	}
}

// wide reports whether fn is a function whose SP changes as code cannot tell.
func wide(fn gotab.Func) bool { return fn.Flags()&gotab.SPWrite != 0 }
