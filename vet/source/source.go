// Package source leads from the positions in findings back to the text that
// was analysed: the file on disk, the line, the column as other programs count
// it, and the statement's code in a form that survives gofmt and moved lines.
//
// # Untrusted input
//
// Source code under analysis, and line directives in it that may name any file.
// Only files that the go command listed for a package are opened, and only up
// to [MaxFile] bytes; a position outside of its file has no line.
//
// # Compatibility
//
// Fingerprints are written into baselines and SARIF files: what they are
// computed from changes only together with [Scheme].
package source

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxFile bounds a source file, in bytes: the largest that people compile are
// tables of some ten megabytes, and an excerpt is not worth more.
const MaxFile = 64 << 20

// A Key names a file as a finding does: the module of its place, and the file
// of a position.
type Key struct{ Module, File string }

// A File is where a file of a package lies. Root is the directory of its module,
// empty unless that is the main module (or one of a workspace). Digest is of the
// text that was analysed, zero where it could not be read.
type File struct {
	Path   string
	Root   string
	Digest [sha256.Size]byte
}

// A Tree holds the files of the packages that findings are in. Texts that an
// overlay supplied are in Overlay by path.
type Tree struct {
	Files   map[Key]File
	Overlay map[string][]byte
	texts   map[string]*Text
}

// Lookup returns the file that a position in a finding of a module names.
func (t *Tree) Lookup(module, file string) (File, bool) {
	if t == nil {
		return File{}, false
	}
	f, ok := t.Files[Key{module, file}]
	return f, ok
}

// Text returns the text of a file, read once; nil if there is none or if it is
// no longer what was analysed.
func (t *Tree) Text(module, file string) *Text {
	f, ok := t.Lookup(module, file)
	if !ok {
		return nil
	}
	if text, ok := t.texts[f.Path]; ok {
		return text
	}
	var text *Text
	if b, err := Read(f.Path, t.Overlay); err == nil && sha256.Sum256(b) == f.Digest {
		text = NewText(file, b)
	}
	if t.texts == nil {
		t.texts = map[string]*Text{}
	}
	t.texts[f.Path] = text
	return text
}

// Read returns the text of a file, from the overlay if it is there.
func Read(path string, overlay map[string][]byte) ([]byte, error) {
	if b, ok := overlay[path]; ok {
		return b, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if fi, err := f.Stat(); err != nil || !fi.Mode().IsRegular() {
		return nil, errors.Join(err, fmt.Errorf("%s: not a regular file", path))
	}
	b, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	switch {
	case err != nil:
		return nil, err
	case len(b) > MaxFile:
		return nil, fmt.Errorf("%s: more than MaxFile = %d bytes", path, MaxFile)
	}
	return b, nil
}

// A Text is a source file by lines. Lines and columns count from 1; columns
// are in bytes.
type Text struct {
	Bytes []byte
	name  string
	lines []int // offset of each line's first byte
	code  *code
}

// NewText splits a text into lines.
func NewText(name string, b []byte) *Text {
	t := &Text{Bytes: b, name: name, lines: []int{0}}
	for i, c := range b {
		if c == '\n' {
			t.lines = append(t.lines, i+1)
		}
	}
	return t
}

// Line returns a line without its end; "" when there is no such line.
func (t *Text) Line(n int) string {
	if t == nil || n < 1 || n > len(t.lines) {
		return ""
	}
	b := t.Bytes[t.lines[n-1]:]
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		b = b[:i]
	}
	return strings.TrimSuffix(string(b), "\r")
}

// Offset returns the offset of a position; false when the text has none such.
func (t *Text) Offset(line, col int) (int, bool) {
	if t == nil || line < 1 || line > len(t.lines) || col < 1 {
		return 0, false
	}
	off, end := t.lines[line-1]+col-1, len(t.Bytes)
	if line < len(t.lines) {
		end = t.lines[line] - 1
	}
	return off, off <= end
}

// Position returns the line and column of an offset, which is cut to the text.
func (t *Text) Position(off int) (line, col int) {
	off = min(max(off, 0), len(t.Bytes))
	i, found := slices.BinarySearch(t.lines, off)
	if !found {
		i--
	}
	return i + 1, off - t.lines[i] + 1
}

// UTF16 returns a column in UTF-16 code units, as SARIF and editors count,
// from 1. A column beyond the line's end is cut to it.
func (t *Text) UTF16(line, col int) int {
	return units(t.Line(line), col-1) + 1
}

// units counts the UTF-16 code units of the first n bytes of s. A byte that is
// not UTF-8 counts as one, as what replaces it does.
func units(s string, n int) int {
	u := 0
	for i, r := range s {
		if i >= n {
			break
		}
		u += max(1, utf16.RuneLen(r))
	}
	return u
}

// Column is the inverse of [Text.UTF16]: the byte column of a UTF-16 one.
func (t *Text) Column(line, col int) int {
	s := t.Line(line)
	u, i := 1, 0
	for i < len(s) && u < col {
		r, size := utf8.DecodeRuneInString(s[i:])
		u += max(1, utf16.RuneLen(r))
		i += size
	}
	return i + 1
}
