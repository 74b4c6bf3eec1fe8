package goenv

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/evidence"
	"moho/policy/target"
)

var linuxAMD64 = target.Target{GOOS: "linux", GOARCH: "amd64"}

// A bench is a module and an environment to capture it in.
type bench struct {
	dir string
	env map[string]string
}

// newBench makes a module with the given go.mod lines in a clean environment.
func newBench(t *testing.T, lines ...string) *bench {
	t.Helper()
	dir := t.TempDir()
	b := &bench{dir: dir, env: map[string]string{"GOTOOLCHAIN": "local", "GOENV": filepath.Join(dir, "goenv"), "PATH": os.Getenv("PATH")}}
	for _, k := range []string{"HOME", "GOPROXY", "GOMODCACHE", "GOCACHE", "GOPATH", "SYSTEMROOT", "LOCALAPPDATA"} {
		if v := os.Getenv(k); v != "" {
			b.env[k] = v
		}
	}
	b.write(t, "go.mod", "module example.org/m\n\ngo 1.25\n"+strings.Join(lines, "\n")+"\n")
	b.write(t, "main.go", "package main\n\nfunc main() {}\n")
	return b
}

func (b *bench) write(t *testing.T, name, text string) {
	t.Helper()
	p := filepath.Join(b.dir, name)
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (b *bench) set(kv ...string) *bench {
	for _, s := range kv {
		k, v, _ := strings.Cut(s, "=")
		b.env[k] = v
	}
	return b
}

func (b *bench) capture(t *testing.T) *Config {
	t.Helper()
	c, err := b.tryCapture(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (b *bench) tryCapture(ctx context.Context) (*Config, error) {
	var env []string
	for k, v := range b.env {
		env = append(env, k+"="+v)
	}
	slices.Sort(env)
	goCmd, err := exec.LookPath("go") // a test may take PATH away
	if err != nil {
		return nil, err
	}
	return Capture(ctx, Options{Dir: b.dir, Env: env, Go: goCmd})
}

func localGo(t *testing.T) string {
	t.Helper()
	cmd := exec.Command("go", "env", "GOVERSION")
	cmd.Env = append(os.Environ(), "GOTOOLCHAIN=local", "GOENV=off")
	cmd.Dir = t.TempDir()
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	v, _, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	return v
}

func TestOrigins(t *testing.T) {
	shadow := func(origin, value, why string) evidence.Shadow {
		return evidence.Shadow{Origin: origin, Value: value, Why: why}
	}
	tests := []struct {
		name  string
		setup func(b *bench)
		want  evidence.Setting
	}{
		{"default", func(b *bench) {}, evidence.Setting{Name: "GOAMD64", Value: "v1", Origin: OriginDefault}},
		{"process environment", func(b *bench) { b.set("GOAMD64=v2") }, evidence.Setting{Name: "GOAMD64", Value: "v2", Origin: OriginEnv}},
		{"env file", func(b *bench) { b.write(t, "goenv", "# comment\nGOAMD64=v3\n") }, evidence.Setting{Name: "GOAMD64", Value: "v3", Origin: OriginFile}},
		{
			"empty variable does not hide the env file", func(b *bench) { b.set("GOAMD64="); b.write(t, "goenv", "GOAMD64=v3\n") },
			evidence.Setting{Name: "GOAMD64", Value: "v3", Origin: OriginFile, Shadowed: []evidence.Shadow{shadow(OriginEnv, "", "empty means unset for the go command")}},
		},
		{
			"process environment hides the env file", func(b *bench) { b.set("GOAMD64=v2"); b.write(t, "goenv", "GOAMD64=v3\n") },
			evidence.Setting{Name: "GOAMD64", Value: "v2", Origin: OriginEnv, Shadowed: []evidence.Shadow{shadow(OriginFile, "v3", "the process environment wins")}},
		},
		{"cgo explicit", func(b *bench) { b.set("CGO_ENABLED=0") }, evidence.Setting{Name: "CGO_ENABLED", Value: "0", Origin: OriginEnv}},
		{"cgo off: cross", func(b *bench) { b.set("GOARCH=riscv64", "GOOS=linux") }, evidence.Setting{Name: "CGO_ENABLED", Value: "0", Origin: OriginCross}},
		{"cgo off: no compiler", func(b *bench) { b.set("PATH=" + b.dir) }, evidence.Setting{Name: "CGO_ENABLED", Value: "0", Origin: OriginNoCC}},
		{"credentials", func(b *bench) { b.set("GOPROXY=https://user:secret@proxy.example.org/x,direct") }, evidence.Setting{Name: "GOPROXY", Value: "https://***@proxy.example.org/x,direct", Origin: OriginEnv}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			tt.setup(b)
			got := b.capture(t).Setting(tt.want.Name)
			if tt.want.Name == "GOPROXY" {
				got.Shadowed = nil // go.env of GOROOT has one
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestCaptureErrors(t *testing.T) {
	t.Run("no module", func(t *testing.T) {
		b := newBench(t)
		if err := os.Remove(filepath.Join(b.dir, "go.mod")); err != nil {
			t.Fatal(err)
		}
		if c, err := b.tryCapture(t.Context()); err == nil || c != nil || !strings.Contains(err.Error(), "no go.mod") {
			t.Errorf("Capture = %v, %v", c, err)
		}
	})
	t.Run("go.mod does not parse", func(t *testing.T) {
		b := newBench(t)
		b.write(t, "go.mod", "modul example.org/m\n")
		c, err := b.tryCapture(t.Context())
		if err == nil {
			_, err = c.Prepare(t.Context(), Request{})
		}
		if err == nil || !strings.Contains(err.Error(), "go.mod:1") {
			t.Errorf("%v; want file and line", err)
		}
	})
	t.Run("no go command", func(t *testing.T) {
		b := newBench(t)
		if c, err := Capture(t.Context(), Options{Dir: b.dir, Go: filepath.Join(b.dir, "nogo")}); err == nil || c != nil {
			t.Errorf("Capture = %v, %v", c, err)
		}
	})
}

func TestPrepareRefuses(t *testing.T) {
	overlay := "GOFLAGS=-overlay=x.json"
	tests := []struct {
		name  string
		setup func(b *bench)
		req   Request
		want  string
	}{
		{"overlay", func(b *bench) { b.set(overlay) }, Request{}, "GOFLAGS=-overlay=x.json (from the process environment): -overlay builds other files"},
		{"overlay in the env file", func(b *bench) { b.write(t, "goenv", overlay+"\n") }, Request{}, "(from the go env file, written by go env -w): -overlay"},
		{"toolexec", func(b *bench) { b.set("GOFLAGS=-v -toolexec=/bin/x") }, Request{}, "-toolexec runs another program"},
		{"two dashes", func(b *bench) { b.set("GOFLAGS=--toolexec=/bin/x") }, Request{}, "-toolexec runs another program"},
		{"quoted", func(b *bench) { b.set(`GOFLAGS='-toolexec=/bin/x y'`) }, Request{}, "-toolexec runs another program"},
		{"modfile", func(b *bench) { b.set("GOFLAGS=-modfile=other.mod") }, Request{}, "-modfile builds with another go.mod"},
		{"ldflags", func(b *bench) { b.set("GOFLAGS=-ldflags=-s") }, Request{}, "is decided by the policy: flags.ldflags"},
		{"mod=mod", func(b *bench) { b.set("GOFLAGS=-mod=mod") }, Request{}, "-mod=mod lets the build change"},
		{"unknown", func(b *bench) { b.set("GOFLAGS=-tags=x -vettool=q") }, Request{}, "-vettool is not known"},
		{"GO111MODULE", func(b *bench) { b.set("GO111MODULE=off", "GOFLAGS=") }, Request{}, "GO111MODULE=off"},
		{"go line under local", func(b *bench) { b.write(t, "go.mod", "module m\n\ngo 1.99\n") }, Request{}, "GOTOOLCHAIN=local (from the process environment): go.mod requires go >= 1.99"},
		{"go line above the policy", func(b *bench) { b.write(t, "go.mod", "module m\n\ngo 1.25.3\n") }, Request{Go: "go1.24.1"}, "toolchain.go=go1.24.1 (from the policy): go.mod requires go >= 1.25.3"},
		{"toolchain line under local", func(b *bench) { b.write(t, "go.mod", "module m\n\ngo 1.25\n\ntoolchain go1.99.1\n") }, Request{}, "go.mod asks for toolchain go1.99.1"},
		{"toolchain of go.work under local", func(b *bench) { b.write(t, "go.work", "go 1.25\n\ntoolchain go1.99.1\n\nuse .\n") }, Request{}, "go.work asks for toolchain go1.99.1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			tt.setup(b)
			c, err := b.tryCapture(t.Context())
			if tt.name == "GO111MODULE" && err != nil {
				return // without modules there is no module either
			}
			if err != nil {
				// The go command itself refuses some of them, in its words.
				if !strings.Contains(err.Error(), "GOFLAGS") {
					t.Fatal(err)
				}
				return
			}
			base, err := c.Prepare(t.Context(), tt.req)
			if _, ok := errors.AsType[*RefusedError](err); !ok || base != nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Prepare = %v, %v; want %q", base, err, tt.want)
			}
		})
	}
}

func TestPrepare(t *testing.T) {
	b := newBench(t).set("GOFLAGS=-buildvcs=true -tags=b,a", "CGO_ENABLED=1", "GOPROXY=https://u:p@proxy.example.org", "GOEXPERIMENT=", "SECRET_TOKEN=x", "GOFIPS140=latest", "CGO_CFLAGS=-march=native")
	b.write(t, "goenv", "GOAMD64=v3\nGOFLAGS=-v\n")
	c := b.capture(t)
	base, err := c.Prepare(t.Context(), Request{LDFlags: "-s -w"})
	if err != nil {
		t.Fatal(err)
	}
	local := localGo(t)
	if base.Toolchain.Version != local || base.Toolchain.Root == "" || base.Toolchain.ToolDir == "" {
		t.Errorf("toolchain = %+v, want %s", base.Toolchain, local)
	}
	env, sets, err := base.Target(linuxAMD64, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"GOENV=off", "GOFLAGS=-mod=readonly -trimpath -buildvcs=false", "GOTOOLCHAIN=" + local, "GOWORK=off", "GOFIPS140=off", "GOOS=linux", "GOARCH=amd64", "GOAMD64=v1", "CGO_ENABLED=0", "GOPROXY=https://u:p@proxy.example.org"} {
		if !slices.Contains(env, want) {
			t.Errorf("environment lacks %s", want)
		}
	}
	for _, kv := range env {
		if strings.HasPrefix(kv, "SECRET_TOKEN") || strings.HasPrefix(kv, "CGO_CFLAGS") {
			t.Errorf("environment inherits %s", kv)
		}
	}
	for _, kv := range base.Recorded(env) {
		if strings.Contains(kv, "u:p@") || strings.Contains(kv, b.dir) || strings.HasPrefix(kv, "HOME") {
			t.Errorf("recorded: %s", kv)
		}
	}
	got := map[string]string{}
	for _, s := range append(base.Settings, sets...) {
		got[s.Name] = s.Value + " " + s.Origin
	}
	for name, want := range map[string]string{
		"GOENV": "off moho", "CGO_ENABLED": "0 policy", "GOAMD64": "v1 default", "tags": "a,b env", "ldflags": "-s -w policy",
	} {
		if got[name] != want {
			t.Errorf("setting %s = %q, want %q", name, got[name], want)
		}
	}
	notes := strings.Join(base.Notes, "\n")
	for _, want := range []string{
		"CGO_ENABLED=1 from the process environment is not used",
		"GOAMD64=v3 from the go env file, written by go env -w is not used",
		"GOFIPS140=latest from the process environment is not used",
		"CGO_CFLAGS=-march=native from the process environment is not used",
	} {
		if !strings.Contains(notes, want) {
			t.Errorf("notes lack %q:\n%s", want, notes)
		}
	}
}

func TestLevels(t *testing.T) {
	arm := target.Target{GOOS: "linux", GOARCH: "arm"}
	tests := []struct {
		name      string
		env, file string
		fixed     string
		target    target.Target
		want      string // value and origin, or the error
	}{
		{"default", "", "", "", linuxAMD64, "v1 default"},
		{"environment", "GOAMD64=v3", "", "", linuxAMD64, "v3 env"},
		{"policy wins", "GOAMD64=v3", "", "v2", linuxAMD64, "v2 policy"},
		{"env file is ignored", "GOAMD64=", "GOAMD64=v3", "", linuxAMD64, "v1 default"},
		{"v9 in the environment", "GOAMD64=v9", "", "", linuxAMD64, "GOAMD64=v9 (from the process environment): GOAMD64=v9 is not a level"},
		{"v9 under a policy", "GOAMD64=v9", "", "v2", linuxAMD64, "GOAMD64=v9 is not a level"},
		{"v9 in the env file", "", "GOAMD64=v9", "", linuxAMD64, "(from the go env file, written by go env -w): GOAMD64=v9 is not a level"},
		{"v9 in the policy", "", "", "v9", linuxAMD64, "(from the policy)"},
		{"GOARM=9", "GOARM=9", "", "", arm, "GOARM=9 is not a level"},
		{"of another architecture", "GOARM=9", "", "", linuxAMD64, "v1 default"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			if tt.env != "" {
				b.set(tt.env)
			}
			if tt.file != "" {
				b.write(t, "goenv", tt.file+"\n")
			}
			base, err := b.capture(t).Prepare(t.Context(), Request{})
			if err != nil {
				t.Fatal(err)
			}
			_, sets, err := base.Target(tt.target, tt.fixed)
			if err != nil {
				if _, ok := errors.AsType[*RefusedError](err); !ok || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("error %v, want %q", err, tt.want)
				}
				return
			}
			for _, s := range sets {
				if s.Name == target.LevelVar(tt.target.GOARCH) && s.Value+" "+s.Origin != tt.want {
					t.Errorf("%s = %s %s, want %s", s.Name, s.Value, s.Origin, tt.want)
				}
			}
		})
	}
}

// TestGoTakesBadLevels is why levels are checked at all. When it fails because
// the go command refuses, the note in package target is out of date.
func TestGoTakesBadLevels(t *testing.T) {
	if v := localGo(t); !strings.HasPrefix(v, "go1.26") && !strings.HasPrefix(v, "go1.27") {
		t.Skipf("the local Go is %s", v)
	}
	b := newBench(t)
	cmd := exec.Command("go", "build", "-o", os.DevNull, ".")
	cmd.Dir = b.dir
	cmd.Env = append(os.Environ(), "GOENV=off", "GOFLAGS=", "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0", "GOAMD64=v9")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("go build with GOAMD64=v9: %v\n%s", err, out)
	}
}

func TestCGO(t *testing.T) {
	host := target.Target{GOOS: runtime.GOOS, GOARCH: runtime.GOARCH}
	other := target.Target{GOOS: "linux", GOARCH: "s390x"}
	tests := []struct {
		name   string
		env    []string
		target target.Target
		want   string // error, "" for none
	}{
		{"no such compiler", []string{"CC=/nowhere/cc"}, host, "there is no such C compiler"},
		{"cross without compiler", nil, other, "needs a C compiler of its own: set CC"},
		{"native", []string{"CC=go", "CGO_CFLAGS=-O2 -march=native"}, host, "-march=native makes the artifact depend"},
		{"native linker flag", []string{"CC=go", "CGO_LDFLAGS=-mtune=native"}, host, "-mtune=native"},
		{"native in CC", []string{"CC=go -march=native"}, host, "CC=go -march=native (from the process environment): -march=native makes"},
		{"found", []string{"CC=go -x", "CGO_CFLAGS=-O1"}, host, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			base, err := newBench(t).set(tt.env...).capture(t).Prepare(t.Context(), Request{CGO: true})
			if err != nil {
				t.Fatal(err)
			}
			env, sets, err := base.Target(tt.target, "")
			if tt.want != "" {
				if err == nil || env != nil || sets != nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("Target = %v, %v", env, err)
				}
				return
			}
			if err != nil || !slices.Contains(env, "CGO_ENABLED=1") || !slices.Contains(env, "CC=go -x") || !slices.Contains(env, "CGO_CFLAGS=-O1") {
				t.Errorf("Target = %v, %v", env, err)
			}
		})
	}
}

