package spflow_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"moho/arch"
	"moho/asm"
	"moho/asm/spflow"
	"moho/decode"
	"moho/gotab"
	"moho/internal/testbin"
	"moho/objfile"
)

// A varint is where one number of a pcsp table lies in the file.
type varint struct {
	at, len int
	value   uint32
	pc      bool // a step of the PC, otherwise one of SP
}

// A mutant is a binary in memory that functions are broken in, one at a time.
type mutant struct {
	data    []byte
	p       *asm.Program
	pclntab int // offset in the file
}

func open(t *testing.T, path string) *mutant {
	t.Helper()
	data := readAll(t, path)
	m := &mutant{data: data}
	m.p = m.reopen(t)
	head, err := m.p.File.Slice(m.p.Table.Addr(), 64)
	if err != nil {
		t.Fatal(err)
	}
	m.pclntab = bytes.Index(data, head)
	if m.pclntab < 0 || bytes.Contains(data[m.pclntab+1:], head) {
		t.Fatal("the table's header is not in the file once")
	}
	return m
}

func readAll(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// reopen reads the binary as it is now.
func (m *mutant) reopen(t *testing.T) *asm.Program {
	t.Helper()
	f, err := objfile.NewBytes("mutant", m.data)
	if err != nil {
		t.Fatal(err)
	}
	table, err := gotab.Open(f)
	if err != nil {
		t.Fatal(err)
	}
	return &asm.Program{File: f, Table: table}
}

// pcsp finds the numbers of the function's table, by the offsets in the header
// of the pclntab and in the function's record, not through gotab.
func (m *mutant) pcsp(t *testing.T, fn gotab.Func) []varint {
	t.Helper()
	tab := m.data[m.pclntab:]
	word := func(i int) int { return int(binary.LittleEndian.Uint64(tab[8+8*i:])) }
	pctab, functab := word(6), word(7)
	record := functab + int(binary.LittleEndian.Uint32(tab[functab+8*fn.Index()+4:]))
	at := pctab + int(binary.LittleEndian.Uint32(tab[record+16:]))
	var out []varint
	for i := 0; ; i++ {
		v, n := binary.Uvarint(tab[at:])
		if n <= 0 {
			t.Fatalf("%s: number %d at %#x", fn.Name(), i, at)
		}
		if v == 0 && i > 0 && i%2 == 0 {
			return out
		}
		out = append(out, varint{m.pclntab + at, n, uint32(v), i%2 == 1})
		at += n
	}
}

// sample returns n functions that have a frame and share their table with no
// other, which the linker makes of equal ones.
func (m *mutant) sample(t *testing.T, r *rand.Rand, n int) []gotab.Func {
	t.Helper()
	seen := map[int]int{}
	var all []gotab.Func
	for fn := range m.p.Functions() {
		if size, err := fn.Size(); err != nil || size == 0 {
			continue
		}
		seen[m.pcsp(t, fn)[0].at]++
		all = append(all, fn)
	}
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	var out []gotab.Func
	for _, fn := range all {
		most, err := fn.MaxSPDelta()
		if err != nil {
			t.Fatal(err)
		}
		if most > 1<<24 {
			continue // its size lies behind the code, where no SP is wrong
		}
		if most > 0 && fn.Flags()&gotab.SPWrite == 0 && seen[m.pcsp(t, fn)[0].at] == 1 {
			out = append(out, fn)
		}
		if len(out) == n {
			return out
		}
	}
	return out
}

// fails asserts that fn, and it alone among the sample, no longer verifies.
func (m *mutant) fails(t *testing.T, fn gotab.Func, what string) {
	t.Helper()
	p := m.reopen(t)
	now, err := p.Table.Func(fn.Index())
	if err != nil {
		t.Fatal(err)
	}
	r, err := spflow.Verify(p, now)
	if err != nil {
		t.Errorf("%s: %s: %v", fn.Name(), what, err)
		return
	}
	wrong := slices.Concat(r.Mismatches, r.Doubts)
	if r.Verified && len(r.Doubts) == 0 || len(wrong) == 0 || wrong[0].Name != fn.Name() {
		rows, _ := now.SPRows()
		t.Errorf("%s: %s is not found: %+v; rows %v", fn.Name(), what, r, rows)
	}
}

func samples() int {
	if testbin.IsLong() {
		return 400
	}
	return 60
}

// TestTableMutants changes one number of a pcsp table at a time: each is found
// in the function that it is of.
func TestTableMutants(t *testing.T) {
	for _, goarch := range []string{"amd64", "arm64"} {
		t.Run(goarch, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			m := open(t, testbin.Build(t, testbin.Toy(t), testbin.Config{GOOS: "linux", GOARCH: goarch}))
			fns := m.sample(t, r, samples())
			if len(fns) < samples() {
				t.Fatalf("only %d functions to break", len(fns))
			}
			for _, fn := range fns {
				numbers := m.pcsp(t, fn)
				k := r.IntN(len(numbers) - 2)
				v, next := numbers[k], numbers[k+2]
				b, c := m.data[v.at:v.at+v.len], m.data[next.at:next.at+next.len]
				before, after := slices.Clone(b), slices.Clone(c)
				what := "a step of SP"
				switch {
				case !v.pc:
					if b[0] ^= 2; v.len == 1 && b[0] == 0 { // would end the table
						b[0] = before[0] ^ 4
					}
				case b[0]&0x7f < 0x7f && c[0]&0x7f > 1:
					// The place where SP changes is moved, the function's size is not:
					// for that there are other sources, and none here.
					what = "a step of the PC"
					b[0]++
					c[0]--
				case b[0]&0x7f > 1 && c[0]&0x7f < 0x7f:
					what = "a step of the PC"
					b[0]--
					c[0]++
				default:
					continue
				}
				m.fails(t, fn, what)
				copy(b, before)
				copy(c, after)
			}
			if fns := m.sample(t, r, 5); len(fns) > 0 {
				res, err := spflow.Verify(m.reopen(t), fns[0])
				if err != nil || !res.Verified {
					t.Errorf("after all was put back: %+v, %v", res, err)
				}
			}
		})
	}
}

