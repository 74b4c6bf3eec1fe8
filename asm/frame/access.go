package frame

import (
	"cmp"
	"fmt"
	"slices"

	"moho/decode"
	"moho/evidence"
	"moho/gotab"
)

// maxWord is the size up to which what an instruction reads or writes is taken
// for one value; longer moves copy or clear several.
const maxWord = 8

// An access is one use of the frame by an instruction: off counts from the
// entry SP. The size of an address that is taken is 0.
type access struct {
	off, size int64
	at        uint64
	kind      accessKind
}

type accessKind uint8

const (
	load accessKind = iota
	store
	taken
)

// accesses returns how the body of the function uses its frame by offsets from
// SP. The prologue, the epilogues and the block that calls morestack are left
// out: what they touch is known by other means.
func (b *body) accesses(cl []Class) []access {
	var out []access
	if b.fn.Flags()&gotab.SPWrite != 0 {
		return nil // offsets from SP mean nothing
	}
	scratch, base := decode.NoReg, int64(0) // scratch = entry SP + base
	for i := range b.insts {
		in := &b.insts[i]
		prev, prevBase := scratch, base
		scratch = decode.NoReg
		if cl[i]&(Prologue|Epilogue|Morestack) != 0 {
			continue
		}
		for _, e := range in.Effects[:in.NEffect] {
			if e.Op != decode.Copy || e.Src != b.roles.sp || e.Dst == b.roles.sp || e.Dst == b.roles.fp {
				continue
			}
			off := e.N - int64(b.delta[i])
			if e.Dst == b.roles.scratch2 && b.arch.HasLR { // a distance that does not fit the instruction that follows
				scratch, base = e.Dst, off
				continue
			}
			out = append(out, access{off: off, at: b.off(i), kind: taken})
		}
		if !in.HasMem || !in.Mem.Load && !in.Mem.Store || in.Mem.Index != decode.NoReg || in.Mem.Size == 0 {
			continue
		}
		a := access{size: int64(in.Mem.Size), at: b.off(i)}
		switch in.Mem.Base {
		case b.roles.sp:
			a.off = in.Mem.Disp - int64(b.delta[i])
		case prev:
			if prev == decode.NoReg {
				continue
			}
			a.off = in.Mem.Disp + prevBase
		default:
			continue
		}
		if b.pushes(in) {
			continue
		}
		if in.Mem.Load {
			a.kind = load
			out = append(out, a)
		}
		if in.Mem.Store {
			a.kind = store
			out = append(out, a)
		}
	}
	return out
}

// fromCode puts slots for what the code uses and nothing has named yet: first
// single values, then what longer moves cover, then variables whose address is
// taken, each up to the next slot.
func (l *layout) fromCode(use []access, low, high int64) {
	inside := func(a access) bool { return a.off >= low && a.off < high && (a.off < 0 || a.off >= 8) }
	kind := func(off int64) Kind {
		if off >= 8 {
			return ArgArea
		}
		return Local
	}
	byOff := slices.Clone(use)
	slices.SortStableFunc(byOff, func(a, b access) int { return cmp.Compare(a.off, b.off) })
	for _, long := range []bool{false, true} {
		for _, a := range byOff {
			if a.kind == taken || !inside(a) || a.size > maxWord != long || a.off+a.size > high {
				continue
			}
			l.put(Slot{Off: a.off, Size: a.size, Kind: kind(a.off), How: evidence.Derived, Why: fmt.Sprintf("used at +%#x", a.at)})
		}
	}
	for i := len(byOff) - 1; i >= 0; i-- {
		a := byOff[i]
		if a.kind != taken || !inside(a) || l.find(a.off) != nil {
			continue
		}
		end := int64(0)
		if a.off >= 8 {
			end = high
		}
		if n, ok := l.next(a.off); ok {
			end = min(end, n)
		}
		l.put(Slot{Off: a.off, Size: end - a.off, Kind: kind(a.off), How: evidence.Derived, Why: fmt.Sprintf("address taken at +%#x; taken to reach to the next slot", a.at)})
	}
}

// next returns where the first slot after off begins.
func (l *layout) next(off int64) (int64, bool) {
	i, _ := slices.BinarySearchFunc(l.slots, off+1, func(a Slot, off int64) int { return cmp.Compare(a.Off, off) })
	if i < len(l.slots) {
		return l.slots[i].Off, true
	}
	return 0, false
}

// count adds a to the slot it begins in.
func (l *layout) count(a access) {
	s := l.find(a.off)
	if s == nil {
		return
	}
	switch a.kind {
	case load:
		s.Loads++
	case store:
		s.Stores++
	case taken:
		s.Taken++
	}
}
