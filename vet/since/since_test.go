package since

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"moho/evidence"
	"moho/internal/testbin"
	"moho/vet"
	"moho/vet/source"
)

// repo is a repository with one commit.
type repo struct {
	t   *testing.T
	dir string
}

func (r repo) git(args ...string) string {
	r.t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"}, args...)...)
	cmd.Dir = r.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (r repo) write(name string, lines ...string) {
	r.t.Helper()
	path := filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o666); err != nil {
		r.t.Fatal(err)
	}
}

func newRepo(t *testing.T) repo {
	testbin.NeedTool(t, "git")
	r := repo{t, t.TempDir()}
	r.git("init", "-q", "-b", "main")
	r.write("sub/a.go", numbered(1, 20)...)
	r.write("sub/odd \t\"ä.go", numbered(1, 20)...)
	r.git("add", ".")
	r.git("commit", "-qm", "one")
	return r
}

func numbered(from, to int) []string {
	var list []string
	for i := from; i <= to; i++ {
		list = append(list, strings.Repeat("x", i))
	}
	return list
}

// lines lists which of lines 1 to 20 a change touches.
func (r repo) lines(rev, file string) []int {
	r.t.Helper()
	c, err := Of(r.t.Context(), filepath.Join(r.dir, "sub"), rev)
	if err != nil {
		r.t.Fatal(err)
	}
	res := vet.Result{Sources: &source.Tree{Files: map[source.Key]source.File{{Module: "m", File: "f"}: {Path: filepath.Join(r.dir, file)}}}}
	var list []int
	for n := 1; n <= 20; n++ {
		res.Findings = []evidence.Finding{{
			Pos:   evidence.Position{File: "f", Line: n},
			Place: evidence.Place{Module: "m", Line: n, EndLine: n},
		}}
		fs, err := c.Filter(r.t.Context(), res)
		if err != nil {
			r.t.Fatal(err)
		}
		if len(fs) > 0 {
			list = append(list, n)
		}
	}
	return list
}

func TestLines(t *testing.T) {
	r := newRepo(t)
	check := func(what, rev, file string, want ...int) {
		t.Helper()
		if got := r.lines(rev, file); !slices.Equal(got, want) {
			t.Errorf("%s: lines %v, want %v", what, got, want)
		}
	}
	check("nothing", "HEAD", "sub/a.go")
	text := numbered(1, 20)
	r.write("sub/a.go", slices.Replace(slices.Clone(text), 4, 6, "new", "new", "new")...)
	check("changed", "HEAD", "sub/a.go", 5, 6, 7)
	r.git("add", ".")
	check("staged", "HEAD", "sub/a.go", 5, 6, 7)
	r.write("sub/a.go", slices.Delete(slices.Clone(text), 9, 12)...)
	check("deleted", "HEAD", "sub/a.go", 9, 10)
	r.write("sub/a.go", slices.Delete(slices.Clone(text), 0, 2)...)
	check("deleted at the top", "HEAD", "sub/a.go", 1)
	r.write("sub/odd \t\"ä.go", append([]string{"new"}, text...)...)
	check("an odd name", "HEAD", "sub/odd \t\"ä.go", 1)
	r.git("checkout", "-q", "-f", "HEAD", "--", ".")
	r.git("mv", "sub/a.go", "sub/b.go")
	r.write("sub/b.go", append(slices.Clone(text[:10]), append([]string{"new"}, text[10:]...)...)...)
	check("renamed and changed", "HEAD", "sub/b.go", 11)
	r.write("c.go", text...)
	check("untracked", "HEAD", "c.go", numbers(1, 20)...)
	r.write(".gitignore", "c.go")
	check("untracked and ignored", "HEAD", "c.go", numbers(1, 20)...)
	check("outside of the repository", "HEAD", "../elsewhere.go")
	// A line of a hunk that looks like a header is none.
	r.write("sub/b.go", append([]string{"++ b/c.go", "@@ -1 +1 @@"}, text...)...)
	check("odd lines", "HEAD", "sub/b.go", 1, 2)
}

func numbers(from, to int) []int {
	var list []int
	for ; from <= to; from++ {
		list = append(list, from)
	}
	return list
}

// TestFork compares with where the branch left main, not with main.
func TestFork(t *testing.T) {
	r := newRepo(t)
	r.git("checkout", "-q", "-b", "topic")
	text := numbered(1, 20)
	r.write("sub/a.go", append([]string{"topic"}, text...)...)
	r.git("commit", "-qam", "two")
	r.git("checkout", "-q", "main")
	r.write("sub/a.go", append(slices.Clone(text), "main", "main")...)
	r.git("commit", "-qam", "three")
	r.git("checkout", "-q", "topic")
	if got := r.lines("main...", "sub/a.go"); !slices.Equal(got, []int{1}) {
		t.Errorf("main...: lines %v, want 1", got)
	}
	if got := r.lines("main", "sub/a.go"); !slices.Equal(got, []int{1}) {
		// What main has more is deleted here, below line 20.
		t.Errorf("main: lines %v, want 1", got)
	}
}

func TestErrors(t *testing.T) {
	r := newRepo(t)
	for rev, want := range map[string]string{
		"--output=x": "want one revision", "": "want one revision", "a..b": "want one revision", "...": "want one revision",
		"nowhere": `git knows no revision "nowhere"`, "nowhere...": `git knows no revision "nowhere"`,
	} {
		if _, err := Of(t.Context(), r.dir, rev); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", rev, err, want)
		}
	}
	if _, err := Of(t.Context(), t.TempDir(), "HEAD"); err == nil || !strings.Contains(err.Error(), "not a git repository") {
		t.Errorf("outside a repository: %v", err)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := Of(t.Context(), r.dir, "HEAD"); err == nil || !strings.Contains(err.Error(), "executable file not found") {
		t.Errorf("without git: %v", err)
	}
}

// FuzzParse: an error comes without a result, spans are in order of their ends.
func FuzzParse(f *testing.F) {
	f.Add([]byte("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +3 @@ f\n-a\n-b\n+c\n@@ -9 +9,0 @@\n-x\n"))
	f.Add([]byte("+++ \"b/\\303\\244\\t.go\"\n@@ -0,0 +1,3 @@\n"))
	f.Add([]byte("+++ /dev/null\n@@ -1 +0,0 @@\n-+++ b/y\n"))
	f.Add([]byte("@@ -1,99999999999 +1 @@\n"))
	f.Fuzz(func(t *testing.T, out []byte) {
		files, err := parse(out)
		if err != nil && files != nil {
			t.Errorf("%v, with a result", err)
		}
		for name, l := range files {
			for _, s := range l.added {
				if s.from < 0 || s.to < s.from {
					t.Errorf("%s: span %v", name, s)
				}
			}
		}
	})
}
