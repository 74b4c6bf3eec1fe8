package gostate_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"moho/core"
	"moho/gostate"
	"moho/internal/testbin"
	"moho/objfile"
)

// TestWithoutExecutable reads a core that holds the program's text, alone.
func TestWithoutExecutable(t *testing.T) {
	for _, mode := range modes {
		t.Run(string(mode), func(t *testing.T) {
			exe := zoo(t, testbin.Config{Mode: mode})
			corePath, stderr := crashAfter(t, "echo 0x3f > /proc/self/coredump_filter;", exe, "nil")
			w := open(t, corePath, "")
			compareTraceback(t, w, stderr)
			checkCrash(t, w, "main.(*node).leaf", stderr)
			if w.Version() != runtime.Version() || w.VersionFrom() != "build info in memory" {
				t.Errorf("version %q from %s", w.Version(), w.VersionFrom())
			}
		})
	}
}

func TestRefused(t *testing.T) {
	exe := zoo(t, testbin.Config{})
	corePath, _ := crash(t, exe, "nil")
	tests := []struct {
		name string
		exe  string
		want error
	}{
		{"no executable, no text", "", gostate.ErrNoText},
		{"another executable", zoo(t, testbin.Config{Go: "1.25.12"}), gostate.ErrMismatch},
		{"the same source, other flags", zoo(t, testbin.Config{Mode: testbin.Stripped, Flags: []string{"-gcflags=-l"}}), gostate.ErrMismatch},
		{"another machine", zoo(t, testbin.Config{GOARCH: "arm64"}), gostate.ErrMismatch},
		{"not a Go program", "/bin/true", gostate.ErrMismatch},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := core.Open(corePath)
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			var f *objfile.File
			if tt.exe != "" {
				f, err = objfile.Open(tt.exe)
				if err != nil {
					t.Fatal(err)
				}
				defer f.Close()
			}
			w, err := gostate.Open(p, f, gostate.Options{})
			if w != nil || !errors.Is(err, tt.want) {
				t.Errorf("got %v, %v; want %v", w, err, tt.want)
			}
		})
	}
}

