package build

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/evidence"
	"moho/internal/testbin"
	"moho/policy"
)

var cgoFiles = map[string]string{
	"cmd/hello/main.go": "package main\n\n// int twice(int n) { return 2 * n; }\nimport \"C\"\n\nfunc main() { println(C.twice(21)) }\n",
}

// host is a policy for the machine that runs the test: the only one for which
// it surely has a C compiler.
func host(t *testing.T, more, flags string) *policy.Policy {
	t.Helper()
	return parse(t, "cgo: true\ntargets: [{goos: "+runtime.GOOS+", goarch: "+runtime.GOARCH+more+"}]\n"+flags)
}

func TestCGOReproducible(t *testing.T) {
	testbin.NeedTool(t, "gcc")
	var all [][]byte
	var reps []evidence.Report
	for range 2 {
		rep, _ := run(t, Options{Dir: module(t, cgoFiles), Policy: host(t, "", "binary: {forbidPaths: true}\n"), Env: environ("CC=gcc")})
		if Verdict(rep) != evidence.Pass {
			t.Errorf("checks: %+v", rep.Statement.Artifacts[0].Checks)
		}
		data, err := json.Marshal(rep.Statement)
		if err != nil {
			t.Fatal(err)
		}
		all, reps = append(all, data), append(reps, rep)
	}
	if !bytes.Equal(all[0], all[1]) {
		t.Errorf("statements differ:\n%s", cmp.Diff(reps[0].Statement, reps[1].Statement))
	}
	if b := reps[0].Statement.Artifacts[0].Binary; b.CGO != "1" || b.Link != "dynamic" {
		t.Errorf("binary: %+v", b)
	}
}

// TestCGOLink: the linker does not do what it was asked and exits
// with 0.
func TestCGOLink(t *testing.T) {
	testbin.NeedTool(t, "gcc")
	if runtime.GOOS != "linux" {
		t.Skip("the static C library is a matter of linux")
	}
	tests := []struct {
		name, more, flags string
		verdict           evidence.Verdict
		id, why           string
	}{
		{"pie and -static", ", buildmode: pie", "flags: {ldflags: [-linkmode=external, -extldflags=-static]}\n", evidence.Refuse, policy.CheckPIE, "asked pie, the file is exe (-extldflags=-static overrides"},
		{"static pie", ", buildmode: pie, link: static", "flags: {ldflags: [-linkmode=external, -extldflags=-static-pie]}\n", evidence.Pass, policy.CheckPIE, "build mode is pie"},
		{"static", ", link: static", "flags: {ldflags: [-linkmode=external, -extldflags=-static]}\n", evidence.Pass, policy.CheckLink, "static"},
		{"dynamic, asked static", ", link: static", "", evidence.Refuse, policy.CheckLink, "it needs the interpreter"},
		{"library not allowed", ", needed: [libm.so.6]", "", evidence.Refuse, policy.CheckNeeded, "needs libc.so.6, allowed are libm.so.6"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rep, path := run(t, Options{Dir: module(t, cgoFiles), Policy: host(t, tt.more, tt.flags), Env: environ("CC=gcc")})
			c := find(rep.Statement.Artifacts[0].Checks, tt.id)
			if Verdict(rep) != tt.verdict || !strings.Contains(c.Why, tt.why) {
				t.Errorf("verdict %s, check %+v", Verdict(rep), c)
			}
			if tt.verdict == evidence.Pass {
				if out := testbin.Run(t, filepath.Join(filepath.Dir(path), runtime.GOOS+"_"+runtime.GOARCH, "hello")); out != "" {
					t.Logf("it says %q", out)
				}
			}
		})
	}
}
