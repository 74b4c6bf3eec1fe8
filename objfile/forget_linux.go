package objfile

import "golang.org/x/sys/unix"

// forget lets the kernel take the pages of a mapped file out of this process.
func forget(data []byte) { unix.Madvise(data, unix.MADV_DONTNEED) }