// TestNotGo reads the core of a program that has no Go in it.
func TestNotGo(t *testing.T) {
	testbin.NeedTool(t, "gcc")
	dir := t.TempDir()
	src, exe := filepath.Join(dir, "x.c"), filepath.Join(dir, "x")
	if err := os.WriteFile(src, []byte("#include <stdlib.h>\nint main(void) { abort(); }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("gcc", "-o", exe, src).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	corePath, _ := crash(t, exe)
	p, err := core.Open(corePath)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	f, err := objfile.Open(exe)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if w, err := gostate.Open(p, f, gostate.Options{}); w != nil || !errors.Is(err, gostate.ErrNotGo) {
		t.Errorf("got %v, %v; want ErrNotGo", w, err)
	}
}

// TestTruncated cuts a core at many lengths. What is left is never wrong: every
// stack is either the one of the whole core or says that it ends early.
func TestTruncated(t *testing.T) {
	exe := zoo(t, testbin.Config{Mode: testbin.Stripped})
	corePath, _ := crash(t, exe, "nil")
	data, err := os.ReadFile(corePath)
	if err != nil {
		t.Fatal(err)
	}
	whole := make(map[uint64]*gostate.Goroutine)
	for g := range open(t, corePath, exe).Goroutines() {
		whole[g.ID] = g.Clone()
	}
	f, err := objfile.Open(exe)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	// Where goroutines lie differs from run to run; most are early in the file.
	opened, partial := 0, 0
	for permille := 0; permille <= 1000; permille += 1 + permille/100*10 {
		cut := data[:len(data)*permille/1000]
		p, err := core.NewBytes("cut", cut)
		if err != nil {
			continue
		}
		w, err := gostate.Open(p, f, gostate.Options{})
		if err != nil {
			partial++ // refused, with the reason
			continue
		}
		opened++
		n := compareWhole(t, w, whole)
		if n < len(whole) {
			partial++
			if len(w.Gaps()) == 0 && len(p.Gaps()) == 0 {
				t.Errorf("%d‰: %d of %d goroutines, and no gap says so", permille, n, len(whole))
			}
		}
		w.Crash()
		w.Groups(gostate.GroupOptions{System: true})
	}
	t.Logf("%d cores opened, %d partial or refused", opened, partial)
	if opened == 0 || partial == 0 {
		t.Errorf("%d cores opened, %d of them partial", opened, partial)
	}
}

// compareWhole checks that w shows nothing that is not in whole, and returns how
// many goroutines it has.
func compareWhole(t *testing.T, w *gostate.World, whole map[uint64]*gostate.Goroutine) int {
	t.Helper()
	n := 0
	for g := range w.Goroutines() {
		n++
		o := whole[g.ID]
		if o == nil {
			t.Errorf("goroutine %d [%s] is not in the whole core", g.ID, g.Status)
			continue
		}
		if len(g.Frames) > len(o.Frames) || len(g.Frames) < len(o.Frames) && g.Truncated == "" {
			t.Errorf("goroutine %d: %d frames, the whole core has %d", g.ID, len(g.Frames), len(o.Frames))
			continue
		}
		if g.RegsFrom != o.RegsFrom {
			continue // its thread's registers or signal frame are cut off
		}
		for i, fr := range g.Frames {
			if fr.Func != o.Frames[i].Func || fr.PC != o.Frames[i].PC {
				t.Errorf("goroutine %d frame %d: %s, the whole core has %s", g.ID, i, fr.Func, o.Frames[i].Func)
			}
		}
	}
	return n
}

// TestDamaged patches single words of the structures that lead to goroutines.
func TestDamaged(t *testing.T) {
	exe := zoo(t, testbin.Config{Mode: testbin.Stripped})
	corePath, _ := crash(t, exe, "nil")
	good := open(t, corePath, exe)
	whole := make(map[uint64]*gostate.Goroutine)
	var victim *gostate.Goroutine
	for g := range good.Goroutines() {
		whole[g.ID] = g.Clone()
		if g.WaitReason == "sleep" {
			victim = whole[g.ID]
		}
	}
	data, err := os.ReadFile(corePath)
	if err != nil {
		t.Fatal(err)
	}
	f, err := objfile.Open(exe)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	base := uint64(victim.Addr)
	lists := allgs(t, good.Process(), base)
	stack := uint64(victim.Frames[0].CFA) - 8 // a return address
	tests := []struct {
		name string
		addr uint64 // of the word; 0 for the entry of the list
		word uint64
		gap  bool // a gap must say so
		ends bool // the victim's stack must end early or the victim be gone
	}{
		{"list entry is nil", 0, 0, true, true},
		{"list entry is not mapped", 0, 0xdead0000, true, true},
		{"list entry is odd", 0, base + 1, true, true},
		{"list entry repeats another", 0, uint64(whole[1].Addr), true, true},
		{"self pointer", base + 72, 0, true, true},
		{"stack upside down", base, ^uint64(0) >> 1, true, true},
		{"no id", base + 152, 0, true, true},
		{"id of another", base + 152, 1, true, true},
		{"status", base + 144, 0x777, true, true},
		{"stack pointer outside", base + 56, 0x1000, false, true},
		{"stack pointer at the top", base + 56, uint64(victim.Stack.Hi), false, true},
		{"pc is not code", base + 64, 0x1234, false, true},
		{"return address is not code", stack, 0x1234, false, true},
		{"return address is 0", stack, 0, false, true},
		{"m is a goroutine", base + 48, base, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			places := lists
			if tt.addr != 0 {
				places = []uint64{tt.addr}
			}
			damaged := bytes.Clone(data)
			for _, a := range places {
				patch(t, good.Process(), damaged, a, tt.word)
			}
			p, err := core.NewBytes("damaged", damaged)
			if err != nil {
				t.Fatal(err)
			}
			w, err := gostate.Open(p, f, gostate.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got := len(w.Gaps()) > 0; got != tt.gap {
				t.Errorf("gaps %v", w.Gaps())
			}
			for g := range w.Goroutines() {
				if uint64(g.Addr) == base {
					if tt.ends && g.Truncated == "" && tt.word != 1 {
						t.Errorf("the damaged stack seems whole: %+v", g)
					}
					continue
				}
				if o := whole[g.ID]; o == nil || len(o.Frames) != len(g.Frames) || o.Truncated != g.Truncated {
					t.Errorf("goroutine %d [%s] differs, it was not damaged", g.ID, g.Status)
				}
			}
			w.Groups(gostate.GroupOptions{})
		})
	}
}

// allgs returns the addresses of the entries for g in lists of goroutines: the
// runtime's, and those that it has outgrown.
func allgs(t *testing.T, p *core.Process, g uint64) []uint64 {
	t.Helper()
	var places []uint64
	for a, b := range p.Memory() {
		for off := 8; off+16 <= len(b); off += 8 {
			// In the list its neighbours are goroutines too.
			if binary.LittleEndian.Uint64(b[off:]) != g {
				continue
			}
			left, err1 := p.Word(core.Addr(binary.LittleEndian.Uint64(b[off-8:]) + 72))
			right, err2 := p.Word(core.Addr(binary.LittleEndian.Uint64(b[off+8:]) + 72))
			if err1 == nil && err2 == nil && left == binary.LittleEndian.Uint64(b[off-8:]) && right == binary.LittleEndian.Uint64(b[off+8:]) {
				places = append(places, uint64(a)+uint64(off))
			}
		}
	}
	if len(places) == 0 {
		t.Fatal("the list of goroutines is not in the core")
	}
	return places
}

// patch changes one word of the core in data, which p was before.
func patch(t *testing.T, p *core.Process, data []byte, addr, word uint64) {
	t.Helper()
	view, err := p.Slice(core.Addr(addr), 8)
	if err != nil {
		t.Fatal(err)
	}
	// The file offset: the program header that holds the address.
	phoff := binary.LittleEndian.Uint64(data[32:])
	n := int(binary.LittleEndian.Uint16(data[56:]))
	for i := range n {
		h := data[phoff+uint64(i)*56:]
		if binary.LittleEndian.Uint32(h) != 1 {
			continue
		}
		off, vaddr, size := binary.LittleEndian.Uint64(h[8:]), binary.LittleEndian.Uint64(h[16:]), binary.LittleEndian.Uint64(h[32:])
		if vaddr <= addr && addr+8 <= vaddr+size {
			at := data[off+addr-vaddr:][:8]
			if !bytes.Equal(at, view) {
				t.Fatal("patching the wrong word")
			}
			binary.LittleEndian.PutUint64(at, word)
			return
		}
	}
	t.Fatalf("address %#x is in no segment", addr)
}

// TestDeepStack reads a stack that overflowed: a gigabyte of frames, of which the
// ends are kept.
func TestDeepStack(t *testing.T) {
	testbin.Long(t)
	exe := zoo(t, testbin.Config{Mode: testbin.Stripped})
	corePath, stderr := crash(t, exe, "overflow")
	if !strings.Contains(stderr, "stack overflow") {
		t.Fatal("no stack overflow")
	}
	start := time.Now()
	w := open(t, corePath, exe)
	c, ok := w.Crash()
	if !ok || c.Goroutine == nil {
		t.Fatal("no crash found")
	}
	g := c.Goroutine
	if g.Elided < 1_000_000 || g.Truncated != "" || len(g.Frames) > 10_000 {
		t.Errorf("%d frames, %d left out, truncated %q", len(g.Frames), g.Elided, g.Truncated)
	}
	if at := g.ElidedAt; at <= 0 || at >= len(g.Frames) || g.Frames[at-1].SP >= g.Frames[at].SP {
		t.Errorf("left out before frame %d", at)
	}
	t.Logf("%d frames kept, %d left out, %v", len(g.Frames), g.Elided, time.Since(start))
}
