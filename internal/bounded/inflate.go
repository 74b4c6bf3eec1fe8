package bounded

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
)

// Caps limits what a compressed block may become.
type Caps struct {
	Out   uint64 // bytes
	Ratio uint64 // bytes out for each byte in; small blocks may always reach 64 KiB
}

const smallBlock = 64 << 10

// Zlib returns the block that compressed holds, which must be exactly size
// bytes long. Its errors wrap ErrLimit and name the limit when size breaks one
// of caps, before anything is allocated; they wrap ErrShort when the stream
// holds less than size.
func Zlib(compressed []byte, size uint64, caps Caps) ([]byte, error) {
	if err := Check("inflated size", size, caps.Out); err != nil {
		return nil, err
	}
	if in := uint64(len(compressed)); size > smallBlock && size/caps.Ratio > in {
		return nil, &LimitError{Limit: "inflation ratio", Value: size / max(in, 1), Max: caps.Ratio}
	}
	r, err := zlib.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, fmt.Errorf("zlib: %w", err)
	}
	defer r.Close()
	out := make([]byte, size)
	if n, err := io.ReadFull(r, out); err != nil {
		return nil, fmt.Errorf("zlib: %d of %d bytes, then %v: %w", n, size, err, ErrShort)
	}
	var more [1]byte
	switch n, err := io.ReadFull(r, more[:]); {
	case n != 0:
		return nil, fmt.Errorf("zlib: stream goes on after the %d bytes that it declares", size)
	case err != io.EOF: // the checksum is verified at the end of the stream
		return nil, fmt.Errorf("zlib: after %d bytes: %w", size, err)
	}
	return out, nil
}
