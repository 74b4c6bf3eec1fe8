package build

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/evidence"
	"moho/goenv"
	"moho/internal/testbin"
	"moho/policy"
	"moho/store"
)

// module writes a module and returns its directory.
func module(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	all := map[string]string{
		"go.mod":            "module example.org/app\n\ngo 1.25\n",
		"cmd/hello/main.go": "package main\n\nimport (\n\t\"fmt\"\n\n\t\"example.org/app/words\"\n)\n\nfunc main() { fmt.Println(words.Hello) }\n",
		"words/words.go":    "package words\n\nconst Hello = \"hello\"\n",
	}
	for name, text := range files {
		all[name] = text
	}
	for name, text := range all {
		if text != "" {
			write(t, filepath.Join(dir, name), text)
		}
	}
	return dir
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// environ is the environment of this process with changes.
func environ(kv ...string) []string {
	return append(slices.DeleteFunc(os.Environ(), func(s string) bool {
		return strings.HasPrefix(s, "GOFLAGS=") || strings.HasPrefix(s, "GOAMD64=") || strings.HasPrefix(s, "GOENV=")
	}), append([]string{"GOENV=off", "GOTOOLCHAIN=local"}, kv...)...)
}

func run(t testing.TB, opts Options) (evidence.Report, string) {
	t.Helper()
	if opts.Env == nil {
		opts.Env = environ()
	}
	rep, path, err := Run(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	return rep, path
}

func parse(t testing.TB, text string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse("moho.yaml", []byte("apiVersion: moho/v1\nname: test\n"+text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const linux = "targets: [{goos: linux, goarch: amd64}]\n"

// files lists everything below dir, directories left out.
func files(t testing.TB, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, p)
			out = append(out, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return out
}

func TestRun(t *testing.T) {
	dir := module(t, nil)
	find := evidence.Finding{Rule: "r", Severity: evidence.High, Pos: evidence.Position{File: "words/words.go", Line: 3}}
	var phases []string
	rep, path := run(t, Options{
		Dir: dir, Policy: parse(t, linux+"binary: {forbidPaths: true}\n"), Findings: []evidence.Finding{find},
		Progress: func(phase string, done, total int) { phases = append(phases, phase) },
	})
	if path != filepath.Join(dir, "dist", ReportName) {
		t.Errorf("report is at %s", path)
	}
	if diff := cmp.Diff([]string{ReportName, "linux_amd64/hello"}, files(t, filepath.Join(dir, "dist"))); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
	a := rep.Statement.Artifacts[0]
	if v := Verdict(rep); v != evidence.Pass {
		t.Errorf("verdict %s: %+v", v, a.Checks)
	}
	data, err := os.ReadFile(filepath.Join(dir, "dist", "linux_amd64", "hello"))
	if err != nil || int64(len(data)) != a.Size {
		t.Errorf("artifact of %d bytes, stated %d, %v", len(data), a.Size, err)
	}
	if a.Name != "hello" || a.Package != "example.org/app/cmd/hello" || a.Target != "linux/amd64" || a.GoBuildID == "" || a.Binary.Link != "static" {
		t.Errorf("artifact = %+v", a)
	}
	st := rep.Statement
	if st.Source.Module != "example.org/app" || !strings.HasPrefix(st.Source.Digest, "h1:") || len(st.Findings) != 1 {
		t.Errorf("statement = %+v", st.Source)
	}
	if st.Toolchain.Go == "" || !strings.HasPrefix(st.Toolchain.Digest, "sha256:") || st.Toolchain.Origin == "" {
		t.Errorf("toolchain = %+v", st.Toolchain)
	}

	// What the store gives back, found by digest and by Build ID.
	s, err := store.Open(filepath.Join(dir, store.DirName))
	if err != nil {
		t.Fatal(err)
	}
	reps, err := s.ReportsFor(a.SHA256)
	if err != nil || len(reps) != 1 {
		t.Fatalf("ReportsFor = %d, %v", len(reps), err)
	}
	copied, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if kept, err := os.ReadFile(reps[0].Path); err != nil || !bytes.Equal(kept, copied) {
		t.Errorf("the report in the output directory is not the one in the store: %v", err)
	}
	if es, err := s.ByBuildID(a.BuildID()); err != nil || len(es) != 1 || es[0].SHA256 != a.SHA256 {
		t.Errorf("ByBuildID = %v, %v", es, err)
	}
	if got, err := s.Artifact(a.SHA256); err != nil {
		t.Errorf("Artifact = %s, %v", got, err)
	}
	// Nothing of this machine is in what will be signed.
	stmt, err := json.Marshal(st)
	if err != nil {
		t.Fatal(err)
	}
	home, _ := os.UserHomeDir()
	for _, p := range []string{dir, os.TempDir() + "/", home + "/", goroot(t)} {
		if p != "/" && p != "" && bytes.Contains(stmt, []byte(p)) {
			t.Errorf("statement holds %s:\n%s", p, stmt)
		}
	}
	if phases[0] != "configuration" || !slices.Contains(phases, "build linux/amd64") || phases[len(phases)-1] != "store" {
		t.Errorf("phases = %q", phases)
	}
}

// TestReproducible builds twice: other directory, other home, other order of
// the environment, other ambient settings. Digests and statements are the same
// bytes.
func TestReproducible(t *testing.T) {
	p := parse(t, linux+"flags: {strip: true, ldflags: [\"-X example.org/app/words.V=1 2\"]}\n")
	a, b := module(t, nil), module(t, nil)
	r1, _ := run(t, Options{Dir: a, Policy: p})
	// The module cache must not move with the home directory, or it is fetched again.
	r2, _ := run(t, Options{
		Dir: filepath.Join(b, "words"), Patterns: []string{"../cmd/hello"}, Policy: p, Output: filepath.Join(t.TempDir(), "out"),
		Env: environ("HOME="+t.TempDir(), "GOCACHE="+goEnv(t, "GOCACHE"), "GOMODCACHE="+goEnv(t, "GOMODCACHE"), "CGO_ENABLED=1", "GOFLAGS=-buildvcs=true -p=1", "GOFIPS140=latest", "CGO_CFLAGS=-march=native"),
	})
	s1, err1 := json.Marshal(r1.Statement)
	s2, err2 := json.Marshal(r2.Statement)
	if err1 != nil || err2 != nil || !bytes.Equal(s1, s2) {
		t.Errorf("statements differ:\n%s", cmp.Diff(r1.Statement, r2.Statement))
	}
	if !strings.Contains(strings.Join(r2.Run.Commands[0].Warnings, "\n"), "GOFIPS140=latest from the process environment is not used") {
		t.Errorf("what was ignored is not said: %q", r2.Run.Commands[0].Warnings)
	}
	// A second build in the same place, where output lies around now.
	r3, _ := run(t, Options{Dir: a, Policy: p})
	if diff := cmp.Diff(r1.Statement, r3.Statement); diff != "" {
		t.Errorf("second build (-first +second):\n%s", diff)
	}
}

func goEnv(t testing.TB, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// TestNotInherited: what the surroundings say about
// levels and C compilers does not reach the artifact.
func TestNotInherited(t *testing.T) {
	dir := module(t, map[string]string{"goenv": "GOAMD64=v3\n"})
	plain, _ := run(t, Options{Dir: dir, Policy: parse(t, linux)})
	sum := plain.Statement.Artifacts[0].SHA256
	goCmd, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	for name, env := range map[string][]string{
		"level in the go env file, empty in the environment": {"GOENV=" + filepath.Join(dir, "goenv"), "GOAMD64="},
		"no C compiler":  {"PATH=" + t.TempDir()},
		"cgo wanted":     {"CGO_ENABLED=1", "CC=gcc"},
		"another target": {"GOOS=windows", "GOARCH=arm64"},
		"experiment":     {"GOEXPERIMENT=nodwarf5"},
	} {
		rep, _, err := Run(t.Context(), Options{Dir: dir, Policy: parse(t, linux), Env: environ(env...), Go: goCmd})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := rep.Statement.Artifacts[0].SHA256; got != sum {
			t.Errorf("%s: digest %s, want %s", name, got, sum)
		}
	}
	// With the level in the environment it is wanted, and stated.
	rep, _ := run(t, Options{Dir: dir, Policy: parse(t, linux), Env: environ("GOAMD64=v3")})
	if rep.Statement.Artifacts[0].SHA256 == sum {
		t.Error("GOAMD64=v3 made the same artifact")
	}
	if c := find(rep.Statement.Artifacts[0].Checks, policy.CheckLevel); !strings.Contains(c.Why, "GOAMD64=v3 (env)") {
		t.Errorf("check: %+v", c)
	}
}

func find(cs []evidence.Check, id string) evidence.Check {
	for _, c := range cs {
		if c.ID == id {
			return c
		}
	}
	return evidence.Check{}
}

func TestRefused(t *testing.T) {
	tests := []struct {
		name    string
		files   map[string]string
		policy  string
		targets []string
		env     []string
		want    string
	}{
		{"overlay", map[string]string{"x.json": "{}"}, linux, nil, []string{"GOFLAGS=-overlay=x.json"}, "-overlay builds other files"},
		{"toolexec", nil, linux, nil, []string{"GOFLAGS=-toolexec=time"}, "-toolexec runs another program"},
		{"GOAMD64=v9", nil, linux, nil, []string{"GOAMD64=v9"}, "GOAMD64=v9 is not a level"},
		{"GOARM=9", nil, "targets: [{goos: linux, goarch: arm}]\n", nil, []string{"GOARM=9"}, "GOARM=9 is not a level"},
		{"expired", nil, linux + "expires: 2020-01-01\n", nil, nil, "expired on 2020-01-01"},
		{"target", nil, linux, []string{"linux/arm64"}, nil, `policy "test" does not have it`},
		{"toolchain of go.work", map[string]string{"go.work": "go 1.25\n\ntoolchain go1.99.1\n\nuse .\n"}, linux, nil, nil, "go.work asks for toolchain go1.99.1"},
		{"cgo without compiler", nil, linux + "cgo: true\n", nil, []string{"CC=/nowhere/cc"}, "there is no such C compiler"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := module(t, tt.files)
			rep, path, err := Run(t.Context(), Options{Dir: dir, Policy: parse(t, tt.policy), Targets: tt.targets, Env: environ(tt.env...)})
			if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), tt.want) || path != "" || rep.Schema != "" {
				t.Errorf("Run = %v, %q, %v; want %q", rep.Schema, path, err, tt.want)
			}
			if got := files(t, filepath.Join(dir, "dist")); len(got) > 0 {
				t.Errorf("left behind: %v", got)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	tests := []struct {
		name     string
		files    map[string]string
		patterns []string
		want     string
	}{
		{"does not compile", map[string]string{"words/words.go": "package words\n\nconst Hello = undefinedThing\n"}, nil, "words/words.go:3:15: undefined: undefinedThing"},
		{"does not parse", map[string]string{"words/words.go": "package words\n\nfunc {\n"}, nil, "words/words.go:3:6: "},
		{"library", nil, []string{"./words"}, "example.org/app/words is not a main package: there is no command to build"},
		{"only libraries", map[string]string{"cmd/hello/main.go": "", "other/o.go": "package other\n"}, nil, "none of 2 packages is a main package"},
		{"no such package", nil, []string{"./nowhere"}, "nowhere"},
		{"no packages", map[string]string{"cmd/hello/main.go": "", "words/words.go": ""}, nil, "no packages"},
		{"flag", nil, []string{"-toolexec=x"}, `package "-toolexec=x"`},
		{"file", nil, []string{"main.go"}, "name the package, not its files"},
		{"standard library", nil, []string{"cmd/vet"}, "is not in the module"},
		{"same name", map[string]string{"tools/hello/main.go": "package main\n\nfunc main() {}\n"}, nil, "are both called hello"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := module(t, tt.files)
			rep, path, err := Run(t.Context(), Options{Dir: dir, Patterns: tt.patterns, Policy: parse(t, linux), Env: environ()})
			if err == nil || errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), tt.want) || path != "" || rep.Schema != "" {
				t.Errorf("Run = %v, %q, %v; want %q", rep.Schema, path, err, tt.want)
			}
			if _, isGo := errors.AsType[*goenv.CommandError](err); strings.HasPrefix(tt.name, "does not") && !isGo {
				t.Errorf("%T is no CommandError", err)
			}
			if got := files(t, filepath.Join(dir, "dist")); len(got) > 0 {
				t.Errorf("left behind: %v", got)
			}
			if got := files(t, filepath.Join(dir, ".moho")); len(got) > 0 {
				t.Errorf("left in the store: %v", got)
			}
		})
	}
}

func TestCancelled(t *testing.T) {
	dir := module(t, nil)
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	_, _, err := Run(ctx, Options{Dir: dir, Policy: parse(t, linux), Env: environ(), Progress: func(phase string, _, _ int) {
		if strings.HasPrefix(phase, "build ") {
			cancel(cause)
		}
	}})
	if !errors.Is(err, cause) {
		t.Errorf("error %v, want %v", err, cause)
	}
	if got := files(t, filepath.Join(dir, "dist")); len(got) > 0 {
		t.Errorf("left behind: %v", got)
	}
}

// TestTwoAtOnce: two builds with one store and one output directory.
func TestTwoAtOnce(t *testing.T) {
	dir := module(t, nil)
	p := parse(t, linux)
	sums := make(chan string, 2)
	for range 2 {
		go func() {
			rep, _, err := Run(context.Background(), Options{Dir: dir, Policy: p, Env: environ()})
			if err != nil {
				t.Error(err)
				sums <- ""
				return
			}
			sums <- rep.Statement.Artifacts[0].SHA256
		}()
	}
	a, b := <-sums, <-sums
	if a != b || a == "" {
		t.Errorf("digests %q and %q", a, b)
	}
	s, err := store.Open(filepath.Join(dir, store.DirName))
	if err != nil {
		t.Fatal(err)
	}
	if reps, err := s.ReportsFor(a); err != nil || len(reps) != 1 {
		t.Errorf("%d reports, %v; the two state the same", len(reps), err)
	}
}

// TestJudged: artifacts that are not what was asked for are stored with checks
// that refuse them.
func TestJudged(t *testing.T) {
	finding := evidence.Finding{Rule: "uintptr-roundtrip", Severity: evidence.Critical}
	tests := []struct {
		name, policy string
		opts         Options
		id, want     string
	}{
		{"size", linux + "binary: {maxSize: 1KiB}\n", Options{}, policy.CheckSize, "at most 1 KiB"},
		{"pie without cgo is not static", "targets: [{goos: linux, goarch: amd64, buildmode: pie, link: static}]\n", Options{}, policy.CheckLink, "though no library"},
		{"finding", linux + "vet: {refuse: critical}\n", Options{Findings: []evidence.Finding{finding}}, policy.CheckFindings, "first uintptr-roundtrip (critical)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.opts.Dir, tt.opts.Policy = module(t, nil), parse(t, tt.policy)
			rep, _ := run(t, tt.opts)
			c := find(rep.Statement.Artifacts[0].Checks, tt.id)
			if Verdict(rep) != evidence.Refuse || c.Verdict != evidence.Refuse || !strings.Contains(c.Why, tt.want) {
				t.Errorf("verdict %s, check %+v", Verdict(rep), c)
			}
		})
	}
}

// TestTargets builds for several systems; it compiles the standard library for
// each.
func TestTargets(t *testing.T) {
	testbin.Long(t)
	dir := module(t, map[string]string{
		"cmd/only/main_windows.go": "package main\n\nfunc main() {}\n",
		"tool/v2/main.go":          "package main\n\nfunc main() {}\n",
	})
	p := parse(t, "targets:\n  - {goos: linux, goarch: arm64, cpu: {arm64: v8.1}}\n  - {goos: windows, goarch: amd64}\n  - {goos: wasip1, goarch: wasm}\n")
	rep, _ := run(t, Options{Dir: dir, Policy: p})
	if v := Verdict(rep); v != evidence.Pass {
		t.Errorf("verdict %s", v)
		for _, a := range rep.Statement.Artifacts {
			t.Logf("%s %s: %+v", a.Target, a.Name, a.Checks)
		}
	}
	want := []string{
		ReportName, "linux_arm64/hello", "linux_arm64/tool", "wasip1_wasm/hello.wasm", "wasip1_wasm/tool.wasm",
		"windows_amd64/hello.exe", "windows_amd64/only.exe", "windows_amd64/tool.exe",
	}
	if diff := cmp.Diff(want, files(t, filepath.Join(dir, "dist"))); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
}

// TestPinnedToolchain: the policy's toolchain builds, whatever is in PATH and
// whatever GOTOOLCHAIN says.
func TestPinnedToolchain(t *testing.T) {
	testbin.Long(t)
	const release = "1.25.12"
	testbin.Toolchain(t, release)
	dir := module(t, nil)
	rep, _ := run(t, Options{Dir: dir, Policy: parse(t, linux+"toolchain: {go: go"+release+"}\n"), Env: environ("GOTOOLCHAIN=local")})
	st := rep.Statement
	if st.Toolchain.Go != "go"+release || st.Toolchain.Origin != "policy toolchain.go" || st.Artifacts[0].Binary.Go != "go"+release {
		t.Errorf("toolchain %+v, artifact by %s", st.Toolchain, st.Artifacts[0].Binary.Go)
	}
	local, _ := run(t, Options{Dir: dir, Policy: parse(t, linux)})
	if local.Statement.Toolchain.Digest == st.Toolchain.Digest {
		t.Error("two toolchains have one digest")
	}
}

// TestStoreFails: what can't be stored is not put out either.
func TestStoreFails(t *testing.T) {
	dir := module(t, nil)
	write(t, filepath.Join(dir, ".moho", "artifacts"), "in the way")
	rep, path, err := Run(t.Context(), Options{Dir: dir, Policy: parse(t, linux), Env: environ()})
	if err == nil || !strings.Contains(err.Error(), filepath.Join(dir, ".moho")) || path != "" || rep.Schema != "" {
		t.Errorf("Run = %q, %q, %v; want the store named", rep.Schema, path, err)
	}
	if got := files(t, filepath.Join(dir, "dist")); len(got) > 0 {
		t.Errorf("left behind: %v", got)
	}
}

// TestVendored builds with a vendor directory, without asking for modules.
func TestVendored(t *testing.T) {
	dir := module(t, map[string]string{
		"go.mod":                        "module example.org/app\n\ngo 1.25\n\nrequire example.org/lib v1.0.0\n",
		"words/words.go":                "package words\n\nimport \"example.org/lib\"\n\nvar Hello = lib.Hello\n",
		"vendor/modules.txt":            "# example.org/lib v1.0.0\n## explicit; go 1.25\nexample.org/lib\n",
		"vendor/example.org/lib/lib.go": "package lib\n\nvar Hello = \"vendored\"\n",
	})
	rep, _ := run(t, Options{Dir: dir, Policy: parse(t, linux), Env: environ("GOPROXY=off")})
	want := []evidence.Dependency{{Module: "example.org/lib", Version: "v1.0.0"}}
	if diff := cmp.Diff(want, rep.Statement.Dependencies); diff != "" {
		t.Errorf("dependencies (-want +got):\n%s", diff)
	}
}

// TestLibraries: a module without commands is compiled, if that was asked for,
// and its report is whole.
func TestLibraries(t *testing.T) {
	dir := module(t, map[string]string{"cmd/hello/main.go": ""})
	rep, _ := run(t, Options{Dir: dir, Policy: parse(t, linux), Libraries: true})
	data, err := json.Marshal(rep.Statement)
	if err != nil {
		t.Fatal(err)
	}
	if st := rep.Statement; st.Source.Module != "example.org/app" || len(st.Artifacts) != 0 || bytes.Contains(data, []byte("null")) {
		t.Errorf("statement: %s", data)
	}
	write(t, filepath.Join(dir, "words", "words.go"), "package words\n\nconst Hello = undefinedThing\n")
	if _, _, err := Run(t.Context(), Options{Dir: dir, Policy: parse(t, linux), Libraries: true, Env: environ()}); err == nil || !strings.Contains(err.Error(), "undefined: undefinedThing") {
		t.Errorf("error %v, want the compiler's", err)
	}
}

// goroot asks the go command where its tree is.
func goroot(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