// TestCGOEnvFile: the compiler may come from the env file, flags do not.
func TestCGOEnvFile(t *testing.T) {
	host := target.Target{GOOS: runtime.GOOS, GOARCH: runtime.GOARCH}
	b := newBench(t)
	b.write(t, "goenv", "CC=go -x\nCGO_CFLAGS=-O0\n")
	base, err := b.capture(t).Prepare(t.Context(), Request{CGO: true})
	if err != nil {
		t.Fatal(err)
	}
	env, sets, err := base.Target(host, "")
	if err != nil {
		t.Fatal(err)
	}
	want := evidence.Setting{Name: "CC", Value: "go -x", Origin: OriginFile, Target: host.String()}
	if !slices.ContainsFunc(sets, func(s evidence.Setting) bool { return cmp.Equal(s, want) }) {
		t.Errorf("settings %+v, want %+v", sets, want)
	}
	if slices.ContainsFunc(env, func(kv string) bool { return strings.HasPrefix(kv, "CGO_CFLAGS=") }) {
		t.Error("CGO_CFLAGS of the env file is used")
	}
	if !slices.Contains(base.Notes, "CGO_CFLAGS=-O0 from the go env file, written by go env -w is not used") {
		t.Errorf("notes: %q", base.Notes)
	}
	b.write(t, "goenv", "CC=go -march=native\n")
	if base, err = b.capture(t).Prepare(t.Context(), Request{CGO: true}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := base.Target(host, ""); err == nil || !strings.Contains(err.Error(), "(from the go env file, written by go env -w): -march=native") {
		t.Errorf("Target: %v", err)
	}
}

// TestOtherRoot: a GOROOT that is set names a toolchain that the build does not
// use, so nothing may be stated of it.
func TestOtherRoot(t *testing.T) {
	base, err := newBench(t).capture(t).Prepare(t.Context(), Request{})
	if err != nil {
		t.Fatal(err)
	}
	// The go command needs little of a GOROOT to answer.
	root := filepath.Join(t.TempDir(), "go")
	if err := os.MkdirAll(filepath.Join(root, "pkg"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string]*bench{
		"environment": newBench(t).set("GOROOT=" + root),
		"env file":    newBench(t),
	} {
		if name == "env file" {
			b.write(t, "goenv", "GOROOT="+root+"\n")
		}
		other, err := b.capture(t).Prepare(t.Context(), Request{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if other.Toolchain.Root != base.Toolchain.Root || other.Toolchain.ToolDir != base.Toolchain.ToolDir {
			t.Errorf("%s: toolchain %+v, the build uses %+v", name, other.Toolchain, base.Toolchain)
		}
	}
}

func TestToolchainDigest(t *testing.T) {
	base, err := newBench(t).capture(t).Prepare(t.Context(), Request{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := base.Toolchain.Digest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if b, err := base.Toolchain.Digest(t.Context()); err != nil || a != b || !strings.HasPrefix(a, "sha256:") {
		t.Errorf("digests %s and %s, %v", a, b, err)
	}
	if _, err := (Toolchain{Root: t.TempDir(), ToolDir: t.TempDir()}).Digest(t.Context()); err == nil {
		t.Error("digest of a toolchain that is not there")
	}
}

func TestSplitWords(t *testing.T) {
	tests := []struct {
		in   string
		want []string
		err  bool
	}{
		{"", nil, false},
		{"  -a \t-b\n", []string{"-a", "-b"}, false},
		{`'-ldflags=-s -w' "-x"`, []string{"-ldflags=-s -w", "-x"}, false},
		{`'-a`, nil, true},
	}
	for _, tt := range tests {
		got, err := splitWords(tt.in)
		if diff := cmp.Diff(tt.want, got); diff != "" && !tt.err || (err != nil) != tt.err {
			t.Errorf("%q: %v %s", tt.in, err, diff)
		}
	}
}

// FuzzGOFLAGS: whatever is accepted names none of the refused flags, and an
// error comes without flags.
func FuzzGOFLAGS(f *testing.F) {
	for _, s := range []string{"-v", "-tags=a,b -mod=vendor", `'-overlay=x y'`, "--toolexec=x", "-", "x", `"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		flags, err := checkGOFLAGS(s, OriginEnv)
		if err != nil {
			if flags != nil {
				t.Errorf("flags %v and %v", flags, err)
			}
			return
		}
		for _, fl := range flags {
			if _, bad := refusedFlags[fl.name]; bad || !slices.Contains(harmlessFlags, fl.name) {
				t.Errorf("%q: accepted -%s", s, fl.name)
			}
		}
	})
}

// FuzzEnvFile: lines keep their values; names are never empty.
func FuzzEnvFile(f *testing.F) {
	f.Add("GOFLAGS=-v\n#x=y\n\r\nA==\n")
	f.Fuzz(func(t *testing.T, text string) {
		for k, v := range parseEnvFile(text) {
			if k == "" || strings.HasPrefix(k, "#") || !strings.Contains(text, k+"="+v) {
				t.Errorf("%q=%q is not in %q", k, v, text)
			}
		}
	})
}
