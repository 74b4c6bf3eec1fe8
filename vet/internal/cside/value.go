package cside

import "maps"

// A value is what a pointer or an integer in C may be: bits for the parameters
// that it may be a copy of, and for those through whose memory it was read.
type value struct {
	params  uint64
	through uint64
	heap    bool   // memory that this function allocated
	static  bool   // memory that is always there
	local   string // a local variable's own memory
	from    string // the C variable that holds the pointer
	element bool   // the pointer is an element of it, one load away
}

func (v value) or(w value) value {
	v.params |= w.params
	v.through |= w.through
	v.heap = v.heap || w.heap
	v.static = v.static || w.static
	if v.local == "" {
		v.local = w.local
	}
	if v.from == "" {
		v.from, v.element = w.from, w.element
	}
	return v
}

// A hold is what memory that outlives the call has been given.
type hold struct {
	params uint64
	into   uint64 // parameters whose memory it is; 0 for memory of the C side
	heap   bool
	where  string
	line   int32
	file   int32
}

// A state is what is known at one point of a body.
type state struct {
	vars  map[string]value
	holds map[string]hold // by the text of what was assigned to
	freed uint64
	given bool // an object that this function allocated is reachable from elsewhere
	dead  bool // the point is never reached
}

func (s *state) clone() *state {
	return &state{vars: maps.Clone(s.vars), holds: maps.Clone(s.holds), freed: s.freed, given: s.given, dead: s.dead}
}

// join merges another way to the same point into s.
func (s *state) join(o *state) {
	switch {
	case o.dead:
		return
	case s.dead:
		*s = *o.clone()
		return
	}
	s.freed &= o.freed
	s.given = s.given || o.given
	for name, v := range o.vars {
		s.vars[name] = s.vars[name].or(v)
	}
	for key, h := range o.holds {
		if have, ok := s.holds[key]; ok {
			h.params |= have.params
			h.into |= have.into
		}
		s.holds[key] = h
	}
}
