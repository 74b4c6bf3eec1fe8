package gostate_test

import (
	"slices"
	"strings"
	"testing"

	"moho/gostate"
	"moho/internal/testbin"
)

// smashed is what examples/smash must show. In frames "|" is where trust ends;
// the runtime's own are left out. What an overwritten return address pointed to
// is lost by nature; which one is overwritten depends on how the call is compiled.
var smashed = []struct {
	how    string
	kind   string
	frames map[string]string
}{
	{"lose", gostate.SPOutside, map[string]string{
		"amd64": "main.lose | main.victim main.middle main.main",
		"arm64": "main.lose | main.victim main.middle main.main",
	}},
	{"tilt", gostate.SPMisaligned, map[string]string{
		"amd64": "main.tilt | main.victim main.middle main.main",
		"arm64": "main.tilt | main.victim main.middle main.main",
	}},
	{"smash", gostate.ReturnAddress, map[string]string{
		"amd64": "main.crash main.victim | main.main",
		"arm64": "main.crash main.victim main.middle |",
	}},
	{"jump", gostate.ReturnAddress, map[string]string{
		"amd64": "| main.victim main.middle main.main",
		"arm64": "| main.middle main.main",
	}},
}

// TestSmash reads cores of a program that damages its stack, the example.
func TestSmash(t *testing.T) {
	for _, tt := range smashed {
		for _, goarch := range []string{"amd64", "arm64"} {
			t.Run(tt.how+"/"+goarch, func(t *testing.T) {
				checkSmash(t, testbin.Config{GOARCH: goarch, Mode: testbin.Stripped}, tt.how, tt.kind, tt.frames[goarch])
			})
		}
	}
}

func TestSmashVersions(t *testing.T) {
	testbin.Long(t)
	for _, release := range []string{"1.21.13", "1.22.12", "1.23.12", "1.24.13", "1.25.12", "1.27.3"} {
		for _, tt := range smashed {
			t.Run(release+"/"+tt.how, func(t *testing.T) {
				checkSmash(t, testbin.Config{Go: release, Mode: testbin.PIE}, tt.how, tt.kind, tt.frames["amd64"])
			})
		}
	}
}

func checkSmash(t *testing.T, c testbin.Config, how, kind, want string) {
	t.Helper()
	src := testbin.Dir(t, "../examples/smash")
	delete(src, "README.md")
	exe := testbin.Build(t, src, c)
	take := crash
	if c.GOARCH == "arm64" {
		take = arm64Core
	}
	corePath, _ := take(t, exe, how)
	w := open(t, corePath, exe)
	g, ok := w.Goroutine(1)
	if !ok {
		t.Fatal("no goroutine 1")
	}
	d := g.Damage
	if d == nil || d.Kind != kind {
		t.Fatalf("damage %+v, %s; want %s", d, g.Truncated, kind)
	}
	var got []string
	for i, f := range g.Frames {
		if f.Maybe != (i > d.Trusted) {
			t.Errorf("frame %d %s: a guess: %v; the last to be trusted is %d", i, f.Func, f.Maybe, d.Trusted)
		}
		if i == d.Trusted+1 {
			got = append(got, "|")
		}
		if !f.System && !f.Foreign {
			got = append(got, f.Func)
		}
	}
	if s := strings.Join(got, " "); s != want {
		t.Errorf("frames %s, want %s", s, want)
	}
	if d.Recovered == "" || g.Truncated == "" {
		t.Errorf("recovered by %q, ends early: %q", d.Recovered, g.Truncated)
	}
	if kind == gostate.ReturnAddress && (d.Value != 0x5a5a5a5a5a5a || len(d.Bytes) == 0) {
		t.Errorf("value %#x, %d bytes around %#x", d.Value, len(d.Bytes), uint64(d.Where))
	}
	if how == "lose" {
		checkLost(t, w, g)
	}
	for other := range w.Goroutines() {
		if other.ID != 1 && other.Damage != nil {
			t.Errorf("goroutine %d: %+v", other.ID, other.Damage)
		}
	}
}

// checkLost checks the registers before the throw: those of the fault, with the
// stack pointer as it was.
func checkLost(t *testing.T, w *gostate.World, g *gostate.Goroutine) {
	t.Helper()
	r := w.Registers(g, gostate.Innermost)
	at := slices.IndexFunc(r.List, func(x gostate.Register) bool { return x.Name == "rsp" || x.Name == "sp" })
	if sp := r.List[at]; sp.Value > 0x10000 || sp.Value < 0xff00 || r.Frame != 0 || r.Known() < 17 {
		t.Errorf("frame %d: stack pointer %#x from %s, %d registers known", r.Frame, sp.Value, sp.From, r.Known())
	}
}

// TestIntact checks that nothing is said to be damaged that is not.
func TestIntact(t *testing.T) {
	exe := zoo(t, testbin.Config{})
	corePath, _ := crash(t, exe, "nil")
	for g := range open(t, corePath, exe).Goroutines() {
		if g.Damage != nil || slices.ContainsFunc(g.Frames, func(f gostate.Frame) bool { return f.Maybe }) {
			t.Errorf("goroutine %d: %+v", g.ID, g.Damage)
		}
	}
}
