package frame

import (
	"moho/decode"
	"moho/gotab"
)

// calls returns the calls of the body with what may be live during each. The
// slots of f must be known.
func (l *Layouts) calls(b *body, cl []Class, f *Frame) []Call {
	args, err1 := b.fn.ArgsMaps()
	locals, err2 := b.fn.LocalsMaps()
	mapped := err1 == nil && err2 == nil && args.N+locals.N > 0
	out := []Call{}
	of := map[int][]Live{} // calls with one map share what it says
	for i := range b.insts {
		if cl[i]&Calls == 0 {
			continue
		}
		in := &b.insts[i]
		c := Call{Off: b.off(i)}
		if in.Flow == decode.Call {
			c.Callee = l.callee(in.Target)
		}
		// The runtime looks at the byte before the return address.
		c.Map, _ = b.fn.StackMapIndex(gotab.PC(in.PC) + gotab.PC(in.Len-1))
		if mapped {
			if of[c.Map] == nil {
				of[c.Map] = live(f, args, c.Map, live(f, locals, c.Map, []Live{}))
			}
			c.Live = of[c.Map]
		}
		out = append(out, c)
	}
	return out
}

// live appends the words that map i of m calls live.
func live(f *Frame, m gotab.StackMaps, i int, out []Live) []Live {
	for bit := range m.Bits {
		if m.Live(i, bit) {
			out = append(out, Live{Off: m.Offset(bit), Name: f.NameAt(m.Offset(bit))})
		}
	}
	return out
}

// SlotAt returns the slot that contains the byte at off from the entry SP.
func (f *Frame) SlotAt(off int64) (Slot, bool) {
	l := layout{slots: f.Slots}
	if s := l.find(off); s != nil {
		return *s, true
	}
	return Slot{}, false
}

// NameAt returns how to call the byte at off from the entry SP: the name of the
// variable, with "+n" inside it, or "" if there is none.
func (f *Frame) NameAt(off int64) string {
	s, ok := f.SlotAt(off)
	switch {
	case !ok || s.Name == "":
		return ""
	case s.Off == off:
		return s.Name
	}
	return s.Name + "+" + decimal(off-s.Off)
}
