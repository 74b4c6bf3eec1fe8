package cli

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"
)

// JSON writes v as one indented JSON object. Characters that a terminal
// would not show as themselves are \u escapes, so that untrusted names can't
// act on it; a decoder sees the same value.
func JSON(w io.Writer, v any) error {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	if _, err := w.Write(AppendVisible(nil, buf.Bytes())); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

// compact returns v as JSON on one line, without the line feed.
func compact(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

// plain returns how many bytes at the start of text are below 0x7f. Long lists
// pass through here byte by byte, so it looks at eight at a time.
func plain(text []byte) int {
	const tops, ones = 0x8080808080808080, 0x0101010101010101
	n := 0
	for ; n+8 <= len(text); n += 8 {
		w := binary.LittleEndian.Uint64(text[n:])
		if (w|(w+ones))&tops != 0 {
			break
		}
	}
	for n < len(text) && text[n] < 0x7f {
		n++
	}
	return n
}

// AppendVisible appends JSON text to dst with invisible characters escaped, for
// callers that write JSON themselves.
// Outside strings JSON is ASCII, so whatever is replaced is inside one. The
// encoder has already escaped everything below U+0020 and replaced what is not
// UTF-8; its own indentation is the only control character left.
func AppendVisible(dst, text []byte) []byte {
	for len(text) > 0 {
		n := plain(text)
		dst = append(dst, text[:n]...)
		text = text[n:]
		if len(text) == 0 {
			break
		}
		r, size := utf8.DecodeRune(text)
		switch {
		case visible(r):
			dst = append(dst, text[:size]...)
		case r < 0x10000:
			dst = fmt.Appendf(dst, `\u%04x`, r)
		default:
			r -= 0x10000
			dst = fmt.Appendf(dst, `\u%04x\u%04x`, 0xd800+(r>>10), 0xdc00+(r&0x3ff))
		}
		text = text[size:]
	}
	return dst
}
