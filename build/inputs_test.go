package build

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"moho/evidence"
	"moho/internal/testbin"
)

// TestInputs changes one thing that the compiler reads and the module's tracked
// files do not show. What is built differs, so what is stated must.
func TestInputs(t *testing.T) {
	testbin.NeedTool(t, "git")
	dir := module(t, map[string]string{
		"go.mod":            "module example.org/app\n\ngo 1.25\n\nrequire (\n\texample.org/in v0.0.0\n\texample.org/out v0.0.0\n)\n\nreplace example.org/in => ./in\n\nreplace example.org/out => ../out\n",
		"cmd/hello/main.go": "package main\n\nimport (\n\t_ \"embed\"\n\n\t\"example.org/in\"\n\t\"example.org/out\"\n)\n\n//go:embed page.html\nvar page string\n\nfunc main() { println(page, in.V, out.V) }\n",
		".gitignore":        "*.html\n/dist\n/.moho\n",
		"in/go.mod":         "module example.org/in\n\ngo 1.25\n",
		"../out/go.mod":     "module example.org/out\n\ngo 1.25\n",
	})
	page, in, out := filepath.Join(dir, "cmd/hello/page.html"), filepath.Join(dir, "in/in.go"), filepath.Join(dir, "../out/out.go")
	write(t, page, "one")
	write(t, in, "package in\n\nconst V = \"one\"\n")
	write(t, out, "package out\n\nconst V = \"one\"\n")
	gitDo(t, dir, "init", "-q")

	sums := func(st evidence.Statement) (all []string) {
		for _, d := range st.Dependencies {
			all = append(all, d.Module+" "+d.Sum)
		}
		return all
	}
	build := func() evidence.Statement {
		rep, _ := run(t, Options{Dir: dir, Policy: parse(t, linux)})
		return rep.Statement
	}
	was := build()
	for _, s := range sums(was) {
		if !strings.Contains(s, " h1:") {
			t.Errorf("dependency without digest: %q", s)
		}
	}
	if again := build(); again.Source.Digest != was.Source.Digest || strings.Join(sums(again), ",") != strings.Join(sums(was), ",") {
		t.Errorf("built twice: %+v %v, %+v %v", was.Source, sums(was), again.Source, sums(again))
	}
	for _, tt := range []struct{ name, file, text string }{
		{"embedded and ignored by git", page, "two"},
		{"a module in a directory below", in, "package in\n\nconst V = \"two\"\n"},
		{"a module in a directory beside", out, "package out\n\nconst V = \"two\"\n"},
	} {
		write(t, tt.file, tt.text)
		now := build()
		if now.Artifacts[0].SHA256 == was.Artifacts[0].SHA256 {
			t.Errorf("%s: the artifact is the same", tt.name)
		}
		if now.Source.Digest == was.Source.Digest && strings.Join(sums(now), ",") == strings.Join(sums(was), ",") {
			t.Errorf("%s: another artifact of the same source: %+v %v", tt.name, now.Source, sums(now))
		}
		was = now
	}
}

// TestChangedCache: the go command compares a module with go.sum when it
// downloads it and not again, so a build of changed files says the old digest.
func TestChangedCache(t *testing.T) {
	proxy, cache := t.TempDir(), t.TempDir()
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	const goMod = "module example.org/dep\n\ngo 1.25\n"
	for name, text := range map[string]string{"go.mod": goMod, "dep.go": "package dep\n\nconst V = \"one\"\n"} {
		w, err := z.Create("example.org/dep@v1.0.0/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"list": "v1.0.0\n", "v1.0.0.info": `{"Version":"v1.0.0"}`, "v1.0.0.mod": goMod, "v1.0.0.zip": buf.String()} {
		write(t, filepath.Join(proxy, "example.org/dep/@v", name), text)
	}
	dir := module(t, map[string]string{
		"go.mod":            "module example.org/app\n\ngo 1.25\n\nrequire example.org/dep v1.0.0\n",
		"cmd/hello/main.go": "package main\n\nimport \"example.org/dep\"\n\nfunc main() { println(dep.V) }\n",
	})
	env := environ("GOPROXY=file://"+filepath.ToSlash(proxy), "GONOSUMDB=*", "GOMODCACHE="+cache)
	tidy := exec.Command("go", "mod", "tidy")
	tidy.Dir, tidy.Env = dir, append(env, "GOFLAGS=-modcacherw")
	if out, err := tidy.CombinedOutput(); err != nil {
		t.Fatalf("go mod tidy: %v\n%s", err, out)
	}
	opts := Options{Dir: dir, Policy: parse(t, linux), Env: env}
	rep, _ := run(t, opts)
	if d := rep.Statement.Dependencies; len(d) != 1 || !strings.HasPrefix(d[0].Sum, "h1:") {
		t.Errorf("dependencies: %+v", d)
	}
	file := filepath.Join(cache, "example.org/dep@v1.0.0/dep.go")
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	write(t, file, "package dep\n\nconst V = \"two\"\n")
	rep, path, err := Run(t.Context(), opts)
	if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "module example.org/dep@v1.0.0: what lies in the module cache has digest h1:") || path != "" || rep.Schema != "" {
		t.Errorf("Run = %q, %v", path, err)
	}
}

// TestNativeCGO: cgo in a dependency of the command.
func TestNativeCGO(t *testing.T) {
	testbin.NeedTool(t, "gcc")
	dir := module(t, map[string]string{
		"c/c.go":            "package c\n\n// #cgo CFLAGS: -O2 -march=native\n// int one(void) { return 1; }\nimport \"C\"\n\nfunc One() int { return int(C.one()) }\n",
		"cmd/hello/main.go": "package main\n\nimport \"example.org/app/c\"\n\nfunc main() { println(c.One()) }\n",
	})
	rep, path, err := Run(t.Context(), Options{Dir: dir, Policy: host(t, "", ""), Env: environ("CC=gcc")})
	if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "example.org/app/c: -march=native in a #cgo line") || path != "" || rep.Schema != "" {
		t.Errorf("Run = %q, %v", path, err)
	}
}
