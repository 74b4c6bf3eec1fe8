package gostate_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/gostate"
	"moho/internal/testbin"
)

// A printed is a goroutine as the dying program printed it.
type printed struct {
	id        uint64
	status    string // between the brackets
	frames    []printedFrame
	elidedAt  int // frames before "...N frames elided...", -1 without
	elsewhere bool
	createdBy string
	createdIn uint64
	createdAt string
}

type printedFrame struct {
	Func string
	At   string // file:line
	PC   uint64 // 0 for inlined calls, as are the others
	SP   uint64
	CFA  uint64
}

var (
	header       = regexp.MustCompile(`^goroutine (\d+)(?: gp=\S+ m=\S+(?: mp=\S+)?)? \[([^\]]*)\]`)
	registerDump = regexp.MustCompile(`^(r\w+|eflags|rip|rflags|cs|fs|gs) +0x[0-9a-f]+$`)
	created      = regexp.MustCompile(`^created by (.*?)(?: in goroutine (\d+))?$`)
	place        = regexp.MustCompile(`^\t(.*:\d+)(?: \+0x[0-9a-f]+)?(?: fp=0x([0-9a-f]+) sp=0x([0-9a-f]+) pc=0x([0-9a-f]+))?$`)
)

// parseTraceback reads the goroutines that a program printed.
func parseTraceback(t *testing.T, text string) map[uint64]*printed {
	t.Helper()
	all := make(map[uint64]*printed)
	var g *printed
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		if m := header.FindStringSubmatch(line); m != nil {
			id, _ := strconv.ParseUint(m[1], 10, 64)
			g = &printed{id: id, status: m[2], elidedAt: -1}
			all[id] = g
			continue
		}
		switch {
		case line == "":
			g = nil
		case registerDump.MatchString(line), line == "-----":
			g = nil
		case g == nil:
		case strings.HasPrefix(line, "..."):
			g.elidedAt = len(g.frames)
		case strings.HasPrefix(line, "\tgoroutine running on other thread"):
			g.elsewhere = true
		case i+1 < len(lines):
			m := place.FindStringSubmatch(lines[i+1])
			if m == nil {
				t.Fatalf("line %d: %q is followed by %q", i+1, line, lines[i+1])
			}
			i++
			if c := created.FindStringSubmatch(line); c != nil {
				g.createdBy, g.createdAt = c[1], m[1]
				g.createdIn, _ = strconv.ParseUint(c[2], 10, 64)
				continue
			}
			f := printedFrame{Func: line[:strings.LastIndexByte(line, '(')], At: m[1]}
			if f.Func == "panic" {
				f.Func = "runtime.gopanic"
			}
			f.CFA, f.SP, f.PC = parseHex(m[2]), parseHex(m[3]), parseHex(m[4])
			g.frames = append(g.frames, f)
		}
	}
	return all
}

func parseHex(s string) uint64 {
	n, _ := strconv.ParseUint(s, 16, 64)
	return n
}

// asPrinted turns frames of a core into what a traceback says of them.
func asPrinted(frames []gostate.Frame) []printedFrame {
	var list []printedFrame
	for _, f := range frames {
		p := printedFrame{Func: f.Func, At: fmt.Sprintf("%s:%d", f.File, f.Line)}
		if !f.Inlined {
			p.PC, p.SP, p.CFA = uint64(f.PC), uint64(f.SP), uint64(f.CFA)
		}
		list = append(list, p)
	}
	return list
}

