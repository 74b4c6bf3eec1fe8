package asm

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"moho/arch"
	"moho/internal/testbin"
)

// callsMorestack reports, without decoding, whether fn has the bytes of a call
// of one of the addresses.
func callsMorestack(t *testing.T, a *arch.Arch, code []byte, pc uint64, to map[uint64]bool) bool {
	t.Helper()
	if a == arch.ARM64 {
		for i := 0; i+4 <= len(code); i += 4 {
			w := binary.LittleEndian.Uint32(code[i:])
			if w>>26 == 0x25 && to[pc+uint64(i)+uint64(int64(int32(w<<6)>>4))] {
				return true
			}
		}
		return false
	}
	for i := 0; i+5 <= len(code); i++ {
		if code[i] == 0xe8 && to[pc+uint64(i)+5+uint64(int64(int32(binary.LittleEndian.Uint32(code[i+1:]))))] {
			return true
		}
	}
	return false
}

func checkAll(t *testing.T, path string) (kinds [5]int) {
	t.Helper()
	p, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	to := map[uint64]bool{}
	for _, name := range []string{"runtime.morestack", "runtime.morestack_noctxt", "runtime.morestackc"} {
		for _, fn := range p.Table.FuncNamed(name) {
			to[uint64(fn.Entry())] = true
		}
	}
	if len(to) < 2 {
		t.Fatalf("found %d of the morestack functions", len(to))
	}
	for i := range p.Table.NumFunc() {
		fn, err := p.Table.Func(i)
		if err != nil {
			t.Fatal(err)
		}
		code, err := p.Code(fn)
		if err != nil {
			t.Fatal(err)
		}
		got := p.StackCheck(fn)
		kinds[got]++
		if len(code) == 0 {
			continue
		}
		if want := callsMorestack(t, p.Arch(), code, uint64(fn.Entry()), to); want != (got > NoCheck) {
			t.Errorf("%s: check %v, calls morestack: %v; code % x", fn.Name(), got, want, code[:min(32, len(code))])
		}
		size, err := fn.MaxSPDelta()
		if err != nil {
			t.Fatal(err)
		}
		// The limits are of the frame without what assembly pushes.
		if got == SmallCheck && size > 128+64 || got == MediumCheck && (size <= 128 || size > 4096+64) || got == HugeCheck && size <= 4096 {
			t.Errorf("%s: check %v of a frame of %d bytes", fn.Name(), got, size)
		}
	}
	return kinds
}

// The cheap classifier against the calls of morestack, which are what makes a
// function splittable.
func TestStackCheck(t *testing.T) {
	targets := []testbin.Config{
		{GOOS: "linux", GOARCH: "amd64"},
		{GOOS: "linux", GOARCH: "arm64"},
		{GOOS: "linux", GOARCH: "amd64", Mode: testbin.PIE},
		{GOOS: "linux", GOARCH: "amd64", Mode: testbin.ExternalPIE},
	}
	if testbin.IsLong() {
		for _, v := range testbin.Releases {
			targets = append(targets, testbin.Config{Go: v, GOOS: "linux", GOARCH: "amd64"}, testbin.Config{Go: v, GOOS: "linux", GOARCH: "arm64"},
				testbin.Config{Go: v, GOOS: "linux", GOARCH: "amd64", Mode: testbin.PIE})
		}
		targets = append(targets, testbin.Config{GOOS: "linux", GOARCH: "amd64", CGO: true, Flags: []string{"-race"}})
	}
	for _, c := range targets {
		t.Run(c.String(), func(t *testing.T) {
			kinds := checkAll(t, testbin.Build(t, testbin.Toy(t), c))
			for k := NoCheck; k <= HugeCheck; k++ {
				if kinds[k] == 0 {
					t.Errorf("no function with check %v: %v", k, kinds)
				}
			}
			t.Log(kinds)
		})
	}
	t.Run("etcd", func(t *testing.T) {
		for _, c := range testbin.PeerTargets[:2] {
			if c.GOARCH != "amd64" {
				if !testbin.IsLong() {
					continue
				}
			}
			t.Log(checkAll(t, testbin.Peer(t, testbin.Etcd, c)))
		}
	})
}

