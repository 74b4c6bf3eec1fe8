package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"moho/vet"
	"moho/vet/source"
)

// A client is an editor that does what a script says.
type client struct {
	t    *testing.T
	conn *stream
	in   io.Closer // what the server reads
	id   int
	done chan error
	got  chan reply
}

type reply struct {
	ID     *int            `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Code    int
		Message string
	} `json:"error"`
}

func start(t *testing.T) *client {
	t.Helper()
	fromClient, toServer := io.Pipe()
	fromServer, toClient := io.Pipe()
	c := &client{t: t, conn: newStream(fromServer, toServer), in: toServer, done: make(chan error, 1), got: make(chan reply, 100)}
	go func() {
		c.done <- Serve(context.Background(), fromClient, toClient, Options{Vet: vet.Options{Tests: true}, Quiet: 10 * time.Millisecond})
		toClient.Close()
	}()
	go func() {
		defer close(c.got)
		for {
			b, err := c.conn.Recv()
			if err != nil {
				return
			}
			var m reply
			if json.Unmarshal(b, &m) == nil {
				c.got <- m
			}
		}
	}()
	t.Cleanup(func() { toServer.Close() })
	return c
}

func (c *client) send(method string, params any, id *int) {
	c.t.Helper()
	msg := map[string]any{"jsonrpc": "2.0", "method": method, "params": params}
	if id != nil {
		msg["id"] = *id
	}
	b, err := json.Marshal(msg)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := c.conn.Send(b); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) notify(method string, params any) { c.t.Helper(); c.send(method, params, nil) }

// call sends a request and returns its answer; notifications before it are
// handed to seen.
func (c *client) call(method string, params any, seen ...func(reply)) reply {
	c.t.Helper()
	c.id++
	c.send(method, params, &c.id)
	for {
		m := c.next()
		if m.ID != nil && *m.ID == c.id {
			return m
		}
		for _, f := range seen {
			f(m)
		}
	}
}

func (c *client) next() reply {
	c.t.Helper()
	select {
	case m, ok := <-c.got:
		if !ok {
			c.t.Fatal("the server is gone")
		}
		return m
	case <-time.After(2 * time.Minute):
		c.t.Fatal("nothing came")
	}
	return reply{}
}

// diagnostics waits for those of a file that want is content with.
func (c *client) diagnostics(uri string, want func([]diagnostic) bool) []diagnostic {
	c.t.Helper()
	for {
		m := c.next()
		if m.Method != "textDocument/publishDiagnostics" {
			continue
		}
		var p publishParams
		if err := json.Unmarshal(m.Params, &p); err != nil {
			c.t.Fatal(err)
		}
		if p.URI == uri && want(p.Diagnostics) {
			return p.Diagnostics
		}
	}
}

func some(n int) func([]diagnostic) bool { return func(d []diagnostic) bool { return len(d) == n } }

const program = "package m\n\nimport \"unsafe\"\n\nfunc Next(p *[8]int, ä int) int {\n\tu := uintptr(unsafe.Pointer(p))\n\tprintln(ä)\n\treturn *(*int)(unsafe.Pointer(u + uintptr(ä)*8))\n}\n"

func module(t *testing.T) (dir string) {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"sub/go.mod": "module example.org/m\n\ngo 1.25\n", "sub/a b.go": program} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func (c *client) initialize(dir string, encodings ...string) initializeResult {
	c.t.Helper()
	m := c.call("initialize", map[string]any{
		"processId": os.Getpid(), "rootUri": nil,
		"workspaceFolders": []folder{{URI: "file://" + dir}},
		"capabilities":     map[string]any{"general": map[string]any{"positionEncodings": encodings}},
	})
	var r initializeResult
	if err := json.Unmarshal(m.Result, &r); err != nil || m.Error != nil {
		c.t.Fatalf("initialize: %v, %v", err, m.Error)
	}
	c.notify("initialized", map[string]any{})
	return r
}

// edit is what an editor does with the edits of a code action.
func edit(t *testing.T, text string, edits []textEdit) string {
	t.Helper()
	lines := source.NewText("a.go", []byte(text))
	for i := len(edits) - 1; i >= 0; i-- {
		e := edits[i]
		at := func(p position) int {
			off, ok := lines.Offset(p.Line+1, lines.Column(p.Line+1, p.Character+1))
			if !ok {
				t.Fatalf("position %+v is outside of the text", p)
			}
			return off
		}
		text = text[:at(e.Range.Start)] + e.NewText + text[at(e.Range.End):]
	}
	return text
}

// TestSession is an editor's day: findings appear, one is explained, its fix is
// applied and not saved, and it is gone.
func TestSession(t *testing.T) {
	dir := module(t)
	uri := "file://" + dir + "/sub/a%20b.go"
	c := start(t)
	if m := c.call("textDocument/hover", map[string]any{}); m.Error == nil || m.Error.Code != -32002 {
		t.Errorf("before initialize: %+v", m.Error)
	}
	caps := c.initialize(dir).Capabilities
	if caps.PositionEncoding != "utf-16" || caps.TextDocumentSync.Change != 1 || !caps.HoverProvider {
		t.Errorf("capabilities %+v", caps)
	}
	d := c.diagnostics(uri, some(1))[0]
	if d.Code != "uintptr-roundtrip" || d.Severity != 1 || d.Range.Start != (position{7, 16}) || d.Range.End != (position{7, 49}) || len(d.RelatedInformation) != 3 || d.Data.Fingerprint == "" {
		t.Errorf("diagnostic %+v", d)
	}
	if r := d.RelatedInformation[0]; r.Location.URI != uri || r.Location.Range.Start != (position{4, 10}) {
		t.Errorf("first step %+v", r)
	}

	doc := map[string]any{"uri": uri}
	m := c.call("textDocument/hover", map[string]any{"textDocument": doc, "position": position{7, 20}})
	var h hover
	if err := json.Unmarshal(m.Result, &h); err != nil || !strings.Contains(h.Contents.Value, "An integer is not a reference.") {
		t.Errorf("hover %s, %v", m.Result, err)
	}
	if m := c.call("textDocument/hover", map[string]any{"textDocument": doc, "position": position{0, 0}}); string(m.Result) != "null" {
		t.Errorf("hover over nothing: %s", m.Result)
	}

	c.notify("textDocument/didOpen", map[string]any{"textDocument": map[string]any{"uri": uri, "languageId": "go", "version": 1, "text": program}})
	c.diagnostics(uri, some(1)) // with the version now
	action := map[string]any{"textDocument": doc, "range": d.Range, "context": map[string]any{"diagnostics": []diagnostic{d}, "only": []string{"quickfix"}}}
	var actions []codeAction
	m = c.call("textDocument/codeAction", action)
	if err := json.Unmarshal(m.Result, &actions); err != nil || len(actions) != 1 || len(actions[0].Edit.Changes[uri]) == 0 {
		t.Fatalf("actions %s, %v", m.Result, err)
	}
	after := edit(t, program, actions[0].Edit.Changes[uri])
	if want := strings.ReplaceAll(strings.ReplaceAll(program, "uintptr(unsafe.Pointer(p))", "unsafe.Pointer(p)"), "unsafe.Pointer(u + ", "unsafe.Add(u, "); after != want {
		t.Errorf("the fix makes\n%s", after)
	}
	change := func(version int, text string) {
		c.notify("textDocument/didChange", map[string]any{
			"textDocument":   map[string]any{"uri": uri, "version": version},
			"contentChanges": []any{map[string]any{"text": text}},
		})
	}
	change(2, after)
	m = c.call("textDocument/codeAction", action)
	if string(m.Result) != "[]" {
		t.Errorf("a fix for text that was changed: %s", m.Result)
	}
	c.diagnostics(uri, some(0))
	if b, err := os.ReadFile(filepath.Join(dir, "sub", "a b.go")); err != nil || string(b) != program {
		t.Error("the server wrote a file")
	}

	// Back to what is on disk; then something that does not compile, which
	// leaves what was known.
	change(3, program)
	c.diagnostics(uri, some(1))
	change(4, program+"func x( {")
	for m := c.next(); m.Method != "window/logMessage"; m = c.next() {
		println(string(m.Params))
		var p publishParams
		if json.Unmarshal(m.Params, &p) == nil && len(p.Diagnostics) != 1 {
			t.Errorf("while it does not compile: %s", m.Params)
		}
	}
	c.notify("textDocument/didClose", map[string]any{"textDocument": doc})
	c.notify("workspace/didChangeWorkspaceFolders", map[string]any{"event": map[string]any{"added": []any{}, "removed": []folder{{URI: "file://" + dir}}}})
	c.diagnostics(uri, some(0))

	if m := c.call("no/such", map[string]any{}); m.Error == nil || m.Error.Code != -32601 {
		t.Errorf("an unknown method: %+v", m.Error)
	}
	if m := c.call("textDocument/hover", map[string]any{"textDocument": map[string]any{"uri": "http://x/"}}); m.Error == nil || m.Error.Code != -32602 {
		t.Errorf("no file: %+v", m.Error)
	}
	if m := c.call("shutdown", nil); m.Error != nil || string(m.Result) != "null" {
		t.Errorf("shutdown: %+v", m)
	}
	if m := c.call("textDocument/hover", map[string]any{}); m.Error == nil || m.Error.Code != -32600 {
		t.Errorf("after shutdown: %+v", m.Error)
	}
	c.notify("exit", nil)
	if err := <-c.done; err != nil {
		t.Errorf("the server ended with %v", err)
	}
}

// TestColumns counts bytes where the client can.
func TestColumns(t *testing.T) {
	dir := module(t)
	c := start(t)
	if got := c.initialize(dir, "utf-32", "utf-8").Capabilities.PositionEncoding; got != "utf-8" {
		t.Errorf("encoding %s", got)
	}
	d := c.diagnostics("file://"+dir+"/sub/a%20b.go", some(1))[0]
	if d.Range.End != (position{7, 50}) {
		t.Errorf("range %+v", d.Range)
	}
}

// TestGone ends with the client, whatever it leaves behind.
func TestGone(t *testing.T) {
	for what, last := range map[string]string{
		"at once": "", "in a header": "Content-Le", "in a body": "Content-Length: 10\r\n\r\n{}", "with nonsense": "GET / HTTP/1.1\r\n\r\n",
	} {
		c := start(t)
		io.WriteString(c.in.(io.Writer), last)
		c.in.Close()
		select {
		case err := <-c.done:
			if err == nil || last == "" && !errors.Is(err, ErrNoShutdown) {
				t.Errorf("%s: %v", what, err)
			}
		case <-time.After(time.Minute):
			t.Fatalf("%s: the server stays", what)
		}
	}
	c := start(t)
	c.initialize(t.TempDir())
	c.notify("exit", nil)
	if err := <-c.done; !errors.Is(err, ErrNoShutdown) {
		t.Errorf("exit without shutdown: %v", err)
	}
}

// TestDead ends when the client's process is gone, even if its end of the pipe
// is open.
func TestDead(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	c := start(t)
	c.call("initialize", map[string]any{"processId": cmd.Process.Pid, "capabilities": map[string]any{}})
	select {
	case err := <-c.done:
		if !errors.Is(err, ErrNoShutdown) {
			t.Errorf("error %v", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("the server stays")
	}
}

func TestModules(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a/go.mod", "a/b/go.mod", "a/vendor/x/go.mod", "a/testdata/go.mod", ".git/go.mod", "1/2/3/4/5/6/7/8/go.mod"} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	inside := filepath.Join(dir, "a", "vendor", "y")
	got := strings.Join(modules([]string{dir, inside, filepath.Join(dir, "a")}), " ")
	if want := strings.Join([]string{filepath.Join(dir, "a"), filepath.Join(dir, "a", "b"), inside}, " "); got != want {
		t.Errorf("modules %s, want %s", got, want)
	}
}

// FuzzRecv: an error comes without a message, and what was received is what
// Send writes.
func FuzzRecv(f *testing.F) {
	f.Add([]byte("Content-Length: 2\r\n\r\n{}Content-Length: 0\r\n\r\n"))
	f.Add([]byte("content-length:3\nContent-Type: x\n\nabc"))
	f.Add([]byte("Content-Length: 99999999999\r\n\r\n"))
	f.Add([]byte("Content-Length: 2147483647\r\n\r\nab"))
	f.Add([]byte("\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := newStream(strings.NewReader(string(data)), io.Discard)
		for {
			msg, err := s.Recv()
			if err != nil {
				if msg != nil {
					t.Errorf("%v, with a message", err)
				}
				return
			}
			var b strings.Builder
			if err := newStream(strings.NewReader(""), &b).Send(msg); err != nil {
				t.Fatal(err)
			}
			again, err := newStream(strings.NewReader(b.String()), io.Discard).Recv()
			if err != nil || string(again) != string(msg) {
				t.Errorf("sent and received: %q, %v, want %q", again, err, msg)
			}
		}
	})
}
