//go:build unix

package core

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// mapFile maps a regular file read-only. The mapping is private to readers: a
// write to it faults.
func mapFile(path string) ([]byte, func() error, error) {
	f, size, err := openRegular(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	return mapOpen(f, size)
}

func mapOpen(f *os.File, size int64) ([]byte, func() error, error) {
	if size == 0 {
		return nil, nil, nil // mmap refuses empty files
	}
	data, err := unix.Mmap(int(f.Fd()), 0, int(size), unix.PROT_READ, unix.MAP_SHARED)
	if errors.Is(err, unix.ENODEV) {
		return readAll(f, size) // a file system without mmap
	}
	if err != nil {
		return nil, nil, &os.PathError{Op: "mmap", Path: f.Name(), Err: err}
	}
	return data, func() error { return unix.Munmap(data) }, nil
}
