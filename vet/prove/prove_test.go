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

	"moho/evidence"
	"moho/internal/testbin"
	"moho/vet/prove"
)

// TestMain lets the go command use the test itself as moho.
func TestMain(m *testing.M) {
	if prove.IsTool() {
		os.Exit(prove.Tool(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// short are the topics of testdata/hazards that the short run has.
var short = []string{"conversions", "cheap", "rewritten"}

// TestHazards runs programs that are marked where they break rules, and twins that
// break none. Every mark is a finding with that rule at that line or in its story,
// and there is no other finding.
func TestHazards(t *testing.T) {
	testbin.NeedTool(t, "gcc")
	topics, err := os.ReadDir("testdata/hazards")
	if err != nil {
		t.Fatal(err)
	}
	for _, topic := range topics {
		if !topic.IsDir() || !testbin.IsLong() && !slices.Contains(short, topic.Name()) {
			continue
		}
		t.Run(topic.Name(), func(t *testing.T) {
			res, err := prove.Run(t.Context(), prove.Options{Dir: "testdata/hazards", Patterns: []string{"./" + topic.Name() + "/..."}})
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range res.Gaps {
				t.Errorf("gap: %v", g)
			}
			want := marks(t, filepath.Join("testdata/hazards", topic.Name()))
			if len(want) == 0 {
				t.Fatal("no marks")
			}
			for _, f := range res.Findings {
				found := false
				for i, m := range want {
					if m.shownBy(f) {
						want[i].seen, found = true, true
					}
				}
				if !found {
					t.Errorf("%s: %s: %s", f.Pos, f.Rule, f.Message)
				}
				if f.Proof.State != evidence.Violated {
					t.Errorf("%s: %s: %+v", f.Pos, f.Rule, f.Proof)
				}
			}
			for _, m := range want {
				if !m.seen {
					t.Errorf("%s:%d: %s was not seen", m.file, m.line, m.rule)
				}
			}
		})
	}
}

// A mark says that a line breaks a rule.
type mark struct {
	file string
	line int
	rule string
	seen bool
}

func (m mark) shownBy(f evidence.Finding) bool {
	if f.Rule != m.rule {
		return false
	}
	at := func(p evidence.Position) bool { return p.File == m.file && p.Line == m.line }
	return at(f.Pos) || slices.ContainsFunc(f.Proof.Story, func(s evidence.Step) bool { return at(s.Pos) })
}

var hazard = regexp.MustCompile(`// HAZARD: ([a-z-]+)$`)

// marks reads the marks of all files below dir, which is in the module
// testdata/hazards.
func marks(t *testing.T, dir string) (list []mark) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		rel, err := filepath.Rel("testdata/hazards", path)
		if err != nil {
			return err
		}
		sc := bufio.NewScanner(f)
		for n := 1; sc.Scan(); n++ {
			if m := hazard.FindStringSubmatch(sc.Text()); m != nil {
				if strings.Contains(path, "/good/") {
					return fmt.Errorf("%s:%d: a mark in a safe twin", path, n)
				}
				list = append(list, mark{file: rel, line: n, rule: m[1]})
			}
		}
		return sc.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}
