package objfile_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"moho/internal/testbin"
	"moho/objfile"
)

// wasmModule puts sections together.
func wasmModule(sections ...string) []byte {
	return []byte("\x00asm\x01\x00\x00\x00" + strings.Join(sections, ""))
}

func wasmSection(id byte, body string) string {
	return string(binary.AppendUvarint([]byte{id}, uint64(len(body)))) + body
}

// vec is a vector of n equal items.
func vec(n int, item string) string {
	return string(binary.AppendUvarint(nil, uint64(n))) + strings.Repeat(item, n)
}

// TestWASMCounts makes modules of many small things: what a thing takes in memory
// must not depend on how little it takes in the file.
func TestWASMCounts(t *testing.T) {
	const over = 4 << 20
	one := wasmSection(1, vec(1, "\x60\x00\x00"))
	var names strings.Builder
	for i := range 1_000_000 {
		names.Write(binary.AppendUvarint(nil, uint64(i)))
		names.WriteString("\x01f")
	}
	nameSection := func(n int) string {
		sub := string(binary.AppendUvarint(nil, uint64(n))) + names.String()
		return wasmSection(0, "\x04name\x01"+string(binary.AppendUvarint(nil, uint64(len(sub))))+sub)
	}
	nested := vec(0, "") + strings.Repeat("\x02\x40", 900_000) + strings.Repeat("\x0b", 900_001)
	body := string(binary.AppendUvarint(nil, uint64(len(nested)))) + nested
	for _, tt := range []struct {
		name string
		data []byte
		err  string // "": it opens, and all can be read
	}{
		{"types", wasmModule(wasmSection(1, vec(over, "\x60\x00\x00"))), "number of types"},
		{"types at the limit", wasmModule(wasmSection(1, vec(1_000_000, "\x60\x00\x00"))), ""},
		{"imports", wasmModule(one, wasmSection(2, vec(over, "\x00\x00\x00\x00"))), "number of imports"},
		{"imports at the limit", wasmModule(one, wasmSection(2, vec(100_000, "\x00\x00\x00\x00"))), ""},
		{"functions", wasmModule(one, wasmSection(3, vec(over, "\x00")), wasmSection(10, vec(over, "\x02\x00\x0b"))), "number of functions"},
		{"functions and names at the limit", wasmModule(one, wasmSection(3, vec(1_000_000, "\x00")), wasmSection(10, vec(1_000_000, "\x02\x00\x0b")), nameSection(1_000_000)), ""},
		{"functions without bodies", wasmModule(one, wasmSection(3, vec(1_000_000, "\x00"))), "room for"},
		{"globals", wasmModule(wasmSection(6, vec(over, "\x7f\x00\x41\x00\x0b"))), "number of globals"},
		{"elements", wasmModule(wasmSection(9, vec(over, "\x01\x00\x00"))), "number of element segments"},
		{"data segments", wasmModule(wasmSection(11, vec(over, "\x01\x00"))), "number of data segments"},
		{"sections", wasmModule(strings.Repeat("\x00\x01\x00", over)), "number of sections"},
		{"locals", wasmModule(one, wasmSection(3, vec(1, "\x00")), wasmSection(10, vec(1, "\x80\x80\x80\x04"+"\xf9\xff\xff\x03"+strings.Repeat("\x00\x7f", 4<<20-4)+"\x00\x7f\x0b"))), "out of bounds"},
		{"nested blocks", wasmModule(one, wasmSection(3, vec(1, "\x00")), wasmSection(10, "\x01"+body)), ""},
		{"memory far away", wasmModule(wasmSection(5, "\x01\x00\x80\x80\x04"), wasmSection(11, "\x01\x00\x41\x70\x0b\x01x")), "limit"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			testbin.Bounded(t, len(tt.data), func() {
				f, err := objfile.NewBytes(tt.name, tt.data)
				if err == nil {
					err = read(f)
					if errors.Is(err, objfile.ErrUnmapped) || errors.Is(err, objfile.ErrNoBuildInfo) {
						err = nil // there is no entry, and no Go
					}
				}
				if err == nil && tt.err == "limit" {
					_, err = f.Slice(0, 1)
				}
				if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
					t.Errorf("%v, want %q", err, tt.err)
				}
				if err != nil && !errors.Is(err, objfile.ErrFormat) && !errors.Is(err, objfile.ErrLimit) {
					t.Errorf("untyped: %v", err)
				}
			})
		})
	}
}

// TestWASMMemory rebuilds memory as the specification does when a module starts.
func TestWASMMemory(t *testing.T) {
	mem := wasmSection(5, "\x01\x00\x01") // one page
	data := func(segs ...string) string {
		return wasmSection(11, fmt.Sprintf("%c%s", len(segs), strings.Join(segs, "")))
	}
	global := wasmSection(2, "\x01\x01m\x01g\x03\x7f\x00") // imported
	for _, tt := range []struct {
		name string
		data []byte
		want string // at address 8
		err  string
	}{
		{"later ones win", wasmModule(mem, data("\x00\x41\x08\x0b\x04abcd", "\x00\x41\x09\x0b\x02XY")), "aXYd", ""},
		{"zeros between", wasmModule(mem, data("\x00\x41\x08\x0b\x01a", "\x00\x41\x0b\x0b\x01d")), "a\x00\x00d", ""},
		{"passive ones do nothing", wasmModule(mem, data("\x01\x01z", "\x00\x41\x08\x0b\x04abcd")), "abcd", ""},
		{"a sum", wasmModule(mem, data("\x00\x41\x05\x41\x03\x6a\x0b\x04abcd")), "abcd", ""},
		{"a global of the module", wasmModule(mem, wasmSection(6, "\x01\x7f\x00\x41\x08\x0b"), data("\x00\x23\x00\x0b\x04abcd")), "abcd", ""},
		{"a global of the host", wasmModule(global, mem, data("\x00\x23\x00\x0b\x04abcd")), "", "offset is not a constant"},
		{"beyond the memory", wasmModule(mem, data("\x00\x41\xfd\xff\x03\x0b\x04abcd")), "", "but the memory has 1 pages"},
		{"no data", wasmModule(mem), "", "address not in the file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, err := objfile.NewBytes(tt.name, tt.data)
			if err != nil {
				t.Fatal(err)
			}
			got, err := f.Slice(8, 4)
			if string(got) != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%q, %v; want %q, %q", got, err, tt.want, tt.err)
			}
			if at, err := f.FindWord(1<<62, 1); at != nil || (err == nil) != (tt.err == "" || len(f.Segments()) == 0 && tt.name == "no data") {
				t.Errorf("FindWord: %v, %v", at, err)
			}
		})
	}
}
