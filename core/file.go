package core

import (
	"errors"
	"io"
	"math"
	"os"
)

// Map maps the regular file at path, or reads it where that is not possible.
// release gives the memory back; it is nil when there is nothing to do. Data
// must not be written to.
func Map(path string) (data []byte, release func() error, err error) { return mapFile(path) }

// MapFile is [Map] for a file that is open; it need not stay so.
func MapFile(f *os.File) (data []byte, release func() error, err error) {
	st, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if err := addressable(f, st.Size()); err != nil {
		return nil, nil, err
	}
	return mapOpen(f, st.Size())
}

// openRegular opens a regular file for reading. It looks before it opens, so
// that a FIFO does not block and a device is not touched.
func openRegular(path string) (*os.File, int64, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, 0, err
	}
	if !st.Mode().IsRegular() {
		return nil, 0, &os.PathError{Op: "open", Path: path, Err: errors.New("not a regular file")}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	if st, err = f.Stat(); err != nil {
		f.Close()
		return nil, 0, err
	}
	if err := addressable(f, st.Size()); err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, st.Size(), nil
}

func addressable(f *os.File, size int64) error {
	if size > math.MaxInt {
		return &os.PathError{Op: "open", Path: f.Name(), Err: errors.New("too large for this host")}
	}
	return nil
}

func readAll(f *os.File, size int64) ([]byte, func() error, error) {
	data := make([]byte, size)
	n, err := io.ReadFull(io.NewSectionReader(f, 0, size), data)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, nil, err
	}
	return data[:n], nil, nil
}
