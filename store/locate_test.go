package store

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLocate(t *testing.T) {
	top := t.TempDir()
	mkdir(t, filepath.Join(top, "mod", "a", "b"))
	mkdir(t, filepath.Join(top, "kept", ".moho"))
	mkdir(t, filepath.Join(top, "kept", "sub"))
	write(t, filepath.Join(top, "mod", "go.mod"), "module example.org/m\n")
	tests := []struct {
		name, explicit, env, start string
		want                       []string
	}{
		{"explicit wins", "x", "y", "mod", []string{"x"}},
		{"explicit list", " x, y ,,", "", "mod", []string{"x", "y"}},
		{"environment", "", "y,z", "mod", []string{"y", "z"}},
		{"beside go.mod", "", "", "mod/a/b", []string{filepath.Join(top, "mod", ".moho")}},
		{"nearest store outside of a module", "", "", "kept/sub", []string{filepath.Join(top, "kept", ".moho")}},
		{"nothing", "", "", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv(EnvVar, tt.env)
			if diff := cmp.Diff(tt.want, Locate(tt.explicit, filepath.Join(top, filepath.FromSlash(tt.start)))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, "")
	for dir, want := range map[string]string{
		"":                            "no directory given",
		"https://store.example.org/x": "remote stores are not supported",
		file:                          "is a regular file, want a directory",
		filepath.Join(file, "below"):  "not a directory",
	} {
		s, err := Open(dir)
		if s != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Open(%q) = %v, %v; want %q", dir, s, err, want)
		}
	}
}

func TestAbsentStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	s := open(t, dir)
	if as, err := s.Artifacts(); as != nil || err != nil {
		t.Errorf("Artifacts = %v, %v", as, err)
	}
	_, err := s.Artifact(digestBytes(nil))
	if err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("Artifact: %v; want the directory named", err)
	}
	if got := files(t, filepath.Dir(dir)); len(got) != 0 {
		t.Errorf("reading created %v", got)
	}
}

func TestSet(t *testing.T) {
	a, b := open(t, t.TempDir()), open(t, t.TempDir())
	sha := put(t, b, "app")
	r := report(1, evidenceArtifact(sha, "id"))
	d := putReport(t, a, r) // a knows it, b has it
	putReport(t, b, r)
	damaged := put(t, a, "both")
	put(t, b, "both")
	breakFile(t, filepath.Join(a.Dir(), "artifacts", "sha256", damaged))

	set, err := OpenSet([]string{a.Dir(), b.Dir()})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{sha, damaged} {
		p, err := set.Artifact(s)
		if err != nil || !strings.HasPrefix(p, b.Dir()) {
			t.Errorf("Artifact = %q, %v; want it from the second store", p, err)
		}
	}
	es, err := set.ByBuildID(evidenceArtifact(sha, "id").BuildID())
	if err != nil || len(es) != 1 || es[0].Path == "" {
		t.Errorf("ByBuildID = %v, %v; want one with a path", es, err)
	}
	reps, err := set.ReportsFor(sha)
	if err != nil || len(reps) != 1 || reps[0].SHA256 != d {
		t.Errorf("ReportsFor = %v, %v; want one", reps, err)
	}
	if _, err := set.Artifact(digestBytes(nil)); err == nil || !strings.Contains(err.Error(), "2 stores asked") {
		t.Errorf("Artifact of an unknown digest: %v", err)
	}
}
