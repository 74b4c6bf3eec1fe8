// Package report reads what a program under proof has written: one line of JSON
// for each thing that it, or a child of it, was seen to do wrong.
//
// # Untrusted input
//
// The file is written inside the process under test, which may write anything
// into it. Lines above 128 KiB and more than 100,000 lines are refused; a line
// that is not a report is counted and skipped.
//
// # Compatibility
//
// Internal to moho: the writer is compiled from the same build of moho.
package report

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

const (
	// Longest line of a report; the writer's buffer has 96 KiB.
	maxLine = 128 << 10
	// Most lines of a run; a process writes at most 1024 reports.
	maxLines = 100_000
)

// A Frame is one call. C's have only an address.
type Frame struct {
	Fn   string `json:"fn"`
	File string `json:"file"`
	Line int    `json:"line"`
	PC   uint64 `json:"pc"`
}

// A Hit is one rule broken at one site: where, on which memory, and what had
// happened to it. Stacks are innermost first and have no frames of the runtime.
type Hit struct {
	Rule  string `json:"rule"`
	PID   int    `json:"pid"`
	Goid  int64  `json:"goid"`
	Addr  string `json:"addr"`
	A     int64  `json:"a"` // what was wanted; depends on the rule
	B     int64  `json:"b"` // what there was
	Mem   string `json:"mem"`
	Size  int64  `json:"size"`
	Off   int64  `json:"off"`
	CSize int64  `json:"csize"`
	Count int64  `json:"count"` // of leaked blocks
	Bytes int64  `json:"bytes"`

	At    []Frame `json:"at"`
	Born  []Frame `json:"born"`  // an address became an integer
	Alloc []Frame `json:"alloc"` // C memory was allocated
	Free  []Frame `json:"free"`  // and freed
	Left  []Frame `json:"left"`  // and given up by who held it
	Lent  []Frame `json:"lent"`  // Go memory was passed to C
	View  []Frame `json:"view"`  // a string view was made

	Unmapped []Frame `json:"unmapped"` // memory was given back to the kernel
	Deleted  []Frame `json:"deleted"`  // a handle was deleted

	Finalizer int `json:"finalizer"` // 1: a finalizer or a cleanup has freed it
}

// A Stack is a named part of a hit's history.
type Stack struct {
	Name   string
	Frames []Frame
}

// History lists the stacks of the past that h has, in the order of time in which
// they can only have happened.
func (h *Hit) History() []Stack {
	var list []Stack
	for _, s := range []Stack{
		{"alloc", h.Alloc},
		{"lent", h.Lent},
		{"view", h.View},
		{"born", h.Born},
		{"left", h.Left},
		{"free", h.Free},
		{"unmapped", h.Unmapped},
		{"deleted", h.Deleted},
	} {
		if len(s.Frames) > 0 {
			list = append(list, s)
		}
	}
	return list
}

// Site names where a hit happened: its rule, its innermost Go frame, and that of the
// place where the address became an integer. Two hits with the same site are one,
// however many ways lead there.
func (h *Hit) Site() string {
	return h.Rule + innermost(h.At) + innermost(h.Born)
}

// Line names the line that breaks the rule, whatever the history.
func (h *Hit) Line() string { return h.Rule + innermost(h.At) }

func innermost(frames []Frame) string {
	for _, f := range frames {
		if f.Fn != "" {
			return fmt.Sprintf(" %s:%d", f.File, f.Line)
		}
	}
	return ""
}

// A Log is what the processes of one run have written.
type Log struct {
	Starts  int // processes with our runtime
	Ends    int // those that ended of themselves
	Globals int // variables whose bounds are known, of the first process
	Lost    int // reports that found no room
	Garbled int // lines that are no reports
	Hits    []Hit
}

// line is any line; kind says which fields count.
type line struct {
	Kind    string `json:"k"`
	Globals int    `json:"globals"`
	Lost    int    `json:"lost"`
	Hit
}

// Read parses a log. Hits of one site are merged: the first is kept. On error the
// log is empty.
func Read(r io.Reader) (Log, error) {
	var l Log
	seen := map[string]bool{}
	sc := bufio.NewScanner(r)
	sc.Buffer(make([]byte, 0, 4096), maxLine)
	for n := 0; sc.Scan(); n++ {
		if n >= maxLines {
			return Log{}, fmt.Errorf("more than %d lines", maxLines)
		}
		var e line
		if err := json.Unmarshal(sc.Bytes(), &e); err != nil {
			l.Garbled++
			continue
		}
		switch e.Kind {
		case "start":
			if l.Starts == 0 {
				l.Globals = e.Globals
			}
			l.Starts++
		case "end":
			l.Ends++
			l.Lost += e.Lost
		case "hit":
			if key := e.Site(); !seen[key] {
				seen[key] = true
				l.Hits = append(l.Hits, e.Hit)
			}
		case "bad":
			l.Hits = append(l.Hits, e.Hit)
		default:
			l.Garbled++
		}
	}
	if err := sc.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			err = fmt.Errorf("a line is longer than %d bytes", maxLine)
		}
		return Log{}, err
	}
	return l, nil
}
