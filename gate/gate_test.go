package gate

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"moho/build"
	"moho/evidence"
	"moho/internal/testbin"
	"moho/internal/testschema"
	"moho/policy"
	"moho/store"
)

const linux = "apiVersion: moho/v1\nname: test\ntargets: [{goos: linux, goarch: amd64}]\n"

func parse(t testing.TB, text string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse("moho.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// built is one governed build.
type built struct {
	dir      string
	artifact string // path
	stores   store.Set
	report   evidence.Report
}

func newBuild(t *testing.T, opts build.Options) built {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":  "module example.org/app\n\ngo 1.25\n",
		"main.go": "package main\n\nimport \"os\"\n\nfunc main() { os.Stdout.WriteString(\"the quick brown fox\\n\") }\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	opts.Dir = dir
	opts.Env = append(os.Environ(), "GOENV=off", "GOFLAGS=", "GOAMD64=")
	if opts.Policy == nil {
		opts.Policy = parse(t, linux)
	}
	rep, path, err := build.Run(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	set, err := store.OpenSet([]string{filepath.Join(dir, store.DirName)})
	if err != nil {
		t.Fatal(err)
	}
	return built{dir: dir, artifact: filepath.Join(filepath.Dir(path), "linux_amd64", "app"), stores: set, report: rep}
}

func verify(t *testing.T, opts Options) evidence.VerdictReport {
	t.Helper()
	if opts.Policy == nil {
		opts.Policy = parse(t, linux)
	}
	v, err := Verify(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	if v.Verdict != policy.Verdict(v.Checks) || v.Schema != evidence.SchemaVerdict {
		t.Errorf("verdict %+v", v)
	}
	seen := map[string]bool{}
	for _, c := range v.Checks {
		if c.Why == "" || seen[c.ID] {
			t.Errorf("check without a reason, or twice: %+v", c)
		}
		seen[c.ID] = true
	}
	return v
}

func find(v evidence.VerdictReport, id string) evidence.Check {
	for _, c := range v.Checks {
		if c.ID == id {
			return c
		}
	}
	return evidence.Check{}
}

func want(t *testing.T, v evidence.VerdictReport, verdict evidence.Verdict, id, why string) {
	t.Helper()
	c := find(v, id)
	if v.Verdict != verdict || !strings.Contains(c.Why, why) {
		t.Errorf("verdict %s, %s: %s: %q; want %s and %q", v.Verdict, id, c.Verdict, c.Why, verdict, why)
	}
}

func TestVerify(t *testing.T) {
	b := newBuild(t, build.Options{})
	v := verify(t, Options{Artifact: b.artifact, Stores: b.stores})
	want(t, v, evidence.Pass, CheckKnown, "a report states this digest")
	want(t, v, evidence.Pass, CheckReport, "app of example.org/app, built by go1.")
	if c := find(v, CheckSignature); c.Verdict != evidence.NotChecked {
		t.Errorf("signature: %+v", c)
	}
	if v.SHA256 != b.report.Statement.Artifacts[0].SHA256 {
		t.Errorf("digest %s", v.SHA256)
	}
	// By another name and from another place it is the same artifact.
	other := filepath.Join(t.TempDir(), "renamed")
	copyFile(t, b.artifact, other, nil)
	want(t, verify(t, Options{Artifact: other, Stores: b.stores}), evidence.Pass, CheckKnown, "")
	// Two stores, of which the second knows it.
	empty, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	want(t, verify(t, Options{Artifact: b.artifact, Stores: store.Set{empty, b.stores[0]}}), evidence.Pass, CheckKnown, "")
}

func copyFile(t *testing.T, from, to string, change func([]byte) []byte) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		data = change(data)
	}
	if err := os.WriteFile(to, data, 0o755); err != nil {
		t.Fatal(err)
	}
}

// TestChanged: one byte anywhere, or one more at the end.
func TestChanged(t *testing.T) {
	b := newBuild(t, build.Options{})
	sha := b.report.Statement.Artifacts[0].SHA256
	tests := []struct {
		name   string
		change func(d []byte) []byte
		why    string
	}{
		{"a string", func(d []byte) []byte { return bytes.Replace(d, []byte("quick brown"), []byte("quiet brown"), 1) }, "belongs to sha256 " + sha + ": the bytes were changed"},
		{"the build info", func(d []byte) []byte { return bytes.Replace(d, []byte("CGO_ENABLED=0"), []byte("CGO_ENABLED=1"), 1) }, "the bytes were changed"},
		{"appended", func(d []byte) []byte { return append(d, 0) }, "the bytes were changed"},
		{"the last byte", func(d []byte) []byte { d[len(d)-1] ^= 1; return d }, "the bytes were changed"},
		{"the Build ID itself", func(d []byte) []byte {
			return bytes.ReplaceAll(d, []byte(b.report.Statement.Artifacts[0].GoBuildID)[:20], bytes.Repeat([]byte("x"), 20))
		}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "app")
			copyFile(t, b.artifact, path, func(d []byte) []byte {
				was := slices.Clone(d)
				d = tt.change(d)
				if bytes.Equal(was, d) {
					t.Fatal("nothing was changed")
				}
				return d
			})
			want(t, verify(t, Options{Artifact: path, Stores: b.stores}), evidence.Refuse, CheckKnown, tt.why)
		})
	}
}

