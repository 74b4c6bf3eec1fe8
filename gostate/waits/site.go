package waits

import (
	"cmp"
	"slices"
	"strings"

	"moho/gostate"
)

// A Site is where in the program goroutines wait: the innermost call that is
// not of the runtime or package sync.
type Site struct {
	Func string
	File string
	Line int
}

type siteKey struct {
	pc     int32
	inline int16
}

// maxSitesKept bounds the different sites. Only a forged core has more.
const maxSitesKept = 1 << 18

// site returns the number of the site where g is.
func (a *analyzer) site(g *gostate.Goroutine) int32 {
	best, kernel := -1, g.Status == "syscall" || g.WaitReason == "IO wait"
	for i := range g.Frames {
		f := &g.Frames[i]
		if best < 0 || g.Frames[best].System && !f.System {
			best = i
		}
		if f.System || f.Wrapper || waiting(f.Func) {
			continue
		}
		if best < 0 || waiting(g.Frames[best].Func) || g.Frames[best].System {
			best = i
		}
		if !kernel || !plumbing(f.Func) {
			if kernel {
				best = i
			}
			break
		}
	}
	if best < 0 {
		return -1
	}
	f := &g.Frames[best]
	k := siteKey{f.PCIndex, f.Inline}
	i, ok := a.bySite[k]
	if !ok || f.PCIndex < 0 {
		if len(a.sites) >= maxSitesKept {
			return -1
		}
		// Calls that were inlined or compiled twice are one place.
		s := Site{f.Func, f.File, f.Line}
		if i, ok = a.bySource[s]; !ok {
			i = int32(len(a.sites))
			a.bySource[s] = i
			a.sites = append(a.sites, s)
		}
		a.bySite[k] = i
	}
	return i
}

// plumbing reports whether a function belongs to the standard library's ways to
// the kernel: who reads or accepts is of more interest.
func plumbing(name string) bool {
	for _, p := range [...]string{"net.", "os.", "io.", "bufio.", "syscall.", "internal/", "crypto/tls."} {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

// A Place is a site and an operation, and how many goroutines wait there for it.
// IDs has the first few of them.
type Place struct {
	Site  Site
	Op    Op
	Count int
	IDs   []uint64
}

// maxIDs is how many goroutines a Place names.
const maxIDs = 8

// Places returns where an object is waited for, most goroutines first.
func (a *Analysis) Places(object int) []Place {
	type key struct {
		site int32
		op   Op
	}
	var list []Place
	at := map[key]int{}
	for e := range a.all(int32(object)) {
		m := &a.gs[e.g]
		k := key{m.site, e.op}
		i, ok := at[k]
		if !ok {
			i = len(list)
			at[k] = i
			p := Place{Op: e.op}
			if m.site >= 0 {
				p.Site = a.sites[m.site]
			}
			list = append(list, p)
		}
		p := &list[i]
		if p.Count++; len(p.IDs) < maxIDs {
			p.IDs = append(p.IDs, m.id)
		}
	}
	slices.SortStableFunc(list, func(x, y Place) int { return cmp.Compare(y.Count, x.Count) })
	return list
}

// Site returns where the goroutine of an edge is.
func (a *Analysis) Site(e Edge) (Site, bool) {
	if s := a.gs[e.g].site; s >= 0 {
		return a.sites[s], true
	}
	return Site{}, false
}
