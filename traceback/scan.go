package traceback

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"moho/core"
	"moho/gostate"
)

// maxFrames is how many frames of one goroutine are kept. A traceback has 100;
// runtime.Stack with the same limit no more.
const maxFrames = 4 << 10

const endsHere = "the text ends here"

// A scanner takes a text apart, line by line.
type scanner struct {
	lines  *lines
	sites  *sites
	prefix prefix

	g       *gostate.Goroutine // that is being read; nil between them
	started bool               // a header or a frame was met
	closed  bool               // g has its creator: nothing comes after it
	blank   bool               // an empty line came after the last of g
	aside   bool               // of the frames that follow none is a goroutine's: runtime stack
	skipped int                // frames of g beyond maxFrames
	call    callLine           // waits for its place; name nil if there is none
	creator bool               // call is that of a created by line
	by      uint64
	buf     []byte // what call refers to

	reason reason
	crash  *gostate.Goroutine // the goroutine that the reason stands before

	before      reason // the same when the goroutine before this one was handed on
	beforeCrash *gostate.Goroutine

	arch  string // of a register dump
	race  bool   // the race detector has reported something
	yield func(*gostate.Goroutine) bool
	spare gostate.Goroutine
	extra gostate.Printed
}

// run reads the text to its end, or until yield has enough.
func (s *scanner) run() error {
	for {
		raw, ok := s.lines.next()
		if !ok {
			break
		}
		line, mine := s.prefix.strip(raw)
		if !mine {
			line = raw
		}
		if bytes.Contains(line, goroutineWord) {
			if h, at, ok := findHeader(line); ok {
				if (at > 0 || !mine) && at <= maxPrefix {
					s.prefix = prefix(raw[:len(raw)-len(line)+at])
				}
				if !s.end("") {
					return nil
				}
				s.begin(h)
				continue
			}
		}
		if mine && !s.line(line) {
			return nil
		}
	}
	why := ""
	if s.call.name != nil || s.lines.cut && s.g != nil && !s.closed {
		why = endsHere
	}
	s.end(why)
	return s.lines.failed()
}

// begin starts a goroutine.
func (s *scanner) begin(h header) {
	s.started, s.closed, s.blank, s.aside, s.skipped = true, false, false, false, 0
	s.call = callLine{}
	s.extra = gostate.Printed{
		Args: s.extra.Args[:0], Waited: h.waited, Notes: h.notes, Labels: h.labels, Count: 1,
	}
	s.spare = gostate.Goroutine{
		ID: h.id, Status: h.status, WaitReason: h.waitReason, Scan: h.scan, Locked: h.locked,
		Frames: s.spare.Frames[:0], Printed: &s.extra,
	}
	s.g = &s.spare
}

// end hands the goroutine on. It returns false when no more are wanted.
func (s *scanner) end(why string) bool {
	g := s.g
	s.g = nil
	s.call = callLine{}
	if g == nil {
		return true
	}
	if why != "" && g.Truncated == "" {
		g.Truncated = why
	}
	if s.skipped > 0 {
		g.Elided, g.ElidedAt = g.Elided+s.skipped, len(g.Frames)
	}
	settle(g)
	if fresh, mine := s.reason.first(g); fresh {
		s.crash = nil
		if mine {
			s.crash = g.Clone()
		}
	}
	if g.ID == 0 && !g.Printed.Headless {
		return true // not a goroutine: what a thread does for the runtime
	}
	return s.yield(g)
}

// line reads a line that is no header.
func (s *scanner) line(line []byte) bool {
	text := bytes.TrimRight(line, " \t")
	switch {
	case len(text) == 0 && len(line) > 0 && s.reason.more():
		return true
	case len(text) == 0:
		s.call, s.blank = callLine{}, true
		s.reason.blank()
		return true
	case string(text) == "runtime stack:":
		ok := s.end("")
		s.aside = true
		return ok
	case s.isPlace(line):
		return true
	case s.g != nil && bytes.HasPrefix(text, []byte("created by ")):
		if name, id, ok := parseCreator(text); ok {
			s.hold(callLine{name: name}, true, id)
			return true
		}
	case s.g != nil && s.note(text):
		return true
	}
	if c, ok := parseCall(text); ok {
		s.hold(c, false, 0)
		return true
	}
	if name, value, ok := register(text); ok && value {
		s.arch = archOf(s.arch, name)
		return s.end("")
	}
	if s.g != nil && !s.blank {
		return true
	}
	s.race = s.race || string(text) == "WARNING: DATA RACE"
	if begins(text) && !s.end("") { // the goroutine before it has nothing to do with it
		return false
	}
	s.reason.line(text)
	return true
}

// hold keeps a call until its place comes, in the next line or after somebody
// else's.
func (s *scanner) hold(c callLine, creator bool, by uint64) {
	n := len(c.name)
	s.buf = append(append(s.buf[:0], c.name...), c.args...)
	s.call = callLine{name: s.buf[:n:n], args: s.buf[n:], inlined: c.inlined}
	s.creator, s.by = creator, by
}

