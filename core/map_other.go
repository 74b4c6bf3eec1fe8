//go:build !unix

package core

// mapFile reads the file: there is no mmap to be had through x/sys here.
func mapFile(path string) ([]byte, func() error, error) {
	f, size, err := openRegular(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	return readAll(f, size)
}
