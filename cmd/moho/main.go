// Command moho answers questions about what lies below a Go source line, and
// joins the answers in one chain of evidence: a finding in the source, a
// governed build, a crash, and a core whose guilty frame names the finding.
//
// The same binary is a go vet -vettool.
//
// # Untrusted input
//
// Everything a verb is pointed at: binaries, cores, policies, stores, modules.
// The packages that read them say what they are hardened against; names taken
// from them are escaped before they reach a terminal.
//
// # Compatibility
//
// Exit codes: 0 fine, 1 findings or a refusal, 2 usage, 3 could not finish.
// JSON output follows docs/schemas.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"

	"golang.org/x/term"

	"moho/internal/cli"
	"moho/vet"
	"moho/vet/prove"
)

func main() {
	if prove.IsTool() {
		os.Exit(prove.Tool(os.Args[1:]))
	}
	// go vet -vettool calls us with arguments of its own protocol, and accepts
	// a program but no subcommand: it has to be recognised before anything else.
	if vet.IsTool(os.Args[1:]) {
		os.Exit(vet.Main())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, cli.Std(), os.Args[1:])
	stop()
	os.Exit(code)
}

// A memoryFault is what the runtime panics with where memory can't be read. A
// nil pointer, which would be our bug, has no address there.
//
// Source: type errorAddressString in $GOROOT/src/runtime/error.go, go1.26.
type memoryFault interface {
	runtime.Error
	Addr() uintptr
}

// run is main without the process: it returns the exit code.
func run(ctx context.Context, ui *cli.UI, args []string) (code int) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case memoryFault:
			code = ui.Fail(fmt.Errorf("an input became shorter while it was read (fault at %#x)", r.Addr()))
		default:
			code = ui.Bug(r, debug.Stack())
		}
	}()
	// Inputs are mapped, not read: a file that shrinks while it is open must
	// become an error, not the end of the process.
	debug.SetPanicOnFault(true)

	out := &sink{w: ui.Out}
	if f, ok := ui.Out.(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
		ui.Out = out
	}
	root := newRoot(&app{ui: ui})
	root.SetArgs(goTestFlags(args))
	root.SetIn(ui.In)
	root.SetOut(ui.Out)
	root.SetErr(ui.Err)
	err := root.ExecuteContext(ctx)
	if err != nil && ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = &cli.ExitError{Code: cli.Incomplete, Err: errors.New("interrupted")}
	}
	code = ui.Fail(err)
	if out.err != nil {
		if !errors.Is(err, out.err) {
			ui.Errorf("%v", out.err)
		}
		code = cli.Worse(code, cli.Incomplete)
	}
	return code
}

// A sink remembers that data could not be written, so that an answer which got
// lost on a full disk does not exit with 0. Most of what is printed has nobody
// to return that error to.
type sink struct {
	w   io.Writer
	err error // the first
}

func (s *sink) Write(b []byte) (int, error) {
	n, err := s.w.Write(b)
	if err != nil && s.err == nil {
		s.err = err
	}
	return n, err
}
