package spflow

import (
	"fmt"
	"math/bits"

	"moho/decode"
)

// full is what following registers and the frame needs, for functions whose SP
// is more than a sum: assembly that saves SP and sets it back, that aligns it,
// or that goes to another stack.
type full struct {
	states  []state
	stateOf []int32 // by instruction: index of its state and 1, for leaders
	todo    []int32
	lost    [lossKinds]int32 // first instruction that lost SP in that way, or -1
}

// A value is what a register or a word of the frame holds: a constant, or the
// address n bytes above a base. Base 0 is SP at the entry; base i+1 is what
// instruction i made of SP when it rounded it down.
type value struct {
	kind uint8
	base int32
	n    int64
}

const (
	noValue uint8 = iota
	constantValue
	address
)

// maxSlots is how many words of a frame are remembered at a time. Functions that
// save SP in memory save it once or twice.
const maxSlots = 16

type slot struct {
	at, v value
}

type state struct {
	reg   [32]value
	slots [maxSlots]slot
	n     int
}

// How SP may become unknown.
type loss int

const (
	lossLoad loss = iota
	lossCopy
	lossAlign
	lossOther
	lossKinds
)

var lossText = [lossKinds]string{
	"it is loaded from memory that was not followed",
	"it is set to a register that was not followed",
	"it is rounded down",
	"it is written in a way that was not followed",
}

// reason returns why SP is not known in b.
func (f *full) reason(b *body) string {
	first, why := int32(-1), loss(0)
	for k := range lossKinds {
		if i := f.lost[k]; i >= 0 && (first < 0 || i < first) {
			first, why = i, k
		}
	}
	if first < 0 {
		return "paths disagree"
	}
	return fmt.Sprintf("%s at +%#x", lossText[why], b.insts[first].off)
}

// followAll is follow with registers and the frame.
func (v *scratch) followAll(back returns) {
	b, f := &v.body, &v.full
	v.restart()
	f.states, f.todo = f.states[:0], f.todo[:0]
	if len(f.stateOf) < len(b.insts) {
		f.stateOf = make([]int32, len(b.insts)+len(b.insts)/2)
	}
	clear(f.stateOf[:len(b.insts)])
	for k := range f.lost {
		f.lost[k] = -1
	}
	if len(b.insts) == 0 {
		return
	}
	b.insts[0].mark |= leader
	var st state
	st.reg[v.regs.sp] = value{kind: address}
	v.arrive(0, &st)
	v.walkAll(back)
	if i, sp, ok := v.deferSP(); ok {
		st = state{}
		st.reg[v.regs.sp] = value{kind: address, n: -int64(sp)}
		v.arrive(i, &st)
		v.walkAll(back)
	}
}

// arrive joins st into what is known at leader i, and has it followed if that
// is less than before.
func (v *scratch) arrive(i int32, st *state) {
	f := &v.full
	k := f.stateOf[i]
	if k == 0 {
		f.states = append(f.states, *st)
		f.stateOf[i] = int32(len(f.states))
		f.todo = append(f.todo, i)
		return
	}
	if v.join(i, &f.states[k-1], st) {
		f.todo = append(f.todo, i)
	}
}

// join weakens old to what it has in common with st.
func (v *scratch) join(i int32, old, st *state) (changed bool) {
	for r := range old.reg {
		if old.reg[r].kind == noValue || old.reg[r] == st.reg[r] {
			continue
		}
		if uint8(r) == v.regs.sp && st.reg[r].kind != noValue && v.body.insts[i].off <= v.body.wroteAt {
			v.disagree(i, below(st.reg[r]))
			continue
		}
		old.reg[r], changed = value{}, true
	}
	for k := 0; k < old.n; k++ {
		if s := &old.slots[k]; s.v != st.load(s.at) {
			old.drop(k)
			k--
			changed = true
		}
	}
	return changed
}

// below returns how far v is below SP at the entry.
func below(v value) int32 {
	if v.kind != address || v.base != 0 || -v.n != int64(int32(-v.n)) {
		return unknownSP
	}
	return int32(-v.n)
}

func (v *scratch) walkAll(back returns) {
	b, f := &v.body, &v.full
	for len(f.todo) > 0 {
		i := f.todo[len(f.todo)-1]
		f.todo = f.todo[:len(f.todo)-1]
		st := f.states[f.stateOf[i]-1]
		for first := true; i >= 0 && int(i) < len(b.insts); first = false {
			x := &b.insts[i]
			if x.mark&leader != 0 && !first {
				v.arrive(i, &st)
				break
			}
			x.mark |= reached
			x.at = below(st.reg[v.regs.sp])
			if x.mark&bad != 0 || v.dec.Decode(b.code[x.off:], b.entry+uint64(x.off), &v.in) != nil {
				v.stop("unknown instruction", x.off)
				break
			}
			v.apply(i, &st, &v.in)
			sp := below(st.reg[v.regs.sp])
			check := sp
			if sp == unknownSP {
				check = 0 // nothing can be said about how it is left
			}
			v.todo = v.todo[:0]
			i = v.step(x, i, check, back)
			for _, t := range v.todo {
				to := st
				if x.flow == decode.Call {
					to.reg[v.regs.sp].n -= int64(v.regs.push)
				}
				v.arrive(t.i, &to)
			}
			v.todo = v.todo[:0]
			if x.flow == decode.Call || x.flow == decode.CallIndirect {
				st.call(v.regs)
			}
		}
	}
}

