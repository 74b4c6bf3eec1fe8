//go:build !unix

package objfile

import (
	"io"
	"os"

	"moho/internal/bounded"
)

// maxRead is the largest file that is read where it cannot be mapped.
const maxRead = 4 << 30

// mapFile reads all of fd.
func mapFile(fd *os.File) (data []byte, release func() error, err error) {
	st, err := fd.Stat()
	if err != nil {
		return nil, nil, err
	}
	if err := bounded.Check("size of a file that can't be mapped", uint64(st.Size()), maxRead); err != nil {
		return nil, nil, err
	}
	data, err = io.ReadAll(io.LimitReader(fd, maxRead))
	return data, func() error { return nil }, err
}
