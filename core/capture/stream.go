package capture

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"moho/core/internal/layout"
)

const (
	// streamStep is how much of a stream is held in memory.
	streamStep = 1 << 20

	// sparsePage is the unit of holes in a file.
	sparsePage = 4096
)

// Stream copies a core from in, as the kernel pipes it to a handler, to out,
// which must be empty. What the kernel fills with zeros, because a pipe has no
// holes, becomes holes again. Memory does not grow with the core.
//
// complete is false when the stream ends before what the core's own headers
// promise: what there was is written. The error is about what is no core, or
// could not be written.
func Stream(ctx context.Context, in io.Reader, out *os.File) (size int64, complete bool, err error) {
	buf, zeros := make([]byte, streamStep), make([]byte, sparsePage)
	head := true
	var off int64
	var want uint64
	for {
		if err := context.Cause(ctx); err != nil {
			return off, false, err
		}
		n, err := io.ReadFull(in, buf)
		if head {
			if n < layout.EhdrSize || !bytes.HasPrefix(buf, []byte("\x7fELF")) || binary.LittleEndian.Uint16(buf[layout.EhType:]) != layout.TypeCore {
				return 0, false, errors.New("capture: what comes in is no ELF core")
			}
			want, head = promised(buf[:n]), false
		}
		if werr := writeSparse(out, buf[:n], off, zeros); werr != nil {
			return off, false, fmt.Errorf("capture: %w", werr)
		}
		off += int64(n)
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			if err := out.Truncate(off); err != nil {
				return off, false, fmt.Errorf("capture: %w", err)
			}
			return off, uint64(off) >= want, nil
		case err != nil:
			return off, false, fmt.Errorf("capture: %w", err)
		}
	}
}

// promised returns the end of the last segment that the headers at the
// beginning of a core name, as far as they are in b.
func promised(b []byte) (end uint64) {
	off, n := binary.LittleEndian.Uint64(b[layout.EhPhoff:]), uint64(binary.LittleEndian.Uint16(b[layout.EhPhnum:]))
	for i := range n {
		at := off + i*layout.PhdrSize
		if at > uint64(len(b)) || uint64(len(b))-at < layout.PhdrSize {
			break
		}
		from, size := binary.LittleEndian.Uint64(b[at+8:]), binary.LittleEndian.Uint64(b[at+32:])
		if from+size >= from {
			end = max(end, from+size)
		}
	}
	return end
}

// writeSparse writes b at off, without the pages that are zero.
func writeSparse(out *os.File, b []byte, off int64, zeros []byte) error {
	page := len(zeros)
	isZero := func(i int) bool {
		p := b[i:min(i+page, len(b))]
		return bytes.Equal(p, zeros[:len(p)])
	}
	for i := 0; i < len(b); {
		if isZero(i) {
			i += page
			continue
		}
		j := i + page
		for j < len(b) && !isZero(j) {
			j += page
		}
		j = min(j, len(b))
		if _, err := out.WriteAt(b[i:j], off+int64(i)); err != nil {
			return err
		}
		i = j
	}
	return nil
}
