//go:build amd64 || arm64

package capture

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// tasks lists the threads of a process.
func tasks(pid int) []int {
	entries, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	tids := make([]int, 0, len(entries))
	for _, e := range entries {
		if tid, err := strconv.Atoi(e.Name()); err == nil {
			tids = append(tids, tid)
		}
	}
	return tids
}

// status is what /proc/PID/task/TID/status says.
type status struct {
	uid, gid                          uint32
	nsTID                             int // in the innermost namespace, as the runtime knows it
	pending, blocked, ignored, caught uint64
}

func readStatus(pid, tid int) (status, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/status", pid, tid))
	if err != nil {
		return status{}, err
	}
	st := status{nsTID: tid}
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
			st.uid = id()
		case "Gid":
			st.gid = id()
		case "NSpid":
			if n, err := strconv.Atoi(f[len(f)-1]); err == nil {
				st.nsTID = n
			}
		case "SigPnd":
			st.pending = mask()
		case "SigBlk":
			st.blocked = mask()
		case "SigIgn":
			st.ignored = mask()
		case "SigCgt":
			st.caught = mask()
		}
	}
	return st, nil
}

// stat is what /proc/PID/task/TID/stat says.
type stat struct {
	state                  byte
	comm                   string
	ppid, pgrp, session    int
	flags                  uint64
	utime, stime           uint64 // in ticks of 1/100 s
	childUTime, childSTime uint64
	nice                   int
}

func readStat(pid, tid int) (stat, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/stat", pid, tid))
	if err != nil {
		return stat{}, err
	}
	// The name may hold spaces and brackets; nothing after it does.
	open, end := bytes.IndexByte(b, '('), bytes.LastIndexByte(b, ')')
	if open < 0 || end < open {
		return stat{}, fmt.Errorf("capture: /proc/%d/task/%d/stat: no name in brackets", pid, tid)
	}
	f := strings.Fields(string(b[end+1:]))
	if len(f) < 17 || len(f[0]) != 1 {
		return stat{}, fmt.Errorf("capture: /proc/%d/task/%d/stat: %d fields after the name, want 17", pid, tid, len(f))
	}
	num := func(i int) uint64 { n, _ := strconv.ParseUint(f[i], 10, 64); return n }
	sig := func(i int) int { n, _ := strconv.Atoi(f[i]); return n }
	return stat{
		state: f[0][0], comm: string(b[open+1 : end]),
		ppid: sig(1), pgrp: sig(2), session: sig(3), flags: num(6),
		utime: num(11), stime: num(12), childUTime: num(13), childSTime: num(14), nice: sig(16),
	}, nil
}
