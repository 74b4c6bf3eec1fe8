package frame_test

import (
	"path"
	"strings"
	"testing"

	"moho/arch"
	"moho/asm"
	"moho/asm/frame"
	"moho/evidence"
	"moho/gotab"
	"moho/internal/testbin"
)

// open opens a program built for the test.
func open(t testing.TB, path string) (*asm.Program, *frame.Layouts) {
	t.Helper()
	p, err := asm.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	l, err := frame.New(p, frame.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p, l
}

// TestWholeBinaries checks, for each function of whole programs, what must be
// true of every frame, and that each prologue of the compiler is recognised.
func TestWholeBinaries(t *testing.T) {
	releases := []string{"1.20.14", "1.26.8"}
	if testbin.IsLong() {
		releases = testbin.Releases
	}
	for _, release := range releases {
		for _, goarch := range []string{"amd64", "arm64"} {
			t.Run(release+"/"+goarch, func(t *testing.T) {
				checkWhole(t, testbin.Build(t, testbin.Toy(t), testbin.Config{Go: release, GOOS: "linux", GOARCH: goarch}))
			})
		}
	}
}

// TestPeers does the same with programs of others.
func TestPeers(t *testing.T) {
	testbin.Long(t)
	for _, pkg := range []string{testbin.Etcd, testbin.Delve} {
		for _, c := range testbin.PeerTargets {
			t.Run(path.Base(pkg)+"/"+c.String(), func(t *testing.T) { checkWhole(t, testbin.Peer(t, pkg, c)) })
		}
	}
}

func checkWhole(t *testing.T, path string) {
	t.Helper()
	p, l := open(t, path)
	n := 0
	for fn := range p.Functions() {
		f, err := l.Of(fn)
		if err != nil {
			t.Errorf("%s: %v", fn.Name(), err)
			continue
		}
		n++
		for _, g := range f.Gaps {
			if !strings.HasPrefix(g.What, "where ") && g.What != "code" {
				t.Errorf("%s: %v", f.Name, g)
			}
		}
		checkCover(t, &f, fn.Flags()&gotab.Asm != 0)
		checkShape(t, p, fn, &f)
	}
	if n != p.Table.NumFunc() || n < 1000 {
		t.Errorf("%d frames of %d functions", n, p.Table.NumFunc())
	}
}

func checkCover(t *testing.T, f *frame.Frame, isAsm bool) {
	t.Helper()
	if len(f.Slots) == 0 {
		t.Errorf("%s: no slots", f.Name)
		return
	}
	for i, s := range f.Slots {
		if s.Size <= 0 || s.Kind == "" || s.How == "" || s.How != evidence.Recorded && s.Why == "" {
			t.Errorf("%s: slot %+v", f.Name, s)
		}
		if i > 0 && f.Slots[i-1].End() != s.Off {
			t.Errorf("%s: slots %+v and %+v do not touch", f.Name, f.Slots[i-1], s)
		}
	}
	low, high := f.Slots[0].Off, f.Slots[len(f.Slots)-1].End()
	if low > -f.Max || f.Text.Args.Known() && high != 8+f.Text.Args.Value && (!isAsm || high < 8+f.Text.Args.Value) {
		t.Errorf("%s: slots cover [%d,%d), SP goes down to %d, args are %+v", f.Name, low, high, -f.Max, f.Text.Args)
	}
	last := uint64(0)
	for _, r := range f.Ranges {
		if r.Start < last || r.End <= r.Start || r.End > f.Size || r.Class == 0 {
			t.Errorf("%s: range %+v after %#x, size %#x", f.Name, r, last, f.Size)
		}
		last = r.End
	}
}

// checkShape asks pcsp whether the frame that the prologue makes is the one that
// the function has.
func checkShape(t *testing.T, p *asm.Program, fn gotab.Func, f *frame.Frame) {
	t.Helper()
	if fn.Flags()&gotab.Asm != 0 {
		return
	}
	if f.Frame != f.Max {
		t.Errorf("%s: the prologue (%s) lowers SP by %d, pcsp says %d", f.Name, f.Opens.Words, f.Frame, f.Max)
	}
	if d, ok := fn.SPDelta(fn.Entry() + gotab.PC(f.Opens.End)); ok && int64(d) != f.Frame {
		t.Errorf("%s: at +%#x SP is %d below, the frame has %d", f.Name, f.Opens.End, d, f.Frame)
	}
	if f.Frame > 0 && (!f.Opens.SavesFP || !f.Opens.SetsFP || f.Opens.SavesLR != (p.Arch() == arch.ARM64)) {
		t.Errorf("%s: saves FP %v, LR %v, sets FP %v: %s", f.Name, f.Opens.SavesFP, f.Opens.SavesLR, f.Opens.SetsFP, f.Opens.Words)
	}
}
