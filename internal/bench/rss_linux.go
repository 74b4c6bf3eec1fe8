package main

import (
	"os"
	"syscall"
)

// maxRSS returns the peak resident size of a process that has ended, in bytes.
func maxRSS(s *os.ProcessState) int64 {
	if r, ok := s.SysUsage().(*syscall.Rusage); ok {
		return r.Maxrss << 10
	}
	return 0
}
