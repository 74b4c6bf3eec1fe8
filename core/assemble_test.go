package core

import (
	"errors"
	"testing"

	"moho/arch"
)

func TestAssemble(t *testing.T) {
	word := []byte{1, 2, 3, 4, 5, 6, 7, 8}
	p, err := Assemble(Parts{
		Name: "made", Kind: "live", Arch: arch.AMD64,
		Memory:  []Bytes{{0x3008, word}, {0x1000, word}, {0x1008, word}, {0x9000, word}},
		Regions: []Region{{Addr: 0x3000, Size: 0x20}, {Addr: 0x1000, Size: 0x10}, {Addr: 0x5000, Size: 8}},
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = 0x0807060504030201
	for _, tc := range []struct {
		at   Addr
		want error
	}{
		{0x0ff8, ErrUnmapped},
		{0x1000, nil},
		{0x1008, nil},
		{0x1010, ErrUnmapped},
		{0x3000, ErrAbsent},
		{0x3008, nil},
		{0x3010, ErrAbsent},
		{0x3018, ErrAbsent},
		{0x3020, ErrUnmapped},
		{0x5000, ErrAbsent},
		{0x5008, ErrUnmapped},
		{0x9000, nil}, // no region says so, but there it is
	} {
		got, err := p.Word(tc.at)
		switch {
		case tc.want == nil && (err != nil || got != want):
			t.Errorf("%#x: got %#x, %v", uint64(tc.at), got, err)
		case tc.want != nil && !errors.Is(err, tc.want):
			t.Errorf("%#x: got %#x, %v; want %v", uint64(tc.at), got, err, tc.want)
		}
	}
	if b, err := p.Slice(0x1000, 16); err != nil || len(b) != 16 {
		t.Errorf("16 bytes of two pieces: %d bytes, %v", len(b), err)
	}
	for _, bad := range []Parts{
		{Memory: []Bytes{{0x1000, word}}},
		{Arch: arch.AMD64, Memory: []Bytes{{0x1000, word}, {0x1004, word}}},
		{Arch: arch.AMD64, Memory: []Bytes{{^Addr(0) - 3, word}}},
	} {
		if p, err := Assemble(bad); p != nil || !errors.Is(err, ErrFormat) {
			t.Errorf("%+v: %v, %v; want ErrFormat", bad, p, err)
		}
	}
}

// TestHeld passes over holes of any size.
func TestHeld(t *testing.T) {
	p, err := Assemble(Parts{
		Name: "made", Kind: "live", Arch: arch.AMD64,
		Memory:  []Bytes{{0x1000, make([]byte, 8)}, {1 << 60, make([]byte, 16)}},
		Regions: []Region{{Addr: 0x1000, Size: 1 << 50}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		a, at Addr
		n     int
	}{
		{0, 0x1000, 8},
		{0x1000, 0x1000, 8},
		{0x1003, 0x1003, 5},
		{0x1008, 1 << 60, 16},
		{1<<60 + 15, 1<<60 + 15, 1},
		{1<<60 + 16, 0, 0},
		{^Addr(0), 0, 0},
	} {
		if at, b := p.Held(tc.a); at != tc.at || len(b) != tc.n {
			t.Errorf("%#x: %d bytes at %#x, want %d at %#x", uint64(tc.a), len(b), uint64(at), tc.n, uint64(tc.at))
		}
	}
}
