package gostate_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"testing"

	"moho/core"
	"moho/gostate"
	"moho/internal/testbin"
	"moho/objfile"
)

// TestOlder reads cores of releases that are no longer supported by the Go
// project and still run.
func TestOlder(t *testing.T) {
	for _, release := range []string{"1.21.13", "1.22.12", "1.23.12"} {
		t.Run(release, func(t *testing.T) {
			exe := testbin.Build(t, testbin.Main(fuzzProgram), testbin.Config{Go: release, Mode: testbin.Stripped})
			corePath, stderr := crash(t, exe)
			w := open(t, corePath, exe)
			compareTraceback(t, w, stderr)
			checkCrash(t, w, "main.main", stderr)
			if len(w.Gaps()) > 0 {
				t.Errorf("gaps: %v", w.Gaps())
			}
		})
	}
}

// TestUnknownVersion changes what the core says of its Go version, with the
// executable's build info out of reach: the layout is found by what fits.
func TestUnknownVersion(t *testing.T) {
	for _, release := range []string{"1.24.13", "1.26.8"} {
		exe := testbin.Build(t, testbin.Main(fuzzProgram), testbin.Config{Go: release})
		corePath, stderr := crashAfter(t, "echo 0x3f > /proc/self/coredump_filter;", exe)
		data, err := os.ReadFile(corePath)
		if err != nil {
			t.Fatal(err)
		}
		for _, version := range []string{"go1.99.0", "go1.22.1", "gibberish"} {
			t.Run(release+" as "+version, func(t *testing.T) {
				padded := append([]byte(version), bytes.Repeat([]byte{' '}, len("go"+release))...)[:len("go"+release)]
				p, err := core.NewBytes("core", bytes.ReplaceAll(data, []byte("go"+release), padded))
				if err != nil {
					t.Fatal(err)
				}
				w, err := gostate.Open(p, nil, gostate.Options{})
				if err != nil {
					t.Fatal(err)
				}
				compareTraceback(t, w, stderr)
				if minor, exact := w.Layout(); exact || len(w.Gaps()) == 0 {
					t.Errorf("layout of 1.%d, exact %v, gaps %v", minor, exact, w.Gaps())
				}
			})
		}
	}
}

// TestThreadsByStack takes the thread ids out of the core, as when they are of
// another pid namespace: the stacks still tell.
func TestThreadsByStack(t *testing.T) {
	exe := zoo(t, testbin.Config{})
	corePath, stderr := crash(t, exe, "nil")
	good := open(t, corePath, exe)
	data, err := os.ReadFile(corePath)
	if err != nil {
		t.Fatal(err)
	}
	for _, th := range good.Threads() {
		// The word of the M that holds the id, wherever this version has it.
		m, err := good.Process().Slice(th.M, 256)
		if err != nil {
			t.Fatal(err)
		}
		for off := 0; off < len(m); off += 8 {
			if binary.LittleEndian.Uint64(m[off:]) == uint64(th.TID) {
				patch(t, good.Process(), data, uint64(th.M)+uint64(off), 0)
			}
		}
	}
	p, err := core.NewBytes("core", data)
	if err != nil {
		t.Fatal(err)
	}
	f, err := objfile.Open(exe)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := gostate.Open(p, f, gostate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, th := range w.Threads() {
		if th.How != "stack" || th.M != good.Threads()[i].M {
			t.Errorf("thread %d: M %#x by %q, want %#x by its stack", th.TID, th.M, th.How, good.Threads()[i].M)
		}
	}
	compareTraceback(t, w, stderr)
}
