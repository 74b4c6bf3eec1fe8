package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCopyTree(t *testing.T) {
	src := t.TempDir()
	tree := map[string]string{
		"a/a.go": "package a\n", "b.txt": "b\n", ".gitignore": "/built\n", "built": "\x00", ".moho/x": "store",
	}
	write(t, src, tree)
	if err := os.Symlink("b.txt", filepath.Join(src, "link")); err != nil {
		t.Fatal(err)
	}
	dst := t.TempDir()
	if err := copyTree(dst, src); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"a/a.go": "package a\n", "b.txt": "b\n", ".gitignore": "/built\n", "built": "\x00"}
	if diff := cmp.Diff(want, snapshot(t, dst)); diff != "" {
		t.Errorf("without history: %s", diff)
	}

	if out, err := exec.Command("git", "init", "-q", src).CombinedOutput(); err != nil {
		t.Fatalf("git init: %v\n%s", err, out)
	}
	if out, err := exec.Command("git", "-C", src, "add", "b.txt").CombinedOutput(); err != nil {
		t.Fatalf("git add: %v\n%s", err, out)
	}
	if err := os.Remove(filepath.Join(src, "b.txt")); err != nil {
		t.Fatal(err)
	}
	dst = t.TempDir()
	if err := copyTree(dst, src); err != nil {
		t.Fatal(err)
	}
	got, err := files(dst)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"built", "b.txt", "link"} {
		if _, ok := got[name]; ok {
			t.Errorf("with history: %s was copied", name)
		}
	}
	if _, ok := got["a/a.go"]; !ok {
		t.Errorf("with history: an untracked source was not copied: %v", got)
	}
}
