package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const limited = `package core

// MaxName is the longest name, in bytes. More
// about it.
const MaxName = 64 << 10

const (
	maxMs    = 10_000 // threads | tasks
	maxSum   = MaxName + 1 // all names
	minimum  = 1
	maximal  = 2
)

// maxRatio bounds growth.
const maxRatio uint64 = 1 << 31
`

func TestLimits(t *testing.T) {
	root := t.TempDir()
	place := section{"docs/RATIONALE.md", "limits"}
	write(t, root, map[string]string{
		"core/core.go":      limited,
		"core/core_test.go": "package core\nconst maxTest = 1\n",
		"cmd/moho/main.go":  "package main\nconst maxRows = 1\n",
		"docs/RATIONALE.md": "# Why\n" + place.begin() + "old\n" + place.end() + "end\n",
	})
	want := "| limit | value | what it bounds |\n|---|---|---|\n" +
		"| `core.MaxName` | 64 Ki | the longest name, in bytes |\n" +
		"| `core.maxMs` | 10000 | threads \\| tasks |\n" +
		"| `core.maxRatio` | 2 Gi | growth |\n" +
		"| `core.maxSum` | `MaxName + 1` | all names |\n"
	got, err := limits(root)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Fatal(err, diff)
	}

	c := &ci{root: root, out: &writer{}}
	if err := checkLimits(t.Context(), c); err == nil {
		t.Error("a stale table was taken")
	}
	c.update = true
	if err := checkLimits(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	c.update = false
	if err := checkLimits(t.Context(), c); err != nil {
		t.Errorf("after the update: %v", err)
	}
	if text := snapshot(t, root)["docs/RATIONALE.md"]; !strings.HasPrefix(text, "# Why\n<!--") || !strings.HasSuffix(text, place.end()+"end\n") {
		t.Errorf("the update lost text: %q", text)
	}
	if _, err := limits(filepath.Join(root, "docs")); err == nil {
		t.Error("no limits at all were taken")
	}
	write(t, root, map[string]string{"core/more.go": "package core\n\nconst maxMute = 1\n"})
	if _, err := limits(root); err == nil || !strings.Contains(err.Error(), "core.maxMute") {
		t.Errorf("a limit without a reason: %v", err)
	}
}
