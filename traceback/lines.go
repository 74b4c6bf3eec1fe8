package traceback

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// maxLine is how much of a line is looked at, in bytes; the rest of it is passed
// over. A frame's line is a function's name and ten arguments.
const maxLine = 64 << 10

// lines yields the lines of a text without what ends them.
type lines struct {
	r   *bufio.Reader
	n   int  // of the line that was read last, from 1
	cut bool // the last line of the text has no end
	err error
}

func newLines(r io.Reader) *lines { return &lines{r: bufio.NewReaderSize(r, maxLine)} }

// next returns the next line, which is valid until the call after it.
func (l *lines) next() ([]byte, bool) {
	if l.err != nil {
		return nil, false
	}
	line, err := l.r.ReadSlice('\n')
	for long := err; errors.Is(long, bufio.ErrBufferFull); {
		line = bytes.Clone(line[:min(len(line), maxLine)])
		err = nil
		for long != nil && errors.Is(long, bufio.ErrBufferFull) {
			_, long = l.r.ReadSlice('\n')
		}
		err = long
	}
	if err != nil {
		l.err = err
		if len(line) == 0 {
			return nil, false
		}
		l.cut = true
	}
	l.n++
	line = bytes.TrimRight(line, "\r\n")
	return unwrap(line), true
}

// failed returns the error that ended the text, if it was not its end.
func (l *lines) failed() error {
	if l.err == nil || errors.Is(l.err, io.EOF) {
		return nil
	}
	return l.err
}

// unwrap returns what a line of Docker's json-file log holds: {"log":"…\n",…}.
func unwrap(line []byte) []byte {
	if !bytes.HasPrefix(line, []byte(`{"log":"`)) {
		return line
	}
	var record struct{ Log string }
	if json.Unmarshal(line, &record) != nil {
		return line
	}
	return bytes.TrimRight([]byte(record.Log), "\r\n")
}
