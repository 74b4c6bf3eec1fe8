package traceback

import (
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"slices"

	"moho/gostate"
)

const (
	// maxGroups is how many different stacks are told apart, as gostate does.
	maxGroups = 1 << 16

	// maxGroupFrames is how many frames all groups keep together.
	maxGroupFrames = 1 << 20

	keptIDs = 8
)

// A tally is the goroutines of one traceback, grouped as they are read.
type tally struct {
	index  int // of the traceback in the text
	n      int // goroutines
	cut    int // of them with stacks that the text cuts off
	rest   int // in no group
	groups []gostate.Group
	byHash map[uint64]int
	seed   maphash.Seed
	key    []byte
	frames int
	reason reason
	crash  *gostate.Goroutine
}

func newTally(index int) *tally {
	return &tally{index: index, byHash: map[uint64]int{}, seed: maphash.MakeSeed()}
}

// better reports whether t is what a reader wants to see rather than o, which
// came before it.
func (t *tally) better(o *tally) bool {
	if died, other := len(t.reason.text) > 0, len(o.reason.text) > 0; died != other {
		return died
	} else if died && t.reason.text[0] != o.reason.text[0] {
		return true // the one that it died of in the end
	}
	return t.n >= o.n
}

// add counts a goroutine. Two are in one group that a core would put into one:
// with the same state and the same return addresses, which the text has as
// functions, lines and offsets.
func (t *tally) add(g *gostate.Goroutine, ids, most int) {
	count := max(g.Printed.Count, 1)
	t.n += count
	if g.Printed.Headless || g.Truncated == endsHere {
		t.cut++
	}
	t.key = appendKey(t.key[:0], g)
	h := maphash.Bytes(t.seed, t.key)
	i, ok := t.byHash[h]
	if !ok {
		if len(t.groups) >= most || t.frames+len(g.Frames) > maxGroupFrames {
			t.rest += count
			return
		}
		i = len(t.groups)
		t.byHash[h] = i
		t.frames += len(g.Frames)
		first := g.Clone()
		t.groups = append(t.groups, gostate.Group{
			Status: g.Status, WaitReason: g.WaitReason, System: g.System, First: first,
			MinWait: g.Printed.Waited, MaxWait: g.Printed.Waited,
		})
	}
	gr := &t.groups[i]
	gr.Count += count
	if len(gr.IDs) < ids && g.ID != 0 {
		gr.IDs = append(gr.IDs, g.ID)
	}
	gr.MinWait = min(gr.MinWait, g.Printed.Waited)
	gr.MaxWait = max(gr.MaxWait, g.Printed.Waited)
}

func (t *tally) sort() {
	slices.SortStableFunc(t.groups, func(a, b gostate.Group) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.First.ID, b.First.ID))
	})
}

func appendKey(b []byte, g *gostate.Goroutine) []byte {
	b = append(b, g.Status...)
	b = append(b, 0)
	b = append(b, g.WaitReason...)
	b = append(b, 0)
	b = binary.AppendUvarint(b, uint64(g.Elided))
	b = append(b, g.Truncated...)
	b = append(b, 0)
	for i := range g.Frames {
		fr := &g.Frames[i]
		b = binary.AppendVarint(b, int64(fr.PCIndex))
		if fr.PCIndex < 0 {
			b = append(b, fr.Func...)
			b = append(b, fr.File...)
			b = binary.AppendVarint(b, int64(fr.Line))
			b = append(b, 0)
		}
	}
	return b
}

// Groups returns the goroutines grouped by where they are, the largest group
// first, as [gostate.World.Groups] does.
func (d *Dump) Groups(o gostate.GroupOptions) (groups []gostate.Group, rest int) {
	t := &d.tally
	if o.IDs > keptIDs || o.Max > 0 && o.Max < len(t.groups) {
		most := o.Max
		if most <= 0 || most > maxGroups {
			most = maxGroups
		}
		t = newTally(0)
		for g := range d.Goroutines() {
			if !g.System || o.System {
				t.add(g, max(o.IDs, 1), most)
			}
		}
		t.sort()
	}
	for _, gr := range t.groups {
		if gr.System && !o.System {
			continue
		}
		groups = append(groups, gr)
	}
	return groups, t.rest
}

// seen remembers ids, up to a bound.
type seen struct{ pages map[uint64]*[8]uint64 }

// maxPages bounds what is remembered: pages of 512 ids. Beyond it nothing is
// known to have been there.
const maxPages = 1 << 17

func newSeen() *seen { return &seen{pages: map[uint64]*[8]uint64{}} }

// add returns false for an id that has been added before.
func (s *seen) add(id uint64) bool {
	p := s.pages[id>>9]
	if p == nil {
		if len(s.pages) >= maxPages {
			return true
		}
		p = new([8]uint64)
		s.pages[id>>9] = p
	}
	word, bit := &p[id>>6&7], uint64(1)<<(id&63)
	was := *word&bit != 0
	*word |= bit
	return !was
}
