package traceback

import (
	"bytes"
	"strings"
)

// A prefix is what a collector of logs writes before every line: a time, a
// stream, a host, a process, a container. From line to line, only words that
// have digits differ, names of months and days, and those of the streams.
//
//	2026-11-25T03:14:15.926535897Z stderr F goroutine 1 [running]:
//	Nov 25 03:14:15 host prog[123]: goroutine 1 [running]:
//	web-1  | goroutine 1 [running]:
type prefix string

// maxPrefix is how long one may be, in bytes.
const maxPrefix = 256

// strip returns line without the prefix. What stands between words may not
// differ, but for the width of spaces. An empty line may lack those at the end.
func (p prefix) strip(line []byte) ([]byte, bool) {
	if p == "" {
		return line, true
	}
	if len(line) >= len(p) && string(line[:len(p)]) == string(p) {
		return line[len(p):], true
	}
	i := 0
	for j := 0; j < len(p); {
		switch {
		case isWord(p[j]):
			n, m := words(line[i:]), words([]byte(p[j:]))
			if !alike(line[i:i+n], p[j:j+m]) {
				return nil, false
			}
			i, j = i+n, j+m
		case p[j] == ' ' || p[j] == '\t':
			k := j
			for k < len(p) && (p[k] == ' ' || p[k] == '\t') {
				k++
			}
			if k == len(p) { // at the end the width counts: a tab after it is the text's
				if i == len(line) {
					return line[i:], true
				}
				if !bytes.HasPrefix(line[i:], []byte(p[j:])) {
					return nil, false
				}
				return line[i+k-j:], true
			}
			n := len(line[i:]) - len(bytes.TrimLeft(line[i:], " \t"))
			if n == 0 {
				return nil, false
			}
			i, j = i+n, k
		default:
			if i >= len(line) || line[i] != p[j] {
				return nil, false
			}
			i, j = i+1, j+1
		}
	}
	return line[i:], true
}

// alike reports whether two words can stand at the same place of a prefix.
func alike(a []byte, b prefix) bool {
	if string(a) == string(b) {
		return true
	}
	varies := func(w string) bool {
		switch w {
		case "stdout", "stderr", "F", "P":
			return true
		}
		return len(w) == 3 && 'A' <= w[0] && w[0] <= 'Z' || strings.ContainsAny(w, "0123456789")
	}
	return len(a) > 0 && varies(string(a)) && varies(string(b))
}

// words returns the length of the word that b begins with.
func words(b []byte) int {
	n := 0
	for n < len(b) && isWord(b[n]) {
		n++
	}
	return n
}

func isWord(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// findPrefix returns the prefix that the lines of a text have: what stands
// before the first header of a goroutine or, in a text that begins further on,
// before the first place in a file.
func findPrefix(l *lines) prefix {
	found, ok := prefix(""), false
	for {
		line, more := l.next()
		if !more {
			return found
		}
		if _, at, isHeader := findHeader(line); isHeader && at <= maxPrefix {
			return prefix(line[:at])
		}
		if ok {
			continue
		}
		if at := bytes.IndexByte(line, '\t'); at >= 0 && at <= maxPrefix {
			if _, isPlace := parsePlace(line[at:]); isPlace {
				found, ok = prefix(line[:at]), true
			}
		}
	}
}
