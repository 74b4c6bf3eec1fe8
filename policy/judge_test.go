package policy

import (
	"strings"
	"testing"
	"time"

	"moho/evidence"
	"moho/policy/target"
)

func parse(t testing.TB, text string) *Policy {
	t.Helper()
	p, err := Parse("moho.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func find(cs []evidence.Check, id string) evidence.Check {
	for _, c := range cs {
		if c.ID == id {
			return c
		}
	}
	return evidence.Check{}
}

// good is what a plain CGO_ENABLED=0 build for linux/amd64 looks like.
func good() evidence.Artifact {
	return evidence.Artifact{
		Name: "app", Package: "example.org/app", Target: "linux/amd64", Size: 2 << 20,
		Binary: evidence.BinaryInfo{Format: "elf", Arch: "amd64", OS: "linux", BuildMode: "exe", Link: "static", Go: "go1.26.8", MainPackage: "example.org/app", CGO: "0"},
	}
}

func TestJudge(t *testing.T) {
	strict := head + "toolchain: {go: go1.26.8}\nbinary: {maxSize: 3MiB}\ntargets: [{goos: linux, goarch: amd64, link: static, buildmode: exe}, {goos: windows, goarch: amd64}, {goos: js, goarch: wasm}]\n"
	pie := head + "targets: [{goos: linux, goarch: amd64, buildmode: pie}]\n"
	dynamic := head + "cgo: true\ntargets: [{goos: linux, goarch: amd64, link: dynamic, interpreters: /lib64/ld-linux-x86-64.so.2, needed: libc.so.6}]\n"
	const interp = "/lib64/ld-linux-x86-64.so.2"
	type art = evidence.Artifact
	tests := []struct {
		name   string
		policy string
		change func(a *art)
		id     string
		want   evidence.Verdict
		why    string
	}{
		{"good", strict, func(*art) {}, "", evidence.Pass, ""},
		{"wrong target", strict, func(a *art) { a.Target = "linux/arm64" }, CheckTarget, evidence.Refuse, `policy "n" has no target linux/arm64; it has linux/amd64`},
		{"no target", strict, func(a *art) { a.Target = "" }, CheckTarget, evidence.Refuse, "want GOOS/GOARCH"},
		{"format", strict, func(a *art) { a.Binary.Format = "pe" }, CheckFormat, evidence.Refuse, "is pe, want elf for linux"},
		{"no format", strict, func(a *art) { a.Binary = evidence.BinaryInfo{} }, CheckFormat, evidence.Refuse, "no executable format"},
		{"other system", strict, func(a *art) { a.Binary.OS = "freebsd" }, CheckFormat, evidence.Refuse, "is elf for freebsd"},
		{"arch", strict, func(a *art) { a.Binary.Arch = "arm64" }, CheckArch, evidence.Refuse, "header says arm64, want amd64"},
		{"archive", strict, func(a *art) { a.Binary.BuildMode = "archive" }, CheckMain, evidence.Refuse, `is no executable: the file shows build mode "archive"`},
		{"another main", strict, func(a *art) { a.Binary.MainPackage = "evil.org/app" }, CheckMain, evidence.Refuse, "main package is evil.org/app"},
		{"asked exe, is pie", strict, func(a *art) { a.Binary.BuildMode = "pie" }, CheckPIE, evidence.Refuse, "asked exe, the file is pie"},
		{"asked pie, is exe", pie, func(a *art) {}, CheckPIE, evidence.Refuse, "asked pie, the file is exe (-extldflags=-static overrides"},
		{"pie", pie, func(a *art) { a.Binary.BuildMode = "pie" }, CheckPIE, evidence.Pass, "build mode is pie"},
		{"dynamic, asked static", strict, func(a *art) { a.Binary.Link, a.Binary.Interpreter = "dynamic", interp }, CheckLink, evidence.Refuse, "it needs the interpreter /lib64/ld-linux-x86-64.so.2, though no library"},
		{"interpreter of a static file", strict, func(a *art) { a.Binary.Interpreter = interp }, CheckInterpreter, evidence.Refuse, "a static file has none"},
		{"interpreter without libraries", pie, func(a *art) { a.Binary.Interpreter = interp }, CheckInterpreter, evidence.Pass, "will not start where that is missing"},
		{"allowed interpreter", dynamic, func(a *art) { a.Binary.Interpreter = interp }, CheckInterpreter, evidence.Pass, "is allowed"},
		{"other interpreter", dynamic, func(a *art) { a.Binary.Interpreter = "/lib/ld-musl-x86_64.so.1" }, CheckInterpreter, evidence.Refuse, "allowed are /lib64"},
		{"allowed library", dynamic, func(a *art) { a.Binary.Needed = []string{"libc.so.6"} }, CheckNeeded, evidence.Pass, "all allowed"},
		{"other library", dynamic, func(a *art) { a.Binary.Needed = []string{"libc.so.6", "libevil.so"} }, CheckNeeded, evidence.Refuse, "needs libevil.so, allowed are libc.so.6"},
		{"library of a static file", strict, func(a *art) { a.Binary.Needed = []string{"libc.so.6"} }, CheckNeeded, evidence.Refuse, "a static file needs none"},
		{"cgo", strict, func(a *art) { a.Binary.CGO = "1" }, CheckCGO, evidence.Refuse, "built with CGO_ENABLED=1"},
		{"no cgo", dynamic, func(a *art) {}, CheckCGO, evidence.Refuse, "built with CGO_ENABLED=0"},
		{"too big", strict, func(a *art) { a.Size = 3<<20 + 1 }, CheckSize, evidence.Refuse, "at most 3 MiB"},
		{"empty", strict, func(a *art) { a.Size = 0 }, CheckSize, evidence.Refuse, "the file is empty"},
		{"other Go", strict, func(a *art) { a.Binary.Go = "go1.25.1" }, CheckGo, evidence.Refuse, "built by go1.25.1, the policy pins go1.26.8"},
		{"Go with experiment", strict, func(a *art) { a.Binary.Go = "go1.26.8 X:nodwarf5" }, CheckGo, evidence.Pass, "go1.26.8"},
		{"no Go at all", strict, func(a *art) { a.Binary.Go = "" }, CheckGo, evidence.Refuse, "does not say"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := good()
			tt.change(&a)
			cs := parse(t, tt.policy).Judge(a)
			if tt.id == "" {
				if v := Verdict(cs); v != tt.want {
					t.Errorf("verdict %s: %+v", v, cs)
				}
				return
			}
			c := find(cs, tt.id)
			if c.Verdict != tt.want || !strings.Contains(c.Why, tt.why) {
				t.Errorf("%s: %s: %q, want %s: %q", tt.id, c.Verdict, c.Why, tt.want, tt.why)
			}
			if tt.want == evidence.Refuse && Verdict(cs) != evidence.Refuse {
				t.Error("one check refuses, the verdict does not")
			}
		})
	}
}

