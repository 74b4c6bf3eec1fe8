package build

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"moho/evidence"
	"moho/internal/testbin"
)

func noOutput(string) bool { return false }

func describe(t *testing.T, dir string) evidence.Source {
	t.Helper()
	s, err := describeSource(t.Context(), dir, noOutput, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func gitDo(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false", "-c", "init.defaultBranch=main"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

// TestSourceDigest changes a tree in one way at a time and says whether the
// digest must follow.
func TestSourceDigest(t *testing.T) {
	tests := []struct {
		name    string
		change  func(t *testing.T, dir string)
		changes bool
	}{
		{"a source file", func(t *testing.T, d string) { write(t, filepath.Join(d, "words/words.go"), "package words\n") }, true},
		{"a new file", func(t *testing.T, d string) { write(t, filepath.Join(d, "words/data.txt"), "embedded?") }, true},
		{"go.mod", func(t *testing.T, d string) {
			write(t, filepath.Join(d, "go.mod"), "module example.org/app\n\ngo 1.26\n")
		}, true},
		{"deleted", func(t *testing.T, d string) { os.Remove(filepath.Join(d, "words/words.go")) }, true},
		{"renamed", func(t *testing.T, d string) {
			os.Rename(filepath.Join(d, "words/words.go"), filepath.Join(d, "words/other.go"))
		}, true},
		{"a nested module", func(t *testing.T, d string) {
			write(t, filepath.Join(d, "sub/go.mod"), "module sub\n")
			write(t, filepath.Join(d, "sub/deep/x.go"), "package deep\n")
		}, false},
		{"ignored by git", func(t *testing.T, d string) { write(t, filepath.Join(d, "words/x.log"), "noise") }, false},
		{"ignored by git, read by the compiler", func(t *testing.T, d string) { write(t, filepath.Join(d, "words/gen_x.go"), "package words\n") }, true},
		{"a link to a directory", func(t *testing.T, d string) {
			if err := os.Symlink("words", filepath.Join(d, "alias")); err != nil {
				t.Fatal(err)
			}
		}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			testbin.NeedTool(t, "git")
			dir := module(t, map[string]string{".gitignore": "*.log\ngen_*.go\n"})
			gitDo(t, dir, "init", "-q")
			gitDo(t, dir, "add", ".")
			gitDo(t, dir, "commit", "-q", "-m", "x")
			before := describe(t, dir)
			tt.change(t, dir)
			after := describe(t, dir)
			if (before.Digest != after.Digest) != tt.changes {
				t.Errorf("digest before %s, after %s", before.Digest, after.Digest)
			}
			if before.Dirty || before.VCS != "git" || len(before.Revision) != 40 {
				t.Errorf("before: %+v", before)
			}
			// What git ignores it does not call dirty either.
			if after.Dirty != (tt.changes || tt.name == "a nested module") && !strings.HasPrefix(tt.name, "ignored") {
				t.Errorf("after: %+v", after)
			}
		})
	}
}

// TestSourceWithoutGit: the same files give the same digest, with git or not.
func TestSourceWithoutGit(t *testing.T) {
	testbin.NeedTool(t, "git")
	plain, tracked := module(t, nil), module(t, nil)
	gitDo(t, tracked, "init", "-q")
	a, b := describe(t, plain), describe(t, tracked)
	if a.Digest != b.Digest || a.VCS != "" || b.VCS != "git" || b.Revision != "" {
		t.Errorf("without git %+v, with git %+v", a, b)
	}
	// A module inside somebody's repository that ignores it counts its own files.
	write(t, filepath.Join(tracked, ".gitignore"), "*\n")
	write(t, filepath.Join(plain, ".gitignore"), "*\n")
	if a, b := describe(t, plain), describe(t, tracked); a.Digest != b.Digest || b.VCS != "" {
		t.Errorf("ignored: without git %+v, with git %+v", a, b)
	}
}

// TestOutputIsNoSource: building makes nothing dirty and changes no digest, also
// when output goes into the module itself.
func TestOutputIsNoSource(t *testing.T) {
	testbin.NeedTool(t, "git")
	for _, out := range []string{"", ".", "bin"} {
		dir := module(t, nil)
		gitDo(t, dir, "init", "-q")
		gitDo(t, dir, "add", ".")
		gitDo(t, dir, "commit", "-q", "-m", "x")
		opts := Options{Dir: dir, Policy: parse(t, linux)}
		if out != "" {
			opts.Output = filepath.Join(dir, out)
		}
		first, _ := run(t, opts)
		second, _ := run(t, opts)
		a, b := first.Statement.Source, second.Statement.Source
		if a.Dirty || b.Dirty || a.Digest != b.Digest || a.Revision == "" {
			t.Errorf("output %q: first %+v, second %+v", out, a, b)
		}
		write(t, filepath.Join(dir, "bin", "more.go"), "package bin\n")
		if third, _ := run(t, opts); !third.Statement.Source.Dirty {
			t.Errorf("output %q: a new source file beside the output is not seen", out)
		}
	}
}
