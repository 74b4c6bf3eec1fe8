package vet_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/evidence"
	"moho/vet"
)

const placeDir = "testdata/place"

// linkName puts a place together the way the linker does.
func linkName(p evidence.Place) string {
	name := p.Package + "." + p.Symbol
	for _, c := range p.Closures {
		if strings.HasPrefix(c, "range") {
			name += "-" + c
		} else {
			name += "." + c
		}
	}
	return name
}

// symbols lists the functions of the linked program, type arguments cut off.
func symbols(t *testing.T) []string {
	t.Helper()
	exe := filepath.Join(t.TempDir(), "place")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", exe, ".")
	build.Dir = placeDir
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	out, err := exec.CommandContext(t.Context(), "go", "tool", "nm", exe).Output()
	if err != nil {
		t.Fatal(err)
	}
	args := regexp.MustCompile(`\[[^]]*\]`)
	var list []string
	for line := range strings.Lines(string(out)) {
		if _, name, ok := strings.Cut(strings.TrimSpace(line), " T "); ok {
			list = append(list, args.ReplaceAllString(name, ""))
		}
	}
	return list
}

// TestPlace compares the place of each finding with its mark, and looks for it
// among the symbols of the linked program.
func TestPlace(t *testing.T) {
	want := map[string]string{}
	for _, file := range []string{"main.go", "lib.x/lib.go"} {
		f, err := os.Open(filepath.Join(placeDir, file))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		for n := 1; lines.Scan(); n++ {
			if _, mark, ok := strings.Cut(lines.Text(), "// SYMBOL: "); ok {
				want[evidence.Position{File: file, Line: n}.String()] = mark
			}
		}
	}
	linked := symbols(t)
	got := map[string]string{}
	for _, f := range run(t, vet.Options{Dir: placeDir}).Findings {
		name := linkName(f.Place)
		got[evidence.Position{File: f.Pos.File, Line: f.Pos.Line}.String()] = name
		if !slices.Contains(linked, name) {
			t.Errorf("%s: no symbol %s in the program", f.Pos, name)
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("places (-marked +found):\n%s", d)
	}
}
