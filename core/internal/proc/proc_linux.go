//go:build amd64 || arm64

package proc

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Tasks lists the threads of a process.
func Tasks(pid int) []int {
	entries, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	tids := make([]int, 0, len(entries))
	for _, e := range entries {
		if tid, err := strconv.Atoi(e.Name()); err == nil {
			tids = append(tids, tid)
		}
	}
	return tids
}

// Status is what /proc/PID/task/TID/status says.
type Status struct {
	UID, GID                          uint32
	NSTID                             int // in the innermost namespace, as the runtime knows it
	Pending, Blocked, Ignored, Caught uint64
}

// ReadStatus reads the status of a thread.
func ReadStatus(pid, tid int) (Status, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/status", pid, tid))
	if err != nil {
		return Status{}, err
	}
	st := Status{NSTID: tid}
	for line := range strings.Lines(string(b)) {
		key, value, _ := strings.Cut(line, ":")
		f := strings.Fields(value)
		if len(f) == 0 {
			continue
		}
		mask := func() uint64 { n, _ := strconv.ParseUint(f[0], 16, 64); return n }
		id := func() uint32 { n, _ := strconv.ParseUint(f[0], 10, 32); return uint32(n) }
		switch key {
		case "Uid":
			st.UID = id()
		case "Gid":
			st.GID = id()
		case "NSpid":
			if n, err := strconv.Atoi(f[len(f)-1]); err == nil {
				st.NSTID = n
			}
		case "SigPnd":
			st.Pending = mask()
		case "SigBlk":
			st.Blocked = mask()
		case "SigIgn":
			st.Ignored = mask()
		case "SigCgt":
			st.Caught = mask()
		}
	}
	return st, nil
}

// Stat is what /proc/PID/task/TID/stat says.
type Stat struct {
	State                  byte
	Comm                   string
	PPID, PGrp, Session    int
	Flags                  uint64
	UTime, STime           uint64 // in ticks of 1/100 s
	ChildUTime, ChildSTime uint64
	Nice                   int
}

// ReadStat reads the stat of a thread.
func ReadStat(pid, tid int) (Stat, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/stat", pid, tid))
	if err != nil {
		return Stat{}, err
	}
	// The name may hold spaces and brackets; nothing after it does.
	open, end := bytes.IndexByte(b, '('), bytes.LastIndexByte(b, ')')
	if open < 0 || end < open {
		return Stat{}, fmt.Errorf("proc: /proc/%d/task/%d/stat: no name in brackets", pid, tid)
	}
	f := strings.Fields(string(b[end+1:]))
	if len(f) < 17 || len(f[0]) != 1 {
		return Stat{}, fmt.Errorf("proc: /proc/%d/task/%d/stat: %d fields after the name, want 17", pid, tid, len(f))
	}
	num := func(i int) uint64 { n, _ := strconv.ParseUint(f[i], 10, 64); return n }
	sig := func(i int) int { n, _ := strconv.Atoi(f[i]); return n }
	return Stat{
		State: f[0][0], Comm: string(b[open+1 : end]),
		PPID: sig(1), PGrp: sig(2), Session: sig(3), Flags: num(6),
		UTime: num(11), STime: num(12), ChildUTime: num(13), ChildSTime: num(14), Nice: sig(16),
	}, nil
}
