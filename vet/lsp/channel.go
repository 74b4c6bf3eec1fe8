package lsp

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
)

// MaxMessage bounds one message from the client, in bytes: the largest holds
// the text of one file, escaped.
const MaxMessage = 64 << 20

// maxHeader bounds a line of a message's header, in bytes, and maxHeaders how
// many there are: two are defined.
const (
	maxHeader  = 1 << 10
	maxHeaders = 16
)

// errFraming reports bytes that are no message of the base protocol.
var errFraming = errors.New("not a message of the language server protocol")

// A stream is a connection in the framing of the language server protocol:
// a header with Content-Length, an empty line, and as many bytes.
//
// Source: "Base Protocol" of the Language Server Protocol Specification, 3.17.
type stream struct {
	r  *bufio.Reader
	mu sync.Mutex
	w  io.Writer
}

func newStream(r io.Reader, w io.Writer) *stream {
	return &stream{r: bufio.NewReaderSize(r, 64<<10), w: w}
}

// Recv returns the next message, or [io.EOF] where the client ended between two.
func (s *stream) Recv() ([]byte, error) {
	size := -1
	for i := 0; ; i++ {
		line, err := s.header()
		switch {
		case err == io.EOF && i == 0 && line == "":
			return nil, io.EOF
		case err == io.EOF:
			return nil, io.ErrUnexpectedEOF
		case err != nil:
			return nil, err
		case i >= maxHeaders:
			return nil, fmt.Errorf("%w: more than %d lines of header", errFraming, maxHeaders)
		}
		if line == "" {
			break
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, fmt.Errorf("%w: header %q", errFraming, line)
		}
		if strings.EqualFold(strings.TrimSpace(name), "Content-Length") {
			n, err := strconv.ParseUint(strings.TrimSpace(value), 10, 31)
			if err != nil || n > MaxMessage {
				return nil, fmt.Errorf("%w: Content-Length %q, at most %d is taken", errFraming, value, MaxMessage)
			}
			size = int(n)
		}
	}
	if size < 0 {
		return nil, fmt.Errorf("%w: no Content-Length", errFraming)
	}
	return s.body(size)
}

// header reads a line without its end.
func (s *stream) header() (string, error) {
	var line []byte
	for {
		c, err := s.r.ReadByte()
		if err != nil {
			return string(line), err
		}
		if c == '\n' {
			return strings.TrimSuffix(string(line), "\r"), nil
		}
		if len(line) >= maxHeader {
			return "", fmt.Errorf("%w: a header of more than %d bytes", errFraming, maxHeader)
		}
		line = append(line, c)
	}
}

// body reads what the header promised. Memory grows with what arrives, not with
// what was promised.
func (s *stream) body(size int) ([]byte, error) {
	const step = 1 << 20
	b := make([]byte, 0, min(size, step))
	for len(b) < size {
		n := min(size-len(b), step)
		b = append(b, make([]byte, n)...)
		if _, err := io.ReadFull(s.r, b[len(b)-n:]); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
	}
	return b, nil
}

// Send writes one message.
func (s *stream) Send(msg []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := fmt.Fprintf(s.w, "Content-Length: %d\r\n\r\n%s", len(msg), msg)
	return err
}
