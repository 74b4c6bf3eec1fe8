package spflow

import (
	"fmt"

	"moho/arch"
	"moho/asm"
	"moho/gotab"
)

// A Verifier verifies functions of one program, one after the other. It must
// not be used concurrently; what several have in common is found once only if
// they come from one VerifyAll.
type Verifier struct {
	scratch
	rows   []gotab.Row
	recent [1 << recentBits]callee
}

// recentBits is the size of what a Verifier remembers of callees: a function
// calls few others again and again.
const recentBits = 10

type callee struct {
	target uint64
	index  int32
}

// New returns a Verifier. The error wraps ErrArch.
func New(p *asm.Program) (*Verifier, error) {
	s, err := newShared(p)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", p.File.Name(), p.Arch().Name, err)
	}
	return s.verifier(true)
}

// indexOf returns the index of the function that begins at target, or -1.
func (v *Verifier) indexOf(target uint64) int32 {
	c := &v.recent[target*0x9e3779b97f4a7c15>>(64-recentBits)]
	if c.target != target || target == 0 {
		c.target, c.index = target, v.callee(target)
	}
	return c.index
}

// Verify follows and compares one function. The error is of a function whose
// code or table cannot be read; it wraps objfile.ErrFormat.
func (v *Verifier) Verify(fn gotab.Func) (Result, error) {
	rows, err := fn.AppendSPRows(v.rows[:0])
	if err != nil {
		return Result{}, err
	}
	v.rows = rows
	if v.p.Arch() == arch.WASM {
		r := Result{Entry: fn.Entry(), Why: "has no code"}
		if body, ok := v.p.WASMBody(fn); ok {
			r = verifyWASM(fn, body)
		}
		v.finish(&r, fn)
		return r, nil
	}
	if err := v.read(fn); err != nil {
		return Result{}, err
	}
	v.flow()
	r := Result{Entry: fn.Entry(), Insts: len(v.body.insts)}
	v.compare(&r)
	if len(r.Mismatches) > 0 && !v.body.other && v.body.badAt < 0 {
		// A callee outside of the runtime may be the reason.
		v.impossible()
		v.follow(func(target uint64) bool { return v.returns(v.indexOf(target)) })
		r = Result{Entry: r.Entry, Insts: r.Insts}
		v.compare(&r)
	}
	v.finish(&r, fn)
	return r, nil
}

// finish decides whether the function is verified, and names what is not so.
func (v *Verifier) finish(r *Result, fn gotab.Func) {
	r.Verified = len(r.Mismatches) == 0 && r.Why == ""
	if len(r.Mismatches) > 0 || len(r.Doubts) > 0 || r.Gap.Insts > 0 || r.Why != "" {
		r.Name = fn.Name()
		r.Gap.Name = r.Name
		for _, list := range [][]Mismatch{r.Mismatches, r.Doubts} {
			for i := range list {
				list[i].Name, list[i].Entry = r.Name, r.Entry
			}
		}
	}
}

// flow finds SP at every instruction of the function that was read.
func (v *Verifier) flow() {
	quick := func(target uint64) bool { return v.quickly(v.indexOf(target)) }
	if v.body.other {
		v.followAll(func(target uint64) bool { return v.returns(v.indexOf(target)) })
		return
	}
	v.follow(quick)
}

