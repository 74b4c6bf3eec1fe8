package gostate

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sort"

	"moho/core"
	"moho/gostate/internal/layout"
)

const (
	samples = 64      // elements of a candidate list that are looked at
	maxMs   = 1 << 20 // threads of one runtime; it limits itself to 10,000

	// maxTries bounds the candidates for the list that hold any goroutine at
	// all. True programs have a handful.
	maxTries = 1 << 12
)

// found is what the program's variables hold under one layout.
type found struct {
	layout *layout.Layout
	list   []uint64 // runtime.allgs
	ms     []uint64 // addresses of m structs
	fit    float64  // share of sampled goroutines that make sense, 0 to 1
	note   string   // what is odd about the list
}

// findGoroutines finds runtime.allgs and the Ms among the program's variables.
// It tries the layout for the version first and then, if what that shows makes
// no sense, the others.
func (w *World) findGoroutines(opts Options) error {
	best := w.search(w.layout)
	if best.fit < 0.9 {
		for minor := layout.Newest(); minor >= layout.Oldest(); minor-- {
			l, _ := w.lookupLayout(minor)
			if minor == w.layout.Minor {
				continue
			}
			if f := w.search(l); f.fit > best.fit {
				best = f
			}
		}
	}
	if best.fit < 0.5 {
		best = w.carve(opts)
		if len(best.list) == 0 {
			where := "memory"
			if w.proc.Truncated() {
				where = "the memory that is left of the truncated core; they may be in what is cut off"
			}
			return fmt.Errorf("gostate: %s: %w: neither a list of goroutines among the program's variables nor a goroutine anywhere in %s",
				w.proc.Name(), ErrNotGo, where)
		}
	}
	if best.layout.Minor != w.layout.Minor {
		w.gap("layout", "", "what the version %q promises does not fit; what is in memory fits Go 1.%d", w.version, best.layout.Minor)
		w.layout, w.exact = best.layout, false
	} else if !w.exact {
		w.gap("layout", "", "no table for version %q; that of Go 1.%d fits %.0f%% of the goroutines looked at", w.version, best.layout.Minor, 100*best.fit)
	}
	if best.note != "" {
		w.gap("list of goroutines", "", "%s", best.note)
	}
	w.collectMs(best.ms, best.list)
	w.gs = w.screen(best.list)
	return nil
}

// screen returns the goroutines that live, once each, and counts what else the
// list holds. It works in the memory of list: there may be a million.
func (w *World) screen(list []uint64) []uint64 {
	v := view{mem: w.mem}
	var g gWords
	live, ids := list[:0], make([]uint64, 0, len(list))
	all := len(list)
	var absent, odd int
	for _, addr := range list {
		switch ok := readG(&v, w.layout, addr, &g); {
		case !ok:
			absent++
		case !g.plausible():
			odd++
		case g.status.dead():
			w.dead++
			if g.status&^gScan == gDeadExtra {
				w.extra++
			}
		default:
			w.latest = max(w.latest, g.waitSince)
			live = append(live, addr)
			ids = append(ids, g.id)
		}
	}
	if absent > 0 {
		w.gap("goroutines", "", "%d of %d are not in the core", absent, all)
	}
	if odd > 0 {
		w.gap("goroutines", "", "%d of %d entries of the list are no goroutines: what is there contradicts itself", odd, all)
	}
	sameIDs := repeats(ids)
	if n := repeats(append(ids[:0], live...)); n > 0 { // in the same memory
		w.gap("goroutines", "", "%d entries of the list repeat others", n)
		seen := make(map[uint64]bool, len(live))
		live = slices.DeleteFunc(live, func(a uint64) bool {
			again := seen[a]
			seen[a] = true
			return again
		})
	} else if sameIDs > 0 {
		w.gap("goroutines", "", "%d goroutines have the id of another", sameIDs)
	}
	return live
}

// repeats sorts list and returns how many elements equal the one before.
func repeats(list []uint64) int {
	slices.Sort(list)
	n := 0
	for i := 1; i < len(list); i++ {
		if list[i] == list[i-1] {
			n++
		}
	}
	return n
}

// search looks through the program's variables for a slice of pointers to g
// and for pointers to m. The longest slice is runtime.allgs: others hold
// subsets of it.
func (w *World) search(l *layout.Layout) found {
	f := found{layout: l}
	at, gs := view{mem: w.mem}, view{mem: w.mem}
	var header slice
	tries := maxTries
	for a := w.dataLo &^ 7; a+8 <= w.dataHi; {
		start, run, ok := w.mem.find(core.Addr(a))
		if !ok {
			a = w.nextRun(a)
			continue
		}
		run = run[a-uint64(start):]
		n := min(uint64(len(run)), w.dataHi-a) / 8
		for i := range n {
			p := binary.LittleEndian.Uint64(run[i*8:])
			if p < 4096 || p%8 != 0 {
				continue
			}
			if s, ok := headerAt(&at, run[i*8:], a+i*8); ok && s.len > header.len && tries > 0 && s.sane(w.mem) {
				fit := fits(&at, &gs, l, s)
				if fit > 0 {
					tries--
				}
				if fit >= 0.5 {
					header = s
				}
			}
			if isM(&gs, l, p) {
				f.ms = append(f.ms, p)
			}
		}
		a += max(8, n*8)
	}
	if header.len == 0 {
		return f
	}
	f.fit = w.fit(&at, &gs, l, header)
	var missing uint64
	f.list, missing = readList(&at, header)
	if missing > 0 {
		f.note = fmt.Sprintf("%d of %d entries are not in the core", missing, header.len)
	}
	return f
}

