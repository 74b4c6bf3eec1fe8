package sarif_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"moho/evidence"
	"moho/internal/testbin"
	"moho/vet"
	"moho/vet/sarif"
)

// valid checks a log against the standard's schema.
func valid(t *testing.T, log []byte) {
	t.Helper()
	f, err := os.Open("testdata/sarif-2.1.0-rtm.5.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	schema, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(jsonschema.SchemeURLLoader{})
	c.AssertFormat()
	if err := c.AddResource("sarif.json", schema); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(log))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(v); err != nil {
		t.Errorf("not SARIF 2.1.0: %v\n%.3000s", err, log)
	}
}

// TestSchema writes all that can be in a log and holds it against the schema of
// the standard.
func TestSchema(t *testing.T) {
	testbin.NeedTool(t, "gcc")
	dir, err := filepath.Abs("../testdata/hazards")
	if err != nil {
		t.Fatal(err)
	}
	res, err := vet.Run(t.Context(), vet.Options{Dir: dir, Patterns: []string{"./..."}})
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Findings) == 0 || len(res.Silenced) == 0 {
		t.Fatalf("%d findings, %d silenced: nothing to write", len(res.Findings), len(res.Silenced))
	}
	res.Gaps = []evidence.Gap{{What: "w", Where: "x", Why: "y"}}
	log := write(t, res, sarif.Options{Version: "v1", Root: dir, Baseline: true, Known: res.Findings[:1], Err: errors.New("incomplete")})
	valid(t, log)
	if bytes.Contains(log, []byte(dir)) {
		t.Error("a path of this machine is in it")
	}
	if !bytes.Equal(log, write(t, res, sarif.Options{Version: "v1", Root: dir, Baseline: true, Known: res.Findings[:1], Err: errors.New("incomplete")})) {
		t.Error("not the same twice")
	}
	valid(t, write(t, vet.Result{}, sarif.Options{}))

	var got struct {
		Runs []struct {
			Invocations []struct {
				ExecutionSuccessful        bool
				ToolExecutionNotifications []struct{ Message struct{ Text string } }
			}
			Results []struct {
				RuleID       string
				RuleIndex    int
				Suppressions []struct{ Kind string }
				CodeFlows    []any
				Fixes        []any
				Locations    []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI, URIBaseID string }
						Region           struct{ StartColumn int }
					}
				}
			}
			Tool struct {
				Driver struct{ Rules []struct{ ID string } }
			}
		}
	}
	if err := json.Unmarshal(log, &got); err != nil {
		t.Fatal(err)
	}
	run := got.Runs[0]
	if len(run.Results) != len(res.Findings)+1+len(res.Silenced) {
		t.Errorf("%d results", len(run.Results))
	}
	if inv := run.Invocations[0]; inv.ExecutionSuccessful || len(inv.ToolExecutionNotifications) != 2 {
		t.Errorf("invocation %+v", inv)
	}
	n := map[string]int{}
	for _, r := range run.Results {
		if run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID {
			t.Errorf("%s has index %d", r.RuleID, r.RuleIndex)
		}
		for _, s := range r.Suppressions {
			n[s.Kind]++
		}
		n["flow"] += len(r.CodeFlows)
		n["fix"] += len(r.Fixes)
		at := r.Locations[0].PhysicalLocation
		if at.ArtifactLocation.URIBaseID != "SRCROOT" || strings.HasPrefix(at.ArtifactLocation.URI, "/") || at.Region.StartColumn == 0 {
			t.Errorf("location %+v", at)
		}
	}
	if n["external"] != 1 || n["inSource"] != len(res.Silenced) || n["flow"] == 0 || n["fix"] == 0 {
		t.Errorf("in the log: %v", n)
	}
}

// TestColumns counts UTF-16 code units and escapes names.
func TestColumns(t *testing.T) {
	dir := t.TempDir()
	text := "package m\n\nimport \"unsafe\"\n\nfunc F(p *int) *int {\n\tu := uintptr(unsafe.Pointer(p))\n\tprintln(u)\n\t/* 😀ä */ return (*int)(unsafe.Pointer(u))\n}\n"
	for name, s := range map[string]string{"go.mod": "module m\n\ngo 1.25\n", "a b#%.go": text} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(s), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	res, err := vet.Run(t.Context(), vet.Options{Dir: dir})
	if err != nil || len(res.Findings) != 1 {
		t.Fatalf("%d findings: %v", len(res.Findings), err)
	}
	log := string(write(t, res, sarif.Options{Root: dir}))
	valid(t, []byte(log))
	// Byte column 31, less 2 for 😀 (4 bytes, 2 units) and 1 for ä.
	col := res.Findings[0].Pos.Col - 3
	if want := `"startColumn": ` + jsonOf(t, col); !strings.Contains(log, want) {
		t.Errorf("no %s; the finding is at %s", want, res.Findings[0].Pos)
	}
	if !strings.Contains(log, `"uri": "a%20b%23%25.go"`) {
		t.Error("the name is not escaped")
	}
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func write(t *testing.T, res vet.Result, opts sarif.Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := sarif.Write(&b, res, opts); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