// compare holds what was found against the table.
func (v *Verifier) compare(r *Result) {
	b := &v.body
	if len(b.insts) == 0 {
		r.Why = "has no code"
		return
	}
	var run *Mismatch // that the next instruction may belong to
	row := 0
	note := func(to *[]Mismatch, x *inst, table int32, rule Rule) {
		if run != nil && run.Rule == rule && run.Table == table && run.Flow == x.at {
			run.Insts++
			return
		}
		if run = nil; len(*to) < maxMismatches {
			*to = append(*to, Mismatch{Off: x.off, Table: table, Flow: x.at, Rule: rule, Insts: 1})
			run = &(*to)[len(*to)-1]
		}
	}
	doubt := ""
	for i := range b.insts {
		x := &b.insts[i]
		for row < len(v.rows) && x.off >= v.rows[row].End {
			row++
			if row < len(v.rows) && v.rows[row].Start < x.off && b.badAt < 0 {
				note(&r.Mismatches, &inst{off: v.rows[row].Start, at: x.at}, v.rows[row].Value, Row)
				run = nil
			}
		}
		table := int32(-1)
		if row < len(v.rows) {
			table = v.rows[row].Value
		}
		switch {
		case x.mark&(reached|assumed) == 0 && x.mark&filler != 0:
			r.Filler++
			continue
		case x.mark&(reached|assumed) == 0:
			if r.Gap.Insts == 0 {
				r.Gap.Off = x.off
			}
			r.Gap.Insts++
			continue
		case x.mark&assumed != 0:
			r.Assumed++
		default:
			r.Reached++
		}
		switch {
		case x.at == unknownSP:
			if doubt == "" {
				doubt = fmt.Sprintf("SP is not known from +%#x on: %s", x.off, v.full.reason(b))
			}
			continue
		case x.mark&assumed != 0:
			if x.at == table {
				r.Checked++
			} else {
				note(&r.Doubts, x, table, Table)
			}
			continue
		case x.off > b.wroteAt && x.at != table:
			if doubt == "" {
				doubt = fmt.Sprintf("at +%#x the table says %d and the code %d, after SP was written", x.off, table, x.at)
			}
			continue
		}
		r.Checked++
		switch {
		case x.at != table:
			note(&r.Mismatches, x, table, Table)
		case x.at%v.regs.align != 0:
			note(&r.Mismatches, x, table, Align)
		default:
			run = nil
		}
	}
	v.rules(r)
	switch {
	case doubt != "":
		r.Why = doubt
	case v.why != "":
		r.Why = fmt.Sprintf("%s at +%#x", v.why, v.whyAt)
	}
	if wide(b.fn) && r.Why != "" {
		r.Why = "SPWRITE: " + r.Why
	}
}

// rules adds what breaks the rules about joins and returns.
func (v *Verifier) rules(r *Result) {
	add := func(i, sp int32, rule Rule) {
		x := &v.body.insts[i]
		if len(r.Mismatches) < maxMismatches {
			r.Mismatches = append(r.Mismatches, Mismatch{Off: x.off, Table: x.at, Flow: sp, Rule: rule, Insts: 1})
		}
	}
	for _, j := range v.joins {
		add(j.i, j.sp, Join)
	}
	for _, o := range v.outs {
		add(o.i, o.sp, Return)
	}
}

// A Step is one instruction of a function as its SP goes.
type Step struct {
	Off     uint32 // from the entry
	SP      int32  // bytes below SP at the entry, when it is about to execute
	Known   bool   // SP is known
	Reached bool   // a path from the entry leads here
	Block   bool   // something jumps here, or it is the entry
}

// Flow appends to dst one Step for each instruction of fn, in order of address.
// Where SP is not known, the tables do not know it either: in functions with
// flag SPWrite, or behind what no path was found to. The error is as for
// Verify.
func (v *Verifier) Flow(fn gotab.Func, dst []Step) ([]Step, error) {
	if v.p.Arch() == arch.WASM {
		return nil, fmt.Errorf("%s: %w", v.p.Arch().Name, ErrArch)
	}
	if err := v.read(fn); err != nil {
		return nil, err
	}
	v.flow()
	for i := range v.body.insts {
		x := &v.body.insts[i]
		s := Step{Off: x.off, Reached: x.mark&reached != 0, Block: i == 0 || x.mark&leader != 0}
		if s.Known = x.at != unknownSP && x.mark&(reached|assumed) != 0; s.Known {
			s.SP = x.at
		}
		dst = append(dst, s)
	}
	return dst, nil
}

// Flow is [Verifier.Flow] for one function; so are its errors.
func Flow(p *asm.Program, fn gotab.Func) ([]Step, error) {
	v, err := New(p)
	if err != nil {
		return nil, err
	}
	return v.Flow(fn, nil)
}
