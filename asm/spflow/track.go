package spflow

import "moho/decode"

// A tracker follows registers in order of address, while a function is decoded.
// It finds what large frames on arm64 are made with,
//
//	SUB $n, RSP, R20; …; MOVD R20, RSP
//	MOVD $n, R27; SUB R27, RSP, RSP
//
// so that such functions need no more than a sum, and the addresses of jump
// tables. What it finds holds if nothing jumps in between, which is known only
// when all is decoded: see link.
type tracker struct {
	regs
	known decode.RegSet
	val   [32]tracked
	sp    int64 // bytes SP has grown downwards by since the entry, in order of address
}

// What a tracked register holds.
const (
	constant = iota
	spBelow  // the address n bytes below SP at the entry, in the sense of tracker.sp
	element  // an entry of the table at n
)

type tracked struct {
	kind  uint8
	since int32 // first instruction that had a part in it
	n     int64
}

func (t *tracker) reset(r regs) { t.regs, t.known, t.sp = r, 0, 0 }

func (t *tracker) get(r decode.Reg) (tracked, bool) {
	if r >= 32 || !t.known.Has(r) {
		return tracked{}, false
	}
	return t.val[r], true
}

func (t *tracker) set(r decode.Reg, v tracked) {
	if r < 32 && uint8(r) != t.regs.sp {
		t.val[r] = v
		t.known |= 1 << r
	}
}

// step takes in, the next instruction, into account and fills in what x says
// about SP and about jump tables.
func (t *tracker) step(b *body, x *inst, in *decode.Inst) {
	i := int32(len(b.insts))
	sp := decode.Reg(t.regs.sp)
	switch in.Flow {
	case decode.Call, decode.CallIndirect:
		t.known = 0
		return
	case decode.JumpIndirect:
		x.target = t.jumpTable(in)
		return
	}
	var assigned decode.RegSet
	link0 := i
	for k := range in.NEffect {
		e := &in.Effects[k]
		if e.Op == decode.Store || e.Op == decode.Nothing {
			continue
		}
		if e.Dst == sp || e.Op == decode.Swap && e.Src == sp {
			if pushed := e.Op == decode.Copy && e.Src == sp && in.NEffect > 1; !pushed && wide(b.fn) {
				b.wroteAt = min(b.wroteAt, x.off)
			}
			n, since, ok := t.newSP(e, i)
			if !ok || n != int64(int32(n)) {
				x.kind, x.delta = spOther, 0
				t.known = 0 // relations to SP at the entry are lost
				return
			}
			x.kind = spAdd
			x.delta += int32(n - t.sp)
			t.sp, link0 = n, min(link0, since)
			continue
		}
		v, ok := t.value(e, i)
		switch {
		case ok:
			t.set(e.Dst, v)
			assigned |= 1 << (e.Dst & 63)
		case e.Dst < 32:
			t.known &^= 1 << e.Dst
		}
	}
	if in.Defs.Has(sp) && x.kind == spKeep {
		x.kind = spOther
		t.known = 0
		return
	}
	t.known &^= in.Defs &^ assigned
	if in.HasMem && in.Mem.Load && in.Mem.Scale == 8 && in.Mem.Size == 8 && in.Mem.Index != decode.NoReg {
		if v, ok := t.get(in.Mem.Base); ok && v.kind == constant {
			for r := decode.Reg(0); r < 32; r++ {
				if in.Defs == 1<<r {
					t.set(r, tracked{kind: element, since: i, n: v.n + in.Mem.Disp})
				}
			}
		}
	}
	if link0 < i {
		b.links = append(b.links, link{link0, i})
	}
}

// newSP returns the SP after e, which writes it, and the first instruction that
// had a part in it.
func (t *tracker) newSP(e *decode.Effect, i int32) (n int64, since int32, ok bool) {
	sp := decode.Reg(t.regs.sp)
	switch e.Op {
	case decode.Copy:
		if e.Src == sp {
			return t.sp - e.N, i, true
		}
		v, ok := t.get(e.Src)
		return v.n - e.N, v.since, ok && v.kind == spBelow
	case decode.Add, decode.Sub:
		v, ok := t.get(e.Src2)
		if e.Src != sp || !ok || v.kind != constant {
			return 0, 0, false
		}
		if e.Op == decode.Add {
			return t.sp - v.n, v.since, true
		}
		return t.sp + v.n, v.since, true
	}
	return 0, 0, false
}

// value returns what e, which writes another register than SP, leaves there.
func (t *tracker) value(e *decode.Effect, i int32) (tracked, bool) {
	src, ok := t.get(e.Src)
	if uint8(e.Src) == t.regs.sp {
		src, ok = tracked{kind: spBelow, since: i, n: t.sp}, true
	}
	switch e.Op {
	case decode.Set:
		return tracked{kind: constant, since: i, n: e.N}, true
	case decode.Copy:
		if src.kind == spBelow {
			src.n -= e.N
		} else {
			src.n += e.N
		}
		return src, ok && src.kind != element
	case decode.And:
		src.n &= e.N
		return src, ok && src.kind == constant
	case decode.Add, decode.Sub:
		v, ok2 := t.get(e.Src2)
		if !ok || !ok2 || src.kind == element || v.kind != constant {
			return tracked{}, false
		}
		n := v.n
		if (e.Op == decode.Sub) != (src.kind == spBelow) {
			n = -n
		}
		return tracked{kind: src.kind, since: min(src.since, v.since), n: src.n + n}, true
	}
	return tracked{}, false
}

// jumpTable returns the address of the table that in, an indirect jump, takes
// its target from, or 0.
func (t *tracker) jumpTable(in *decode.Inst) uint64 {
	if in.HasMem {
		if v, ok := t.get(in.Mem.Base); ok && v.kind == constant && in.Mem.Scale == 8 && in.Mem.Index != decode.NoReg {
			return uint64(v.n + in.Mem.Disp)
		}
		return 0
	}
	for r := decode.Reg(0); r < 32; r++ {
		if in.Uses == 1<<r {
			if v, ok := t.get(r); ok && v.kind == element {
				return uint64(v.n)
			}
		}
	}
	return 0
}
