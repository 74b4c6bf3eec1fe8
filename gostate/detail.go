package gostate

import (
	"encoding/binary"
	"slices"
	"strings"

	"moho/core"
)

// A Room says how much of a stack is left.
//
// Free is the bytes below the stack pointer. Guard is what the runtime keeps of
// them for functions that do not check (0 if it does not say, as while it is
// asking the goroutine to yield). Headroom is how many bytes more the stack can
// grow to hold before the runtime would end the program, by its default limit:
// the limit is a variable without a symbol, which debug.SetMaxStack changes. It
// is -1 where the stack is larger already.
type Room struct {
	Free     uint64
	Guard    uint64
	Headroom int64
	Growths  int // doublings that are left
}

// Near reports whether the stack is close to its default limit: it can't be
// doubled any more and three quarters of it are used.
func (r Room) Near(s Stack) bool {
	return r.Headroom >= 0 && r.Growths == 0 && s.Used >= s.Size/4*3
}

// Source: $GOROOT/src/runtime/proc.go (main), stack.go (newstack), go1.27.
const (
	maxStackDefault = 1000000000 // bytes of a stack that the runtime allows, unless told otherwise; sizes are powers of two

	largestGuard = 8 << 10 // of all systems and build modes; beyond are the runtime's marks
)

// Room returns how much of the stack of g is left; ok is false where the stack
// pointer is not known or not on the stack.
func (w *World) Room(g *Goroutine) (room Room, ok bool) {
	if g.Stack.Size == 0 || g.Stack.Used == 0 || g.SP < g.Stack.Lo || g.SP >= g.Stack.Hi {
		return Room{}, false
	}
	room.Free = uint64(g.SP - g.Stack.Lo)
	v := view{mem: w.mem}
	if x, ok := v.word(g.Addr + core.Addr(w.layout.GGuard0)); ok && uint64(g.Stack.Lo) <= x && x-uint64(g.Stack.Lo) < largestGuard {
		room.Guard = x - uint64(g.Stack.Lo)
	}
	size := g.Stack.Size
	for size*2 <= maxStackDefault {
		size *= 2
		room.Growths++
	}
	room.Headroom = int64(size) - int64(room.Guard) - int64(g.Stack.Used)
	if g.Stack.Size > maxStackDefault {
		room.Headroom = -1
	} else {
		room.Headroom = max(0, room.Headroom)
	}
	return room, true
}

// LatestStamp returns the latest time that a goroutine's wait was stamped with,
// in nanoseconds of the process's monotonic clock, or 0. What waits since T has
// waited for about LatestStamp - T: the garbage collector stamps waits, with the
// time of its cycle before, so that both are early by up to a cycle.
//
// Source: $GOROOT/src/runtime/mgcmark.go (markroot), go1.27.
func (w *World) LatestStamp() int64 { return w.latest }

// Unused returns how many g structs the runtime keeps to use again, and how many
// of them for threads that C makes. They are not listed.
func (w *World) Unused() (dead, extra int) { return w.dead, w.extra }

// A Label is a label for profiles.
type Label struct{ Key, Value string }

const (
	maxLabels    = 256     // labels of one goroutine that are read
	maxLabelText = 4 << 10 // bytes of a key or value that are read
)

// Labels returns the profiler labels of g, in order of their keys.
//
// Source: $GOROOT/src/runtime/pprof/label.go (labelMap), go1.21 to go1.27: a map
// until 1.23, then a list.
func (w *World) Labels(g *Goroutine) []Label {
	v := view{mem: w.mem}
	set, ok := v.word(g.Addr + core.Addr(w.layout.GLabels))
	if !ok || set == 0 || g.Addr == 0 {
		return nil
	}
	var labels []Label
	if w.layout.Minor >= 24 {
		labels = labelList(&v, set)
	} else if m, ok := v.word(core.Addr(set)); ok && m != 0 {
		labels = w.labelMap(&v, m)
	}
	slices.SortFunc(labels, func(a, b Label) int { return strings.Compare(a.Key, b.Key) })
	return labels
}