// On WASM a call of runtime.morestack is what can be told from the bytes: 10,
// then its index.
func TestStackCheckWASM(t *testing.T) {
	versions := []string{""}
	if testbin.IsLong() {
		versions = testbin.Releases
	}
	for _, v := range versions {
		targets := []testbin.Config{{Go: v, GOOS: "js", GOARCH: "wasm"}}
		if minor, ok := strings.CutPrefix(v, "1."); !ok || minor > "21" {
			targets = append(targets, testbin.Config{Go: v, GOOS: "wasip1", GOARCH: "wasm", Mode: testbin.Stripped})
		}
		for _, c := range targets {
			t.Run(c.String(), func(t *testing.T) {
				p, err := Open(testbin.Build(t, testbin.Toy(t), c))
				if err != nil {
					t.Fatal(err)
				}
				defer p.Close()
				var calls [][]byte
				for _, name := range []string{"runtime.morestack", "runtime.morestack_noctxt"} {
					for _, fn := range p.Table.FuncNamed(name) {
						index := uint64(fn.Entry())>>16 - 0x1000 + uint64(p.File.WASMNumImports())
						// Without unwinding in between: other calls store where to go on first.
						calls = append(calls, binary.AppendUvarint([]byte{0x41, 0, 0x10}, index))
					}
				}
				kinds := map[StackCheck]int{}
				for fn := range p.Functions() {
					body, _ := p.WASMBody(fn)
					got := p.StackCheck(fn)
					kinds[got]++
					want := false
					for _, call := range calls {
						want = want || bytes.Contains(body, call)
					}
					if name := fn.Name(); want != (got > NoCheck) && name != "runtime.morestack_noctxt" {
						t.Errorf("%s: check %v, calls morestack: %v", name, got, want)
					}
					if most, err := fn.MaxSPDelta(); err != nil || got == SmallCheck && most > 128 || got == MediumCheck && most <= 128 {
						t.Errorf("%s: check %v of a frame of %d bytes, %v", fn.Name(), got, most, err)
					}
				}
				if kinds[SmallCheck] < 500 || kinds[MediumCheck] < 50 || kinds[NoCheck] < 100 || kinds[HugeCheck] > 0 {
					t.Errorf("kinds of checks: %v", kinds)
				}
				t.Log(kinds)
			})
		}
	}
}

func TestStackCheckAllocs(t *testing.T) {
	p, err := Open(testbin.Build(t, testbin.Toy(t), testbin.Config{GOOS: "linux", GOARCH: "amd64"}))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	fn := p.Table.FuncNamed("main.Huge")[0]
	if n := testing.AllocsPerRun(100, func() { p.StackCheck(fn) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkStackCheck(b *testing.B) {
	p, err := Open(testbin.Peer(b, testbin.Etcd, testbin.Config{GOOS: "linux", GOARCH: "amd64"}))
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	for b.Loop() {
		for i := range p.Table.NumFunc() {
			fn, err := p.Table.Func(i)
			if err != nil {
				b.Fatal(err)
			}
			p.StackCheck(fn)
		}
	}
}

// Any bytes are classified without a panic.
func FuzzStackCheck(f *testing.F) {
	f.Add([]byte("\x49\x3b\x66\x10\x76\x02\xc3\xcc\xcc"))
	f.Add([]byte("\x64\x4c\x8b\x34\x25\xf8\xff\xff\xff\x4c\x8d\x64\x24\xd8\x4d\x3b\x66\x10\x0f\x86\x00\x00\x00\x00\xcc"))
	f.Add([]byte("\x90\x0b\x40\xf9\xff\x63\x30\xeb\x49\x00\x00\x54\xc0\x03\x5f\xd6"))
	f.Fuzz(func(t *testing.T, code []byte) {
		for _, k := range []StackCheck{checkAMD64(code), checkARM64(code), checkWASM(append([]byte{0}, code...))} {
			if k < NoCheck || k > HugeCheck {
				t.Fatalf("check %v", k)
			}
		}
	})
}
