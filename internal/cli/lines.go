package cli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"moho/evidence"
)

// Lines writes a list as JSON lines: a header object that names the schema,
// one object per item, and an end object that says whether that was all.
// Whoever reads a list without its end has a broken stream.
//
// The first error sticks; later calls return it and write nothing.
type Lines struct {
	w     *bufio.Writer
	items int64
	state lineState
	buf   []byte
	err   error
}

type lineState int

const (
	beforeHeader lineState = iota
	inItems
	ended
)

// NewLines returns a stream that writes to w, buffered until [Lines.End].
func NewLines(w io.Writer) *Lines { return &Lines{w: bufio.NewWriterSize(w, 64<<10)} }

// Header writes the first line. Its first field must be "schema".
func (l *Lines) Header(v any) error {
	text, err := compact(v)
	switch {
	case l.err != nil:
	case err != nil:
		l.err = fmt.Errorf("json lines: header: %w", err)
	case l.state != beforeHeader:
		l.err = errors.New("json lines: second header")
	case !bytes.HasPrefix(text, []byte(`{"schema":"moho/`)):
		l.err = fmt.Errorf("json lines: header starts with %.40q, want a schema", text)
	default:
		l.state = inItems
		l.line(text)
	}
	return l.err
}

// Item writes one item.
func (l *Lines) Item(v any) error {
	if l.err != nil {
		return l.err
	}
	text, err := compact(v)
	if err != nil {
		l.err = fmt.Errorf("json lines: item %d: %w", l.items, err)
		return l.err
	}
	return l.Raw(text)
}

// Raw writes one item that is JSON on one line already, without its line
// feed. It is not parsed again; a line feed inside is an error because it
// would split the item.
func (l *Lines) Raw(text []byte) error {
	switch {
	case l.err != nil:
	case l.state != inItems:
		l.err = errors.New("json lines: item outside header and end")
	case bytes.IndexByte(text, '\n') >= 0:
		l.err = fmt.Errorf("json lines: item %d contains a line feed", l.items)
	default:
		l.items++
		l.line(text)
	}
	return l.err
}

// end is the last line of a stream.
type end struct {
	End      bool           `json:"end"`
	Complete bool           `json:"complete"`
	Items    int64          `json:"items"`
	Gaps     []evidence.Gap `json:"gaps"`
}

// End writes the last line and flushes. complete is false when items are
// missing; gaps say which and why.
func (l *Lines) End(complete bool, gaps []evidence.Gap) error {
	if l.err != nil {
		return l.err
	}
	if l.state != inItems {
		l.err = errors.New("json lines: end without a header")
		return l.err
	}
	if gaps == nil {
		gaps = []evidence.Gap{}
	}
	text, err := compact(end{true, complete, l.items, gaps})
	if err != nil {
		l.err = fmt.Errorf("json lines: end: %w", err)
		return l.err
	}
	l.state = ended
	l.line(text)
	if err := l.w.Flush(); err != nil && l.err == nil {
		l.err = fmt.Errorf("json lines: %w", err)
	}
	return l.err
}

func (l *Lines) line(text []byte) {
	l.buf = append(AppendVisible(l.buf[:0], text), '\n')
	if _, err := l.w.Write(l.buf); err != nil {
		l.err = fmt.Errorf("json lines: %w", err)
	}
}
