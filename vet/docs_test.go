package vet_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"

	"moho/internal/testschema"
	"moho/vet"
)

var update = flag.Bool("update", false, "rewrite docs/rules")

// TestRules holds every rule to having all its parts, and to the names that
// the folder, the analyzer and the rule share.
func TestRules(t *testing.T) {
	if err := analysis.Validate(vet.Suite); err != nil {
		t.Fatal(err)
	}
	rules := vet.Rules()
	if len(rules) != len(vet.Suite) {
		t.Fatalf("%d rules, %d analyzers", len(rules), len(vet.Suite))
	}
	name := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	for i, r := range rules {
		if i > 0 && rules[i-1].Name >= r.Name {
			t.Errorf("%s is listed after %s", r.Name, rules[i-1].Name)
		}
		if !name.MatchString(r.Name) {
			t.Errorf("name %q", r.Name)
		}
		folder := strings.ReplaceAll(r.Name, "-", "")
		if vet.Suite[i].Name != folder {
			t.Errorf("%s: the analyzer is called %s", r.Name, vet.Suite[i].Name)
		}
		if _, err := os.Stat(filepath.Join(folder, "doc.go")); err != nil {
			t.Error(err)
		}
		if !strings.HasPrefix(r.Doc, r.Title+"\n") || strings.HasSuffix(r.Title, ".") {
			t.Errorf("%s: title %q is not the first line of its text", r.Name, r.Title)
		}
		if r.Severity.Rank() == 0 {
			t.Errorf("%s: severity %q", r.Name, r.Severity)
		}
		for what, text := range map[string]string{"bad": r.Bad, "good": r.Good, "fix": r.Fix, "oracle": r.Oracle, "source": r.Source} {
			if text == "" {
				t.Errorf("%s: no %s", r.Name, what)
			}
		}
	}
}

// TestRulePages compares docs/rules with what the rules say of themselves.
func TestRulePages(t *testing.T) {
	dir := filepath.Join("..", "docs", "rules")
	pages := map[string]string{"README.md": index()}
	for _, r := range vet.Rules() {
		pages[r.Name+".md"] = page(r)
	}
	if *update {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		for name, text := range pages {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, want := range pages {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || string(got) != want {
			t.Errorf("docs/rules/%s is not what the rule says (err %v); run go test ./vet -run TestRulePages -update", name, err)
		}
	}
	have, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range have {
		if _, ok := pages[e.Name()]; !ok {
			t.Errorf("docs/rules/%s belongs to no rule", e.Name())
		}
	}
}

const generated = "<!-- Generated from the rule's doc.go by go test ./vet -run TestRulePages -update. -->\n"

func index() string {
	var b strings.Builder
	b.WriteString(generated + "\n# Rules of moho vet\n\n| rule | severity | what it reports |\n|---|---|---|\n")
	for _, r := range vet.Rules() {
		fmt.Fprintf(&b, "| [%s](%s.md) | %s | %s |\n", r.Name, r.Name, r.Severity, r.Title)
	}
	return b.String()
}

func page(r vet.Rule) string {
	return fmt.Sprintf("%s\n# %s\n\n%s", generated, r.Name, r.Markdown())
}

// TestDocument validates what is printed against the published schema, with
// findings and without.
func TestDocument(t *testing.T) {
	for _, patterns := range [][]string{{"./roundtrip/...", "./view/..."}, {"./header/good"}} {
		r := run(t, vet.Options{Dir: hazards, Patterns: patterns})
		doc, err := json.Marshal(r.Document())
		if err != nil {
			t.Fatal(err)
		}
		testschema.Valid(t, "vet", doc)
	}
	doc, err := json.Marshal(vet.Result{}.Document())
	if err != nil {
		t.Fatal(err)
	}
	testschema.Valid(t, "vet", doc)
}