// call forgets what a callee may change.
func (st *state) call(r regs) {
	sp, fp := st.reg[r.sp], st.reg[r.fp]
	st.reg = [32]value{}
	st.reg[r.sp], st.reg[r.fp] = sp, fp
}

func (st *state) get(r decode.Reg) value {
	if r >= 32 {
		return value{}
	}
	return st.reg[r]
}

func (v value) add(n int64) value {
	v.n += n
	return v
}

// load returns what the word at an address holds.
func (st *state) load(at value) value {
	for k := range st.slots[:st.n] {
		if st.slots[k].at == at {
			return st.slots[k].v
		}
	}
	return value{}
}

func (st *state) drop(k int) {
	st.n--
	st.slots[k] = st.slots[st.n]
	st.slots[st.n] = slot{}
}

// store notes that size bytes at an address become w. What lies at another base
// is taken to be elsewhere.
func (st *state) store(at value, size int64, w value) {
	if at.kind != address {
		return
	}
	for k := 0; k < st.n; k++ {
		if s := st.slots[k].at; s.base == at.base && s.n < at.n+size && at.n < s.n+8 {
			st.drop(k)
			k--
		}
	}
	if w.kind != noValue && st.n < maxSlots {
		st.slots[st.n] = slot{at, w}
		st.n++
	}
}

// apply makes st what it is after instruction i, which is in.
func (v *scratch) apply(i int32, st *state, in *decode.Inst) {
	stored := false
	var assigned decode.RegSet
	base := st.get(in.Mem.Base)
	for k := range in.NEffect {
		e := &in.Effects[k]
		switch e.Op {
		case decode.Nothing:
			continue
		case decode.Store:
			stored = true
			if at := st.get(e.Dst); at.kind == address {
				st.store(at.add(e.N), 8, st.get(e.Src))
			}
			continue
		case decode.Swap:
			a, b := st.get(e.Dst), st.get(e.Src)
			v.assign(i, st, e.Dst, b, lossCopy)
			v.assign(i, st, e.Src, a, lossCopy)
			assigned |= 1<<(e.Dst&63) | 1<<(e.Src&63)
			continue
		}
		w, why := st.result(i, e)
		v.assign(i, st, e.Dst, w, why)
		assigned |= 1 << (e.Dst & 63)
	}
	for rest := in.Defs &^ assigned & (1<<32 - 1); rest != 0; rest &= rest - 1 {
		v.assign(i, st, decode.Reg(bits.TrailingZeros64(uint64(rest))), value{}, lossOther)
	}
	if in.HasMem && in.Mem.Store && !stored && base.kind == address && in.Mem.Index == decode.NoReg {
		size := int64(in.Mem.Size)
		if size == 0 {
			size = 1 << 20 // however much it is
		}
		st.store(base.add(in.Mem.Disp), size, value{})
	}
}

// result returns what e leaves in its destination, and how SP is lost if that
// is nothing known.
func (st *state) result(i int32, e *decode.Effect) (value, loss) {
	src := st.get(e.Src)
	switch e.Op {
	case decode.Set:
		return value{kind: constantValue, n: e.N}, lossOther
	case decode.Copy:
		if src.kind != noValue {
			src.n += e.N
		}
		return src, lossCopy
	case decode.And:
		switch {
		case src.kind == constantValue:
			src.n &= e.N
			return src, lossOther
		case src.kind == address && e.N < 0 && -e.N&(-e.N-1) == 0: // clears low bits
			return value{kind: address, base: i + 1}, lossAlign
		}
		return value{}, lossOther
	case decode.Load:
		if src.kind != address {
			return value{}, lossLoad
		}
		return st.load(src.add(e.N)), lossLoad
	case decode.Add, decode.Sub:
		b := st.get(e.Src2)
		if e.Op == decode.Add && src.kind == constantValue {
			src, b = b, src
		}
		switch {
		case src.kind == noValue || b.kind == noValue:
		case b.kind == constantValue && e.Op == decode.Add:
			return src.add(b.n), lossOther
		case b.kind == constantValue:
			return src.add(-b.n), lossOther
		case e.Op == decode.Sub && src.kind == address && src.base == b.base:
			return value{kind: constantValue, n: src.n - b.n}, lossOther
		}
	}
	return value{}, lossOther
}

// assign sets r to w, and notes when that makes SP unknown.
func (v *scratch) assign(i int32, st *state, r decode.Reg, w value, why loss) {
	if r >= 32 {
		return
	}
	if uint8(r) == v.regs.sp {
		if below(w) == unknownSP {
			if w.kind == address && w.base != 0 {
				why = lossAlign
			}
			if l := &v.full.lost[why]; *l < 0 || i < *l {
				*l = i
			}
		}
		if w.kind != address {
			w = value{}
		}
	}
	st.reg[r] = w
}
