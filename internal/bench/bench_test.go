package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"moho/internal/testbin"
)

func TestReplaceSection(t *testing.T) {
	path := filepath.Join(t.TempDir(), "B.md")
	for _, step := range []struct{ name, text string }{
		{"core", "one\n"}, {"asm", "two"}, {"core", "three\n\n"},
	} {
		if err := replaceSection(path, step.name, step.text); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := "# Benchmarks\n\n<!-- core -->\nthree\n<!-- /core -->\n\n<!-- asm -->\ntwo\n<!-- /asm -->\n"
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if err := os.WriteFile(path, []byte("<!-- core -->\nno end"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := replaceSection(path, "core", "x"); err == nil || !strings.Contains(err.Error(), "no end mark") {
		t.Errorf("error %v", err)
	}
}

// TestManyGoroutines is the promise about size: every stack of 100,000
// goroutines in little memory. CPU time is printed, not judged.
func TestManyGoroutines(t *testing.T) {
	n := 2_000
	if testbin.IsLong() {
		n = 1_000_000
	}
	exe, corePath, err := makeCore(t.Context(), t.TempDir(), n)
	if err != nil {
		t.Fatal(err)
	}
	u, c, err := measureSelf(t.Context(), exe, corePath, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d goroutines, %d frames: CPU %v, RSS %s, anonymous %s", c.Goroutines, c.Frames, u.cpu, mb(u.peak), mb(u.anon))
	if c.Users != n+1 || c.Goroutines < n+1 || c.Goroutines > n+20 || c.Whole != c.Goroutines {
		t.Errorf("%d goroutines, %d of the program, %d with a whole stack; want %d and main, and few more", c.Goroutines, c.Users, c.Whole, n)
	}
	if c.Frames < 5*n {
		t.Errorf("%d frames", c.Frames)
	}
	if u.anon == 0 || u.anon > 128<<20 {
		t.Errorf("anonymous memory %s, want at most 128 MB", mb(u.anon))
	}
}

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == childArg { // measureSelf runs this binary
		os.Exit(child(os.Args[2:]))
	}
	os.Exit(m.Run())
}