// nextRun returns the next address after a, a multiple of 8, that the core holds.
func (w *World) nextRun(a uint64) uint64 {
	m := w.mem
	for i := sort.Search(len(m.starts), func(i int) bool { return uint64(m.starts[i]) > a }); i < len(m.starts); i++ {
		if len(m.runs[i]) >= 16 {
			return (uint64(m.starts[i]) + 7) &^ 7
		}
	}
	return ^uint64(0) - 16
}

type slice struct{ ptr, len, cap uint64 }

// headerAt reads the slice header at addr, where run begins. It may lie across
// two runs: data that has a file and the bss that follows are separate regions.
func headerAt(v *view, run []byte, addr uint64) (slice, bool) {
	if len(run) < 24 {
		var ok bool
		if run, ok = v.slice(core.Addr(addr), 24); !ok {
			return slice{}, false
		}
	}
	word := binary.LittleEndian.Uint64
	return slice{word(run), word(run[8:]), word(run[16:])}, true
}

// sane reports whether s can be a slice of pointers that fit in the memory of
// the process. It need not be in the core.
func (s slice) sane(m *memory) bool {
	return s.len > 0 && s.len <= s.cap && s.cap < 1<<40 && s.ptr+s.cap*8 > s.ptr && s.len <= uint64(m.total)/8+slackSteps
}

// fits returns the share of sampled elements that point to plausible gs, as far
// as they can be read.
func fits(at, gs *view, l *layout.Layout, s slice) float64 {
	good, seen := 0, 0
	step := max(1, s.len/samples)
	var g gWords
	for i := uint64(0); i < s.len; i += step {
		p, ok := at.word(core.Addr(s.ptr + i*8))
		if !ok {
			continue
		}
		if p%8 == 0 && p != 0 && !readG(gs, l, p, &g) {
			continue // not in the core: says nothing
		}
		seen++
		if p%8 == 0 && p != 0 && g.plausible() && g.schedG == p {
			good++
		}
		if seen == 8 && good == 0 {
			return 0
		}
	}
	if seen == 0 {
		return 0
	}
	return float64(good) / float64(seen)
}

// fit is like fits, but asks more: that what a g says about its program is true.
func (w *World) fit(at, gs *view, l *layout.Layout, s slice) float64 {
	good, seen := 0, 0
	step := max(1, s.len/(4*samples))
	var g gWords
	for i := uint64(0); i < s.len; i += step {
		p, ok := at.word(core.Addr(s.ptr + i*8))
		if !ok || !readG(gs, l, p, &g) || g.status.dead() {
			continue
		}
		seen++
		if g.plausible() && w.isEntry(g.startPC) && (g.goPC == 0 || w.inText(g.goPC)) &&
			int(g.waitReason) < max(1, len(l.WaitReasons)) && g.id < 1<<48 {
			good++
		}
	}
	if seen == 0 {
		return 0
	}
	return float64(good) / float64(seen)
}

// readList copies the pointers of s that the core holds.
func readList(at *view, s slice) (list []uint64, missing uint64) {
	list = make([]uint64, 0, s.len) // no more than the core has words, by sane
	for i := uint64(0); i < s.len; i++ {
		p, ok := at.word(core.Addr(s.ptr + i*8))
		if !ok {
			missing++
			continue
		}
		list = append(list, p)
	}
	return list, missing
}

// isM reports whether p points to an m: its g0, and its gsignal if it has one,
// point back at it.
func isM(v *view, l *layout.Layout, p uint64) bool {
	g0, ok := v.word(core.Addr(p + uint64(l.MG0)))
	if !ok || g0 < 4096 || g0%8 != 0 {
		return false
	}
	if back, ok := v.word(core.Addr(g0 + uint64(l.GM))); !ok || back != p {
		return false
	}
	sig, ok := v.word(core.Addr(p + uint64(l.MGSignal)))
	if !ok || sig == g0 {
		return false
	}
	if sig != 0 {
		if back, ok := v.word(core.Addr(sig + uint64(l.GM))); !ok || back != p {
			return false
		}
	}
	return true
}

// carve finds goroutines without the list of them: all memory is searched for
// words that point to where a g would begin if they were its g.sched.g.
func (w *World) carve(opts Options) found {
	l := w.layout
	f := found{layout: l, note: "it could not be read; these goroutines were found by searching all memory, some may be missing or long gone"}
	gs := view{mem: w.mem}
	var g gWords
	var done int64
	for i, run := range w.mem.runs {
		base := uint64(w.mem.starts[i])
		for off := uint64(-base & 7); off+8 <= uint64(len(run)); off += 8 {
			at := base + off
			if p := binary.LittleEndian.Uint64(run[off:]); p+uint64(l.GSchedG) != at {
				continue
			}
			p := at - uint64(l.GSchedG)
			if readG(&gs, l, p, &g) && g.plausible() && !g.status.dead() && w.isEntry(g.startPC) {
				f.list = append(f.list, p)
			}
			if g.m != 0 && isM(&gs, l, g.m) {
				f.ms = append(f.ms, g.m)
			}
		}
		done += int64(len(run))
		if opts.Progress != nil {
			opts.Progress(done, w.mem.total)
		}
	}
	if len(f.list) > 0 {
		f.fit = 1
	}
	return f
}

// isEntry reports whether pc is the first instruction of a Go function.
func (w *World) isEntry(pc uint64) bool {
	s := w.lookup(siteKey{pc, true})
	return s.ok && s.entry == pc
}

func (w *World) inText(pc uint64) bool { return w.lookup(siteKey{pc, true}).ok }
