package frame

import (
	"fmt"
	"strings"

	"moho/asm"
	"moho/decode"
)

// A Shape is how a function makes its frame.
type Shape struct {
	Check asm.StackCheck `json:"check"`
	End   uint64         `json:"end"` // offset of the first instruction after the prologue

	// Size is by how many bytes SP is lowered, SavesFP and SavesLR whether the
	// registers of the caller are kept, SetsFP whether the frame pointer is made
	// to point at the one that was saved.
	Size    int64 `json:"size"`
	SavesFP bool  `json:"savesFP"`
	SavesLR bool  `json:"savesLR"`
	SetsFP  bool  `json:"setsFP"`

	// Words says it for people: the check and each step.
	Words string `json:"words"`

	steps        []string
	fpOff, lrOff int64 // where they are kept, from the entry SP
	plain        bool  // SP is lowered by an instruction that does nothing else
}

// savedFP returns where the prologue keeps the frame pointer of the caller, in
// bytes from the entry SP.
func (s Shape) savedFP() (int64, bool) { return s.fpOff, s.SavesFP }

// savedLR does the same for the link register.
func (s Shape) savedLR() (int64, bool) { return s.lrOff, s.SavesLR }

// open follows the instructions from index next on as long as they make a frame
// and returns the index of the first that does not, and what they do. It knows
// no fixed sequence, only steps: lower SP once, by push and subtraction or at a
// stroke, save the frame pointer and the link register, point the frame pointer
// at the former. A step may prepare a register for the next one.
func (b *body) open(next int) (end int, s Shape) {
	r := b.roles
	pushed, lowered := false, false
	prepared, preparedOff := decode.NoReg, int64(0) // holds entry SP + preparedOff
	constant := int64(0)                            // in the scratch register
	last := next
	for i := next; i < len(b.insts); i++ {
		in := &b.insts[i]
		if in.Flow != decode.Next {
			break
		}
		lower := int64(b.deltaAfter(i) - b.delta[i])
		step := ""
		sp := -int64(b.delta[i])
		where := func(r decode.Reg) int64 {
			if r == b.roles.sp {
				return sp
			}
			return preparedOff
		}
		for _, e := range in.Effects[:in.NEffect] {
			switch {
			case e.Op == decode.Store && e.Src == r.fp && (e.Dst == r.sp || e.Dst == prepared) && !s.SavesFP:
				s.SavesFP, s.fpOff = true, where(e.Dst)+e.N
				step = words(step, "save the frame pointer at %d(%s)", e.N, b.name(e.Dst))
			case e.Op == decode.Store && e.Src == r.lr && r.lr != decode.NoReg && (e.Dst == r.sp || e.Dst == prepared) && !s.SavesLR:
				s.SavesLR, s.lrOff = true, where(e.Dst)+e.N
				step = words(step, "save the link register at %d(%s)", e.N, b.name(e.Dst))
			case e.Op == decode.Copy && e.Dst == r.fp && e.Src == r.sp && !s.SetsFP && s.SavesFP:
				s.SetsFP = true
				step = words(step, "set the frame pointer to SP%+d", e.N)
			case e.Op == decode.Copy && e.Dst == r.sp && e.Src == prepared && prepared != decode.NoReg && lower > 0:
				lowered = true
				step = words(step, "lower SP by %d", lower)
			case (e.Op == decode.Copy || e.Op == decode.Sub) && e.Dst == r.sp && e.Src == r.sp && lower > 0:
				if b.pushes(in) {
					if pushed || lowered || !storesFP(in, r.fp) {
						break
					}
					pushed = true
					step = words(step, "push, SP by 8")
				} else if !lowered {
					lowered, s.plain = true, in.NEffect == 1
					step = words(step, "lower SP by %d", lower)
				}
			}
			if e.Op == decode.Copy && e.Dst == r.sp && e.Src == r.sp {
				sp += e.N
			}
		}
		switch {
		case step != "":
			s.steps = append(s.steps, step)
			s.Size += lower
			last = i + 1
		case !lowered && in.NEffect == 1 && b.prepares(in, prepared):
			e := in.Effects[0] // SUB $n, RSP, R20, or the rest of n
			n := e.N
			if e.Op == decode.Sub {
				n = -constant
			}
			preparedOff = where(e.Src) + n
			prepared = e.Dst
		case !lowered && b.onlySets(in, r.scratch2): // MOVD $n, R27
			if in.NEffect == 1 && in.Effects[0].Op == decode.Set {
				constant = in.Effects[0].N
			}
		case !lowered && in.Flow == decode.Next && in.Defs == 1<<r.g: // ABI0 on amd64 loads g itself
		default:
			i = len(b.insts)
		}
	}
	s.End = b.off(last)
	return last, s
}

// prepares reports whether in puts SP less something into a scratch register, or
// takes more from what is there. Before Go 1.20 arm64 used R27 for it.
func (b *body) prepares(in *decode.Inst, prepared decode.Reg) bool {
	e := in.Effects[0]
	scratch := e.Dst == b.roles.scratch1 || e.Dst == b.roles.scratch2
	return scratch && b.onlySets(in, e.Dst) && (e.Op == decode.Copy || e.Op == decode.Sub) &&
		(e.Src == b.roles.sp || e.Src == prepared && prepared != decode.NoReg)
}

func words(have, format string, args ...any) string {
	s := fmt.Sprintf(format, args...)
	if have != "" {
		return have + " and " + s
	}
	return s
}

// pushes reports whether in is a push: it lowers SP and stores there.
func (b *body) pushes(in *decode.Inst) bool {
	e := in.Effects[:in.NEffect]
	return len(e) == 2 && e[0].Dst == b.roles.sp && e[0].N == -8 && e[1].Op == decode.Store && e[1].Dst == b.roles.sp && e[1].N == 0
}

func storesFP(in *decode.Inst, fp decode.Reg) bool {
	for _, e := range in.Effects[:in.NEffect] {
		if e.Op == decode.Store && e.Src == fp {
			return true
		}
	}
	return false
}

// name returns a register's name in Go's assembler.
func (b *body) name(r decode.Reg) string {
	switch r {
	case b.roles.sp:
		if b.arch.HasLR {
			return "RSP"
		}
		return "SP"
	case b.roles.fp:
		if b.arch.HasLR {
			return "R29"
		}
		return "BP"
	}
	return fmt.Sprintf("R%d", r)
}

// shape returns how b makes its frame. more is the index of the block that
// calls morestack, or -1.
func (b *body) shape(check asm.StackCheck, more int) Shape {
	_, s := b.open(b.afterCheck(more))
	s.Check = check
	var w []string
	switch check {
	case asm.SmallCheck:
		w = append(w, "compare SP with the guard")
	case asm.MediumCheck:
		w = append(w, "compare SP less the frame with the guard")
	case asm.HugeCheck:
		w = append(w, "subtract the frame from SP with a check for borrow, compare with the guard")
	case asm.NoCheck:
		w = append(w, "no stack check")
	}
	if len(s.steps) == 0 {
		w = append(w, "no frame")
	}
	s.Words = strings.Join(append(w, s.steps...), "; ")
	return s
}
