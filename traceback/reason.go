package traceback

import (
	"bytes"
	"strconv"
	"strings"

	"moho/core"
	"moho/gostate"
)

// maxReason is how many lines of a message are kept.
const maxReason = 64

// A reason collects why a program died, from the lines before its goroutines.
type reason struct {
	text   []string
	signal core.Signal
	open   bool // more lines may belong to it
	taken  bool // the goroutine after it has come
	fresh  bool // it began after the last goroutine
	others bool // a rule has come, after which threads show what they do
	how    string
}

// line looks at a line before or between goroutines.
func (r *reason) line(text []byte) {
	t := bytes.TrimLeft(text, "\t")
	switch {
	case begins(text) && t[0] != 'S':
		*r = reason{text: []string{printable(t)}, open: true, fresh: true}
		r.how = "the panic that was printed"
		if t[0] == 'f' {
			r.how = "the fatal error that was printed"
		}
	case string(text) == rule:
		r.others = len(r.text) > 0
	case r.told(t):
		r.others = false
	case begins(text):
		n := signalLine(t)
		*r = reason{text: []string{printable(t)}, fresh: true, how: "the signal that was printed"}
		r.signal = core.Signal{Number: n, Name: core.SignalName(n)}
	case len(r.text) == 0 || r.taken:
	case bytes.HasPrefix(t, []byte("[signal ")):
		r.text = append(r.text, printable(t))
		r.signal = parseSignal(t)
	case bytes.HasPrefix(t, []byte("PC=")) && r.signal.Number != 0:
		r.signal.Code = sigcode(t)
	case r.open && len(r.text) < maxReason:
		r.text = append(r.text, printable(text))
	}
}

// rule stands before what another thread prints that the runtime told by SIGQUIT
// to show what it does, once it has said why the process dies (GOTRACEBACK=crash).
//
// Source: $GOROOT/src/runtime/signal_unix.go (sighandler), go1.27.
const rule = "-----"

// told reports whether a line is the beginning of what such a thread prints: no
// reason of its own.
func (r *reason) told(t []byte) bool {
	return r.others && signalLine(t) == sigQuit
}

const sigQuit = 3

// begins reports whether a line is the first of a reason.
func begins(t []byte) bool {
	return bytes.HasPrefix(t, []byte("panic: ")) || bytes.HasPrefix(t, []byte("fatal error: ")) || signalLine(t) != 0
}

// more takes an empty line that is indented, as those of a message are since Go
// 1.23. It returns false when no message is being read.
func (r *reason) more() bool {
	if !r.open || len(r.text) >= maxReason {
		return false
	}
	r.text = append(r.text, "\t")
	return true
}

// blank ends the message: what follows it is not indented.
func (r *reason) blank() { r.open = false }

// first reports whether g is the first goroutine after the reason, and whether
// the reason is about it: what others asked for, and what is nobody's fault, is
// about none.
func (r *reason) first(*gostate.Goroutine) (first, mine bool) {
	if len(r.text) == 0 || r.taken {
		return false, false
	}
	r.taken = true
	switch {
	case strings.HasPrefix(r.text[0], "fatal error: all goroutines are asleep"):
		return true, false
	case strings.HasPrefix(r.text[0], "SIG"):
		return true, r.signal.Code > 0
	}
	return true, true
}

// signalLine returns the number of the signal that "SIGQUIT: quit" names, or 0.
func signalLine(t []byte) int {
	name, _, ok := bytes.Cut(t, []byte(": "))
	if !ok || !bytes.HasPrefix(name, []byte("SIG")) || len(name) > 12 {
		return 0
	}
	return signalNumber(string(name))
}

func signalNumber(name string) int {
	for n := 1; n < 65; n++ {
		if core.SignalName(n) == name {
			return n
		}
	}
	return 0
}

// parseSignal reads [signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x4dc135].
//
// Source: $GOROOT/src/runtime/panic.go (printpanics, dopanic_m), go1.27.
func parseSignal(t []byte) (s core.Signal) {
	name, rest, _ := bytes.Cut(bytes.TrimPrefix(t, []byte("[signal ")), []byte(":"))
	s.Number = signalNumber(string(name))
	if s.Number == 0 {
		return core.Signal{}
	}
	s.Name = string(name)
	for word := range bytes.FieldsSeq(bytes.TrimRight(rest, "]")) {
		var n uint64
		switch {
		case hexAfter(word, "code=", &n):
			s.Code = int(int32(n))
		case hexAfter(word, "addr=", &n):
			s.Addr, s.HasAddr = core.Addr(n), true
		}
	}
	return s
}

// sigcode reads sigcode=N of PC=0x408a4e m=0 sigcode=0.
func sigcode(t []byte) int {
	_, after, _ := bytes.Cut(t, []byte("sigcode="))
	word, _, _ := bytes.Cut(after, []byte(" "))
	n, err := strconv.ParseInt(string(word), 0, 32)
	if err != nil {
		return 0
	}
	return int(n)
}

// crashOf says what ended the program, as far as the text does.
func crashOf(r *reason, g *gostate.Goroutine) gostate.Crash {
	c := gostate.Crash{FaultFrame: -1}
	if len(r.text) == 0 {
		return c
	}
	c.Signal, c.Reason, c.How, c.Goroutine = r.signal, strings.Join(r.text, "\n"), r.how, g
	if g == nil {
		return c
	}
	// What a default traceback leaves out of the innermost frames is the panic
	// that this is about; one further out is an earlier one.
	at := 0
	for i := range g.Frames {
		if !g.Frames[i].System {
			break
		}
		switch g.Frames[i].Func {
		case "runtime.gopanic", "runtime.throw", "runtime.fatal", "runtime.sigpanic":
			at = i + 1
		}
	}
	for i := at; i < len(g.Frames); i++ {
		if fr := &g.Frames[i]; !fr.System && !fr.Foreign && !gostate.OfRuntime(fr) {
			c.FaultFrame = i
			break
		}
	}
	return c
}
