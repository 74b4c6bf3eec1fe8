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
		t.Run(topic.Name(), func(t *testing.T) { checkTopic(t, topic.Name(), nil) })
	}
}

// checkTopic proves one topic and compares what is seen with the marks.
func checkTopic(t *testing.T, topic string, env []string) {
	t.Helper()
	res, err := prove.Run(t.Context(), prove.Options{Dir: "testdata/hazards", Patterns: []string{"./" + topic + "/..."}, Env: env})
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range res.Gaps {
		t.Errorf("gap: %v", g)
	}
	want := marks(t, filepath.Join("testdata/hazards", topic))
	if len(want.list) == 0 {
		t.Fatal("no marks")
	}
	for _, f := range res.Findings {
		found := false
		for i, m := range want.list {
			if m.shownBy(f) {
				want.list[i].seen, found = true, true
			}
		}
		if !found {
			t.Errorf("%s: %s: %s", f.Pos, f.Rule, f.Message)
		}
		for _, step := range f.Proof.Story {
			if m := want.history(f); len(m) > 0 && !slices.ContainsFunc(m, func(m mark) bool { return m.at(step.Pos) }) {
				t.Errorf("%s: %s: its story has %s: %s", f.Pos, f.Rule, step.Pos, step.Text)
			}
		}
		if f.Proof.State != evidence.Violated {
			t.Errorf("%s: %s: %+v", f.Pos, f.Rule, f.Proof)
		}
	}
	for _, m := range want.list {
		if !m.seen {
			t.Errorf("%s:%d: %s was not seen", m.file, m.line, m.rule)
		}
	}
}

// TestMany: limits of the heap of C. Blocks beyond those that can have a guard page
// are still known, and leaks are counted by site.
func TestMany(t *testing.T) {
	testbin.Long(t)
	testbin.NeedTool(t, "gcc")
	res, err := prove.Run(t.Context(), prove.Options{Dir: "testdata/many"})
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Findings) != 1 || res.Findings[0].Rule != "c-leak" || !strings.Contains(res.Findings[0].Proof.Evidence, "777 blocks") {
		t.Errorf("%+v", res.Findings)
	}
	p := res.Programs[0]
	if p.End != "ok" {
		t.Errorf("%+v", p)
	}
	const most = 512 << 20
	if p.Memory == 0 || p.Memory > most {
		t.Errorf("%d bytes resident, more than %d", p.Memory, most)
	}
	t.Logf("%v of CPU, %d MiB", p.CPU, p.Memory>>20)
}

// A mark says that a line breaks a rule.
type mark struct {
	file string
	line int
	rule string
	seen bool
}

func (m mark) at(p evidence.Position) bool { return p.File == m.file && p.Line == m.line }

func (m mark) shownBy(f evidence.Finding) bool {
	if f.Rule != m.rule {
		return false
	}
	return m.at(f.Pos) || slices.ContainsFunc(f.Proof.Story, func(s evidence.Step) bool { return m.at(s.Pos) })
}

// expected are the marks of a topic. Where a file says what the history of a rule
// is, its stories have no other places.
type expected struct {
	list []mark
	told map[string]bool // file and rule with a mark for history
}

func (e expected) history(f evidence.Finding) (list []mark) {
	if !e.told[f.Pos.File+" "+f.Rule] {
		return nil
	}
	for _, m := range e.list {
		if m.rule == f.Rule {
			list = append(list, m)
		}
	}
	return list
}

var hazard = regexp.MustCompile(`// (HAZARD|HISTORY): ([a-z-]+)$`)

// marks reads the marks of all files below dir, which is in the module
// testdata/hazards.
func marks(t *testing.T, dir string) expected {
	t.Helper()
	e := expected{told: map[string]bool{}}
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
				e.list = append(e.list, mark{file: rel, line: n, rule: m[2]})
				if m[1] == "HISTORY" {
					e.told[rel+" "+m[2]] = true
				}
			}
		}
		return sc.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}