func TestUnknown(t *testing.T) {
	b := newBuild(t, build.Options{})
	other := testbin.Build(t, testbin.Main("package main\n\nfunc main() {}\n"), testbin.Config{GOOS: "linux", GOARCH: "amd64"})
	v := verify(t, Options{Artifact: other, Stores: b.stores})
	want(t, v, evidence.Refuse, CheckKnown, "unknown artifact: no report has this digest (looked in "+b.stores[0].Dir())
	want(t, v, evidence.Refuse, policy.CheckFormat, "elf, as linux wants") // what can be judged is
	want(t, verify(t, Options{Artifact: other}), evidence.Refuse, CheckKnown, "no store was given")

	text := filepath.Join(t.TempDir(), "notes.txt")
	for content, why := range map[string]string{"": "the file is empty", "hello\n": "6 bytes of something else"} {
		if err := os.WriteFile(text, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		want(t, verify(t, Options{Artifact: text, Stores: b.stores}), evidence.Refuse, policy.CheckFormat, why)
	}
}

func TestPolicyDecides(t *testing.T) {
	finding := evidence.Finding{Rule: "view-overrun", Severity: evidence.High, Pos: evidence.Position{File: "a.go", Line: 1}}
	b := newBuild(t, build.Options{Findings: []evidence.Finding{finding}, Vetted: true})
	// Built again without vet: the newest report knows of no finding.
	again := build.Options{Dir: b.dir, Policy: parse(t, linux), Env: append(os.Environ(), "GOENV=off", "GOFLAGS=", "GOAMD64=")}
	if _, _, err := build.Run(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, policy string
		verdict      evidence.Verdict
		id, why      string
	}{
		{"as built", linux, evidence.Pass, policy.CheckFindings, "1 finding; the policy refuses none"},
		{"findings", linux + "vet: {refuse: [high]}\n", evidence.Refuse, policy.CheckFindings, "first view-overrun (high) at a.go:1"},
		{"wrong target", strings.Replace(linux, "amd64", "arm64", 1), evidence.Refuse, policy.CheckTarget, `has no target linux/amd64; it has linux/arm64`},
		{"expired", linux + "expires: 2026-01-31\n", evidence.Refuse, policy.CheckExpires, "expired on 2026-01-31"},
		{"not expired", linux + "expires: 2026-02-01\n", evidence.Pass, policy.CheckExpires, "holds until 2026-02-01"},
		{"other Go", linux + "toolchain: {go: go1.24.1}\n", evidence.Refuse, policy.CheckGo, "the policy pins go1.24.1"},
		{"cgo", linux + "cgo: true\n", evidence.Refuse, policy.CheckCGO, "built with CGO_ENABLED=0"},
		{"pie", strings.Replace(linux, "amd64}", "amd64, buildmode: pie}", 1), evidence.Refuse, policy.CheckPIE, "asked pie, the file is exe"},
		{"dynamic", strings.Replace(linux, "amd64}", "amd64, link: dynamic}", 1), evidence.Refuse, policy.CheckLink, "asked dynamic, the file is static"},
		{"level", strings.Replace(linux, "amd64}", "amd64, cpu: {amd64: v2}}", 1), evidence.Refuse, policy.CheckLevel, "built with GOAMD64=v1, the policy fixes v2"},
		{"strip", linux + "flags: {strip: true}\n", evidence.Refuse, policy.CheckFlags, `the policy asks for "-s -w"`},
		{"size", linux + "binary: {maxSize: 1KiB}\n", evidence.Refuse, policy.CheckSize, "at most 1 KiB"},
		{"paths not looked for", linux + "binary: {forbidPaths: true}\n", evidence.Refuse, policy.CheckPaths, "the build did not look for them"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := verify(t, Options{Artifact: b.artifact, Stores: b.stores, Policy: parse(t, tt.policy), Now: time.Date(2026, 2, 1, 12, 0, 0, 0, time.UTC)})
			want(t, v, tt.verdict, tt.id, tt.why)
		})
	}
}

