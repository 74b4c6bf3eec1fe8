// Package unpack reads files that may be compressed: gzip, zstd, lz4 frames, and
// the chain of lz4 blocks that systemd once wrote. The format is told by how the
// bytes begin, never by a name. What comes out can be read as a stream, or
// spooled into a file without a name that takes no space for zeros, to be mapped.
//
// # Untrusted input
//
// All of it. The decompressors run in bounded memory; what they yield is bounded
// by the caller's limit; what is compressed twice is refused. A stream that ends
// early or is damaged gives what came before, and the reason beside it.
//
// # Compatibility
//
// Internal to moho.
package unpack

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// A Format is how a file is compressed.
type Format string

// The formats. Systemd is what systemd-coredump of 2014 to 2016 wrote to
// files that it called .lz4.
const (
	Plain   Format = ""
	Gzip    Format = "gzip"
	Zstd    Format = "zstd"
	LZ4     Format = "lz4"
	Systemd Format = "lz4 blocks of systemd"
)

// ErrNested means that what was decompressed is compressed itself.
var ErrNested = errors.New("compressed twice")

// ErrFormat means that a file is compressed in a way that is not read here.
var ErrFormat = errors.New("a compression that moho does not read")

// Head is how many bytes [Sniff] wants to see; fewer may do.
const Head = 32

// maxWindow is how far back a zstd stream may refer, in bytes: what the zstd
// command accepts by default too. More takes --ultra --long to make.
const maxWindow = 128 << 20

var magics = []struct {
	magic  string
	format Format
	tool   string // that decompresses what is not read here
}{
	{"\x1f\x8b", Gzip, ""},
	{"\x28\xb5\x2f\xfd", Zstd, ""},
	{"\x04\x22\x4d\x18", LZ4, ""},
	{"\x02\x21\x4c\x18", LZ4, ""}, // lz4 -l, of Linux kernel images
	{"\xfd7zXZ\x00", Plain, "xz -d"},
	{"BZh", Plain, "bzip2 -d"},
	{"PK\x03\x04", Plain, "unzip"},
	{"\x89LZO\x00", Plain, "lzop -d"},
}

// Sniff returns the format of a file that begins with head. The error wraps
// [ErrFormat] for formats that are known and not read; it names the tool to use.
func Sniff(head []byte) (Format, error) {
	for _, m := range magics {
		if len(head) < len(m.magic) || string(head[:len(m.magic)]) != m.magic {
			continue
		}
		if m.tool != "" {
			return Plain, fmt.Errorf("%w; %s decompresses it", ErrFormat, m.tool)
		}
		return m.format, nil
	}
	if isSystemd(head) {
		return Systemd, nil
	}
	return Plain, nil
}

// isSystemd recognises a first block whose first literals are an ELF header:
// the format has no magic number, and held nothing but cores.
func isSystemd(head []byte) bool {
	if len(head) < 10 {
		return false
	}
	n := binary.LittleEndian.Uint32(head)
	lits, at := int(head[4]>>4), 5
	if lits == 15 {
		for ; at < len(head)-4 && head[at] == 255; at++ {
			lits += 255
		}
		lits += int(head[at])
		at++
	}
	return 0 < n && n <= maxBlock && lits >= 4 && at+4 <= len(head) && string(head[at:at+4]) == "\x7fELF"
}

// A Reader reads what a stream holds, decompressed where it is compressed.
//
// A stream that is damaged or cut off ends with io.EOF like any other, after
// what could be had of it; [Reader.Short] then says why.
type Reader struct {
	format Format
	in     *counter
	out    *bufio.Reader
	close  func()
	n      int64 // bytes read
	short  error
}

// NewReader looks at the beginning of r. The error wraps [ErrNested] or
// [ErrFormat], or is that of a header that could not be read at all.
func NewReader(r io.Reader) (*Reader, error) {
	in := &counter{r: r}
	raw := bufio.NewReaderSize(in, 64<<10)
	head, err := raw.Peek(Head)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	u := &Reader{in: in, close: func() {}}
	if u.format, err = Sniff(head); err != nil {
		return nil, err
	}
	var out io.Reader
	switch u.format {
	case Plain:
		u.out = raw
		return u, nil
	case Gzip:
		z, err := gzip.NewReader(raw)
		if err != nil {
			return nil, fmt.Errorf("gzip: %w", err)
		}
		out = z
	case Zstd:
		z, err := zstd.NewReader(raw, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderMaxMemory(2*maxWindow))
		if err != nil {
			return nil, fmt.Errorf("zstd: %w", err)
		}
		out, u.close = z, z.Close
	case LZ4:
		out = lz4.NewReader(raw)
	case Systemd:
		out = &blocks{r: raw}
	}
	u.out = bufio.NewReaderSize(out, 64<<10)
	inner, err := u.out.Peek(Head)
	if len(inner) == 0 && err != nil && !errors.Is(err, io.EOF) {
		u.close()
		return nil, fmt.Errorf("%s: %w", u.format, err)
	}
	if f, err := Sniff(inner); f != Plain || err != nil {
		u.close()
		return nil, fmt.Errorf("%w: what %s decompresses to is compressed itself", ErrNested, u.format)
	}
	return u, nil
}

// Format returns how the stream is compressed.
func (u *Reader) Format() Format { return u.format }

// Consumed returns how many bytes were read of the stream itself.
func (u *Reader) Consumed() int64 { return u.in.n }

// Peek returns the next n bytes without taking them, fewer where the stream ends.
func (u *Reader) Peek(n int) []byte {
	b, _ := u.out.Peek(n)
	return b
}

// Short returns why a compressed stream ended early, after it was read to its
// end, or nil.
func (u *Reader) Short() error { return u.short }

// Close releases the decompressor. It does not close what NewReader was given.
func (u *Reader) Close() { u.close() }

// Read implements [io.Reader].
func (u *Reader) Read(p []byte) (int, error) {
	n, err := u.out.Read(p)
	u.n += int64(n)
	if err == nil || err == io.EOF || u.format == Plain || u.in.err != nil {
		return n, err
	}
	u.short = fmt.Errorf("%s: after %d bytes: %w", u.format, u.n, err)
	return n, io.EOF
}

// counter counts what was read, and remembers an error that is not the end.
type counter struct {
	r   io.Reader
	n   int64
	err error
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if err != nil && err != io.EOF {
		c.err = err
	}
	return n, err
}
