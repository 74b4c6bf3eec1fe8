package waits

import (
	"moho/core"
	"moho/gostate"
)

// maxReferences bounds the goroutines that References returns.
const maxReferences = 16

// References returns goroutines that do not wait for an object and have a live
// pointer to it on their stacks: who may send, receive, signal or unlock. That
// is weak evidence, and an object can be reached in other ways, through the heap
// and variables. more counts those beyond the first few.
func (a *Analysis) References(object int) (list []Holder, more int) {
	addr := a.objs[object].addr
	if addr == 0 {
		return nil, 0
	}
	waits := map[int32]bool{}
	for e := range a.all(int32(object)) {
		waits[e.g] = true
	}
	c, v := newCode(a.w), a.w.Process().View()
	for i := range a.gs {
		m := &a.gs[i]
		if waits[int32(i)] || m.sp >= m.hi {
			continue
		}
		b, err := v.Slice(core.Addr(m.sp), int(m.hi-m.sp)&^7)
		if err != nil {
			continue
		}
		var g *gostate.Goroutine
		for off := 0; off+8 <= len(b); off += 8 {
			if le64(b[off:]) != addr {
				continue
			}
			if g == nil {
				var ok bool
				if g, ok = a.w.GoroutineAt(core.Addr(m.addr)); !ok {
					break
				}
			}
			slot := m.sp + uint64(off)
			frame := frameOf(g, slot)
			if frame < 0 || g.Frames[frame].System || waiting(g.Frames[frame].Func) || !c.live(g, frame, slot) {
				continue
			}
			if len(list) == maxReferences {
				more++
				break
			}
			f := &g.Frames[frame]
			list = append(list, Holder{
				Goroutine: m.id, Grade: Weak, Why: f.Func + " has a pointer to it on its stack",
				Func: f.Func, File: f.File, Line: f.Line, Slot: core.Addr(slot), g: int32(i),
			})
			break
		}
	}
	return list, more
}
