package debuginfo_test

import (
	"bytes"
	"strings"
	"testing"

	"moho/debuginfo"
	"moho/internal/testbin"
)

// A bad is DWARF that must be refused, or answered within bounds.
type bad struct {
	name     string
	expect   string // part of the error, "" where there must be none
	sections func() map[string][]byte
}

// with returns the sample with a unit and a table of abbreviations of its own.
func with(ab []byte, entries func(w *writer)) func() map[string][]byte {
	return func() map[string][]byte {
		w := &writer{b: make([]byte, sampleHeader)}
		entries(w)
		s := sample()
		s[".debug_abbrev"], s[".debug_info"] = ab, unit5(w.b[sampleHeader:])
		return s
	}
}

func hostile() []bad {
	origin := abbrevs([]uint64{0x11, 1}, []uint64{0x2e, 0, 0x31, 0x13, 0x11, 0x01, 0x12, 0x06}, []uint64{0x2e, 1, 0x11, 0x01, 0x12, 0x06},
		[]uint64{0x34, 0, 0x31, 0x13, 0x02, 0x18}, []uint64{0x0b, 1}, []uint64{0x34, 0, 0x49, 0x13, 0x02, 0x18}, []uint64{0x16, 0, 0x49, 0x13},
		[]uint64{0x01, 1, 0x49, 0x13}, []uint64{0x21, 0, 0x37, 0x0f}, []uint64{0x13, 1, 0x0b, 0x0f}, []uint64{0x0d, 0, 0x38, 0x0f, 0x49, 0x13})
	function := func(w *writer) { w.uleb(1).uleb(3).u64(0x401000).u32(0x40) }
	return []bad{
		{"name of a variable refers to itself", "refer to each other", with(origin, func(w *writer) {
			function(w)
			at := w.at()
			w.uleb(4).u32(at).expr().u8(0, 0)
		})},
		{"blocks without end", "nested blocks", with(origin, func(w *writer) {
			function(w)
			w.u8(bytes.Repeat([]byte{5}, 100000)...)
		})},
		{"typedef of itself", "", with(origin, func(w *writer) {
			function(w)
			w.uleb(6).u32(w.at() + 8).expr(0x9c).u8(0)
			at := w.at()
			w.uleb(7).u32(at).uleb(7).u32(at).uleb(7).u32(at).u8(0)
		})},
		{"array of itself", "", with(origin, func(w *writer) {
			function(w)
			w.uleb(6).u32(w.at() + 8).expr(0x9c).u8(0)
			w.uleb(8).u32(w.at()).uleb(9).uleb(1<<62).u8(0, 0)
		})},
		{"structure that contains itself", "", with(origin, func(w *writer) {
			function(w)
			w.uleb(6).u32(w.at() + 8).expr(0x9c).u8(0)
			at := w.at()
			w.uleb(10).uleb(1<<40).uleb(11).uleb(0).u32(at).u8(0, 0)
		})},
		{"structure of very many arrays of itself", "", with(origin, func(w *writer) {
			function(w)
			w.uleb(6).u32(w.at() + 8).expr(0x9c).u8(0)
			at := w.at()
			w.uleb(10).uleb(1 << 40)
			for range 20000 {
				w.uleb(11).uleb(0).u32(at + 20000*6 + 8)
			}
			w.u8(0)
			w.u8(make([]byte, at+20000*6+8-w.at())...)
			w.uleb(8).u32(w.at())
			for range 20000 {
				w.uleb(9).uleb(1)
			}
			w.u8(0, 0)
		})},
		{"reference to nowhere", "where no entry can be", with(origin, func(w *writer) {
			function(w)
			w.uleb(4).u32(0xfffffff0).expr().u8(0, 0)
		})},
		{"expression of very many operations", "operations of an expression", with(origin, func(w *writer) {
			function(w)
			ops := bytes.Repeat([]byte{0x96}, 5000)
			w.uleb(6).u32(12).uleb(uint64(len(ops))).u8(ops...).u8(0, 0)
		})},
		{"expression cut off", "is cut off", with(origin, func(w *writer) {
			function(w)
			w.uleb(6).u32(12).expr(0x91).u8(0, 0)
		})},
		{"form that is not known", "form 0x66", with(abbrevs([]uint64{0x11, 1, 0x03, 0x66}), func(w *writer) { w.uleb(1) })},
		{"abbreviation that is not there", "abbreviation 99", with(origin, func(w *writer) { w.uleb(1).uleb(99) })},
		{"entry cut off", "exceeds its unit", with(origin, func(w *writer) { w.uleb(1).uleb(3).u64(0x401000) })},
		{"very many units", "units: ", func() map[string][]byte {
			s := sample()
			s[".debug_info"] = bytes.Repeat([]byte{7, 0, 0, 0, 4, 0, 0, 0, 0, 0, 8}, 300000)
			return s
		}},
		{"tables of abbreviations that overlap", "overlap", func() map[string][]byte {
			s := sample()
			ab := bytes.Repeat([]byte{1, 0x11, 0, 3, 8, 0, 0}, 200)
			s[".debug_abbrev"] = append(ab, 0)
			w := &writer{}
			for i := range 200 {
				w.u32(8).u16(4).u32(uint32(7*i)).u8(8, 0)
			}
			s[".debug_info"] = w.b
			return s
		}},
		{"unit longer than its section", "unit_length", func() map[string][]byte {
			s := sample()
			s[".debug_info"][2] = 1
			return s
		}},
		{"frames that refer to themselves", "where no CIE is", func() map[string][]byte {
			s := sample()
			s[".debug_frame"][20] = 16
			return s
		}},
		{"frame entry longer than its section", "length", func() map[string][]byte {
			s := sample()
			s[".debug_frame"][17] = 1
			return s
		}},
		{"frame with an instruction that is not known", "0x3f", func() map[string][]byte {
			s := sample()
			s[".debug_frame"][40] = 0x3f
			return s
		}},
		{"list of ranges without end", "has no end", func() map[string][]byte {
			s := sample()
			s[".debug_rnglists"] = s[".debug_rnglists"][:len(s[".debug_rnglists"])-1]
			return s
		}},
		{"list of locations without end", "has no end", func() map[string][]byte {
			s := sample()
			s[".debug_loclists"] = s[".debug_loclists"][:len(s[".debug_loclists"])-1]
			return s
		}},
	}
}

func TestHostile(t *testing.T) {
	for _, h := range hostile() {
		t.Run(h.name, func(t *testing.T) {
			s := h.sections()
			size := 0
			for _, b := range s {
				size += len(b)
			}
			testbin.Bounded(t, size, func() {
				d, err := openImage(s)
				if err == nil {
					err = walk(d, 1000)
				}
				switch {
				case h.expect == "" && err != nil:
					t.Errorf("error %v, want none", err)
				case h.expect != "" && (!expected(err) || err == nil || !strings.Contains(err.Error(), h.expect)):
					t.Errorf("error %v, want %q", err, h.expect)
				}
			})
		})
	}
}

// TestNone opens what has no DWARF.
func TestNone(t *testing.T) {
	s := sample()
	delete(s, ".debug_info")
	if d, err := openImage(s); d != nil || err == nil || !strings.Contains(err.Error(), debuginfo.ErrNone.Error()) {
		t.Errorf("%v, %v", d, err)
	}
}
