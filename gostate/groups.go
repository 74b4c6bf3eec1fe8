package gostate

import (
	"cmp"
	"hash/maphash"
	"slices"
	"time"
)

// GroupOptions say which goroutines to group.
type GroupOptions struct {
	System bool // also the runtime's own
	IDs    int  // how many ids to keep of each group; 0 means 8
	Max    int  // how many groups to tell apart; 0 and more than 65,536 mean 65,536
}

// A Group is all goroutines that are at the same place: the same stack of PCs,
// status and wait reason.
//
// MinWait and MaxWait are how long the one that waits shortest and the one that
// waits longest have waited, as far as the runtime has stamped them; they count
// up to the latest stamp in the core, so they are lower bounds. Both are 0 when
// none has a stamp.
type Group struct {
	Count      int
	IDs        []uint64
	Status     string
	WaitReason string
	System     bool
	MinWait    time.Duration
	MaxWait    time.Duration
	First      *Goroutine // whose frames stand for those of all
}

// maxGroups bounds how many different stacks are told apart: each keeps its
// frames, and more of them is no overview.
const maxGroups = 1 << 16

// Groups returns the goroutines grouped by where they are, the largest group
// first, then by the smallest id. The goroutines that rest counts are in none:
// their stacks differ from those of all groups, of which there are opts.Max.
func (w *World) Groups(opts GroupOptions) (groups []Group, rest int) {
	keep := opts.IDs
	if keep <= 0 {
		keep = 8
	}
	type stamps struct{ first, last int64 }
	var (
		most   = opts.Max
		waits  []stamps
		clock  int64
		byHash = make(map[uint64]int)
		seed   = maphash.MakeSeed()
		key    []byte
		r      = newReader(w)
	)
	if most <= 0 || most > maxGroups {
		most = maxGroups
	}
	for _, addr := range w.gs {
		if !r.read(addr) {
			continue
		}
		x := &r.words
		o := w.start(&r.view, x)
		why := r.walk.walk(x, o)
		sys := false
		if s := r.walk.cache.lookup(w, siteKey{x.startPC, true}); s.ok {
			sys = w.isSystem(x, s, r.walk)
		}
		if sys && !opts.System {
			continue
		}
		clock = max(clock, x.waitSince)
		key = r.walk.key(key[:0], x, o, why)
		h := maphash.Bytes(seed, key)
		i, ok := byHash[h]
		if !ok {
			if len(groups) == most {
				rest++
				continue
			}
			i = len(groups)
			byHash[h] = i
			g := new(Goroutine)
			r.resolve(g)
			groups = append(groups, Group{Status: g.Status, WaitReason: g.WaitReason, System: sys, First: g})
			waits = append(waits, stamps{})
		}
		g := &groups[i]
		g.Count++
		if len(g.IDs) < keep {
			g.IDs = append(g.IDs, x.id)
		}
		if s := x.waitSince; s > 0 && (g.WaitReason != "" || x.status&^gScan == gSyscall) {
			t := &waits[i]
			if t.first == 0 || s < t.first {
				t.first = s
			}
			t.last = max(t.last, s)
		}
	}
	for i, t := range waits {
		if t.first != 0 {
			groups[i].MinWait, groups[i].MaxWait = time.Duration(clock-t.last), time.Duration(clock-t.first)
		}
	}
	slices.SortStableFunc(groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.First.ID, b.First.ID))
	})
	return groups, rest
}

// key appends what makes two goroutines be at the same place.
func (k *walker) key(b []byte, x *gWords, o origin, why string) []byte {
	b = append(b, byte(x.status&^gScan), x.waitReason, byte(b2i(why != "")))
	b = appendWord(b, o.foreign)
	b = appendWord(b, uint64(k.count))
	for i := range k.steps {
		b = appendWord(b, k.steps[i].pc)
	}
	return b
}

func appendWord(b []byte, x uint64) []byte {
	return append(b, byte(x), byte(x>>8), byte(x>>16), byte(x>>24), byte(x>>32), byte(x>>40), byte(x>>48), byte(x>>56))
}
