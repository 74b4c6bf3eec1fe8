package xcheck_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"moho/asm/xcheck"
	"moho/gotab"
	"moho/internal/testbin"
	"moho/objfile"
)

// TestDamaged compares programs in which bytes of the sources were changed at
// random: an error or a report, never both, within bounds, and what was not
// changed in vain is not agreed to.
func TestDamaged(t *testing.T) {
	data, _, ef := subject(t)
	rnd := rand.New(rand.NewPCG(1, 2))
	runs, errs, differ := 0, 0, 0
	for _, name := range []string{".symtab", ".strtab", ".debug_info", ".debug_abbrev", ".debug_addr", ".debug_frame", ".gopclntab"} {
		for range 25 {
			mutant := bytes.Clone(data)
			b := section(t, ef, mutant, name)
			for range 1 + rnd.IntN(40) {
				b[rnd.IntN(len(b))] = byte(rnd.Uint32())
			}
			runs++
			testbin.Bounded(t, len(mutant), func() {
				f, err := objfile.NewBytes("damaged", mutant)
				if err != nil {
					t.Fatal(err)
				}
				tab, err := gotab.Open(f)
				if err != nil {
					errs++
					return
				}
				r, err := xcheck.Run(f, tab, xcheck.Options{})
				switch {
				case err == nil && r.Broken() > 0:
					if errs++; r.Agree {
						t.Errorf("%s: agreed to although a source is broken", name)
					}
				case err == nil && !r.Agree:
					differ++
				case err == nil:
				case r.Sources != nil || r.Compared != 0 || r.Agree || r.Differences != nil || r.Groups != nil:
					t.Errorf("%s: a report beside the error %v", name, err)
				case !errors.Is(err, objfile.ErrFormat) && !errors.Is(err, objfile.ErrLimit):
					t.Errorf("%s: %v", name, err)
				}
			})
		}
	}
	t.Logf("%d mutants: %d errors, %d that differ", runs, errs, differ)
	if errs+differ < runs/2 || errs == 0 || differ == 0 {
		t.Errorf("%d mutants: %d errors, %d that differ", runs, errs, differ)
	}
}
