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

	"github.com/creachadair/jrpc2"
	"github.com/creachadair/jrpc2/handler"

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

// grace is how long after the end of the input what came before it may take: a
// client that closes right behind its last message is no client that died.
const grace = 500 * time.Millisecond

// ErrNoShutdown says that the client went, or told the server to exit, without
// having asked it to shut down.
var ErrNoShutdown = errors.New("the client left without shutdown")

// Serve speaks the protocol on r and w until the client says exit, closes r, or
// dies. r is closed if it can be.
func Serve(ctx context.Context, r io.Reader, w io.Writer, opts Options) error {
	if opts.Quiet == 0 {
		opts.Quiet = 300 * time.Millisecond
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &server{
		opts:   opts,
		docs:   map[string]*document{},
		shown:  map[string]*file{},
		dirty:  make(chan struct{}, 1),
		exit:   make(chan struct{}),
		cancel: func() {},
	}
	conn := newStream(r, w)
	conn.atEOF = func() {
		select {
		case <-s.exit:
		case <-time.After(grace):
		}
	}
	s.rpc = jrpc2.NewServer(door{s, s.methods()}, &jrpc2.ServerOptions{
		AllowPush:      true,
		DisableBuiltin: true,
		Concurrency:    1, // requests are answered from what is known; order is worth more
		NewContext:     func() context.Context { return ctx },
	})
	var loop sync.WaitGroup
	loop.Go(func() { s.loop(ctx) })
	s.rpc.Start(conn)
	gone := make(chan error, 1)
	go func() { gone <- s.rpc.WaitStatus().Err }()

	var err error
	select {
	case <-s.exit:
	case err = <-gone:
	case <-ctx.Done():
		err = ctx.Err()
	}
	cancel()
	loop.Wait()
	go s.rpc.Stop() // it waits for a reader that may never return
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err != nil:
		return err
	case !s.down:
		return ErrNoShutdown
	}
	return nil
}

// server is one connection.
type server struct {
	opts  Options
	rpc   *jrpc2.Server
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

// methods says what is understood. All others are answered with an error, and
// notifications among them ignored, as the protocol wants it.
func (s *server) methods() handler.Map {
	return handler.Map{
		"initialize":                          handler.New(s.initialize),
		"initialized":                         s.note(func() { s.change(func() { s.ready = true }) }),
		"shutdown":                            handler.New(s.shutdown),
		"exit":                                s.note(s.leave),
		"textDocument/didOpen":                handler.New(s.didOpen),
		"textDocument/didChange":              handler.New(s.didChange),
		"textDocument/didSave":                s.note(func() { s.change(func() {}) }),
		"textDocument/didClose":               handler.New(s.didClose),
		"textDocument/hover":                  handler.New(s.hover),
		"textDocument/codeAction":             handler.New(s.codeAction),
		"workspace/didChangeWorkspaceFolders": handler.New(s.didChangeFolders),
		"workspace/didChangeWatchedFiles":     s.note(func() { s.change(func() {}) }),
		"workspace/didChangeConfiguration":    s.note(func() {}),
		"$/cancelRequest":                     s.note(func() {}), // answers do not take long
		"$/setTrace":                          s.note(func() {}),
	}
}

// A door lets nobody in before initialize and after shutdown.
type door struct {
	s       *server
	methods handler.Map
}

const notInitialized = jrpc2.Code(-32002) // ErrorCodes.ServerNotInitialized

// Assign finds the handler of a method.
func (d door) Assign(ctx context.Context, method string) jrpc2.Handler {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	switch {
	case method == "exit":
	case !d.s.known && method != "initialize":
		return refuse(jrpc2.Errorf(notInitialized, "not initialized"))
	case d.s.down, d.s.known && method == "initialize":
		return refuse(jrpc2.Errorf(jrpc2.InvalidRequest, "%s at the wrong time", method))
	}
	return d.methods.Assign(ctx, method)
}

func refuse(err error) jrpc2.Handler {
	return func(context.Context, *jrpc2.Request) (any, error) { return nil, err }
}

// note handles a notification whose parameters do not matter.
func (s *server) note(f func()) jrpc2.Handler {
	return func(context.Context, *jrpc2.Request) (any, error) {
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

func (s *server) shutdown(context.Context) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = true
	s.cancel()
	return json.RawMessage("null"), nil
}

// initialize takes the workspace and says what can be done.
func (s *server) initialize(_ context.Context, p initializeParams) (initializeResult, error) {
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
