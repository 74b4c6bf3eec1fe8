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

	more [][]byte // of a line that holds several
}

func newLines(r io.Reader) *lines { return &lines{r: bufio.NewReaderSize(r, maxLine)} }

// next returns the next line, which is valid until the call after it.
func (l *lines) next() ([]byte, bool) {
	if len(l.more) > 0 {
		line := l.more[0]
		l.more = l.more[1:]
		return line, true
	}
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
	all := quoted(line)
	if all == nil {
		line = unwrap(line)
		all = quoted(line)
	}
	if all != nil {
		line, l.more = all[0], all[1:]
	}
	return line, true
}

// failed returns the error that ended the text, if it was not its end.
func (l *lines) failed() error {
	if l.err == nil || errors.Is(l.err, io.EOF) {
		return nil
	}
	return l.err
}

// unwrap returns the text of a line that is a record of a log in JSON: of
// Docker's json-file, go test -json, journalctl -o json, a cloud's.
func unwrap(line []byte) []byte {
	if len(line) < 2 || line[0] != '{' || line[1] != '"' {
		return line
	}
	var record struct{ Log, Output, Message, Msg, TextPayload *string }
	if json.Unmarshal(line, &record) != nil {
		return line
	}
	for _, text := range []*string{record.Log, record.Output, record.Message, record.Msg, record.TextPayload} {
		if text != nil {
			return bytes.TrimRight([]byte(*text), "\r\n")
		}
	}
	return line
}

// quoted returns the lines of a traceback that a structured log has in a field,
// with \n for the ends of lines: stack="goroutine 1 [running]:\nmain.main()\n\t…". It
// returns nil for any other line.
func quoted(line []byte) [][]byte {
	end := bytes.Index(line, []byte(`]:\n`))
	if end < 0 {
		return nil
	}
	at := bytes.LastIndex(line[:end], goroutineWord)
	if at < 0 {
		return nil
	}
	text := make([]byte, 0, len(line)-at)
	for i := at; i < len(line) && line[i] != '"'; i++ {
		c := line[i]
		if c == '\\' && i+1 < len(line) {
			i++
			switch c = line[i]; c {
			case 'n':
				c = '\n'
			case 't':
				c = '\t'
			}
		}
		text = append(text, c)
	}
	return bytes.Split(text, []byte("\n"))
}
