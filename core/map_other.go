//go:build !unix

package core

import "os"

// mapFile reads the file: there is no mmap to be had through x/sys here.
func mapFile(path string) ([]byte, func() error, error) {
	f, size, err := openRegular(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	return mapOpen(f, size)
}

func mapOpen(f *os.File, size int64) ([]byte, func() error, error) { return readAll(f, size) }
