package unpack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"moho/internal/bounded"
)

// MaxSize is how many bytes a spooled file may have where the caller sets no
// limit: 64 GiB. Cores are sparse, so most of a large one takes no space.
const MaxSize = 64 << 30

// Options say how to spool. The zero value is useful.
type Options struct {
	Dir      string           // where; "" means the directory for temporary files
	Max      int64            // limit of the size in bytes; 0 means MaxSize
	Progress func(done int64) // is told how many bytes of the stream were read
}

// A Spooled is a stream that was written to a file without a name. Size is its
// length, Stored how much of that was written: the rest is zeros, and where the
// file system can leave holes they take no space.
type Spooled struct {
	File   *os.File
	Size   int64
	Stored int64

	named bool // the file still has its name: an open one can't be removed everywhere
}

// page is the unit in which zeros are left out.
const page = 4 << 10

// chunk is how much is read at a time.
const chunk = 1 << 20

// Spool reads r to its end into a file that nobody else can see and that is gone
// when it is closed, or when the process ends.
//
// The error wraps [bounded.ErrLimit] when there is more than the limit, and that
// of the operating system when there is no space left; it names the directory.
func Spool(ctx context.Context, r *Reader, o Options) (*Spooled, error) {
	dir := o.Dir
	if dir == "" {
		dir = os.TempDir()
	}
	most := o.Max
	if most <= 0 {
		most = MaxSize
	}
	f, err := os.CreateTemp(dir, "moho-*")
	if err != nil {
		return nil, err
	}
	s := &Spooled{File: f, named: os.Remove(f.Name()) != nil}
	if err := s.fill(ctx, r, most, o.Progress); err != nil {
		s.Close()
		if pe, ok := errors.AsType[*os.PathError](err); ok && pe.Path == f.Name() {
			return nil, fmt.Errorf("a temporary file in %s: %w", dir, pe.Err)
		}
		return nil, err
	}
	return s, nil
}

func (s *Spooled) fill(ctx context.Context, r *Reader, most int64, progress func(int64)) error {
	buf := make([]byte, chunk)
	for {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		n, err := io.ReadFull(r, buf)
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return err
		}
		if s.Size+int64(n) > most {
			return &bounded.LimitError{Limit: "decompressed size", Value: uint64(s.Size) + uint64(n), Max: uint64(most)}
		}
		if err := s.write(buf[:n]); err != nil {
			return err
		}
		if progress != nil {
			progress(r.Consumed())
		}
		if err != nil {
			return s.File.Truncate(s.Size)
		}
	}
}

var zeros [page]byte

// write appends b, which begins at a multiple of the page, without its zeros.
func (s *Spooled) write(b []byte) error {
	run := 0 // where the bytes that have to be written begin
	flush := func(end int) error {
		if run == end {
			return nil
		}
		n, err := s.File.WriteAt(b[run:end], s.Size+int64(run))
		s.Stored += int64(n)
		return err
	}
	for at := 0; at < len(b); at += page {
		end := min(at+page, len(b))
		if bytes.Equal(b[at:end], zeros[:end-at]) {
			if err := flush(at); err != nil {
				return err
			}
			run = end
		}
	}
	if err := flush(len(b)); err != nil {
		return err
	}
	s.Size += int64(len(b))
	return nil
}

// Close gives the space back.
func (s *Spooled) Close() error {
	err := s.File.Close()
	if s.named {
		os.Remove(s.File.Name())
	}
	return err
}
