package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"moho/evidence"

	"github.com/google/go-cmp/cmp"
)

func TestJSON(t *testing.T) {
	var buf bytes.Buffer
	if err := JSON(&buf, map[string]any{"name": "<a>\u202e\x1b\x7f\U000e0041"}); err != nil {
		t.Fatal(err)
	}
	want := "{\n  \"name\": \"<a>\\u202e\\u001b\\u007f\\udb40\\udc41\"\n}\n"
	if buf.String() != want {
		t.Errorf("got %q, want %q", &buf, want)
	}
	if err := JSON(&buf, func() {}); err == nil {
		t.Error("a function was marshalled")
	}
	if err := JSON(full{}, "x"); !errors.Is(err, errFull) {
		t.Errorf("error %v, want %v", err, errFull)
	}
}

// FuzzJSON: what is written decodes to what was given and shows nothing odd.
func FuzzJSON(f *testing.F) {
	f.Add("plain")
	f.Add("\x1b\u202e\U000e0041\u2028\x7f\ufffd")
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			s = strings.ToValidUTF8(s, "\ufffd")
		}
		var buf bytes.Buffer
		if err := JSON(&buf, s); err != nil {
			t.Fatal(err)
		}
		if text := strings.TrimSuffix(buf.String(), "\n"); Escape(text) != text {
			t.Errorf("%q shows invisible characters", text)
		}
		var back string
		if err := json.Unmarshal(buf.Bytes(), &back); err != nil || back != s {
			t.Errorf("%q became %q (%v)", s, back, err)
		}
	})
}

type header struct {
	Schema string `json:"schema"`
	Count  int    `json:"count"`
}

func TestLines(t *testing.T) {
	var buf bytes.Buffer
	l := NewLines(&buf)
	for _, err := range []error{
		l.Header(header{"moho/goroutines/v1", 2}),
		l.Item(map[string]string{"a": "\u202e\n"}),
		l.Raw([]byte(`{"b":"` + "\u009b" + `"}`)),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if buf.Len() != 0 {
		t.Errorf("%q written before the end", &buf)
	}
	if err := l.End(false, []evidence.Gap{{What: "stack of goroutine 7", Why: "page absent"}}); err != nil {
		t.Fatal(err)
	}
	want := `{"schema":"moho/goroutines/v1","count":2}
{"a":"\u202e\n"}
{"b":"\u009b"}
{"end":true,"complete":false,"items":2,"gaps":[{"what":"stack of goroutine 7","why":"page absent"}]}
`
	if diff := cmp.Diff(want, buf.String()); diff != "" {
		t.Error(diff)
	}
}

func TestLinesEmpty(t *testing.T) {
	var buf bytes.Buffer
	l := NewLines(&buf)
	l.Header(header{Schema: "moho/funcs/v1"})
	if err := l.End(true, nil); err != nil {
		t.Fatal(err)
	}
	want := "{\"schema\":\"moho/funcs/v1\",\"count\":0}\n{\"end\":true,\"complete\":true,\"items\":0,\"gaps\":[]}\n"
	if buf.String() != want {
		t.Errorf("got %q, want %q", &buf, want)
	}
}

func TestLinesMisuse(t *testing.T) {
	ok := header{Schema: "moho/funcs/v1"}
	for _, tt := range []struct {
		name string
		do   func(*Lines) error
		want string
	}{
		{"item first", func(l *Lines) error { return l.Item(1) }, "item outside header and end"},
		{"end first", func(l *Lines) error { return l.End(true, nil) }, "end without a header"},
		{"header without schema", func(l *Lines) error { return l.Header(struct{ A int }{}) }, "want a schema"},
		{"two headers", func(l *Lines) error { l.Header(ok); return l.Header(ok) }, "second header"},
		{"two ends", func(l *Lines) error { l.Header(ok); l.End(true, nil); return l.End(true, nil) }, "end without a header"},
		{"item of two lines", func(l *Lines) error { l.Header(ok); return l.Raw([]byte("1\n2")) }, "line feed"},
		{"item that is no JSON", func(l *Lines) error { l.Header(ok); return l.Item(func() {}) }, "item 0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var buf bytes.Buffer
			l := NewLines(&buf)
			err := tt.do(l)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
			if again := l.Item(1); again == nil {
				t.Error("the error does not stick")
			}
		})
	}
}

var errFull = errors.New("disk full")

// full is a writer that has no room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestLinesFullDisk(t *testing.T) {
	l := NewLines(full{})
	l.Header(header{Schema: "moho/funcs/v1"})
	if err := l.End(true, nil); !errors.Is(err, errFull) {
		t.Errorf("error %v, want %v", err, errFull)
	}
}