// TestStoreLies: reports that are damaged or speak of something else.
func TestStoreLies(t *testing.T) {
	b := newBuild(t, build.Options{})
	s := b.stores[0]
	sha := b.report.Statement.Artifacts[0].SHA256
	t.Run("other size", func(t *testing.T) {
		forged, err := store.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		rep := b.report
		rep.Statement.Artifacts = slices.Clone(rep.Statement.Artifacts)
		rep.Statement.Artifacts[0].Size++
		if _, _, err := forged.PutReport(t.Context(), rep); err != nil {
			t.Fatal(err)
		}
		want(t, verify(t, Options{Artifact: b.artifact, Stores: store.Set{forged}}), evidence.Refuse, CheckReport, "the report states")
	})
	t.Run("report for another target", func(t *testing.T) {
		forged, err := store.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		rep := b.report
		rep.Statement.Artifacts = slices.Clone(rep.Statement.Artifacts)
		rep.Statement.Artifacts[0].Target = "linux/arm64"
		if _, _, err := forged.PutReport(t.Context(), rep); err != nil {
			t.Fatal(err)
		}
		p := parse(t, strings.Replace(linux, "amd64", "[amd64, arm64]", 1))
		want(t, verify(t, Options{Artifact: b.artifact, Stores: store.Set{forged}, Policy: p}), evidence.Refuse, policy.CheckArch, "header says amd64, want arm64")
	})
	t.Run("damaged", func(t *testing.T) {
		reps, err := s.ReportsFor(sha)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(reps[0].Path, 0o644); err != nil {
			t.Fatal(err)
		}
		copyFile(t, reps[0].Path, reps[0].Path, func(d []byte) []byte { return bytes.Replace(d, []byte("example.org"), []byte("example.com"), 1) })
		want(t, verify(t, Options{Artifact: b.artifact, Stores: b.stores}), evidence.Refuse, CheckKnown, "is damaged")
	})
}

func TestUnreadable(t *testing.T) {
	for name, path := range map[string]string{"absent": filepath.Join(t.TempDir(), "absent"), "directory": t.TempDir()} {
		v, err := Verify(t.Context(), Options{Artifact: path})
		if err == nil || v.Verdict != "" || v.Checks != nil {
			t.Errorf("%s: Verify = %+v, %v", name, v, err)
		}
		if name == "absent" && !errors.Is(err, os.ErrNotExist) {
			t.Errorf("error %v", err)
		}
	}
}

// TestSchemas validates what a build and a verdict write against the published
// schemas.
func TestSchemas(t *testing.T) {
	finding := evidence.Finding{
		Rule: "view-overrun", Severity: evidence.High, Message: "m", Pos: evidence.Position{File: "main.go", Line: 5, Col: 2},
		Place: evidence.Place{Package: "main", Symbol: "main", File: "main.go", Line: 5, EndLine: 5},
		Flow:  []evidence.Step{}, Fixes: []evidence.Fix{}, Targets: []string{"linux/amd64"}, Proof: evidence.Proof{State: evidence.Untested},
	}
	b := newBuild(t, build.Options{Findings: []evidence.Finding{finding}, Vetted: true})
	v := verify(t, Options{Artifact: b.artifact, Stores: b.stores})
	for file, value := range map[string]any{"report.v1.json": b.report, "verdict.v1.json": v} {
		schema, err := testschema.Compile(file, "")
		if err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		// A schema that takes anything would pass too.
		doc.(map[string]any)["schema"] = "moho/other/v1"
		if schema.Validate(doc) == nil {
			t.Errorf("%s takes another kind", file)
		}
	}
}
