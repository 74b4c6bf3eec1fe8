// Package lsp is a language server that shows the findings of moho vet in an
// editor while the code is written, and offers their fixes.
//
// It analyses all modules of the workspace, one run at a time; what changes in
// the meantime cancels the run and starts another once it is quiet. Text that is
// not saved is analysed as it stands. Results that the cache has cost nothing, so
// a run after a key is pressed is one about a package and what imports it.
//
// # Untrusted input
//
// A client on standard input, and source that others wrote. Messages are
// bounded; nothing is written to disk; a position outside of a document is an
// error of the client's. Opening a workspace runs the go command in it, as for
// moho vet.
//
// # Compatibility
//
// Language Server Protocol 3.17. Diagnostics carry the rule as their code and
// the finding's fingerprint as their data.
package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"moho/vet"
)

// Options configures [Serve].
type Options struct {
	Vet     vet.Options // tags, targets, tests, environment; clients may set the first three
	Version string      // of moho

	// Quiet is how long nothing may have changed before a run starts; 0 means
	// 300 ms, about as long as a pause between words.
	Quiet time.Duration
}

// ErrNoShutdown says that the client went, or told the server to exit, without
// having asked it to shut down.
var ErrNoShutdown = errors.New("the client left without shutdown")

// Serve speaks the protocol on r and w until the client says exit, closes r, or
// dies. A read from r may be under way when it returns.
func Serve(ctx context.Context, r io.Reader, w io.Writer, opts Options) error {
	if opts.Quiet == 0 {
		opts.Quiet = 300 * time.Millisecond
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &server{
		opts:   opts,
		conn:   newStream(r, w),
		docs:   map[string]*document{},
		shown:  map[string]*file{},
		dirty:  make(chan struct{}, 1),
		exit:   make(chan struct{}),
		cancel: func() {},
	}
	var loop sync.WaitGroup
	loop.Go(func() { s.loop(ctx) })
	gone := make(chan error, 1)
	go func() { gone <- s.read() }()

	var err error
	select {
	case <-s.exit:
	case err = <-gone:
	case <-ctx.Done():
		err = ctx.Err()
	}
	cancel()
	loop.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return err
	case !s.down:
		return ErrNoShutdown
	}
	return nil
}

// read answers messages one after the other, until the client says exit or goes
// away. What is asked is answered from what is known, so that nobody waits.
func (s *server) read() error {
	for {
		raw, err := s.conn.Recv()
		if err != nil {
			return err
		}
		if reply := s.answer(raw); reply != nil {
			if err := s.send(reply); err != nil {
				return err
			}
		}
		select {
		case <-s.exit:
			return nil
		default:
		}
	}
}

// server is one connection.
type server struct {
	opts  Options
	conn  *stream
	dirty chan struct{} // something changed
	exit  chan struct{}

	mu      sync.Mutex
	known   bool // the client has introduced itself
	ready   bool // and said that it is ready
	down    bool // shut down
	utf8    bool // columns in bytes, not in UTF-16 code units
	folders []string
	docs    map[string]*document // open ones, by path
	shown   map[string]*file     // what the client shows, by path
	cancel  func()               // ends the run
}

// A document is an open file as the editor has it.
type document struct {
	uri     string
	version int
	text    []byte
}

// handle finds what answers a method. Before initialize and after shutdown
// there is nothing but exit.
func (s *server) handle(method string, params json.RawMessage) (any, error) {
	s.mu.Lock()
	known, down := s.known, s.down
	s.mu.Unlock()
	switch {
	case method == "exit":
	case !known && method != "initialize":
		return nil, fail(codeNotInitialized, "not initialized")
	case down, known && method == "initialize":
		return nil, fail(codeInvalidRequest, "%s at the wrong time", method)
	}
	h, ok := s.methods()[method]
	if !ok {
		return nil, fail(codeUnknownMethod, "no method %q", method)
	}
	return h(params)
}

// methods says what is understood.
func (s *server) methods() map[string]handler {
	return map[string]handler{
		"initialize":                          with(s.initialize),
		"initialized":                         s.note(func() { s.change(func() { s.ready = true }) }),
		"shutdown":                            s.note(s.shutdown),
		"exit":                                s.note(s.leave),
		"textDocument/didOpen":                with(s.didOpen),
		"textDocument/didChange":              with(s.didChange),
		"textDocument/didSave":                s.note(func() { s.change(func() {}) }),
		"textDocument/didClose":               with(s.didClose),
		"textDocument/hover":                  with(s.hover),
		"textDocument/codeAction":             with(s.codeAction),
		"workspace/didChangeWorkspaceFolders": with(s.didChangeFolders),
		"workspace/didChangeWatchedFiles":     s.note(func() { s.change(func() {}) }),
		"workspace/didChangeConfiguration":    s.note(func() {}),
		"$/cancelRequest":                     s.note(func() {}), // answers do not take long
		"$/setTrace":                          s.note(func() {}),
	}
}

// note handles what has no parameters that matter, and no answer but null.
func (s *server) note(f func()) handler {
	return func(json.RawMessage) (any, error) {
		f()
		return nil, nil
	}
}

func (s *server) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.exit:
	default:
		close(s.exit)
	}
}

func (s *server) shutdown() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = true
	s.cancel()
}

// initialize takes the workspace and says what can be done.
func (s *server) initialize(p initializeParams) (initializeResult, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	folders := p.WorkspaceFolders
	if len(folders) == 0 && p.RootURI != "" {
		folders = []folder{{URI: p.RootURI}}
	}
	for _, f := range folders {
		if dir, err := pathOf(f.URI); err == nil {
			s.folders = append(s.folders, dir)
		}
	}
	if len(folders) == 0 && filepath.IsAbs(p.RootPath) {
		s.folders = []string{filepath.Clean(p.RootPath)}
	}
	o := p.InitializationOptions
	if len(o.Tags) > 0 {
		s.opts.Vet.Tags = o.Tags
	}
	if len(o.Targets) > 0 {
		s.opts.Vet.Targets = o.Targets
	}
	if o.Tests != nil {
		s.opts.Vet.Tests = *o.Tests
	}
	if p.ProcessID != nil {
		go s.watch(*p.ProcessID)
	}
	s.known = true
	s.utf8 = slices.Contains(p.Capabilities.General.PositionEncodings, "utf-8")
	c := capabilities{
		PositionEncoding:   map[bool]string{true: "utf-8", false: "utf-16"}[s.utf8],
		TextDocumentSync:   syncOptions{OpenClose: true, Change: 1, Save: true},
		HoverProvider:      true,
		CodeActionProvider: codeActionOptions{[]string{"quickfix"}},
	}
	c.Workspace.WorkspaceFolders.Supported = true
	c.Workspace.WorkspaceFolders.ChangeNotifications = true
	return initializeResult{c, serverInfo{"moho vet", s.opts.Version}}, nil
}

// watchEvery is how often the client's process is looked for.
const watchEvery = 3 * time.Second

// watch ends the server when the client's process is gone, which may leave the
// other end of a pipe with someone else.
func (s *server) watch(pid int) {
	t := time.NewTicker(watchEvery)
	defer t.Stop()
	for {
		select {
		case <-s.exit:
			return
		case <-t.C:
			if pid > 0 && pid != os.Getpid() && !alive(pid) {
				s.leave()
				return
			}
		}
	}
}
