package prove_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/vet"
	"moho/vet/prove"
)

var stateMark = regexp.MustCompile(`// (violated|reached-clean|not-reached|untested|unknown) ([a-z-]+)$`)

// TestStates gives vet's findings to prove. Every mark in the source is a finding in
// that state, and there is no other. A test that ends the program keeps no other from
// running, and one that counts allocations is no finding.
func TestStates(t *testing.T) {
	const dir = "testdata/states"
	found, err := vet.Run(t.Context(), vet.Options{Dir: dir, Patterns: []string{"./..."}})
	if err != nil {
		t.Fatal(err)
	}
	res, err := prove.Run(t.Context(), prove.Options{Dir: dir, Patterns: []string{"./..."}, Findings: found.Findings})
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, f := range res.Findings {
		got = append(got, fmt.Sprintf("%s:%d %s %s", f.Pos.File, f.Pos.Line, f.Proof.State, f.Rule))
		if f.Fingerprint == "" {
			t.Errorf("%s: %s has no fingerprint", f.Pos, f.Rule)
		}
	}
	for _, name := range []string{"a/a.go", "b/b.go", "c/c.go", "d/d.go"} {
		file, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		sc := bufio.NewScanner(file)
		for n := 1; sc.Scan(); n++ {
			if m := stateMark.FindStringSubmatch(sc.Text()); m != nil {
				want = append(want, fmt.Sprintf("%s:%d %s %s", name, n, m[1], m[2]))
			}
		}
		file.Close()
	}
	slices.Sort(got)
	slices.Sort(want)
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for _, g := range res.Gaps {
		t.Errorf("gap: %v", g)
	}
	if len(res.Programs) != 6 || !strings.Contains(res.Programs[0].Why, "TestAllocs") || res.Programs[0].End != "crashed" {
		t.Errorf("%+v", res.Programs)
	}
}
