package postmortem

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"moho/evidence"
	"moho/gostate/waits"
)

// TestWriteWaitsEscapes writes a name that would turn a terminal's line around.
func TestWriteWaitsEscapes(t *testing.T) {
	const name = "a\u202eb\u009bc"
	c := &Case{Gaps: []evidence.Gap{{What: name}}}
	var out bytes.Buffer
	if err := c.WriteWaits(&out, new(waits.Analysis), WaitFilter{}); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\u202e\u009b") {
		t.Errorf("invisible characters in %q", out.String())
	}
	var doc struct{ Gaps []evidence.Gap }
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Gaps[0].What != name {
		t.Errorf("gap about %q, want %q", doc.Gaps[0].What, name)
	}
}
