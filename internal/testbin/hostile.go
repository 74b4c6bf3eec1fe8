package testbin

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// A Hostile is one malformed input of testdata/hostile.
type Hostile struct {
	Name   string
	Expect string // part of the error that reading it must give
	Data   []byte
}

// HostileInputs returns the inputs for a reader, which is the first part of
// their file names: testdata/hostile/READER-NAME.txtar. Each archive's comment
// says what is wrong and has a line "expect: TEXT"; its file input.hex holds
// bytes in hexadecimal, XX*N for a repeated one, # to the end of a line for
// comments.
func HostileInputs(tb testing.TB, reader string) []Hostile {
	tb.Helper()
	_, self, _, ok := runtime.Caller(0)
	if !ok {
		tb.Fatal("no caller")
	}
	// With -trimpath self is no path; tests run in their package's directory.
	dir := filepath.Join(filepath.Dir(self), "..", "..", "testdata", "hostile")
	if _, err := os.Stat(dir); err != nil {
		dir = filepath.Join("..", "testdata", "hostile")
	}
	paths, err := filepath.Glob(filepath.Join(dir, reader+"-*.txtar"))
	if err != nil || len(paths) == 0 {
		tb.Fatalf("no inputs for %s in %s: %v", reader, dir, err)
	}
	var out []Hostile
	for _, p := range paths {
		a, err := txtar.ParseFile(p)
		if err != nil {
			tb.Fatal(err)
		}
		h := Hostile{Name: strings.TrimSuffix(filepath.Base(p), ".txtar")}
		for line := range strings.Lines(string(a.Comment)) {
			if rest, ok := strings.CutPrefix(line, "expect:"); ok {
				h.Expect = strings.TrimSpace(rest)
			}
		}
		if h.Expect == "" || len(a.Files) != 1 || a.Files[0].Name != "input.hex" {
			tb.Fatalf("%s: needs a line expect: and one file input.hex", p)
		}
		if h.Data, err = parseHex(string(a.Files[0].Data)); err != nil {
			tb.Fatalf("%s: %v", p, err)
		}
		out = append(out, h)
	}
	return out
}

func parseHex(text string) ([]byte, error) {
	var out []byte
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		for _, word := range strings.Fields(line) {
			digits, times, repeated := strings.Cut(word, "*")
			b, err := hex.DecodeString(digits)
			if err != nil {
				return nil, fmt.Errorf("%q: %w", word, err)
			}
			n := 1
			if repeated {
				if n, err = strconv.Atoi(times); err != nil || n < 0 || n > 1<<24 {
					return nil, fmt.Errorf("%q: bad count", word)
				}
			}
			for range n {
				out = append(out, b...)
			}
		}
	}
	return out, nil
}

// A Field is a number in a header. Len is the length that the number has to
// do with: of the file, or of the table that it counts or points into.
type Field struct {
	Name string
	Off  int // in bytes from the start of the data
	Size int // 1, 2, 4 or 8 bytes
	Len  uint64
}

// Sweep sets each field to 0, 1, Len-1, Len, Len+1, half the maximum and the
// maximum in turn, calls check and puts the field back. The data is changed in
// place and must not be used by what an earlier check left behind.
func Sweep(data []byte, order binary.ByteOrder, fields []Field, check func(f Field, value uint64)) {
	for _, f := range fields {
		b := data[f.Off : f.Off+f.Size]
		saved := string(b)
		largest := ^uint64(0) >> (64 - 8*f.Size)
		for _, v := range []uint64{0, 1, f.Len - 1, f.Len, f.Len + 1, largest / 2, largest} {
			var w [8]byte
			order.PutUint64(w[:], v)
			if order == binary.ByteOrder(binary.BigEndian) {
				copy(b, w[8-f.Size:])
			} else {
				copy(b, w[:f.Size])
			}
			if string(b) != saved {
				check(f, v&largest)
			}
			copy(b, saved)
		}
	}
}

// Bounded runs read, which reads an input of size bytes, and fails the test if
// it allocates more than 64 MiB + 8 × size in all.
func Bounded(tb testing.TB, size int, read func()) {
	tb.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	read()
	runtime.ReadMemStats(&after)
	if got, most := after.TotalAlloc-before.TotalAlloc, uint64(64<<20+8*size); got > most {
		tb.Errorf("%d bytes allocated for an input of %d, want at most %d", got, size, most)
	}
}
