package xcheck

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"moho/internal/bounded"
	"moho/objfile"
)

const (
	// maxLine is the longest line of another program's output that is read: a
	// name with what stands before it.
	maxLine = objfile.MaxName + 4096
	// maxSymbols is how many functions another program may list.
	maxSymbols = 1 << 20
	// patience is how long another program may take.
	patience = 2 * time.Minute
)

// A tool is another program that lists functions, one on a line.
type tool struct {
	source  Source
	args    []string // the file follows
	formats []string // of the files that it is asked about
	sized   func(format string) bool

	// line decodes a line of output, not ok for one that is about no function.
	line func(state *string, line []byte) (addr, size uint64, name []byte, ok bool)
}

var tools = []tool{
	{Readelf, []string{"readelf", "-sW"}, []string{"elf"}, always, readelfLine},
	{Objdump, []string{"objdump", "-t"}, []string{"elf"}, always, objdumpLine},
	{GoNM, []string{"go", "tool", "nm", "-size"}, []string{"elf", "macho", "pe"}, func(format string) bool { return format == "elf" }, nmLine},
}

func always(string) bool { return true }

// external returns readers of what other programs say.
func (c *comparison) external(ctx context.Context) []source {
	var out []source
	for _, t := range tools {
		out = append(out, source{t.source, func() (*list, error) { return c.ask(ctx, t) }})
	}
	return out
}

// ask runs one tool. That it is not there, or fails, is no error: it is a source
// that was not asked.
func (c *comparison) ask(ctx context.Context, t tool) (*list, error) {
	l := &list{source: t.source, unsized: !t.sized(c.f.Format())}
	prefix := ""
	if c.f.Format() == "macho" {
		prefix = "_" // of every name
	}
	known := false
	for _, f := range t.formats {
		known = known || f == c.f.Format()
	}
	if !known {
		l.absent = fmt.Sprintf("not asked: it does not read %s files", c.f.Format())
		return l, nil
	}
	exe, err := exec.LookPath(t.args[0])
	if err != nil {
		l.absent = fmt.Sprintf("not asked: %s is not installed", t.args[0])
		return l, nil
	}
	path, err := filepath.Abs(c.f.Name()) // so that it does not begin with a dash
	if err != nil {
		return nil, err
	}
	if st, err := os.Stat(path); err != nil || st.Size() != c.f.Size() {
		l.absent = "not asked: the file is not on disk as it was opened"
		return l, nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, exe, append(t.args[1:len(t.args):len(t.args)], path)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "GOFLAGS=", "GOTOOLCHAIN=local")
	var stderr head
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		l.absent = fmt.Sprintf("not asked: %v", err)
		return l, nil
	}
	readErr := t.read(l, prefix, stdout)
	if readErr != nil {
		cancel()
	}
	switch err := cmd.Wait(); {
	case errors.Is(readErr, bounded.ErrLimit):
		return nil, fmt.Errorf("%s: %w", t.source, readErr)
	case err != nil || readErr != nil:
		*l = list{source: t.source, absent: strings.TrimSpace(fmt.Sprintf("no answer: %v %s", errors.Join(readErr, err), stderr.line()))}
	case len(l.entries) == 0:
		l.absent = "it lists no functions"
	}
	return l.sort(), nil
}

// read decodes the output of a tool while it runs.
func (t tool) read(l *list, prefix string, r io.Reader) error {
	sc := bufio.NewScanner(r)
	sc.Buffer(make([]byte, 0, 64<<10), maxLine)
	var names []string
	state := ""
	for sc.Scan() {
		addr, size, name, ok := t.line(&state, sc.Bytes())
		if !ok {
			continue
		}
		if err := bounded.Check("functions that "+string(t.source)+" lists", uint64(len(names))+1, maxSymbols); err != nil {
			return err
		}
		l.entries = append(l.entries, entry{objfile.Addr(addr), objfile.Addr(size), len(names)})
		names = append(names, string(name))
	}
	l.appendName = func(dst []byte, e entry) []byte { return append(dst, strings.TrimPrefix(names[e.ref], prefix)...) }
	return sc.Err()
}

// field cuts the first word off a line.
func field(line []byte) (word string, rest []byte) {
	line = bytes.TrimLeft(line, " ")
	i := bytes.IndexAny(line, " \t")
	if i < 0 {
		return string(line), nil
	}
	return string(line[:i]), line[i+1:]
}

// readelfLine decodes
//
//	12: 0000000000401000    53 FUNC    LOCAL  DEFAULT    1 main.f
//
// after the headline of the symbol table; that of dynamic symbols is another.
func readelfLine(state *string, line []byte) (addr, size uint64, name []byte, ok bool) {
	if rest, is := bytes.CutPrefix(line, []byte("Symbol table '")); is {
		table, _, _ := bytes.Cut(rest, []byte("'"))
		*state = string(table)
		return 0, 0, nil, false
	}
	if *state != ".symtab" {
		return 0, 0, nil, false
	}
	var w [7]string // number, value, size, type, binding, visibility, section
	for i := range w {
		w[i], line = field(line)
	}
	addr, err := strconv.ParseUint(w[1], 16, 64)
	size, err2 := strconv.ParseUint(w[2], 0, 64)
	ok = err == nil && err2 == nil && (w[3] == "FUNC" || w[3] == "IFUNC") && w[6] != "UND"
	return addr, size, line, ok
}

// objdumpLine decodes
//
//	0000000000401000 l     F .text	0000000000000035              main.f
//
// Seven flags stand in fixed columns; the last says function.
func objdumpLine(_ *string, line []byte) (addr, size uint64, name []byte, ok bool) {
	word, rest := field(line)
	addr, err := strconv.ParseUint(word, 16, 64)
	if err != nil || len(rest) < 8 || rest[6] != 'F' {
		return 0, 0, nil, false
	}
	section, rest, tab := bytes.Cut(rest[8:], []byte("\t"))
	word, rest = field(rest)
	size, err = strconv.ParseUint(word, 16, 64)
	name = bytes.TrimLeft(rest, " ")
	for _, visibility := range []string{".hidden ", ".internal ", ".protected "} {
		name = bytes.TrimPrefix(name, []byte(visibility))
	}
	return addr, size, name, tab && err == nil && string(section) != "*UND*"
}

// nmLine decodes
//
//	401100         87 T main.f
func nmLine(_ *string, line []byte) (addr, size uint64, name []byte, ok bool) {
	a, line := field(line)
	s, line := field(line)
	typ, name := field(line)
	addr, err := strconv.ParseUint(a, 16, 64)
	size, err2 := strconv.ParseUint(s, 10, 64)
	return addr, size, name, err == nil && err2 == nil && (typ == "T" || typ == "t")
}

// head keeps the beginning of what is written to it.
type head struct{ b []byte }

func (h *head) Write(p []byte) (int, error) {
	h.b = append(h.b, p[:min(len(p), 512-min(512, len(h.b)))]...)
	return len(p), nil
}

// line returns the first line.
func (h *head) line() string {
	first, _, _ := strings.Cut(string(h.b), "\n")
	return first
}
