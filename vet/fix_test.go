package vet_test

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"moho/evidence"
	"moho/internal/testbin"
	"moho/vet"
)

// TestFixes applies every fix to a copy of the hazards: the code must compile,
// the findings that had a fix must be gone, and no others may have come.
func TestFixes(t *testing.T) {
	testbin.NeedTool(t, "gcc")
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(hazards)); err != nil {
		t.Fatal(err)
	}
	opts := vet.Options{Dir: dir, Patterns: []string{"./roundtrip/bad", "./header/bad", "./view/bad", "./syscall/bad", "./frame/bad", "./wrapper/bad", "./cmem/bad", "./keepalive/bad", "./cptr/bad"}}
	before := run(t, opts)
	edits := map[string][]evidence.Edit{}
	var want []string
	fixed := map[string]int{}
	for _, f := range before.Findings {
		if len(f.Fixes) == 0 {
			want = append(want, f.Place.Symbol+" "+f.Rule)
			continue
		}
		fixed[f.Rule]++
		for _, e := range f.Fixes[0].Edits {
			if !slices.Contains(edits[e.File], e) {
				edits[e.File] = append(edits[e.File], e)
			}
		}
	}
	if fixed["uintptr-roundtrip"] == 0 || fixed["view-overrun"] == 0 || fixed["c-leak"] == 0 || fixed["c-go-ptr-in-arg"] == 0 {
		t.Fatalf("fixes by rule: %v, want some of each", fixed)
	}
	for file, list := range edits {
		path := filepath.Join(dir, filepath.FromSlash(file))
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(list, func(a, b evidence.Edit) int { return cmp.Compare(b.Start, a.Start) })
		for _, e := range list {
			text = slices.Concat(text[:e.Start], []byte(e.New), text[e.End:])
		}
		if err := os.WriteFile(path, text, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, f := range run(t, opts).Findings {
		got = append(got, f.Place.Symbol+" "+f.Rule)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("after the fixes: %q\nwant %q", got, want)
	}
}
