package decode

import (
	"encoding/binary"
	"testing"

	"moho/internal/testbin"
	"moho/objfile"
)

// TestFastARM64: the short way to a text is the long way's text, on every word
// of a program and on every word that differs from one of them by a bit.
func TestFastARM64(t *testing.T) {
	f, err := objfile.Open(testbin.Build(t, testbin.Toy(t), testbin.Config{GOOS: "linux", GOARCH: "arm64"}))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	seen := map[uint32]bool{}
	for _, fn := range extents(t, f) {
		code, err := f.Slice(objfile.Addr(fn.start), int(fn.end-fn.start))
		if err != nil {
			t.Fatal(err)
		}
		for ; len(code) >= 4; code = code[4:] {
			w := binary.LittleEndian.Uint32(code)
			seen[w&relKindOf(w).mask()] = true
		}
	}
	fast, words := 0, 0
	flips := 1
	if testbin.IsLong() {
		flips = 33
	}
	for w := range seen {
		for i := range flips {
			v := w
			if i > 0 {
				v ^= 1 << (i - 1)
			}
			words++
			if fastIsSlow(t, v) {
				fast++
			}
			if t.Failed() {
				return
			}
		}
	}
	t.Logf("%d of %d", fast, words)
	if fast < words/2 {
		t.Errorf("only %d of %d are fast", fast, words)
	}
}

// fastIsSlow reports whether w has a short way; it fails the test if that leads
// elsewhere.
func fastIsSlow(t *testing.T, w uint32) bool {
	var fast, slow template
	if !fast.fastARM64(w) {
		if len(fast.b) != 0 || fast.kind != noHole {
			t.Errorf("%08x: left %q", w, fast.b)
		}
		return false
	}
	f := form{key: key{lo: uint64(w)}}
	f.arm64(w)
	slow.slowARM64(w, &f)
	if string(fast.b) != string(slow.b) || fast.kind != slow.kind || fast.at != slow.at {
		t.Errorf("%08x: %q, slowly %q", w, fast.b, slow.b)
	}
	return true
}
