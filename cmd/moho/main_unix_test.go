//go:build unix

package main

import (
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"

	"moho/objfile"
)

// TestShrinkingInput reads a mapped file after somebody has cut it: the panic
// is one that run tells from a bug of ours.
func TestShrinkingInput(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "exe")
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	f, err := objfile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r, ok := recover().(memoryFault); !ok || r.Addr() == 0 {
			t.Errorf("recovered %v, want a memory fault with its address", r)
		}
	}()
	text, err := f.Slice(f.Entry(), 1)
	t.Errorf("read %v, %v from a file that is empty now", text, err)
}

// TestNilIsOurs checks that a nil pointer still counts as a bug.
func TestNilIsOurs(t *testing.T) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r == nil {
			t.Error("no panic")
		} else if _, ok := r.(memoryFault); ok {
			t.Errorf("%v passes for a file that shrank", r)
		}
	}()
	var p *struct{ n int }
	t.Log(p.n)
}