// isPlace reads the place of the call that is held.
func (s *scanner) isPlace(line []byte) bool {
	if s.call.name == nil {
		if s.started || line[0] != '\t' {
			return false
		}
		// The text begins between the two lines of a frame.
		_, ok := parsePlace(line)
		if ok {
			s.headless()
		}
		return ok
	}
	p, ok := parsePlace(line)
	if !ok {
		return false
	}
	c := s.call
	s.call, s.blank = callLine{}, false
	if s.aside {
		return true
	}
	if s.g == nil || s.closed {
		if s.started && !s.end("") {
			return true
		}
		s.headless()
	}
	if s.creator {
		site, _ := s.sites.add(c, p, true)
		s.g.CreatedBy = gostate.Creator{GoID: s.by, Func: site.Func, File: site.File, Line: site.Line}
		s.closed = true
		return true
	}
	if len(s.g.Frames) >= maxFrames {
		s.skipped++
		return true
	}
	site, i := s.sites.add(c, p, false)
	fr := site.frame(i)
	fr.PC, fr.SP, fr.CFA = core.Addr(p.pc), core.Addr(p.sp), core.Addr(p.fp)
	s.g.Frames = append(s.g.Frames, fr)
	s.extra.Args = append(s.extra.Args, s.args(c))
	return true
}

// args returns the arguments of a call. They differ from call to call, so only
// short ones are worth a look-up.
func (s *scanner) args(c callLine) string {
	if len(c.args) == 0 {
		return ""
	}
	return string(c.args)
}

// headless starts a goroutine whose header is not in the text.
func (s *scanner) headless() {
	s.begin(header{})
	s.extra.Headless = true
	s.spare.Status, s.spare.WaitReason = "", ""
}

// note reads the lines of a stack that are no frames.
func (s *scanner) note(text []byte) bool {
	t := bytes.TrimLeft(text, " \t")
	switch {
	case bytes.HasPrefix(t, []byte("goroutine running on other thread")):
		s.extra.Elsewhere = true
		s.g.Truncated = "it was running on another thread, and its stack was not printed"
	case bytes.HasPrefix(t, []byte("...")) && bytes.HasSuffix(t, []byte("frames elided...")):
		word, _, _ := bytes.Cut(t[3:], []byte(" "))
		n, err := strconv.ParseInt(string(word), 10, 32)
		if err != nil || n <= 0 { // ...additional frames elided..., before Go 1.21
			s.g.Truncated = "the program did not print the outer frames"
			return true
		}
		s.g.Elided, s.g.ElidedAt = int(n), len(s.g.Frames)
	case bytes.HasPrefix(t, []byte("runtime: unexpected return pc")), bytes.HasPrefix(t, []byte("runtime: g ")) && bytes.Contains(t, []byte("unexpected return pc")):
		s.g.Truncated = printable(t)
	case bytes.HasPrefix(t, []byte("non-Go function")):
		fr := gostate.Frame{Func: printable(t), PCIndex: -1, Foreign: true}
		if _, pc, ok := bytes.Cut(t, []byte("at pc=")); ok {
			var n uint64
			hexAfter(append([]byte("="), pc...), "=", &n)
			fr.PC, fr.Func = core.Addr(n), "C"
		}
		if len(s.g.Frames) < maxFrames {
			s.g.Frames = append(s.g.Frames, fr)
			s.extra.Args = append(s.extra.Args, "")
		}
	default:
		return false
	}
	return true
}

// maxText is how much of a message is kept.
const maxText = 8 << 10

func printable(b []byte) string {
	return strings.ToValidUTF8(string(b[:min(len(b), maxText)]), string(utf8.RuneError))
}

// register reports whether a line is one of a dump of registers: a name and a
// value.
func register(text []byte) (name string, value, ok bool) {
	n := 0
	for n < len(text) && isWord(text[n]) {
		n++
	}
	if n == 0 || n > 9 || n == len(text) || text[n] != ' ' {
		return "", false, false
	}
	var v uint64
	rest := append([]byte("="), bytes.TrimLeft(text[n:], " ")...)
	return string(text[:n]), hexAfter(rest, "=", &v), true
}

func archOf(known, reg string) string {
	switch reg {
	case "rax", "rip":
		return "amd64"
	case "r29", "lr":
		if known == "" {
			return "arm64"
		}
	case "ra", "s11":
		return "riscv64"
	}
	return known
}

// settle works out what follows from all frames of a goroutine: which of them a
// default traceback leaves out, where it started, whether it is the runtime's.
func settle(g *gostate.Goroutine) {
	shown, leaves := false, false
	for i := range g.Frames {
		fr := &g.Frames[i]
		fr.Wrapper = wrapper(fr)
		made := fr.Wrapper && (i == 0 || !panics[g.Frames[i-1].Func])
		fr.System = !fr.Foreign && (made || gostate.HiddenName(fr.Func, !shown))
		shown = shown || !fr.System
		leaves = leaves || !strings.HasPrefix(fr.Func, "runtime.")
	}
	whole := g.Elided == 0 && g.Truncated == ""
	if n := len(g.Frames); n > 1 && whole && g.Frames[n-1].Func == "runtime.goexit" {
		g.Start = g.Frames[n-2].Func
		g.System = gostate.SystemStart(g.Start, leaves)
	}
}

// panics are the functions whose calling wrappers are shown.
var panics = map[string]bool{"runtime.gopanic": true, "runtime.sigpanic": true, "runtime.panicwrap": true}

// wrapper reports whether the compiler made the function, as far as its name
// and file tell.
func wrapper(fr *gostate.Frame) bool {
	if fr.File == "<autogenerated>" || strings.HasSuffix(fr.Func, "-fm") {
		return true
	}
	last := fr.Func[strings.LastIndexByte(fr.Func, '.')+1:]
	for _, made := range []string{"gowrap", "deferwrap"} {
		if n, ok := strings.CutPrefix(last, made); ok && n != "" && strings.Trim(n, "0123456789") == "" {
			return true
		}
	}
	return false
}

// String says what a site is, for messages.
func (s Site) String() string { return fmt.Sprintf("%s at %s:%d", s.Func, s.File, s.Line) }
