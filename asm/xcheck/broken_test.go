package xcheck_test

import (
	"strings"
	"testing"

	"moho/asm/xcheck"
)

// TestBrokenSource breaks one source: the others are compared all the same, and
// nothing is agreed to.
func TestBrokenSource(t *testing.T) {
	for _, tt := range []struct {
		source   xcheck.Source
		section  string
		off      int
		compared int
	}{
		{xcheck.Symtab, ".symtab", 3, 1},     // st_name of the victim
		{xcheck.DWARF, ".debug_info", 4, 1},  // version
		{xcheck.DWARF, ".debug_frame", 3, 2}, // length
	} {
		t.Run(tt.section, func(t *testing.T) {
			data, _, ef := subject(t)
			off := tt.off
			if tt.source == xcheck.Symtab {
				off += symbolAt(t, ef, victim) - int(ef.Section(".symtab").Offset)
			}
			section(t, ef, data, tt.section)[off] = 0xee
			r := compare(t, data)
			if r.Agree || r.Broken() != 1 || r.Compared != tt.compared || r.Failures() != 0 {
				t.Errorf("agree %v, %d broken, %d compared, %s", r.Agree, r.Broken(), r.Compared, failures(r))
			}
			for _, c := range r.Sources {
				if c.Broken != (c.Source == tt.source) || c.Broken && !strings.Contains(c.Why, "+0x") && !strings.Contains(c.Why, "symbol") {
					t.Errorf("%s: broken %v: %s", c.Source, c.Broken, c.Why)
				}
			}
		})
	}
}
