package unpack

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/pierrec/lz4/v4"
)

const (
	// blockSize is what systemd read at a time: no block gives more.
	blockSize = 512 << 10

	// maxBlock is the length of a block of that size that can't be compressed.
	maxBlock = blockSize + blockSize/255 + 16

	// history is how far a block may refer back into those before it.
	history = 64 << 10
)

// blocks reads systemd's chain of lz4 blocks: each a length of 32 bits and as
// many bytes, which refer to the block before; a length of 0 ends it.
//
// Source: compress_stream_lz4 in src/journal/compress.c of systemd 215 to 228.
type blocks struct {
	r    io.Reader
	in   []byte
	buf  []byte // history, then the block
	have int    // bytes of history, at the end of its part
	size int    // of the block
	rest []byte // of the block, not yet read
	err  error
}

// Read implements [io.Reader].
func (b *blocks) Read(p []byte) (int, error) {
	for len(b.rest) == 0 {
		if b.err == nil {
			b.err = b.next()
		}
		if b.err != nil {
			return 0, b.err
		}
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

func (b *blocks) next() error {
	var head [4]byte
	if _, err := io.ReadFull(b.r, head[:]); err != nil {
		return unexpected(err)
	}
	n := binary.LittleEndian.Uint32(head[:])
	switch {
	case n == 0:
		return io.EOF
	case n > maxBlock:
		return fmt.Errorf("a block of %d bytes, longer than the %d of any", n, maxBlock)
	case b.buf == nil:
		b.in, b.buf = make([]byte, maxBlock), make([]byte, history+blockSize)
	}
	if _, err := io.ReadFull(b.r, b.in[:n]); err != nil {
		return unexpected(err)
	}
	// What came before the block is what it ends with now.
	copy(b.buf[:history], b.buf[b.size:b.size+history])
	b.have = min(b.have+b.size, history)
	b.size = 0
	size, err := lz4.UncompressBlockWithDict(b.in[:n], b.buf[history:], b.buf[history-b.have:history])
	if err != nil {
		return err
	}
	b.size, b.rest = size, b.buf[history:history+size]
	return nil
}

// unexpected turns an end in the middle into an error that says so.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
