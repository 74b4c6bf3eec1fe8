package unpack_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"moho/internal/bounded"
	"moho/internal/testbin"
	"moho/internal/unpack"
)

// sample begins like a core and has what cores have: noise, text and zeros, over
// several of systemd's blocks.
func sample() []byte {
	rnd := rand.New(rand.NewPCG(1, 2))
	b := []byte("\x7fELF\x02\x01\x01")
	for len(b) < 3<<19+12345 {
		switch rnd.IntN(3) {
		case 0:
			for range 5000 {
				b = append(b, byte(rnd.Uint32()))
			}
		case 1:
			b = append(b, strings.Repeat("all that is text ", 400)...)
		case 2:
			b = append(b, make([]byte, 20000)...)
		}
	}
	return b
}

// writers compress as the libraries do.
var writers = map[unpack.Format]func([]byte) []byte{
	unpack.Plain: func(b []byte) []byte { return b },
	unpack.Gzip: func(b []byte) []byte {
		return pack(b, func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })
	},
	unpack.Zstd: func(b []byte) []byte {
		return pack(b, func(w io.Writer) io.WriteCloser {
			z, err := zstd.NewWriter(w)
			if err != nil {
				panic(err)
			}
			return z
		})
	},
	unpack.LZ4: func(b []byte) []byte {
		return pack(b, func(w io.Writer) io.WriteCloser {
			z := lz4.NewWriter(w)
			if err := z.Apply(lz4.BlockSizeOption(lz4.Block64Kb)); err != nil { // what is cut off is whole blocks
				panic(err)
			}
			return z
		})
	},
	unpack.Systemd: systemd,
}

func pack(b []byte, open func(io.Writer) io.WriteCloser) []byte {
	var out bytes.Buffer
	w := open(&out)
	w.Write(b)
	w.Close()
	return out.Bytes()
}

// systemd writes blocks that do not refer to each other.
func systemd(b []byte) []byte {
	var out []byte
	for len(b) > 0 {
		n := min(len(b), 512<<10)
		dst := make([]byte, lz4.CompressBlockBound(n))
		size, err := lz4.CompressBlock(b[:n], dst, nil)
		if err != nil || size == 0 {
			panic(err)
		}
		out = append(binary.LittleEndian.AppendUint32(out, uint32(size)), dst[:size]...)
		b = b[n:]
	}
	return binary.LittleEndian.AppendUint32(out, 0)
}

func unpacked(t *testing.T, packed []byte) ([]byte, *unpack.Reader) {
	t.Helper()
	r, err := unpack.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return out, r
}

func TestFormats(t *testing.T) {
	want := sample()
	for format, write := range writers {
		t.Run(string(format), func(t *testing.T) {
			got, r := unpacked(t, write(want))
			if r.Format() != format || r.Short() != nil {
				t.Errorf("format %q, short %v", r.Format(), r.Short())
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%d bytes, want %d", len(got), len(want))
			}
		})
	}
}

// TestTools reads what the tools write that people use, several streams one
// after the other among it.
func TestTools(t *testing.T) {
	want := sample()
	for _, argv := range [][]string{
		{"gzip", "-c"},
		{"zstd", "-c"},
		{"zstd", "-19", "--long=27", "-c"},
		{"lz4", "-c"},
		{"lz4", "-9", "-BD", "-c"},
		{"lz4", "-l", "-c"},
	} {
		t.Run(strings.Join(argv, " "), func(t *testing.T) {
			testbin.NeedTool(t, argv[0])
			half := len(want) / 2
			var packed []byte
			for _, part := range [][]byte{want[:half], want[half:]} {
				cmd := exec.Command(argv[0], argv[1:]...)
				cmd.Stdin, cmd.Stderr = bytes.NewReader(part), os.Stderr
				out, err := cmd.Output()
				if err != nil {
					t.Fatal(err)
				}
				packed = append(packed, out...)
			}
			got, r := unpacked(t, packed)
			if !bytes.Equal(got, want) || r.Short() != nil {
				t.Errorf("%s: %d bytes, want %d; short %v", r.Format(), len(got), len(want), r.Short())
			}
		})
	}
}

// TestHistory: a block of systemd's refers to the block before it.
func TestHistory(t *testing.T) {
	first := append([]byte{0xf0, 9}, "\x7fELF567890123456789012345"[:24]...) // 24 literals
	second := []byte{
		0x10, 'x', 24, 0, // one literal, then four bytes from 24 back
		0x50, 'a', 'b', 'c', 'd', 'e', // a block ends with literals
	}
	var packed []byte
	for _, b := range [][]byte{first, second} {
		packed = append(binary.LittleEndian.AppendUint32(packed, uint32(len(b))), b...)
	}
	packed = binary.LittleEndian.AppendUint32(packed, 0)
	got, r := unpacked(t, packed)
	if want := "\x7fELF56789012345678901234" + "x" + "ELF5" + "abcde"; string(got) != want || r.Short() != nil {
		t.Errorf("%q, want %q; short %v", got, want, r.Short())
	}
}

