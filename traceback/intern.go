package traceback

import "moho/gostate"

const (
	// maxSites is how many different calls are kept, each once: function, place
	// and offset. Programs have some thousands in all their stacks.
	maxSites = 1 << 18

	// maxNames is how many different names and paths are kept.
	maxNames = 1 << 18
)

// A Site is one call as it was printed. Off is the offset of the PC from the
// function's entry, where HasOff is set; PC is 0 where it was not printed.
type Site struct {
	Func    string
	File    string
	Line    int
	Off     uint64
	HasOff  bool
	PC      uint64
	Inlined bool
	Creator bool // of a created by line
}

// sites keeps every different call once.
type sites struct {
	names map[string]string
	ids   map[siteKey]int32
	list  []Site
	keys  map[string]uint32
}

type siteKey struct {
	name, place uint32
	inlined     bool
	creator     bool
}

func newSites() *sites {
	return &sites{names: map[string]string{}, ids: map[siteKey]int32{}, keys: map[string]uint32{}}
}

// name returns b as a string, the same for equal ones.
func (s *sites) name(b []byte) string {
	if n, ok := s.names[string(b)]; ok {
		return n
	}
	n := string(b)
	if len(s.names) < maxNames {
		s.names[n] = n
	}
	return n
}

// key returns a number for b, or 0 when there are too many.
func (s *sites) key(b []byte) uint32 {
	if k, ok := s.keys[string(b)]; ok {
		return k
	}
	if len(s.keys) >= maxNames {
		return 0
	}
	k := uint32(len(s.keys) + 1)
	s.keys[string(b)] = k
	return k
}

// add returns the site of a call, and its index or -1.
func (s *sites) add(c callLine, p place, creator bool) (Site, int32) {
	k := siteKey{s.key(c.name), s.key(p.text), c.inlined, creator}
	if k.name != 0 && k.place != 0 {
		if i, ok := s.ids[k]; ok {
			return s.list[i], i
		}
	}
	site := Site{
		Func: s.name(c.name), File: s.name(p.file), Line: p.line, Off: p.off, HasOff: p.hasOff, PC: p.pc,
		Inlined: c.inlined, Creator: creator,
	}
	if site.Func == "panic" {
		site.Func = "runtime.gopanic" // as the linker calls it
	}
	if k.name == 0 || k.place == 0 || len(s.list) >= maxSites {
		return site, -1
	}
	s.ids[k] = int32(len(s.list))
	s.list = append(s.list, site)
	return site, int32(len(s.list) - 1)
}

// frame makes a frame of a site.
func (s Site) frame(i int32) gostate.Frame {
	return gostate.Frame{Func: s.Func, File: s.File, Line: s.Line, PCIndex: i, Inlined: s.Inlined}
}
