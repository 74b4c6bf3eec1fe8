package policy

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"moho/policy/target"
)

const full = `# yaml-language-server: $schema=docs/schemas/policy.v1.json
apiVersion: moho/v1
name: edge-release
expires: 2027-06-30
toolchain: {go: go1.26.8}
cgo: false
flags:
  tags: [netgo, osusergo]
  strip: true
  ldflags: ["-X main.version=1.4 beta"]
targets:
  - goos: linux
    goarch: [amd64, 386]
    cpu: {amd64: v3, 386: sse2}
    link: static
    buildmode: exe
  - {goos: linux, goarch: arm64, link: dynamic, buildmode: pie, interpreters: [/lib/ld-linux-aarch64.so.1], needed: libc.so.6}
vet: {refuse: [critical, high]}
binary:
  forbidPaths: true
  maxSize: 60MiB
`

const head = "apiVersion: moho/v1\nname: n\n"

const tail = "targets: [{goos: linux, goarch: amd64}]\n"

func TestParseFull(t *testing.T) {
	p, err := Parse("moho.yaml", []byte(full))
	if err != nil {
		t.Fatal(err)
	}
	want := &Policy{
		APIVersion: "moho/v1", Name: "edge-release",
		Expires:   Date{time.Date(2027, 6, 30, 0, 0, 0, 0, time.UTC)},
		Toolchain: Toolchain{Go: "go1.26.8"},
		Flags:     Flags{Tags: []string{"netgo", "osusergo"}, Strip: true, LDFlags: []string{"-X main.version=1.4 beta"}},
		Targets: []Platform{
			{GOOS: "linux", GOARCH: []string{"amd64", "386"}, CPU: map[string]string{"amd64": "v3", "386": "sse2"}, Link: "static", BuildMode: "exe"},
			{GOOS: "linux", GOARCH: []string{"arm64"}, Link: "dynamic", BuildMode: "pie", Interpreters: []string{"/lib/ld-linux-aarch64.so.1"}, Needed: []string{"libc.so.6"}},
		},
		Vet:    Vet{Refuse: []string{"critical", "high"}},
		Binary: Binary{ForbidPaths: true, MaxSize: 60 << 20},
	}
	ignore := cmp.FilterPath(func(p cmp.Path) bool {
		f := p.Last().String()
		return f == ".text" || f == ".origin" || f == ".builtIn"
	}, cmp.Ignore())
	if diff := cmp.Diff(want, p, ignore); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got, want := p.LinkerFlags(), `-s -w -X 'main.version=1.4 beta'`; got != want {
		t.Errorf("LinkerFlags = %s, want %s", got, want)
	}
	var plan []string
	for _, b := range p.Plan() {
		plan = append(plan, b.Target.String()+" "+b.Level+" "+b.BuildMode)
	}
	if diff := cmp.Diff([]string{"linux/amd64 v3 exe", "linux/386 sse2 exe", "linux/arm64  pie"}, plan); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
}