// TestCodeMutants changes the frame size in the code.
func TestCodeMutants(t *testing.T) {
	for _, a := range []*arch.Arch{arch.AMD64, arch.ARM64} {
		t.Run(a.Name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(3, 4))
			m := open(t, testbin.Build(t, testbin.Toy(t), testbin.Config{GOOS: "linux", GOARCH: a.Name}))
			dec, err := decode.New(a)
			if err != nil {
				t.Fatal(err)
			}
			done := 0
			for _, fn := range m.sample(t, r, 3*samples()) {
				code, err := m.p.Code(fn)
				if err != nil {
					t.Fatal(err)
				}
				at := bytes.Index(m.data, code)
				if at < 0 || bytes.Contains(m.data[at+1:], code) {
					continue
				}
				var in decode.Inst
				for off := 0; off < len(code); off += in.Len {
					if err := dec.Decode(code[off:], 0, &in); err != nil {
						break // data behind the code
					}
					b := m.data[at+off : at+off+in.Len]
					before := slices.Clone(b)
					switch {
					case a == arch.AMD64 && in.Len == 4 && b[0] == 0x48 && b[1] == 0x83 && b[2] == 0xec: // SUBQ $imm8, SP
						b[3] ^= 8
					case a == arch.ARM64 && binary.LittleEndian.Uint32(b)&0xffe00fff == 0xf8000ffe: // MOVD.W R30, n(RSP)
						b[2] ^= 1 // 16 bytes
					default:
						continue
					}
					m.fails(t, fn, "the frame's size")
					copy(b, before)
					done++
					break
				}
				if done == samples() {
					return
				}
			}
			t.Errorf("only %d functions were broken", done)
		})
	}
}
