//go:build unix

package objfile

import (
	"os"

	"golang.org/x/sys/unix"
)

// mapFile maps all of fd, read-only and private.
func mapFile(fd *os.File) (data []byte, release func() error, err error) {
	st, err := fd.Stat()
	if err != nil {
		return nil, nil, err
	}
	if !st.Mode().IsRegular() || st.Size() == 0 { // mmap refuses empty files
		return nil, func() error { return nil }, nil
	}
	if int64(int(st.Size())) != st.Size() {
		return nil, nil, unix.EFBIG
	}
	data, err = unix.Mmap(int(fd.Fd()), 0, int(st.Size()), unix.PROT_READ, unix.MAP_PRIVATE)
	if err != nil {
		return nil, nil, os.NewSyscallError("mmap", err)
	}
	return data, func() error { return unix.Munmap(data) }, nil
}