func TestJudgeOtherFormats(t *testing.T) {
	p := parse(t, head+"targets: [{goos: windows, goarch: amd64}, {goos: js, goarch: wasm}, {goos: darwin, goarch: arm64}]\n")
	for _, a := range []evidence.Artifact{
		{Target: "windows/amd64", Size: 1, Binary: evidence.BinaryInfo{Format: "pe", Arch: "amd64", BuildMode: "pie", Link: "dynamic", Go: "go1.26.8"}},
		{Target: "darwin/arm64", Size: 1, Binary: evidence.BinaryInfo{Format: "macho", Arch: "arm64", BuildMode: "pie", Link: "dynamic", Go: "go1.26.8"}},
		{Target: "js/wasm", Size: 1, Binary: evidence.BinaryInfo{Format: "wasm", Arch: "wasm", BuildMode: "exe"}},
	} {
		if cs := p.Judge(a); Verdict(cs) != evidence.Pass {
			t.Errorf("%s: %+v", a.Target, cs)
		}
	}
}

func TestExpired(t *testing.T) {
	p := parse(t, head+tail+"expires: 2027-06-30\n")
	for at, want := range map[string]evidence.Verdict{
		"2027-06-29T00:00:00Z": evidence.Pass,
		"2027-06-30T23:59:59Z": evidence.Pass, // the last day counts
		"2027-07-01T00:00:00Z": evidence.Refuse,
	} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if c := p.Expired(now); c.Verdict != want {
			t.Errorf("%s: %+v", at, c)
		}
	}
	if c := Default().Expired(time.Now()); c.Verdict != evidence.NotChecked {
		t.Errorf("built-in: %+v", c)
	}
}

