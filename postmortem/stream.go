package postmortem

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"moho/core"
	"moho/core/wasmdump"
	"moho/internal/unpack"
	"moho/traceback"
)

// ErrText is wrapped when memory is asked for of a target that is only text.
var ErrText = errors.New("a text, which says nothing of memory and registers")

// openFile opens a file that is compressed or text.
func (c *Case) openFile(ctx context.Context, o Options) error {
	f, err := os.Open(c.Path)
	if err != nil {
		return err
	}
	defer func() {
		if c.file != f {
			f.Close()
		}
	}()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	head := make([]byte, sniffed)
	n, _ := f.ReadAt(head, 0)
	if kind := kindOf(head[:n]); kind == TargetText || kind == TargetOther {
		return c.readText(ctx, f, f, st.Size(), o)
	}
	return c.openStream(ctx, f, st.Size(), o)
}

// openStream opens what a compressed file or a pipe holds. total is how many
// bytes of it there are, 0 if that is not known.
func (c *Case) openStream(ctx context.Context, in io.Reader, total int64, o Options) error {
	r, err := unpack.NewReader(in)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Path, err)
	}
	defer r.Close()
	kind := kindOf(r.Peek(sniffed))
	so := unpack.Options{Max: o.MaxSize}
	if o.Progress != nil && total > 0 {
		so.Progress = func(done int64) { o.Progress(done, total) }
	}
	s, err := unpack.Spool(ctx, r, so)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Path, err)
	}
	if short := r.Short(); short != nil {
		c.gap("target", c.Path, short.Error())
	}
	switch kind {
	case TargetELF:
		defer s.Close() // a mapping outlives it
		c.Process, err = core.OpenFile(c.Path, s.File)
		return err
	case TargetWASM:
		defer s.Close()
		c.Process, err = wasmdump.OpenFile(c.Path, s.File)
		return err
	case TargetOther:
		if p, err := wasmdump.OpenFile(c.Path, s.File); err == nil {
			c.Process = p
			return s.Close()
		}
	}
	if err := c.readText(ctx, s, s.File, s.Size, o); err != nil {
		s.Close()
		return err
	}
	return nil
}

// readText reads a text or a profile, and takes what it is read from.
func (c *Case) readText(ctx context.Context, file io.Closer, r io.ReaderAt, size int64, o Options) error {
	if o.Memory {
		return fmt.Errorf("%s is %w", c.Path, ErrText)
	}
	d, err := traceback.Read(ctx, r, size, traceback.Options{Progress: o.Progress})
	if err != nil {
		return fmt.Errorf("%s: %w", c.Path, err)
	}
	c.Text, c.file = d, file
	return nil
}

// isProfile reports whether the regular file begins like a profile that is not
// compressed.
func isProfile(path string) bool {
	if st, err := os.Stat(path); err != nil || !st.Mode().IsRegular() {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, sniffed)
	n, _ := f.ReadAt(head, 0)
	return traceback.IsProfile(head[:n])
}
