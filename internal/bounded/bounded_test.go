package bounded

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"math"
	"testing"
)

func TestSub(t *testing.T) {
	data := []byte("0123456789")
	for _, tt := range []struct {
		name   string
		off, n uint64
		want   string
		ok     bool
	}{
		{"all", 0, 10, "0123456789", true},
		{"middle", 3, 4, "3456", true},
		{"empty at end", 10, 0, "", true},
		{"one too long", 0, 11, "", false},
		{"starts outside", 11, 0, "", false},
		{"sum overflows", 2, math.MaxUint64, "", false},
		{"offset overflows", math.MaxUint64, 2, "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, ok := Sub(data, tt.off, tt.n)
			if string(b) != tt.want || ok != tt.ok {
				t.Fatalf("Sub(%d, %d) = %q, %v; want %q, %v", tt.off, tt.n, b, ok, tt.want, tt.ok)
			}
			if ok && cap(b) != len(b) {
				t.Errorf("capacity %d reaches beyond length %d", cap(b), len(b))
			}
			if Within(tt.off, tt.n, 10) != tt.ok {
				t.Errorf("Within disagrees with Sub")
			}
		})
	}
}

func TestFits(t *testing.T) {
	for _, tt := range []struct {
		name          string
		n, size, have uint64
		want          bool
	}{
		{"exact", 4, 8, 32, true},
		{"one short", 4, 8, 31, false},
		{"product overflows", math.MaxUint64/8 + 2, 8, 100, false},
		{"entries of no size", 1, 0, 100, false},
		{"none of no size", 0, 0, 0, true},
	} {
		if got := Fits(tt.n, tt.size, tt.have); got != tt.want {
			t.Errorf("%s: Fits(%d, %d, %d) = %v", tt.name, tt.n, tt.size, tt.have, got)
		}
	}
}

func TestCString(t *testing.T) {
	data := []byte("ab\x00cdefgh\x00ij")
	for _, tt := range []struct {
		name string
		off  uint64
		max  int
		want string
		err  error
	}{
		{"first", 0, 10, "ab", nil},
		{"empty", 2, 10, "", nil},
		{"exactly max", 3, 6, "cdefgh", nil},
		{"over max", 3, 5, "", ErrLimit},
		{"no NUL", 10, 10, "", ErrShort},
		{"outside", 12, 10, "", ErrShort},
		{"far outside", math.MaxUint64, 10, "", ErrShort},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := CString(data, tt.off, tt.max)
			if string(got) != tt.want || !errors.Is(err, tt.err) {
				t.Fatalf("= %q, %v; want %q, %v", got, err, tt.want, tt.err)
			}
		})
	}
}

func TestCursor(t *testing.T) {
	c := NewCursor([]byte{1, 2, 0, 3, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0xe5, 0x8e, 0x26}, binary.LittleEndian)
	if a, b, d := c.U8(), c.U16(), c.U32(); a != 1 || b != 2 || d != 3 {
		t.Fatalf("read %d %d %d", a, b, d)
	}
	c.Align(8)
	if v := c.Uint(8); v != 4 {
		t.Fatalf("after Align(8): %d, want 4", v)
	}
	if v := c.Uvarint(); v != 624485 || c.Err() != nil || c.Len() != 0 {
		t.Fatalf("uvarint %d, err %v, %d left", v, c.Err(), c.Len())
	}
	if c.U64() != 0 || !errors.Is(c.Err(), ErrShort) {
		t.Fatalf("past the end: err %v", c.Err())
	}
	c = NewCursor([]byte{0x80, 0x80}, binary.LittleEndian)
	if c.Uvarint() != 0 || !errors.Is(c.Err(), ErrShort) {
		t.Fatalf("cut varint: err %v", c.Err())
	}
	if first := c.Err(); c.U8() != 0 || c.Err() != first {
		t.Fatalf("a later read replaced the first error")
	}
}

func deflate(t *testing.T, data []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := zlib.NewWriter(&buf)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestZlib(t *testing.T) {
	caps := Caps{Out: 1 << 20, Ratio: 64}
	text := bytes.Repeat([]byte("boundary "), 100)
	good := deflate(t, text)
	bomb := deflate(t, make([]byte, 1<<20))
	flipped := bytes.Clone(good)
	flipped[len(flipped)-1] ^= 1
	for _, tt := range []struct {
		name string
		in   []byte
		size uint64
		err  error // nil: any error will do when want is nil too
		want []byte
	}{
		{"good", good, uint64(len(text)), nil, text},
		{"declares too much", good, uint64(len(text)) + 1, ErrShort, nil},
		{"declares too little", good, uint64(len(text)) - 1, nil, nil},
		{"declares max uint64", good, math.MaxUint64, ErrLimit, nil},
		{"bomb over the ratio", bomb, 1 << 20, ErrLimit, nil},
		{"over the output cap", deflate(t, make([]byte, 2<<20)), 2 << 20, ErrLimit, nil},
		{"checksum wrong", flipped, uint64(len(text)), nil, nil},
		{"not zlib", []byte("nothing of the kind"), 10, nil, nil},
		{"empty", nil, 10, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Zlib(tt.in, tt.size, caps)
			if !bytes.Equal(got, tt.want) {
				t.Fatalf("got %d bytes, want %d", len(got), len(tt.want))
			}
			if (err == nil) != (tt.want != nil) || tt.err != nil && !errors.Is(err, tt.err) {
				t.Fatalf("err = %v, want %v", err, tt.err)
			}
		})
	}
}

func TestBug(t *testing.T) {
	defer func() {
		e, ok := recover().(*BugError)
		if !ok || e.Error() != "bug in moho: count is -1" {
			t.Fatalf("recovered %v", e)
		}
	}()
	Bug("count is %d", -1)
}

func FuzzZlib(f *testing.F) {
	f.Add([]byte("x\x9cK\x04\x00\x00b\x00b"), uint64(1))
	f.Fuzz(func(t *testing.T, in []byte, size uint64) {
		out, err := Zlib(in, size, Caps{Out: 1 << 20, Ratio: 64})
		if err != nil && out != nil {
			t.Fatal("error and a result")
		}
		if err == nil && uint64(len(out)) != size {
			t.Fatalf("%d bytes, declared %d", len(out), size)
		}
	})
}
