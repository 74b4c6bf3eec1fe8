package traceback

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// A header is the first line of a goroutine:
//
//	goroutine 12 gp=0xc000102380 m=3 mp=0xc000100008 [chan receive, 5 minutes, locked to thread] {user: 7}:
//
// Source: $GOROOT/src/runtime/traceback.go (goroutineheader), go1.27.
type header struct {
	id         uint64
	status     string
	waitReason string
	scan       bool
	locked     bool
	waited     time.Duration
	notes      []string
	labels     map[string]string
}

var goroutineWord = []byte("goroutine ")

// findHeader finds a header in a line. at is where it begins.
func findHeader(line []byte) (h header, at int, ok bool) {
	for at < len(line) {
		i := bytes.Index(line[at:], goroutineWord)
		if i < 0 {
			return header{}, 0, false
		}
		at += i
		if h, ok := parseHeader(line[at:]); ok {
			return h, at, true
		}
		at += len(goroutineWord)
	}
	return header{}, 0, false
}

// parseHeader reads a header, with nothing before and little after it.
func parseHeader(line []byte) (h header, ok bool) {
	rest, ok := bytes.CutPrefix(line, goroutineWord)
	if !ok {
		return header{}, false
	}
	n := 0
	for n < len(rest) && n < 20 && '0' <= rest[n] && rest[n] <= '9' {
		h.id = h.id*10 + uint64(rest[n]-'0')
		n++
	}
	if n == 0 || n == len(rest) || rest[n] != ' ' {
		return header{}, false
	}
	rest = rest[n+1:]
	for {
		word, after, found := bytes.Cut(rest, []byte(" "))
		if !found || len(word) == 0 || word[0] == '[' {
			break
		}
		if !bytes.HasPrefix(word, []byte("gp=")) && !bytes.HasPrefix(word, []byte("m=")) && !bytes.HasPrefix(word, []byte("mp=")) {
			return header{}, false
		}
		rest = after
	}
	if len(rest) == 0 || rest[0] != '[' {
		return header{}, false
	}
	end := closing(rest)
	if end < 0 {
		return header{}, false
	}
	h.state(string(rest[1:end]))
	tail := bytes.TrimSpace(rest[end+1:])
	if labels, ok := bytes.CutPrefix(tail, []byte("{")); ok {
		h.labels, tail = parseLabels(labels)
	}
	if len(tail) == 0 || tail[0] != ':' {
		return header{}, false
	}
	return h, true
}

// closing returns where the bracket that b begins with is closed. Quoted labels
// may hold brackets.
func closing(b []byte) int {
	quoted := false
	for i := 1; i < len(b); i++ {
		switch {
		case b[i] == '\\' && quoted:
			i++
		case b[i] == '"':
			quoted = !quoted
		case b[i] == ']' && !quoted:
			return i
		}
	}
	return -1
}

// statuses are the runtime's words that stand where others have a wait reason.
var statuses = map[string]bool{
	"idle": true, "runnable": true, "running": true, "syscall": true, "waiting": true, "dead": true,
	"copystack": true, "preempted": true, "leaked": true,
}

// state reads what stands between the brackets.
func (h *header) state(s string) {
	if i := strings.Index(s, ` labels:{`); i >= 0 { // Go 1.26
		h.labels, _ = parseLabels([]byte(s[i+len(` labels:{`):]))
		s = s[:i]
	}
	first, rest, _ := strings.Cut(s, ", ")
	first, h.scan = strings.CutSuffix(first, " (scan)")
	first, leaked := strings.CutSuffix(first, " (leaked)")
	switch {
	case leaked:
		h.status, h.waitReason = "leaked", first
	case statuses[first]:
		h.status = first
	default:
		h.status, h.waitReason = "waiting", first
	}
	for rest != "" {
		var word string
		word, rest, _ = strings.Cut(rest, ", ")
		minutes, isWait := strings.CutSuffix(word, " minutes")
		n, err := strconv.ParseInt(minutes, 10, 32)
		switch {
		case isWait && err == nil && 0 <= n && n <= maxMinutes:
			h.waited = time.Duration(n) * time.Minute
		case word == "locked to thread":
			h.locked = true
		default:
			h.notes = append(h.notes, word)
		}
	}
}

// maxMinutes is the longest wait that is believed: a century.
const maxMinutes = 100 * 365 * 24 * 60

// maxLabels is how many labels of a goroutine are kept.
const maxLabels = 64

// parseLabels reads k: v, "k k": "v"} and returns what comes after it.
func parseLabels(b []byte) (map[string]string, []byte) {
	labels := map[string]string{}
	for len(labels) < maxLabels {
		k, rest, ok := parseWord(b, ':')
		if !ok {
			break
		}
		v, rest, ok := parseWord(bytes.TrimLeft(rest[1:], " "), ',', '}')
		if !ok {
			break
		}
		labels[k] = v
		b = bytes.TrimLeft(rest[1:], " ")
		if rest[0] == '}' {
			return labels, b
		}
	}
	return nil, nil
}

// parseWord reads a word, quoted or not, up to one of ends, with which the rest
// begins.
func parseWord(b []byte, ends ...byte) (string, []byte, bool) {
	if len(b) > 0 && b[0] == '"' {
		for i := 1; i < len(b); i++ {
			switch b[i] {
			case '\\':
				i++
			case '"':
				s, err := strconv.Unquote(string(b[:i+1]))
				rest := b[i+1:]
				return s, rest, err == nil && len(rest) > 0 && bytes.IndexByte(ends, rest[0]) >= 0
			}
		}
		return "", nil, false
	}
	i := bytes.IndexAny(b, string(ends))
	if i < 0 {
		return "", nil, false
	}
	return string(b[:i]), b[i:], true
}
