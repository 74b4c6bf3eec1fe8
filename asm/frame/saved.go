package frame

import "moho/decode"

// A home is where the value that a register had at the function's entry can be
// found: in the register, at Off from the entry SP, in both or in neither.
type home struct {
	inReg  bool
	inSlot bool
	off    int64
}

// meet keeps what both agree on.
func (h home) meet(o home) home {
	h.inReg = h.inReg && o.inReg
	h.inSlot = h.inSlot && o.inSlot && h.off == o.off
	if !h.inSlot {
		h.off = 0
	}
	return h
}

// A kept is the state before an instruction: where LR and FP of the entry are,
// and one register that holds an address in the frame besides SP.
type kept struct {
	seen   bool
	lr, fp home
	tmp    decode.Reg
	tmpOff int64
}

// saved returns the state before every instruction. It follows all ways through
// the function; where a call does not return there is none to what comes after,
// which shows in that pcsp has another value there than the code would leave.
// The time is bounded because a state only ever loses.
func (b *body) saved(cl []Class) []kept {
	st := make([]kept, len(b.insts))
	if len(st) == 0 {
		return st
	}
	st[0] = kept{seen: true, lr: home{inReg: b.arch.HasLR}, fp: home{inReg: true}, tmp: decode.NoReg}
	work := []int{0}
	for len(work) > 0 {
		i := work[len(work)-1]
		work = work[:len(work)-1]
		out, sp := b.transfer(st[i], i, cl[i]&Morestack != 0)
		to := func(j int) {
			if j < 0 || j >= len(st) || -int64(b.delta[j]) != sp {
				return
			}
			next := out
			if st[j].seen {
				next.lr, next.fp = out.lr.meet(st[j].lr), out.fp.meet(st[j].fp)
				if out.tmp != st[j].tmp || out.tmpOff != st[j].tmpOff {
					next.tmp, next.tmpOff = decode.NoReg, 0
				}
			}
			if next != st[j] {
				st[j] = next
				work = append(work, j)
			}
		}
		in := &b.insts[i]
		switch in.Flow {
		case decode.Next, decode.Call, decode.CallIndirect:
			to(i + 1)
		case decode.Branch:
			to(i + 1)
			to(b.at(in.Target))
		case decode.Jump:
			to(b.at(in.Target))
		}
	}
	return st
}

// transfer returns the state after instruction i, and SP relative to its value
// at the entry. runtime.morestack, more says, comes back with the registers of
// the function's entry: with LR, which it was given in R3, too.
func (b *body) transfer(s kept, i int, more bool) (kept, int64) {
	in := &b.insts[i]
	r := b.roles
	sp := -int64(b.delta[i])
	addr := func(reg decode.Reg) (int64, bool) {
		switch {
		case reg == r.sp:
			return sp, true
		case reg == s.tmp && reg != decode.NoReg:
			return s.tmpOff, true
		}
		return 0, false
	}
	defs := in.Defs
	for _, e := range in.Effects[:in.NEffect] {
		defs &^= set(e.Dst) & ^set(decode.NoReg)
		switch e.Op {
		case decode.Store:
			base, ok := addr(e.Dst)
			if !ok {
				continue
			}
			s.lr.store(base+e.N, e.Src == r.lr)
			s.fp.store(base+e.N, e.Src == r.fp)
		case decode.Load:
			base, ok := addr(e.Src)
			at := base + e.N
			if e.Dst == r.lr {
				s.lr.inReg = ok && s.lr.inSlot && s.lr.off == at
			}
			if e.Dst == r.fp {
				s.fp.inReg = ok && s.fp.inSlot && s.fp.off == at
			}
			if e.Dst == s.tmp {
				s.tmp = decode.NoReg
			}
		case decode.Nothing:
		default:
			base, ok := addr(e.Src)
			switch {
			case e.Dst == r.sp:
				if e.Op == decode.Copy && ok {
					sp = base + e.N
				} else {
					sp = -int64(b.deltaAfter(i))
				}
			case e.Dst == r.lr:
				s.lr.inReg = s.lr.inReg && e.Op == decode.Copy && e.Src == r.lr && e.N == 0
			case e.Dst == r.fp:
				same := e.Op == decode.Copy && e.Src == r.fp && e.N == 0
				// A leaf on arm64 computes it: R29 is SP-8 in every function
				// that has a frame, and the caller has.
				computed := b.arch.HasLR && e.Op == decode.Copy && ok && base+e.N == -8
				s.fp.inReg = s.fp.inReg && same || computed
			case e.Op == decode.Copy && ok && e.Src == r.sp, e.Op == decode.Copy && ok && e.Dst == s.tmp:
				s.tmp, s.tmpOff = e.Dst, base+e.N
			case e.Op == decode.Sub && e.Src == r.sp && i+1 < len(b.insts): // by a register: the frame of a large function
				if n, ok := b.lowersNext(i); ok {
					s.tmp, s.tmpOff = e.Dst, n
				}
			case e.Dst == s.tmp:
				s.tmp = decode.NoReg
			}
		}
	}
	if defs.Has(r.fp) {
		s.fp.inReg = false
	}
	calls := !more && (in.Flow == decode.Call || in.Flow == decode.CallIndirect)
	if b.arch.HasLR && (calls || defs.Has(r.lr) && in.Flow != decode.Call) {
		s.lr.inReg = false
	}
	if s.tmp != decode.NoReg && (defs.Has(s.tmp) || calls) {
		s.tmp = decode.NoReg
	}
	if sp > -int64(b.delta[i]) { // what is below is free now
		low := sp
		if b.arch.HasLR {
			low -= 8 // the frame pointer is kept below SP
		}
		s.lr.drop(low)
		s.fp.drop(low)
	}
	if s.tmp == decode.NoReg {
		s.tmpOff = 0
	}
	return s, sp
}

func set(r decode.Reg) decode.RegSet {
	if r >= 64 {
		return 0
	}
	return 1 << r
}

// store notes that 8 bytes at off were written, with the register itself or
// with something else.
func (h *home) store(off int64, own bool) {
	switch {
	case own && h.inReg && off < 0: // what lies above is the caller's, and no place to keep it
		h.inSlot, h.off = true, off
	case h.inSlot && off < h.off+8 && h.off < off+8:
		h.inSlot, h.off = false, 0
	}
}

// drop forgets a slot below low: it may be overwritten by a signal handler or
// the next call.
func (h *home) drop(low int64) {
	if h.inSlot && h.off < low {
		h.inSlot, h.off = false, 0
	}
}

// lowersNext returns to where one of the next instructions lowers SP, when i
// computes that address from a register that is not followed.
func (b *body) lowersNext(i int) (int64, bool) {
	for j := i + 1; j < len(b.insts) && j < i+4; j++ {
		if b.delta[j] > b.delta[i] {
			return -int64(b.delta[j]), true
		}
	}
	return 0, false
}
