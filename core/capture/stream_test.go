//go:build linux && (amd64 || arm64)

package capture_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/iotest"

	"golang.org/x/sys/unix"

	"moho/core"
	"moho/core/capture"
)

// TestStream copies a core as the kernel pipes it: all of it, holes as zeros.
func TestStream(t *testing.T) {
	_, pid, data, heap := alive(t, "100")
	dir := t.TempDir()
	path := filepath.Join(dir, "core")
	r, err := capture.Dump(t.Context(), pid, path, capture.DumpOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string]io.Reader{"whole": bytes.NewReader(want), "in halves": iotest.HalfReader(bytes.NewReader(want))} {
		out, err := os.Create(filepath.Join(dir, "out"))
		if err != nil {
			t.Fatal(err)
		}
		defer out.Close()
		n, complete, err := capture.Stream(t.Context(), in, out)
		if err != nil || !complete || n != int64(len(want)) {
			t.Errorf("%s: %d of %d bytes, complete %v, %v", name, n, len(want), complete, err)
		}
		if got, err := os.ReadFile(out.Name()); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: the copy differs, %v", name, err)
		}
		if st, err := out.Stat(); err != nil || capture.Disk(st) > r.Disk+64<<10 {
			t.Errorf("%s: %d bytes on disk, the core had %d", name, capture.Disk(st), r.Disk)
		}
		checkDump(t, out.Name(), data, heap)
	}

	out, err := os.Create(filepath.Join(dir, "short"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if n, complete, err := capture.Stream(t.Context(), bytes.NewReader(want[:len(want)/2]), out); err != nil || complete || n != int64(len(want)/2) {
		t.Errorf("half: %d bytes, complete %v, %v", n, complete, err)
	}
	p, err := core.Open(out.Name())
	if err != nil || !p.Truncated() {
		t.Errorf("half: %v", err)
	} else {
		p.Close()
	}
	for name, in := range map[string]io.Reader{
		"nothing": bytes.NewReader(nil), "text": bytes.NewReader(make([]byte, 1000)),
		"an executable": bytes.NewReader(append([]byte("\x7fELF\x02\x01"), make([]byte, 100)...)),
	} {
		if n, complete, err := capture.Stream(t.Context(), in, out); err == nil || complete || n != 0 {
			t.Errorf("%s: %d, %v without an error", name, n, complete)
		}
	}
	broken := errors.New("broken")
	if _, complete, err := capture.Stream(t.Context(), io.MultiReader(bytes.NewReader(want[:2<<20]), iotest.ErrReader(broken)), out); !errors.Is(err, broken) || complete {
		t.Errorf("a broken pipe: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := capture.Stream(ctx, bytes.NewReader(want), out); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// zeros is a core of a header and many zeros.
type zeros struct {
	head []byte
	left int64
}

func (z *zeros) Read(b []byte) (int, error) {
	if len(z.head) > 0 {
		n := copy(b, z.head)
		z.head = z.head[n:]
		return n, nil
	}
	if z.left == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(b)), z.left)
	clear(b[:n])
	z.left -= n
	return int(n), nil
}

// TestStreamMemory: memory and disk do not grow with the zeros of a core.
func TestStreamMemory(t *testing.T) {
	out, err := os.Create(filepath.Join(t.TempDir(), "core"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	head := make([]byte, 64)
	copy(head, "\x7fELF\x02\x01\x01")
	head[16] = 4
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	n, complete, err := capture.Stream(t.Context(), &zeros{head, 1 << 30}, out)
	runtime.ReadMemStats(&after)
	if err != nil || !complete || n != 64+1<<30 {
		t.Errorf("%d bytes, complete %v, %v", n, complete, err)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 4<<20 {
		t.Errorf("%d bytes were allocated", got)
	}
	if st, err := out.Stat(); err != nil || st.Size() != n || capture.Disk(st) > 64<<10 {
		t.Errorf("%d bytes, %d on disk", st.Size(), capture.Disk(st))
	}
}

// memory returns a file that is on no disk.
func memory(t *testing.T) *os.File {
	t.Helper()
	fd, err := unix.MemfdCreate("core", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), "core")
	t.Cleanup(func() { f.Close() })
	return f
}

// FuzzStream: what is no core is refused; what is one comes out as it went in.
func FuzzStream(f *testing.F) {
	head := make([]byte, 200)
	copy(head, "\x7fELF\x02\x01\x01")
	head[16], head[32], head[56] = 4, 64, 2
	f.Add(head)
	f.Add(append(bytes.Clone(head), make([]byte, 9000)...))
	f.Add([]byte("\x7fELF"))
	f.Fuzz(func(t *testing.T, data []byte) {
		out := memory(t)
		n, complete, err := capture.Stream(t.Context(), bytes.NewReader(data), out)
		if err != nil {
			if n != 0 || complete {
				t.Errorf("%d, %v beside %v", n, complete, err)
			}
			return
		}
		got, err := os.ReadFile(capture.Path(out))
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes came out of %d, %v", len(got), len(data), err)
		}
	})
}

// FuzzRedact: no core makes the writer fail in another way than with an error,
// and what is kept of one can be read again.
func FuzzRedact(f *testing.F) {
	head := make([]byte, 64+2*56+100+8192)
	copy(head, "\x7fELF\x02\x01\x01")
	put := binary.LittleEndian
	put.PutUint16(head[16:], 4)
	put.PutUint16(head[18:], 62)
	put.PutUint64(head[32:], 64)
	put.PutUint16(head[54:], 56)
	put.PutUint16(head[56:], 2)
	note, load := head[64:], head[64+56:]
	put.PutUint32(note, 4)
	put.PutUint64(note[8:], 64+2*56)
	put.PutUint64(note[32:], 100)
	put.PutUint32(load, 1)
	put.PutUint64(load[8:], 64+2*56+100)
	put.PutUint64(load[16:], 0x10000)
	put.PutUint64(load[32:], 8192)
	put.PutUint64(load[40:], 16384)
	copy(head[64+2*56:], "\x05\x00\x00\x00\x10\x00\x00\x00\x06\x00\x00\x00CORE\x00\x00\x00\x00")
	copy(head[64+2*56+100+4090:], "keep this here")
	f.Add(head, uint64(0x10ffa), uint64(4))
	f.Add(head, uint64(0), uint64(0))
	f.Add(head, uint64(0x11ff0), uint64(1<<40))
	f.Fuzz(func(t *testing.T, data []byte, addr, size uint64) {
		p, err := core.NewBytes("fuzz", data)
		if err != nil || addr+size < addr {
			return
		}
		out := memory(t)
		if err := capture.Redact(t.Context(), p, []core.Range{{Addr: core.Addr(addr), Size: size}}, out); err != nil {
			return
		}
		q, err := core.Open(capture.Path(out))
		if err != nil {
			t.Fatal(err)
		}
		defer q.Close()
		a := core.Addr(addr)
		if want, err := p.Slice(a, 1); err == nil && size > 0 {
			if got, err := q.Slice(a, 1); err != nil || got[0] != want[0] {
				t.Errorf("at %#x: %x, %v, want %x", addr, got, err, want)
			}
		}
	})
}
