//go:build unix

package capture

import (
	"io/fs"
	"syscall"
)

// Disk returns how many bytes a file occupies: less than its size if it has holes.
func Disk(st fs.FileInfo) int64 {
	if s, ok := st.Sys().(*syscall.Stat_t); ok {
		return s.Blocks * 512
	}
	return st.Size()
}
