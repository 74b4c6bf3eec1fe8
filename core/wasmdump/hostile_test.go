package wasmdump_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"moho/core"
	"moho/core/wasmdump"
	"moho/internal/testbin"
	"moho/objfile/wasmbin"
)

// check holds for whatever is accepted, and for what is refused.
func check(t *testing.T, data []byte) {
	t.Helper()
	d, err := wasmdump.Parse("hostile", data)
	if (d == nil) == (err == nil) {
		t.Fatalf("%v and %v", d, err)
	}
	p, err2 := wasmdump.NewBytes("hostile", data)
	if (p == nil) == (err2 == nil) || err != nil && err2 == nil {
		t.Fatalf("%v and %v; parsed: %v", p, err2, err)
	}
	if err2 != nil {
		if !errors.Is(err2, core.ErrFormat) && !errors.Is(err2, core.ErrLimit) {
			t.Fatalf("%v is neither of the format nor of a limit", err2)
		}
		return
	}
	end := core.Addr(0)
	for a, b := range p.Memory() {
		if a != end {
			t.Fatalf("memory goes on at %#x, ended at %#x", uint64(a), uint64(end))
		}
		end = a + core.Addr(len(b))
	}
	if uint64(end) != uint64(d.Pages)*wasmbin.PageSize {
		t.Fatalf("memory ends at %#x, has %d pages", uint64(end), d.Pages)
	}
	for _, s := range d.Data {
		b, err := p.Slice(s.Addr, len(s.Data))
		if err != nil || !bytes.Equal(b, s.Data) {
			t.Fatalf("segment at %#x: %v", uint64(s.Addr), err)
		}
	}
	// What was read can be written, and read again.
	var b bytes.Buffer
	if _, err := d.WriteTo(&b); err != nil {
		return // globals that are no numbers
	}
	if again, err := wasmdump.Parse("again", b.Bytes()); err != nil || again.Pages != d.Pages || len(again.Frames) != len(d.Frames) {
		t.Fatalf("written and read again: %v", err)
	}
}

func FuzzCoredump(f *testing.F) {
	f.Add(encode(f, sample()))
	d := sample()
	d.Frames, d.Globals = []wasmdump.Frame{}, globals[:1]
	f.Add(encode(f, d))
	f.Add([]byte("\x00asm\x01\x00\x00\x00"))
	f.Add(encode(f, &wasmdump.Dump{Name: "no pages"}))
	f.Fuzz(check)
}

func TestTruncated(t *testing.T) {
	data := encode(t, sample())
	for n := 0; n < len(data); n += 1 + n/100 {
		check(t, data[:n])
	}
}

// TestSweep sets every byte of the sections before the data in turn.
func TestSweep(t *testing.T) {
	data := encode(t, sample())
	var fields []testbin.Field
	head := bytes.Index(data, []byte{0x0b, wasmbin.SecData})
	for off := 8; off < head+20; off++ {
		fields = append(fields, testbin.Field{Name: "byte", Off: off, Size: 1, Len: 3})
	}
	n := 0
	testbin.Sweep(data, binary.LittleEndian, fields, func(testbin.Field, uint64) {
		n++
		check(t, data)
	})
	if n < 500 {
		t.Errorf("%d cases", n)
	}
}

// TestScattered has a byte in every other granule of a memory of 4 GiB, and a
// memory of that size with nothing in it.
func TestScattered(t *testing.T) {
	d := &wasmdump.Dump{Name: "scattered", Pages: 65536}
	empty := encode(t, d)
	for a := core.Addr(0); len(d.Data) < 200_000; a += 8192 {
		d.Data = append(d.Data, core.Bytes{Addr: a, Data: []byte{1}})
	}
	scattered := encode(t, d)
	testbin.Bounded(t, len(empty), func() {
		p, err := wasmdump.NewBytes("empty", empty)
		if err != nil {
			t.Fatal(err)
		}
		if x, err := p.Word(1<<32 - 8); x != 0 || err != nil {
			t.Errorf("%#x, %v", x, err)
		}
	})
	testbin.Bounded(t, len(scattered), func() {
		if _, err := wasmdump.NewBytes("scattered", scattered); !errors.Is(err, core.ErrFormat) {
			t.Errorf("%v, want ErrFormat", err)
		}
	})
}
