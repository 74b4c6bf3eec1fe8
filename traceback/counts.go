package traceback

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strconv"

	"moho/gostate"
)

var (
	profileHead = []byte("goroutine profile: total ")
	leakHead    = []byte("goroutineleak profile: total ")
)

// findProfile returns the prefix of a text that is a profile, which its first
// line of interest says.
func findProfile(l *lines) (prefix, bool) {
	for line, ok := l.next(); ok; line, ok = l.next() {
		for _, head := range [][]byte{profileHead, leakHead} {
			if at := bytes.Index(line, head); at >= 0 && at <= maxPrefix {
				return prefix(line[:at]), true
			}
		}
		if _, _, ok := findHeader(line); ok {
			break
		}
	}
	return "", false
}

// readCounts reads a profile in text form, as ?debug=1 gives it:
//
//	3 @ 0x47d96e 0x4158ee 0x415432
//	# labels: {"k":"v"}
//	#	0x4dc0d4	main.worker+0x14	/src/pool.go:16
//
// Source: $GOROOT/src/runtime/pprof/pprof.go (printCountProfile), go1.27.
func (d *Dump) readCounts(ctx context.Context, o Options) (bool, error) {
	pre, ok := findProfile(newLines(io.NewSectionReader(d.r, 0, min(d.size, maxHead))))
	if !ok {
		return false, nil
	}
	d.kind, d.dumps, d.tally = KindProfile, 1, *newTally(0)
	l := newLines(&watched{ctx: ctx, r: io.NewSectionReader(d.r, 0, d.size), total: d.size, progress: o.Progress})
	n := 0
	var frames []gostate.Frame
	var labels map[string]string
	flush := func() {
		if n > 0 {
			d.count(n, frames, labels)
		}
		n, frames, labels = 0, nil, nil
	}
	for raw, ok := l.next(); ok; raw, ok = l.next() {
		line, ok := pre.strip(raw)
		if !ok {
			continue
		}
		if count, ok := countLine(line); ok {
			flush()
			n = count
			continue
		}
		rest, ok := bytes.CutPrefix(line, []byte("#"))
		switch {
		case !ok || n == 0:
		case bytes.HasPrefix(bytes.TrimLeft(rest, " \t"), []byte("labels: {")):
			labels = jsonLabels(rest)
		case len(frames) < maxFrames:
			if fr, ok := d.countFrame(rest); ok {
				frames = append(frames, fr)
			}
		}
	}
	flush()
	if err := l.failed(); err != nil {
		return true, err
	}
	return true, d.counted()
}

// countLine reads 3 @ 0x47d96e …
func countLine(line []byte) (int, bool) {
	num, rest, ok := bytes.Cut(line, []byte(" @"))
	if !ok || len(rest) > 0 && rest[0] != ' ' {
		return 0, false
	}
	n, err := strconv.ParseInt(string(num), 10, 32)
	return int(n), err == nil && n > 0
}

// countFrame reads what comes after the # of a call. The offset is not that of
// a PC where the call was inlined, so it is not kept.
func (d *Dump) countFrame(rest []byte) (gostate.Frame, bool) {
	rest = bytes.Trim(rest, " \t")
	addr, rest, ok := bytes.Cut(rest, []byte("\t"))
	if !ok {
		addr, rest, ok = bytes.Cut(addr, []byte(" "))
	}
	var pc uint64
	if !ok || !hexAfter(append([]byte("="), addr...), "=", &pc) {
		return gostate.Frame{}, false
	}
	rest = bytes.Trim(rest, " \t")
	i := bytes.LastIndexAny(rest, "\t")
	if i < 0 {
		i = bytes.LastIndex(rest, []byte("  "))
	}
	if i < 0 {
		i = bytes.LastIndexByte(rest, ' ')
	}
	if i < 0 {
		return gostate.Frame{}, false
	}
	name := bytes.TrimRight(rest[:i], " \t")
	if j := bytes.LastIndexByte(name, '+'); j > 0 {
		name = name[:j]
	}
	p, ok := parsePlace(append([]byte("\t"), bytes.TrimLeft(rest[i:], " \t")...))
	if !ok || len(name) == 0 || !symbolName(name) {
		return gostate.Frame{}, false
	}
	site, n := d.sites.add(callLine{name: name}, p, false)
	return site.frame(n), true
}

// jsonLabels reads labels: {"k":"v"}.
func jsonLabels(b []byte) map[string]string {
	_, text, _ := bytes.Cut(b, []byte("labels: "))
	var all map[string]string
	if json.Unmarshal(text, &all) != nil || len(all) > maxLabels {
		return nil
	}
	return all
}
