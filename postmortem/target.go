package postmortem

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"moho/core"
	"moho/core/wasmdump"
	"moho/internal/unpack"
)

// A TargetKind is what the argument of a question about a process names.
type TargetKind string

// The kinds. A file is known by how it begins.
const (
	TargetStdin      TargetKind = "stdin"      // "-"
	TargetPID        TargetKind = "pid"        // digits that are no file: a living process
	TargetELF        TargetKind = "elf"        // an ELF file, a core one hopes
	TargetCompressed TargetKind = "compressed" // gzip, zstd, lz4, …: what is inside has to be looked at
	TargetWASM       TargetKind = "wasm"       // a WebAssembly module or coredump
	TargetText       TargetKind = "text"       // text, a traceback one hopes
	TargetPipe       TargetKind = "pipe"       // a pipe that the shell has opened: <(command), /dev/stdin
	TargetOther      TargetKind = "other"      // anything else
)

// sniffed is how much of a file is looked at to tell its kind.
const sniffed = 512

// Identify says what kind of target arg names. Of a file it reads the first
// bytes; anything that is no regular file is [TargetOther] and is not opened.
func Identify(arg string) (TargetKind, error) {
	if arg == "-" {
		return TargetStdin, nil
	}
	st, err := os.Stat(arg)
	switch {
	case err != nil && errors.Is(err, os.ErrNotExist) && parsePID(arg) > 0:
		return TargetPID, nil
	case err != nil:
		return "", err
	case !st.Mode().IsRegular() && isDescriptor(arg):
		return TargetPipe, nil
	case !st.Mode().IsRegular():
		return TargetOther, nil
	}
	f, err := os.Open(arg)
	if err != nil {
		return "", err
	}
	defer f.Close()
	head := make([]byte, sniffed)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", err
	}
	return kindOf(head[:n]), nil
}

// isDescriptor reports whether a path names a file that is open already: to open
// it does not wait for anybody, as a FIFO does that nobody writes to.
func isDescriptor(path string) bool {
	for _, dir := range []string{"/dev/fd/", "/proc/self/fd/"} {
		if n, ok := strings.CutPrefix(path, dir); ok && parsePID(n) > 0 {
			return true
		}
	}
	return path == "/dev/stdin" || path == "/dev/fd/0" || path == "/proc/self/fd/0"
}

// kindOf tells the kind of a file that begins with head.
func kindOf(head []byte) TargetKind {
	format, err := unpack.Sniff(head)
	switch {
	case bytes.HasPrefix(head, []byte("\x7fELF")):
		return TargetELF
	case bytes.HasPrefix(head, []byte("\x00asm")):
		return TargetWASM
	case format != unpack.Plain, err != nil: // err: unpack says how to decompress it
		return TargetCompressed
	case len(head) > 0 && (isText(head) || mostlyText(head)):
		return TargetText
	}
	return TargetOther
}

// mostlyText reports whether b is text for the most part: a log in which other
// programs have written in other encodings.
func mostlyText(b []byte) bool {
	odd := 0
	for _, c := range b {
		if c == 0 {
			return false
		}
		if c < ' ' && c != '\n' && c != '\t' && c != '\r' || c >= 0x7f {
			odd++
		}
	}
	return len(b) >= 64 && odd <= len(b)/10
}

// isText reports whether b, which may end within a character, is text.
func isText(b []byte) bool {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			return len(b) < utf8.UTFMax && !utf8.FullRune(b)
		}
		if r < ' ' && r != '\n' && r != '\t' && r != '\r' && r != '\x1b' {
			return false
		}
		b = b[n:]
	}
	return true
}

// parsePID returns the process id that arg is, or 0.
func parsePID(arg string) int {
	for _, c := range []byte(arg) {
		if c < '0' || c > '9' {
			return 0
		}
	}
	n, err := strconv.ParseInt(arg, 10, 32)
	if err != nil {
		return 0
	}
	return int(n)
}

// openTarget opens what c.Path names: it sets c.Process. It may also set c.Exe
// where the target leads to its executable by itself.
func (c *Case) openTarget(ctx context.Context, o Options) error {
	kind, err := Identify(c.Path)
	if err != nil {
		return fmt.Errorf("core: %w", err)
	}
	switch kind {
	case TargetPID:
		err = c.openLive(ctx, parsePID(c.Path), o)
	case TargetWASM:
		c.Process, err = wasmdump.Open(c.Path)
	case TargetPipe:
		f, err := os.Open(c.Path)
		if err != nil {
			return err
		}
		defer f.Close()
		return c.openStream(ctx, f, 0, o)
	case TargetOther:
		if isProfile(c.Path) {
			return c.openFile(ctx, o)
		}
		if c.Process, err = wasmdump.OpenMemory(c.Path); err != nil {
			c.Process, err = core.Open(c.Path) // says what is wrong with it
		}
	case TargetStdin:
		in := o.Stdin
		if in == nil {
			in = os.Stdin
		}
		return c.openStream(ctx, in, 0, o)
	case TargetCompressed:
		return c.openFile(ctx, o)
	case TargetText:
		return c.openFile(ctx, o)
	default: // core.Open says what is wrong with it
		c.Process, err = core.Open(c.Path)
	}
	return err
}
