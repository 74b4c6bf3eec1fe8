// Package cli is how moho talks to the person, or the program, that called it.
//
// The rules, which every verb follows:
//
//   - data goes to standard output, everything else to standard error;
//   - a message on standard error is one line, "moho: " in front, no
//     capitalised initial and no period at its end; an error says what is
//     wrong, a hint says what to do about it;
//   - colour and progress appear only on a terminal, never with NO_COLOR or
//     TERM=dumb; without a terminal a job over a second prints one plain line
//     per phase;
//   - a verb returns its error and its exit code; only main exits.
//
// # Untrusted input
//
// Names out of binaries, cores and modules may hold terminal escape sequences
// and characters that reorder text. Everything this package prints for people
// goes through [Escape] or [EscapeText]; JSON keeps every value but writes
// such characters as \u escapes.
//
// # Compatibility
//
// Exit codes and the shape of JSON output are a contract with other programs
// (docs/schemas). The wording of messages is not.
package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
)

// UI is one caller: where its data and its messages go and what it wants to
// see. The methods are safe for concurrent use; the exported fields are set
// before the first call.
type UI struct {
	In       io.Reader
	Out, Err io.Writer

	Color bool // style what is written to Out
	Live  bool // Err is a terminal that can redraw a line
	JSON  bool // data as JSON instead of text
	Quiet bool // no progress, no notes

	mu       sync.Mutex
	progress *Progress // the one that is running, or nil
	errColor bool
}

// New returns a UI for the three streams. Terminals are recognised among
// *os.File values; getenv (os.Getenv) supplies NO_COLOR and TERM.
func New(in io.Reader, out, err io.Writer, getenv func(string) string) *UI {
	dumb := getenv("TERM") == "dumb"
	plain := dumb || getenv("NO_COLOR") != ""
	return &UI{
		In: in, Out: out, Err: err,
		Color:    isTerminal(out) && !plain,
		Live:     isTerminal(err) && !dumb,
		errColor: isTerminal(err) && !plain,
	}
}

// Std returns a UI for the streams of this process.
func Std() *UI { return New(os.Stdin, os.Stdout, os.Stderr, os.Getenv) }

// Errorf prints "moho: error: …".
func (ui *UI) Errorf(format string, args ...any) {
	ui.message("error: ", styleRed, fmt.Sprintf(format, args...))
}

// Warnf prints "moho: warning: …": the answer stands, but something about it
// should be known.
func (ui *UI) Warnf(format string, args ...any) {
	ui.message("warning: ", styleYellow, fmt.Sprintf(format, args...))
}

// Hintf prints "moho: hint: …", what to do about the message before it.
func (ui *UI) Hintf(format string, args ...any) {
	ui.message("hint: ", "", fmt.Sprintf(format, args...))
}

// Printf prints data for people to Out. The arguments are not escaped: wrap
// what came from a file in [Escape].
func (ui *UI) Printf(format string, args ...any) {
	ui.mu.Lock()
	defer ui.mu.Unlock()
	ui.progress.clear()
	fmt.Fprintf(ui.Out, format, args...)
}

// Fail prints err with its hints and returns the exit code that it stands
// for. An [ExitError] without an error inside prints nothing: the verb has
// already said what it found.
func (ui *UI) Fail(err error) int {
	if err == nil {
		return OK
	}
	exit, ok := errors.AsType[*ExitError](err)
	if !ok {
		ui.Errorf("%v", err)
		return Incomplete
	}
	if exit.Err != nil {
		ui.Errorf("%v", err)
	}
	for ; exit != nil; exit, _ = errors.AsType[*ExitError](exit.Err) {
		for _, h := range exit.Hints {
			ui.Hintf("%s", h)
		}
	}
	return CodeOf(err)
}

// Bug reports a state that moho's own code should have made impossible; trace
// is where it was noticed. It returns the exit code.
func (ui *UI) Bug(what any, trace []byte) int {
	ui.Errorf("this is a bug in moho: %v", what)
	ui.Hintf("please report it together with the command line, the output of `moho version` and what follows")
	ui.mu.Lock()
	defer ui.mu.Unlock()
	io.WriteString(ui.Err, EscapeText(string(trace)))
	return Incomplete
}

// message writes one message. Lines after the first are indented, so that a
// compiler's output stays readable and can't pass for a message of ours.
func (ui *UI) message(kind, style, text string) {
	text = strings.TrimRight(EscapeText(text), "\n")
	text = strings.ReplaceAll(text, "\n", "\n    ")
	if ui.errColor && style != "" {
		kind = style + kind + styleOff
	}
	ui.mu.Lock()
	defer ui.mu.Unlock()
	ui.progress.clear()
	fmt.Fprintf(ui.Err, "moho: %s%s\n", kind, text)
}