func labelList(v *view, at uint64) []Label {
	var labels []Label
	p, _ := v.word(core.Addr(at))
	n, ok := v.word(core.Addr(at + 8))
	if !ok || n > maxLabels {
		return nil
	}
	for i := range n {
		if l, ok := labelAt(v, p+i*32, p+i*32+16); ok {
			labels = append(labels, l)
		}
	}
	return labels
}

// labelMap reads a map[string]string of the old kind, in buckets of eight.
func (w *World) labelMap(v *view, m uint64) []Label {
	const (
		full     = 5 // the smallest mark of a slot that is in use
		bucket   = 8 + 8*16 + 8*16 + 8
		overflow = bucket - 8
	)
	l := w.layout
	b, ok := v.slice(core.Addr(m+uint64(l.HMapB)), 1)
	if !ok || b[0] > 8 {
		return nil
	}
	var labels []Label
	steps := maxLabels
	table := func(field int32, n uint64) {
		base, _ := v.word(core.Addr(m + uint64(field)))
		for i := range n {
			for at := base + i*bucket; base != 0 && at != 0 && steps > 0; steps-- {
				marks, ok := v.slice(core.Addr(at), 8)
				if !ok {
					break
				}
				for j, mark := range marks {
					if mark < full || len(labels) >= maxLabels {
						continue
					}
					key := at + 8 + uint64(j)*16
					if l, ok := labelAt(v, key, key+8*16); ok {
						labels = append(labels, l)
					}
				}
				at, _ = v.word(core.Addr(at + overflow))
			}
		}
	}
	table(l.HMapBuckets, 1<<b[0])
	if b[0] > 0 { // of a map that grows, what has not been moved yet
		table(l.HMapOldBuckets, 1<<(b[0]-1))
	}
	return labels
}

func labelAt(v *view, key, value uint64) (l Label, ok bool) {
	var also bool
	l.Key, ok = stringAt(v, key)
	l.Value, also = stringAt(v, value)
	return l, ok && also
}

// stringAt reads the string whose header is at a.
func stringAt(v *view, a uint64) (string, bool) {
	h, ok := v.slice(core.Addr(a), 16)
	if !ok {
		return "", false
	}
	p, n := binary.LittleEndian.Uint64(h), binary.LittleEndian.Uint64(h[8:])
	if n == 0 {
		return "", true
	}
	if n > maxLabelText {
		return "", false
	}
	b, ok := v.slice(core.Addr(p), int(n))
	return string(b), ok
}

// maxAncestors bounds a chain of creators.
const maxAncestors = 64

// Ancestors returns the go statements that led to g, its own first. It goes on
// for as long as the creator is alive: what a goroutine that has ended was
// started by is not kept.
func (w *World) Ancestors(g *Goroutine) []Creator {
	var chain []Creator
	seen := map[uint64]bool{g.ID: true}
	c := g.CreatedBy
	r := &reader{w: w, view: view{mem: w.mem}}
	for len(chain) < maxAncestors && c.PC != 0 {
		chain = append(chain, c)
		addr, ok := w.byID()[c.GoID]
		if !ok || seen[c.GoID] || !r.read(addr) {
			break
		}
		seen[c.GoID] = true
		var parent Goroutine
		w.origins(&r.words, &parent)
		c = parent.CreatedBy
	}
	return chain
}

// Alive reports whether there is a goroutine with the given id.
func (w *World) Alive(id uint64) bool {
	_, ok := w.byID()[id]
	return ok
}

// byID returns the addresses of all goroutines by their ids.
func (w *World) byID() map[uint64]uint64 {
	w.idsOnce.Do(func() {
		w.ids = make(map[uint64]uint64, len(w.gs))
		v := view{mem: w.mem}
		for _, a := range w.gs {
			if id, ok := v.word(core.Addr(a + uint64(w.layout.GID))); ok {
				w.ids[id] = a
			}
		}
	})
	return w.ids
}
