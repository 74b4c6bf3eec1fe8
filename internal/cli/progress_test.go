package cli

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// run starts a job, lets the given time pass inside each phase and returns
// what it wrote to standard error.
func run(t *testing.T, setup func(*UI), phases ...time.Duration) string {
	t.Helper()
	var stderr bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		ui := New(nil, io.Discard, &stderr, func(string) string { return "" })
		setup(ui)
		p := ui.Progress()
		for i, d := range phases {
			p.Phase("phase %d", i+1)
			for n := range int64(10) {
				p.Set(n, 10)
				time.Sleep(d / 10)
			}
		}
		p.Stop()
		time.Sleep(time.Minute) // a timer that survives Stop would write now
	})
	return stderr.String()
}

func TestProgressWithoutTerminal(t *testing.T) {
	for _, tt := range []struct {
		name   string
		setup  func(*UI)
		phases []time.Duration
		want   string
	}{
		{"quick", func(*UI) {}, []time.Duration{400 * time.Millisecond, 400 * time.Millisecond}, ""},
		{"slow", func(*UI) {}, []time.Duration{3 * time.Second, time.Second}, "moho: phase 1\nmoho: phase 2\n"},
		{"becomes slow", func(*UI) {}, []time.Duration{500 * time.Millisecond, 2 * time.Second, 1}, "moho: phase 2\nmoho: phase 3\n"},
		{"quiet", func(ui *UI) { ui.Quiet = true }, []time.Duration{3 * time.Second}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := run(t, tt.setup, tt.phases...); got != tt.want {
				t.Errorf("stderr %q, want %q", got, tt.want)
			}
		})
	}
}

func TestProgressOnTerminal(t *testing.T) {
	live := func(ui *UI) { ui.Live = true }
	got := run(t, live, 3*time.Second, 2*time.Second)
	for _, want := range []string{"moho: phase 1", "moho: phase 2", "50%", "90%"} {
		if !strings.Contains(got, want) {
			t.Errorf("stderr %q lacks %q", got, want)
		}
	}
	if !strings.HasSuffix(got, "\r\x1b[2K") {
		t.Errorf("stderr %q does not end with an empty line", got)
	}
	if strings.Contains(got, "\n") {
		t.Errorf("stderr %q scrolls", got)
	}
	if got := run(t, live, 900*time.Millisecond); got != "" {
		t.Errorf("a quick job drew %q", got)
	}
}

func TestMessageClearsTheBar(t *testing.T) {
	var stderr bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		ui := New(nil, io.Discard, &stderr, func(string) string { return "" })
		ui.Live = true
		p := ui.Progress()
		p.Phase("build")
		time.Sleep(1500 * time.Millisecond)
		ui.Warnf("old toolchain")
		p.Stop()
	})
	if !strings.Contains(stderr.String(), "\r\x1b[2Kmoho: warning: old toolchain\n") {
		t.Errorf("stderr %q", &stderr)
	}
}

func TestSecondProgressStopsTheFirst(t *testing.T) {
	var stderr bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		ui := New(nil, io.Discard, &stderr, func(string) string { return "" })
		first := ui.Progress()
		first.Phase("first")
		second := ui.Progress()
		second.Phase("second")
		time.Sleep(2 * time.Second)
		first.Phase("first again")
		second.Stop()
	})
	if got := stderr.String(); got != "moho: second\n" {
		t.Errorf("stderr %q", got)
	}
}

func TestNilProgress(t *testing.T) {
	var p *Progress
	p.Phase("x")
	p.Set(1, 2)
	p.Stop()
}