func TestJudgeVet(t *testing.T) {
	fs := []evidence.Finding{
		{Rule: "mild", Severity: evidence.Low},
		{Rule: "bad", Severity: evidence.High, Pos: evidence.Position{File: "a.go", Line: 3}},
		{Rule: "worst", Severity: evidence.Critical, Pos: evidence.Position{File: "z.go", Line: 9, Col: 2}},
	}
	vetted := func(fs ...evidence.Finding) evidence.Statement {
		return evidence.Statement{Findings: fs, Config: []evidence.Setting{{Name: SettingVet, Value: Vetted}}}
	}
	unvetted := evidence.Statement{Config: []evidence.Setting{{Name: SettingVet, Value: NotVetted}}}
	refuse := parse(t, head+tail+"vet: {refuse: [critical, high]}\n")
	tests := []struct {
		name string
		p    *Policy
		sts  []evidence.Statement
		want evidence.Verdict
		why  string
	}{
		{"default refuses none", Default(), []evidence.Statement{vetted(fs...)}, evidence.Pass, "3 findings; the policy refuses none"},
		{"default does not ask", Default(), []evidence.Statement{unvetted}, evidence.NotChecked, "was not vetted"},
		{"worst is named", refuse, []evidence.Statement{vetted(fs...)}, evidence.Refuse, "2 findings that the policy refuses, first worst (critical) at z.go:9:2"},
		{"only mild", refuse, []evidence.Statement{vetted(fs[0])}, evidence.Pass, "1 finding, none of them critical or high"},
		{"none", refuse, []evidence.Statement{vetted()}, evidence.Pass, "no findings"},
		{"nobody looked", refuse, []evidence.Statement{unvetted}, evidence.Refuse, "was not vetted"},
		{"a later build without vet hides nothing", refuse, []evidence.Statement{unvetted, vetted(fs...)}, evidence.Refuse, "first worst"},
		{"told twice, counted once", refuse, []evidence.Statement{vetted(fs...), vetted(fs...)}, evidence.Refuse, "2 findings that"},
	}
	for _, tt := range tests {
		if c := tt.p.JudgeVet(tt.sts...); c.Verdict != tt.want || !strings.Contains(c.Why, tt.why) {
			t.Errorf("%s: %+v", tt.name, c)
		}
	}
}

func TestJudgeStatement(t *testing.T) {
	amd64 := target.Target{GOOS: "linux", GOARCH: "amd64"}
	level := func(v string) evidence.Setting {
		return evidence.Setting{Name: "GOAMD64", Value: v, Origin: "env", Target: "linux/amd64"}
	}
	fixed := head + "flags: {strip: true, tags: [b, a]}\ntargets: [{goos: linux, goarch: amd64, cpu: {amd64: v2}}]\n"
	flags := []evidence.Setting{{Name: SettingLDFlags, Value: "-s -w"}, {Name: SettingTags, Value: "a,b"}}
	tests := []struct {
		name   string
		policy string
		config []evidence.Setting
		id     string
		want   evidence.Verdict
		why    string
	}{
		{"level fixed and kept", fixed, append(flags, level("v2")), CheckLevel, evidence.Pass, "GOAMD64=v2, as the policy fixes"},
		{"level fixed, another", fixed, append(flags, level("v3")), CheckLevel, evidence.Refuse, "built with GOAMD64=v3, the policy fixes v2"},
		{"level that is none", head + tail, []evidence.Setting{level("v9")}, CheckLevel, evidence.Refuse, "GOAMD64=v9 is not a level"},
		{"level open", head + tail, []evidence.Setting{level("v3")}, CheckLevel, evidence.Pass, "GOAMD64=v3 (env); the policy fixes none"},
		{"level not stated", head + tail, nil, CheckLevel, evidence.Refuse, "does not state GOAMD64"},
		{"flags kept", fixed, append(flags, level("v2")), CheckFlags, evidence.Pass, ""},
		{"flags missing", fixed, []evidence.Setting{level("v2")}, CheckFlags, evidence.Refuse, `built with -ldflags="", the policy asks for "-s -w"`},
		{"flags nobody asked for", head + tail, []evidence.Setting{level("v1"), flags[0]}, CheckFlags, evidence.Refuse, `built with -ldflags="-s -w", the policy asks for ""`},
	}
	for _, tt := range tests {
		cs := parse(t, tt.policy).JudgeStatement(evidence.Statement{Config: tt.config}, amd64)
		if c := find(cs, tt.id); c.Verdict != tt.want || !strings.Contains(c.Why, tt.why) {
			t.Errorf("%s: %+v", tt.name, c)
		}
	}
}
