package since

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// A span is lines from, to, both included.
type span struct{ from, to int }

// lines are what changed in one file, as its new text counts lines. At says
// after which lines something was deleted; it is 0 at the top.
type lines struct {
	added []span
	at    []int
}

func (l *lines) changed(from, to int) bool {
	if l == nil {
		return false
	}
	for _, s := range l.added {
		if s.from <= to && from <= s.to {
			return true
		}
	}
	return false
}

// deleted reports whether lines went between from and to, or next to them.
func (l *lines) deleted(from, to int) bool {
	if l == nil {
		return false
	}
	for _, at := range l.at {
		if from-1 <= at && at <= to {
			return true
		}
	}
	return false
}

// parse reads git diff --unified=0. The result has the files by their new name.
func parse(out []byte) (map[string]*lines, error) {
	files := map[string]*lines{}
	var file *lines
	skip := 0 // lines of a hunk, which may look like headers
	n := 0
	for raw := range bytes.Lines(out) {
		n++
		line := strings.TrimRight(string(raw), "\r\n")
		if skip > 0 && (strings.HasPrefix(line, "+") || strings.HasPrefix(line, "-")) {
			skip--
			continue
		}
		switch {
		case strings.HasPrefix(line, "diff "):
			file = nil
		case strings.HasPrefix(line, "+++ "):
			name, err := newName(line[len("+++ "):])
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
			file = nil
			if name != "" {
				file = &lines{}
				files[name] = file
			}
		case strings.HasPrefix(line, "@@ "):
			old, now, err := hunk(line)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
			skip = old.to + now.to
			if file == nil {
				continue // the file was deleted
			}
			if now.to > 0 {
				file.added = append(file.added, span{now.from, now.from + now.to - 1})
			} else {
				file.at = append(file.at, now.from)
			}
		}
	}
	return files, nil
}

// newName takes b/NAME apart; /dev/null gives an empty name. Git ends a name
// that has a blank in it with a tab and quotes one that has odd characters.
func newName(s string) (string, error) {
	s = strings.TrimSuffix(s, "\t")
	if s == "/dev/null" {
		return "", nil
	}
	if strings.HasPrefix(s, `"`) {
		u, err := strconv.Unquote(s)
		if err != nil {
			return "", fmt.Errorf("name %s: %w", s, err)
		}
		s = u
	}
	name, ok := strings.CutPrefix(s, "b/")
	if !ok {
		return "", fmt.Errorf("name %q does not start with b/", s)
	}
	return name, nil
}

// maxLine bounds numbers of lines in a diff: a file with more would be larger
// than any that is analysed.
const maxLine = 1 << 30

// hunk reads "@@ -A,B +C,D @@"; to is how many lines there are.
func hunk(line string) (old, now span, err error) {
	f := strings.Fields(line)
	if len(f) < 4 || f[3] != "@@" {
		return span{}, span{}, fmt.Errorf("hunk %q", line)
	}
	if old, err = count(f[1], "-"); err != nil {
		return span{}, span{}, err
	}
	if now, err = count(f[2], "+"); err != nil {
		return span{}, span{}, err
	}
	return old, now, nil
}

func count(s, sign string) (span, error) {
	rest, ok := strings.CutPrefix(s, sign)
	at, many, both := strings.Cut(rest, ",")
	n, n2 := 0, 1
	var err error
	if ok {
		n, err = strconv.Atoi(at)
	}
	if ok && err == nil && both {
		n2, err = strconv.Atoi(many)
	}
	if !ok || err != nil || n < 0 || n2 < 0 || n > maxLine || n2 > maxLine {
		return span{}, fmt.Errorf("range %q", s)
	}
	return span{n, n2}, nil
}