func TestParseErrors(t *testing.T) {
	tests := []struct {
		name, text string
		want       string // line:col: start of the message
	}{
		{"unknown key", head + "taregts: []\n" + tail, `3:1: unknown key "taregts"; did you mean "targets"?`},
		{"unknown nested key", head + "targets:\n  - goos: linux\n    goach: amd64\n", `5:5: unknown key "goach" in targets[0]; did you mean "goarch"?`},
		{"unknown key, nothing near", head + tail + "zzzzzz: 1\n", `4:1: unknown key "zzzzzz"`},
		{"duplicate key", head + "name: m\n" + tail, `3:1: key "name" again; it is already on line 2`},
		{"boolean no", head + "cgo: no\n" + tail, `3:6: cgo: want true or false, have "no"`},
		{"boolean off", head + "cgo: off\n" + tail, `3:6: cgo: want true or false, have "off"`},
		{"boolean quoted", head + "cgo: \"true\"\n" + tail, `3:6: cgo: want true or false, have "true"`},
		{"boolean capital", head + "cgo: True\n" + tail, `3:6: cgo: want true or false, have "True"`},
		{"boolean for text", "apiVersion: moho/v1\nname: true\n" + tail, `2:7: want text, have the boolean true`},
		{"null for text", "apiVersion: moho/v1\nname:\n" + tail, `2:6: want a value, have nothing`},
		{"alias", head + "flags: {tags: &a [x]}\nvet: {refuse: *a}\n" + tail, `3:15: anchors are not allowed`},
		{"merge key", head + tail + "<<: {cgo: true}\n", `4:1: unknown key "<<"`},
		{"tag", head + "cgo: !!bool true\n" + tail, `3:6: tags are not allowed`},
		{"map for list", head + "targets: {goos: linux}\n", `3:10: targets: want a list, have a map`},
		{"list for map", head + "vet: [high]\n" + tail, `3:6: vet: want a map of keys, have a list`},
		{"text for map", head + "toolchain: go1.26.8\n" + tail, `3:12: toolchain: want a map of keys, have "go1.26.8"`},
		{"missing keys", "cgo: false\n", `1:1: key "apiVersion" is missing`},
		{"missing goarch", head + "targets:\n  - goos: linux\n", `4:5: key "targets[0].goarch" is missing`},
		{"wrong version", "apiVersion: moho/v2\nname: n\n" + tail, `1:13: apiVersion is "moho/v2", want "moho/v1"`},
		{"no targets", head + "targets: []\n", `3:10: no targets`},
		{"unknown system", head + "targets:\n  - {goos: linx, goarch: amd64}\n", `4:12: unknown operating system "linx"; did you mean "linux"?`},
		{"no such port", head + "targets: [{goos: windows, goarch: [amd64, s390x]}]\n", `3:43: no port of Go to windows/s390x`},
		{"target twice", head + "targets:\n- {goos: linux, goarch: amd64}\n- {goos: linux, goarch: [arm64, amd64]}\n", `5:33: target linux/amd64 again; it is already in targets[0]`},
		{"level that Go takes", head + "targets:\n- {goos: linux, goarch: amd64, cpu: {amd64: v9}}\n", `4:45: GOAMD64=v9 is not a level: want v1, v2, v3, v4`},
		{"GOARM=9", head + "targets:\n- {goos: linux, goarch: arm, cpu: {arm: 9}}\n", `4:41: GOARM=9 is not a level`},
		{"level of another arch", head + "targets:\n- {goos: linux, goarch: arm64, cpu: {amd64: v1}}\n", `4:45: cpu level for "amd64", which is not among goarch; did you mean "arm64"?`},
		{"link", head + "targets: [{goos: linux, goarch: amd64, link: statik}]\n", `3:46: link: "statik" is not one of static, dynamic, any; did you mean "static"?`},
		{"severity", head + tail + "vet: {refuse: [hgih]}\n", `4:16: refuse[0]: "hgih" is not one of critical, high, medium, low; did you mean "high"?`},
		{"link where it is not read", head + "targets: [{goos: windows, goarch: amd64, link: static}]\n", `3:48: link is not judged for windows: only how ELF files are linked is, not pe`},
		{"libraries where they are not read", head + "targets:\n- {goos: darwin, goarch: arm64, link: any, needed: [x]}\n", `4:52: needed is not judged for darwin`},
		{"interpreters of wasm", head + "targets:\n- {goos: js, goarch: wasm, interpreters: [x]}\n", `4:42: interpreters is not judged for js`},
		{"static with libraries", head + "targets: [{goos: linux, goarch: amd64, link: static, needed: libc.so.6}]\n", `3:46: link: static contradicts`},
		{"toolchain without patch", head + tail + "toolchain: {go: go1.26}\n", `4:17: "go1.26" is not an exact toolchain`},
		{"toolchain as number", head + tail + "toolchain: {go: 1.26}\n", `4:17: "1.26" is not an exact toolchain`},
		{"date", head + tail + "expires: 30.06.2027\n", `4:10: "30.06.2027" is not a date`},
		{"size", head + tail + "binary: {maxSize: 60MB}\n", `4:19: "60MB" is not a size`},
		{"size overflow", head + tail + "binary: {maxSize: 9999999999GiB}\n", `4:19: "9999999999GiB" is not a size`},
		{"tag flag", head + tail + "flags: {tags: [\"-toolexec\"]}\n", `4:16: "-toolexec" is not a build tag`},
		{"linker flag", head + tail + "flags: {ldflags: [\"-extld=evil\"]}\n", `4:19: linker flag "-extld=evil" is not allowed`},
		{"linker flag -s", head + tail + "flags: {ldflags: -s}\n", `4:18: linker flag -s: say strip: true`},
		{"dead linker flag", head + tail + "flags: {ldflags: [-extldflags=-static]}\n", `4:19: linker flag -extldflags=-static does nothing without cgo: true`},
		{"build ID", head + tail + "flags: {ldflags: [-buildid=]}\n", `4:19: linker flag -buildid=: the Build ID is how a core finds its report`},
		{"syntax", head + "targets: [\n", `4:1:`},
		{"tab", head + "vet:\n\trefuse: high\n", `4:1:`},
		{"two documents", head + tail + "---\nname: m\n", `4:1: a second document`},
		{"scalar", "just text\n", `1:1: want a map of keys, have "just text"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := Parse("moho.yaml", []byte(tt.text))
			if err == nil || p != nil {
				t.Fatalf("Parse = %v, %v; want an error", p, err)
			}
			e, ok := errors.AsType[*Error](err)
			if !ok {
				t.Fatalf("error %v is no *Error", err)
			}
			if !strings.HasPrefix(e.Error(), "moho.yaml:"+tt.want) {
				t.Errorf("error:\n%v\nwant it to start moho.yaml:%s", e, tt.want)
			}
		})
	}
}

func TestErrorSnippet(t *testing.T) {
	_, err := Parse("moho.yaml", []byte(head+"targets:\n  - goos: linux\n    goach: amd64\n"))
	want := "moho.yaml:5:5: unknown key \"goach\" in targets[0]; did you mean \"goarch\"?\n" +
		"    5 |     goach: amd64\n" +
		"      |     ^"
	if err == nil || err.Error() != want {
		t.Errorf("error:\n%v\nwant:\n%s", err, want)
	}
}

// TestErrorsAll: one reading shows everything that is wrong, in the order of the file.
func TestErrorsAll(t *testing.T) {
	_, err := Parse("moho.yaml", []byte("cgo: maybe\nname: x\ntargets: [{goos: linux, goarch: amd64, link: x}]\nvet: 3\napiVersion: moho/v1\n"))
	var got []string
	for line := range strings.SplitSeq(err.Error(), "\n") {
		if pos, ok := strings.CutPrefix(line, "moho.yaml:"); ok {
			got = append(got, pos[:strings.Index(pos, " ")])
		}
	}
	if diff := cmp.Diff([]string{"1:6:", "3:46:", "4:6:"}, got); diff != "" {
		t.Errorf("places (-want +got):\n%s", diff)
	}
}

func TestLimits(t *testing.T) {
	for name, text := range map[string]string{
		"empty":    "",
		"comment":  "# nothing\n",
		"too long": head + "#" + strings.Repeat("x", MaxSize) + "\n" + tail,
		"too deep": head + "targets: " + strings.Repeat("[", MaxDepth+2) + strings.Repeat("]", MaxDepth+2) + "\n",
		"binary":   "\x7fELF\x02\x01\x01\x00",
		"bad UTF8": head + "vet: \xff\xfe\n",
	} {
		p, err := Parse("moho.yaml", []byte(text))
		if e, ok := errors.AsType[*Error](err); !ok || p != nil || e.File != "moho.yaml" {
			t.Errorf("%s: Parse = %v, %v", name, p, err)
		}
	}
}

func TestLoadFind(t *testing.T) {
	top := t.TempDir()
	mod := filepath.Join(top, "mod")
	sub := filepath.Join(mod, "a", "b")
	if err := os.MkdirAll(sub, 0o755); err != nil {
		t.Fatal(err)
	}
	put := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put(filepath.Join(top, FileName), "not ours")
	put(filepath.Join(mod, "go.mod"), "module m\n")
	if path, ok := Find(sub); ok {
		t.Errorf("Find = %s; a file above the module is not its policy", path)
	}
	put(filepath.Join(mod, FileName), head+tail)
	path, ok := Find(sub)
	if !ok || path != filepath.Join(mod, FileName) {
		t.Fatalf("Find = %s, %v", path, ok)
	}
	p, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if ref := p.Ref(mod); ref.Name != "n" || ref.Origin != FileName || !strings.HasPrefix(ref.Digest, "sha256:") {
		t.Errorf("Ref = %+v", ref)
	}
	if ref := p.Ref(sub); ref.Origin != FileName {
		t.Errorf("Ref from elsewhere = %+v; want no path", ref)
	}
	if _, err := Load(filepath.Join(top, "absent.yaml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Load of nothing: %v", err)
	}
	if _, err := Load(mod); err == nil {
		t.Error("Load of a directory worked")
	}
}

func TestDefaultAndSelect(t *testing.T) {
	p := Default()
	if !p.IsBuiltIn() || len(p.Plan()) != 1 || p.CGO || len(p.Vet.Refuse) != 0 {
		t.Errorf("Default = %+v", p)
	}
	if a, b := p.Ref("/x"), Default().Ref("/y"); a != b || a.Origin != BuiltIn {
		t.Errorf("Ref = %+v and %+v", a, b)
	}
	q, err := p.Select([]string{"linux/arm64", "windows/amd64", "linux/arm64"})
	if err != nil {
		t.Fatal(err)
	}
	var got []target.Target
	for _, b := range q.Plan() {
		got = append(got, b.Target)
	}
	if diff := cmp.Diff([]target.Target{{GOOS: "linux", GOARCH: "arm64"}, {GOOS: "windows", GOARCH: "amd64"}}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	f, err := Parse("moho.yaml", []byte(full))
	if err != nil {
		t.Fatal(err)
	}
	if q, err := f.Select([]string{"linux/386"}); err != nil || len(q.Plan()) != 1 || q.Plan()[0].Level != "sse2" || len(f.Plan()) != 3 {
		t.Errorf("Select = %+v, %v", q, err)
	}
	for in, want := range map[string]string{
		"windows/amd64": `policy "edge-release" does not have it; it has linux/amd64, linux/386, linux/arm64`,
		"linux":         "want GOOS/GOARCH",
	} {
		if _, err := f.Select([]string{in}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Select %s: %v", in, err)
		}
	}
}

// FuzzParse: an error comes without a policy, every *Error has a message and
// a place inside the text; a policy that was read has a plan that holds up.
func FuzzParse(f *testing.F) {
	f.Add([]byte(full))
	f.Add([]byte(head + tail))
	f.Add([]byte("a: &a [*a, *a]\n"))
	f.Add([]byte("{{{{[[[["))
	f.Add([]byte("? [a]\n: b\n"))
	f.Add([]byte("%YAML 1.2\n--- !!map\n...\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse("f", data)
		if (p == nil) == (err == nil) {
			t.Fatalf("Parse = %v, %v", p, err)
		}
		if e, ok := errors.AsType[*Error](err); err != nil && (!ok || e.Msg == "" || e.Line < 0) {
			t.Errorf("error %#v", err)
		}
		if err != nil {
			return
		}
		for _, b := range p.Plan() {
			if err := b.Target.Check(); err != nil {
				t.Errorf("plan has a target that is none: %v", err)
			}
			if b.Level != "" && target.CheckLevel(b.Target.GOARCH, b.Level) != nil {
				t.Errorf("plan has level %q for %s", b.Level, b.Target)
			}
		}
	})
}
