package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"testing"
)

// newTest returns a UI that writes to two buffers.
func newTest() (ui *UI, out, err *bytes.Buffer) {
	out, err = new(bytes.Buffer), new(bytes.Buffer)
	return New(nil, out, err, func(string) string { return "" }), out, err
}

func TestMessages(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(*UI)
		want string
	}{
		{"error", func(ui *UI) { ui.Errorf("open %s: no such file", "x") }, "moho: error: open x: no such file\n"},
		{"hint", func(ui *UI) { ui.Hintf("try %q", "y") }, "moho: hint: try \"y\"\n"},
		{"warning", func(ui *UI) { ui.Warnf("old table") }, "moho: warning: old table\n"},
		{"error when quiet", func(ui *UI) { ui.Quiet = true; ui.Errorf("no") }, "moho: error: no\n"},
		{"many lines", func(ui *UI) { ui.Errorf("a.go:1\nb.go:2\n") }, "moho: error: a.go:1\n    b.go:2\n"},
		{"a name that imitates us", func(ui *UI) { ui.Errorf("open %s", "x\r\x1b[2Kmoho: fine") }, `moho: error: open x\r\x1b[2Kmoho: fine` + "\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ui, out, err := newTest()
			tt.do(ui)
			if err.String() != tt.want {
				t.Errorf("stderr %q, want %q", err, tt.want)
			}
			if out.Len() > 0 {
				t.Errorf("stdout %q, want nothing", out)
			}
		})
	}
}

func TestFail(t *testing.T) {
	plain := fmt.Errorf("read x: %w", fs.ErrNotExist)
	for _, tt := range []struct {
		name string
		err  error
		code int
		want string
	}{
		{"nothing", nil, OK, ""},
		{"plain error", plain, Incomplete, "moho: error: read x: file does not exist\n"},
		{"findings", Exit(Findings), Findings, ""},
		{"exit with OK", Exit(OK), OK, ""},
		{"usage", Usagef("no package %q", "y"), Usage, "moho: error: no package \"y\"\n"},
		{"hints", WithHints(plain, "one", "two"), Incomplete, "moho: error: read x: file does not exist\nmoho: hint: one\nmoho: hint: two\n"},
		{"hints on hints", WithHints(WithHints(Usagef("bad"), "inner"), "outer"), Usage, "moho: error: bad\nmoho: hint: outer\nmoho: hint: inner\n"},
		{"wrapped", fmt.Errorf("check: %w", &ExitError{Code: Findings, Err: plain}), Findings, "moho: error: check: read x: file does not exist\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ui, out, stderr := newTest()
			if code := ui.Fail(tt.err); code != tt.code || CodeOf(tt.err) != tt.code {
				t.Errorf("code %d, CodeOf %d, want %d", code, CodeOf(tt.err), tt.code)
			}
			if stderr.String() != tt.want || out.Len() > 0 {
				t.Errorf("stderr %q stdout %q, want %q and nothing", stderr, out, tt.want)
			}
		})
	}
	if err := WithHints(plain, "h"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("WithHints(%v) hides what it wraps", plain)
	}
}

func TestWorse(t *testing.T) {
	for _, tt := range []struct{ a, b, want int }{
		{OK, OK, OK},
		{OK, Findings, Findings},
		{Findings, Incomplete, Incomplete},
		{OK, Incomplete, Incomplete},
		{Usage, Incomplete, Usage},
		{Findings, Usage, Usage},
		{Findings, 99, 99},
	} {
		if got := Worse(tt.a, tt.b); got != tt.want {
			t.Errorf("Worse(%d, %d) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
		if got := Worse(tt.b, tt.a); got != tt.want {
			t.Errorf("Worse(%d, %d) = %d, want %d", tt.b, tt.a, got, tt.want)
		}
	}
}

func TestBugKeepsItsTraceReadable(t *testing.T) {
	ui, _, stderr := newTest()
	if code := ui.Bug("index out of range", []byte("goroutine 1:\n\tmain.go:3\x1b[0m\n")); code != Incomplete {
		t.Errorf("code %d, want %d", code, Incomplete)
	}
	if !bytes.HasSuffix(stderr.Bytes(), []byte("goroutine 1:\n\tmain.go:3\\x1b[0m\n")) {
		t.Errorf("stderr %q does not end with the trace", stderr)
	}
}

func TestStyleOnlyWithColor(t *testing.T) {
	ui, _, _ := newTest()
	if got := ui.Bad("x"); got != "x" {
		t.Errorf("without colour: %q", got)
	}
	ui.Color = true
	if got := ui.Bad("x"); got != styleRed+"x"+styleOff {
		t.Errorf("with colour: %q", got)
	}
	if got := ui.Bad(""); got != "" {
		t.Errorf("styling nothing gives %q", got)
	}
}
