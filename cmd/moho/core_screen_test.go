package main

import (
	"testing"
	"time"

	"moho/gostate"
	"moho/postmortem"
)

func TestShellQuote(t *testing.T) {
	for word, want := range map[string]string{
		"core.1234": "core.1234", "/a/b-c_d@v1": "/a/b-c_d@v1", "": "''", "a b": "'a b'", "it's": `'it'\''s'`, "$(x)": "'$(x)'", "über": "über",
	} {
		if got := shellQuote(word); got != want {
			t.Errorf("%q: %s, want %s", word, got, want)
		}
	}
}

func TestShortFunc(t *testing.T) {
	for fn, want := range map[string]string{
		"main.main":                        "main.main",
		"net/http.(*Server).trackListener": "net/http.(*Server).trackListener",
		"go.etcd.io/etcd/client/pkg/v3/fileutil.purgeFile": "…/fileutil.purgeFile",
		"go.etcd.io/etcd/raft/v3.(*node).run":              "…/raft/v3.(*node).run",
		"main.averyveryverylongnameofafunction[a/b.T]":     "main.averyveryverylongnameofafunction[a/b.T]",
	} {
		if got := shortFunc(fn); got != want {
			t.Errorf("%s: %s, want %s", fn, got, want)
		}
	}
}

func TestPublic(t *testing.T) {
	for fn, want := range map[string]bool{
		"net.(*TCPListener).Accept": true, "net/http.(*Server).Serve": true, "io.Copy": true,
		"net.(*netFD).accept": false, "internal/poll.(*FD).Accept": false, "sync.(*Mutex).Lock": false,
		"time.Sleep": false, "runtime.Gosched": false, "net/http.(*conn).Serve": false, "x": false,
	} {
		if got := public(fn); got != want {
			t.Errorf("%s: %v, want %v", fn, got, want)
		}
	}
}

func TestWaitTime(t *testing.T) {
	for _, tc := range []struct {
		count       int
		least, most time.Duration
		want        string
	}{
		{3, 0, 59 * time.Second, ""},
		{1, time.Minute, time.Minute, ", 1 minute"},
		{2, 5 * time.Minute, 5 * time.Minute, ", 5 minutes"},
		{9, time.Minute, time.Hour, ", 1 to 60 minutes"},
	} {
		if got := waitTime(&gostate.Group{Count: tc.count, MinWait: tc.least, MaxWait: tc.most}); got != tc.want {
			t.Errorf("%+v: %q", tc, got)
		}
	}
}

// Of a goroutine that is in the standard library and nowhere else the loop that it
// was started for is named, not the pollWait that all of them end in.
func TestTopOfLibrary(t *testing.T) {
	v := view{c: &postmortem.Case{}}
	for want, funcs := range map[string][]string{
		"net/http.(*connReader).backgroundRead": {"internal/poll.runtime_pollWait", "internal/poll.(*FD).Read", "net.(*netFD).Read", "net.(*conn).Read", "net/http.(*connReader).backgroundRead"},
		"bufio.(*Reader).Peek":                  {"internal/poll.runtime_pollWait", "net.(*conn).Read", "bufio.(*Reader).Peek", "net/http.(*persistConn).readLoop"},
		"sync.(*Mutex).Lock":                    {"sync.(*Mutex).Lock"},
	} {
		g := new(gostate.Goroutine)
		for _, fn := range funcs {
			g.Frames = append(g.Frames, gostate.Frame{Func: fn})
		}
		if got := v.top(g); got == nil || got.Func != want {
			t.Errorf("%v, want %s", got, want)
		}
		var ch postmortem.Change
		for _, fn := range funcs {
			ch.Frames = append(ch.Frames, postmortem.Call{Func: fn, File: "a.go", Line: 1})
		}
		if got, _ := topCall(v, ch); got != want {
			t.Errorf("compared: %s, want %s", got, want)
		}
	}
}
