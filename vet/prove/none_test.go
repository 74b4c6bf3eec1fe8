package prove_test

import (
	"os"
	"path/filepath"
	"testing"

	"moho/evidence"
	"moho/vet/prove"
)

// TestNoPrograms: where nothing can be run, findings are untested, and the reason is
// told.
func TestNoPrograms(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module none.test\n\ngo 1.25\n", "p.go": "package p\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	given := evidence.Finding{Rule: "view-overrun", Pos: evidence.Position{File: "p.go", Line: 1}, Place: evidence.Place{Package: "none%2etest"}}
	res, err := prove.Run(t.Context(), prove.Options{Dir: dir, Findings: []evidence.Finding{given}})
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Findings) != 1 || res.Findings[0].Proof.State != evidence.Untested || len(res.Gaps) != 1 {
		t.Errorf("%+v", res)
	}
}
