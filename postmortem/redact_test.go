//go:build linux && (amd64 || arm64)

package postmortem_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/core/capture"
	"moho/gostate"
	"moho/gostate/heap"
	"moho/internal/testbin"
	"moho/postmortem"
)

// TestRedact: what the program keeps on its heap, in its variables, arguments
// and environment is in its core, and not in the redacted one; every goroutine
// is, with the same stack and on the same thread.
func TestRedact(t *testing.T) {
	const secret = "pÄssw0rd-of-the-environment"
	t.Setenv("MOHO_TEST_SECRET", secret)
	configs := []testbin.Config{{Mode: testbin.Plain}, {Mode: testbin.Stripped}}
	if testbin.IsLong() {
		for _, release := range testbin.Recent() {
			configs = append(configs, testbin.Config{Go: release, Mode: testbin.Plain}, testbin.Config{Go: release, Mode: testbin.PIEStripped})
		}
	}
	for _, c := range configs {
		t.Run(c.String(), func(t *testing.T) {
			pid := parked(t, c, 1000, "an-argument")
			exe := testbin.Build(t, testbin.Dir(t, filepath.Join("..", "core", "testdata", "src", "alive")), c)
			dir := t.TempDir()
			full, less := filepath.Join(dir, "full"), filepath.Join(dir, "less")
			if _, err := capture.Dump(t.Context(), pid, full, capture.DumpOptions{}); err != nil {
				t.Fatal(err)
			}
			out, err := os.Create(less)
			if err != nil {
				t.Fatal(err)
			}
			defer out.Close()
			gaps, err := postmortem.Redact(t.Context(), full, postmortem.Options{Exe: exe}, out)
			if err != nil || gaps != nil {
				t.Fatalf("%v, gaps %v", err, gaps)
			}
			whole, err := os.ReadFile(full)
			if err != nil {
				t.Fatal(err)
			}
			redacted, err := os.ReadFile(less)
			if err != nil {
				t.Fatal(err)
			}
			word := binary.LittleEndian.AppendUint64(nil, 0xfeedfacecafebeef)
			for name, b := range map[string][]byte{"variable, object": word, "environment": []byte(secret), "argument": []byte("an-argument")} {
				if n := bytes.Count(whole, b); n < 1 {
					t.Errorf("%s: not in the core", name)
				}
				// Stacks are kept as they are, with what lay in their memory before.
				if n, stale := bytes.Count(redacted, b), onStacks(t, less, exe, b); n != stale || n > 1 {
					t.Errorf("%s: %d times in the redacted core, %d times on stacks", name, n, stale)
				}
			}
			a, as := goroutinesOf(t, full, exe)
			b, bs := goroutinesOf(t, less, exe)
			if diff := cmp.Diff(a, b); diff != "" || len(a) < 1000 {
				t.Errorf("goroutines (-core +redacted):\n%s", diff)
			}
			if diff := cmp.Diff(as, bs); diff != "" || len(as) == 0 {
				t.Errorf("spans (-core +redacted):\n%s", diff)
			}
			if st, err := out.Stat(); err != nil || capture.Disk(st) > 4<<20 {
				t.Errorf("%d bytes on disk", capture.Disk(st))
			}
		})
	}
}

// onStacks counts b on the stacks of goroutines.
func onStacks(t *testing.T, path, exe string, b []byte) (n int) {
	t.Helper()
	c, err := postmortem.Open(t.Context(), path, postmortem.Options{Exe: exe})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for g := range c.World.Goroutines() {
		for a := g.Stack.Lo; a < g.Stack.Hi; a += 2048 { // what of it is there
			if piece, err := c.Process.Slice(a, 2048); err == nil {
				n += bytes.Count(piece, b)
			}
		}
	}
	return n
}

// goroutinesOf returns all goroutines of a core, and the spans of its heap.
func goroutinesOf(t *testing.T, path, exe string) (gs, spans []string) {
	t.Helper()
	c, err := postmortem.Open(t.Context(), path, postmortem.Options{Exe: exe})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if c.Gaps != nil {
		t.Errorf("%s: gaps %v", path, c.Gaps)
	}
	for g := range c.World.Goroutines() {
		gs = append(gs, fmt.Sprint(g.ID, g.Status, g.WaitReason, g.Thread, g.Truncated, names(g)))
	}
	h, err := heap.Open(c.World)
	if err != nil {
		t.Fatal(err)
	}
	for s := range h.Spans() {
		spans = append(spans, fmt.Sprintf("%#x-%#x %v %d %d", uint64(s.Start), uint64(s.End), s.State, s.ElemSize, s.Count))
	}
	return gs, spans
}

func names(g *gostate.Goroutine) (list []string) {
	for _, fr := range g.Frames {
		list = append(list, fmt.Sprintf("%s %#x", fr.Func, uint64(fr.SP)))
	}
	return list
}