// TestCutOff: what is there is given, and the reason for the rest.
func TestCutOff(t *testing.T) {
	want := sample()
	for format, write := range writers {
		if format == unpack.Plain {
			continue
		}
		packed := write(want)
		for _, cut := range []int{len(packed) / 2, len(packed) - 1} {
			got, r := unpacked(t, packed[:cut])
			if !bytes.HasPrefix(want, got) || cut < len(packed)-1 && len(got) < len(want)/8 {
				t.Errorf("%s, %d of %d bytes: %d bytes, no beginning of the %d", format, cut, len(packed), len(got), len(want))
			}
			if !errors.Is(r.Short(), io.ErrUnexpectedEOF) {
				t.Errorf("%s, %d of %d bytes: short is %v", format, cut, len(packed), r.Short())
			}
		}
	}
}

func TestDamaged(t *testing.T) {
	want := sample()
	for format, write := range writers {
		if format == unpack.Plain {
			continue
		}
		packed := write(want)
		for i := len(packed) / 2; i < len(packed)/2+64; i++ {
			packed[i] ^= 0x5a
		}
		got, r := unpacked(t, packed)
		if r.Short() == nil && bytes.Equal(got, want) {
			t.Errorf("%s: damage is not seen", format)
		}
	}
}

func TestRefused(t *testing.T) {
	z := writers[unpack.Zstd](sample())
	for name, c := range map[string]struct {
		data []byte
		want error
		says string
	}{
		"twice":      {writers[unpack.Gzip](z), unpack.ErrNested, "gzip"},
		"xz inside":  {writers[unpack.Gzip]([]byte("\xfd7zXZ\x00\x00")), unpack.ErrNested, "gzip"},
		"xz":         {[]byte("\xfd7zXZ\x00\x00\x04"), unpack.ErrFormat, "xz -d"},
		"bzip2":      {[]byte("BZh91AY&SY"), unpack.ErrFormat, "bzip2 -d"},
		"no content": {z[:5], io.ErrUnexpectedEOF, "zstd"},
	} {
		_, err := unpack.NewReader(bytes.NewReader(c.data))
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %v that names %q", name, err, c.want, c.says)
		}
	}
}

func TestWindow(t *testing.T) {
	testbin.NeedTool(t, "zstd")
	cmd := exec.Command("zstd", "--ultra", "--long=30", "-c")
	cmd.Stdin = io.LimitReader(zeroes{}, 200<<20)
	packed, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := unpack.NewReader(bytes.NewReader(packed)); err == nil || !strings.Contains(err.Error(), "window") {
		t.Errorf("a window of 1 GiB: %v, want it refused", err)
	}
}

type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func spool(t *testing.T, packed io.Reader, o unpack.Options) (*unpack.Spooled, error) {
	t.Helper()
	r, err := unpack.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s, err := unpack.Spool(t.Context(), r, o)
	if err == nil {
		t.Cleanup(func() { s.Close() })
	}
	return s, err
}

// TestSparse: what is zero takes no space, and the file has no name.
func TestSparse(t *testing.T) {
	want := append(sample(), make([]byte, 64<<20)...)
	want = append(want, "end"...)
	dir := t.TempDir()
	done := int64(0)
	packed := writers[unpack.Zstd](want)
	s, err := spool(t, bytes.NewReader(packed), unpack.Options{Dir: dir, Progress: func(n int64) { done = n }})
	if err != nil {
		t.Fatal(err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 0 {
		t.Errorf("%s still has its name", files[0].Name())
	}
	got, err := io.ReadAll(io.NewSectionReader(s.File, 0, 1<<40))
	if err != nil || !bytes.Equal(got, want) || s.Size != int64(len(want)) {
		t.Errorf("%d bytes (Size %d), want %d: %v", len(got), s.Size, len(want), err)
	}
	if s.Stored > 2<<20 || s.Stored == 0 {
		t.Errorf("%d bytes written", s.Stored)
	}
	if done != int64(len(packed)) {
		t.Errorf("progress ends at %d of %d", done, len(packed))
	}
}

func TestBomb(t *testing.T) {
	packed := pack(nil, func(w io.Writer) io.WriteCloser {
		z, _ := zstd.NewWriter(w)
		io.Copy(z, io.LimitReader(zeroes{}, 64<<20))
		return z
	})
	dir := t.TempDir()
	s, err := spool(t, bytes.NewReader(packed), unpack.Options{Dir: dir, Max: 16 << 20})
	if !errors.Is(err, bounded.ErrLimit) || s != nil {
		t.Errorf("%d bytes that become 64 MiB: %v, want ErrLimit", len(packed), err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 0 {
		t.Errorf("%s is left", files[0].Name())
	}
}

func FuzzReader(f *testing.F) {
	small := append(sample()[:3000:3000], make([]byte, 9000)...)
	for _, write := range writers {
		f.Add(write(small))
	}
	f.Add(writers[unpack.Gzip](writers[unpack.Zstd](small)))
	f.Fuzz(func(t *testing.T, packed []byte) {
		r, err := unpack.NewReader(bytes.NewReader(packed))
		if err != nil {
			if r != nil {
				t.Error("an error with a reader")
			}
			return
		}
		defer r.Close()
		const most = 8 << 20
		n, err := io.Copy(io.Discard, io.LimitReader(r, most))
		if err != nil {
			t.Errorf("a damaged stream is an error: %v", err)
		}
		if r.Format() == unpack.Plain && (n != int64(len(packed)) || r.Short() != nil) {
			t.Errorf("%d of %d plain bytes, short %v", n, len(packed), r.Short())
		}
	})
}