// compareTraceback checks every goroutine of w against the printed text:
// functions, files, lines, pc, sp and fp, status and creator.
func compareTraceback(t *testing.T, w *gostate.World, text string) (compared int) {
	t.Helper()
	want := parseTraceback(t, text)
	c, ok := w.Crash()
	if !ok || c.Goroutine == nil {
		t.Fatal("no crash found")
	}
	seen := make(map[uint64]bool)
	for g := range w.Goroutines() {
		seen[g.ID] = true
		p := want[g.ID]
		if p == nil {
			t.Errorf("goroutine %d [%s] is in the core, the program did not print it", g.ID, g.Status)
			continue
		}
		if g.Truncated != "" {
			t.Errorf("goroutine %d: stack ends early: %s", g.ID, g.Truncated)
		}
		compareHeader(t, g, p)
		if p.elsewhere {
			if len(g.Frames) == 0 {
				t.Errorf("goroutine %d runs on another thread: no frames", g.ID)
			}
			continue
		}
		got := asPrinted(g.Frames)
		if g.ID == c.Goroutine.ID {
			got = withoutDying(t, g, got, p)
		}
		if p.elidedAt >= 0 {
			outer := len(p.frames) - p.elidedAt
			if len(got) > len(p.frames) {
				got = append(got[:p.elidedAt:p.elidedAt], got[len(got)-outer:]...)
			}
		}
		if d := cmp.Diff(p.frames, got); d != "" {
			t.Errorf("goroutine %d [%s], registers from %s: the program printed (-), the core has (+)\n%s", g.ID, p.status, g.RegsFrom, d)
		}
		compared++
	}
	for id := range want {
		if !seen[id] && id != 0 {
			t.Errorf("goroutine %d was printed and is not in the core", id)
		}
	}
	return compared
}

// withoutDying removes the innermost frames that the program entered after it
// had printed its stack. They must be the runtime's.
func withoutDying(t *testing.T, g *gostate.Goroutine, got []printedFrame, p *printed) []printedFrame {
	t.Helper()
	for i := range got {
		if len(p.frames) > 0 && got[i] == p.frames[0] {
			return got[i:]
		}
		if !g.Frames[i].System {
			break
		}
	}
	t.Errorf("goroutine %d: the first frame printed, %+v, is not in the core", g.ID, p.frames[0])
	return got
}

func compareHeader(t *testing.T, g *gostate.Goroutine, p *printed) {
	t.Helper()
	status := g.Status
	if g.WaitReason != "" {
		status = g.WaitReason
	}
	if g.Scan {
		status += " (scan)"
	}
	if g.Locked {
		status += ", locked to thread"
	}
	// What ran on another thread may have stopped between print and core.
	if status != p.status && !p.elsewhere {
		t.Errorf("goroutine %d: status %q, the program printed %q", g.ID, status, p.status)
	}
	by := g.CreatedBy
	if by.Func != p.createdBy || by.GoID != p.createdIn || at(by) != p.createdAt {
		t.Errorf("goroutine %d: created by %s in %d at %s, the program printed %s in %d at %s",
			g.ID, by.Func, by.GoID, at(by), p.createdBy, p.createdIn, p.createdAt)
	}
}

func at(by gostate.Creator) string {
	if by.Func == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d", by.File, by.Line)
}

// TestTraceback is the main promise: what a core shows is what the program
// itself printed at the same moment.
func TestTraceback(t *testing.T) {
	for _, release := range releases {
		for _, mode := range modes {
			c := testbin.Config{Go: release, Mode: mode}
			t.Run(c.String(), func(t *testing.T) {
				t.Parallel() // they mostly wait for the program to park
				exe := zoo(t, c)
				corePath, stderr := crash(t, exe, "nil")
				w := open(t, corePath, exe)
				n := compareTraceback(t, w, stderr)
				if n < 25 {
					t.Errorf("only %d stacks compared", n)
				}
				t.Logf("%d stacks equal, %d goroutines", n, w.NumG())
				if len(w.Gaps()) > 0 {
					t.Errorf("gaps: %v", w.Gaps())
				}
				checkCrash(t, w, "main.(*node).leaf", stderr)
			})
		}
	}
}

// checkCrash checks the first screen: the reason as printed, the guilty frame.
func checkCrash(t *testing.T, w *gostate.World, frame, stderr string) {
	t.Helper()
	c, ok := w.Crash()
	if !ok || c.Goroutine == nil {
		t.Fatal("no crash found")
	}
	if !strings.Contains("\n"+stderr, "\n"+c.Reason+"\n") {
		t.Errorf("reason is\n%s\nthe program printed\n%.400s", c.Reason, stderr)
	}
	got := ""
	if c.FaultFrame >= 0 {
		got = c.Goroutine.Frames[c.FaultFrame].Func
	}
	if got != frame {
		t.Errorf("frame to look at is %q, want %q", got, frame)
	}
}
