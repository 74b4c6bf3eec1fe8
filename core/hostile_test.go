package core_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"moho/core"
	"moho/core/internal/layout"
)

// check holds for whatever Open accepts, and for what it refuses.
func check(t *testing.T, data []byte) *core.Process {
	t.Helper()
	p, err := core.NewBytes("hostile", data)
	if err != nil {
		if p != nil || !errors.Is(err, core.ErrFormat) {
			t.Fatalf("%v and %v", p, err)
		}
		return nil
	}
	if p == nil || p.Arch() == nil {
		t.Fatal("neither a process nor an error")
	}
	var end core.Addr
	for i, r := range p.Regions() {
		if r.Size == 0 || r.FileSize > r.Size || r.End() < r.Addr || i > 0 && r.Addr < end {
			t.Fatalf("region %d: %+v after %#x", i, r, uint64(end))
		}
		end = r.End()
		for _, n := range []uint64{1, 8, 4096, r.FileSize, r.FileSize + 1} {
			if n > uint64(len(data))+1 {
				continue
			}
			b, err := p.Slice(r.Addr, int(n))
			if n <= r.FileSize && err != nil || (err != nil) != (b == nil) || err == nil && len(b) != int(n) {
				t.Fatalf("region %d: %d bytes of %d: %d, %v", i, n, r.FileSize, len(b), err)
			}
			c := make([]byte, n)
			k, rerr := p.ReadMemory(c, r.Addr)
			if (rerr == nil) != (err == nil) || err == nil && !bytes.Equal(b, c) || k < int(min(n, r.FileSize)) {
				t.Fatalf("region %d: ReadMemory: %d of %d, %v; Slice: %v", i, k, n, rerr, err)
			}
		}
		if _, err := p.Slice(r.End()-1, 1); r.FileSize < r.Size && !errors.Is(err, core.ErrAbsent) {
			t.Fatalf("region %d: the last byte: %v, want ErrAbsent", i, err)
		}
	}
	total := 0
	for a, b := range p.Memory() {
		got, err := p.Slice(a, len(b))
		if err != nil || !bytes.Equal(got, b) {
			t.Fatalf("memory at %#x: %v", uint64(a), err)
		}
		total++
	}
	if total > len(p.Regions()) {
		t.Fatalf("%d runs of memory in %d regions", total, len(p.Regions()))
	}
	for _, th := range p.Threads() {
		if len(th.Regs) != len(p.Arch().Registers) {
			t.Fatalf("thread %d has %d registers", th.TID, len(th.Regs))
		}
	}
	for i, m := range p.Mappings() {
		if m.Start >= m.End || m.Off < 0 || i > 0 && p.Mappings()[i-1].Start > m.Start {
			t.Fatalf("mapping %+v", m)
		}
	}
	if s, ok := p.Signal(); ok && (s.Number < 1 || s.Number > 64 || s.Name == "") {
		t.Fatalf("signal %+v", s)
	}
	if p.Truncated() && len(p.Gaps()) == 0 || len(p.Gaps()) > 100 {
		t.Fatalf("truncated %v, %d gaps", p.Truncated(), len(p.Gaps()))
	}
	p.ExecutableBuildID()
	return p
}

// TestTruncated cuts a core everywhere that matters: threads whose notes are
// there stay, and the gap says how much is missing.
func TestTruncated(t *testing.T) {
	full := sample().bytes()
	cuts := []int{layout.EhdrSize, layout.EhdrSize + layout.PhdrSize}
	for i := range 64 {
		cuts = append(cuts, len(full)*i/64)
	}
	for i := range 8 * layout.PhdrSize { // each byte of the program headers
		cuts = append(cuts, layout.EhdrSize+i)
	}
	notes := layout.EhdrSize + 6*layout.PhdrSize
	for i := 0; i < len(sample().notes); i += 4 {
		cuts = append(cuts, notes+i)
	}
	for _, n := range cuts {
		p := check(t, full[:n:n])
		if p == nil {
			if n >= layout.EhdrSize+layout.PhdrSize {
				t.Errorf("cut at %d: refused", n)
			}
			continue
		}
		if !p.Truncated() {
			t.Errorf("cut at %d: not seen", n)
		}
		// Once all program headers are there, the true size is known.
		if n >= notes {
			want := fmt.Sprintf("the file is truncated: %d of %d bytes are missing", len(full)-n, len(full))
			if g := p.Gaps(); g[len(g)-1].Why != want && (len(g) < 2 || g[len(g)-2].Why != want) {
				t.Errorf("cut at %d: gaps %v, want %q", n, g, want)
			}
		}
		if n >= notes+len(sample().notes) && len(p.Threads()) != 2 {
			t.Errorf("cut at %d: %d threads", n, len(p.Threads()))
		}
	}
	if p := check(t, full); p.Truncated() || p.Gaps() != nil {
		t.Errorf("the whole file: %v", p.Gaps())
	}
}

// TestFieldSweep sets every field of the headers and notes to the values that
// break readers.
func TestFieldSweep(t *testing.T) {
	clean := sample().bytes()
	size := uint64(len(clean))
	values := []uint64{0, 1, size - 1, size, size + 1, 1<<63 - 1, 1 << 63, 1<<64 - 1}
	for off := 0; off < len(clean)-int(0x3800); off += 4 {
		for width := 1; width <= 8; width *= 2 {
			for _, v := range values {
				b := bytes.Clone(clean)
				for i := range width {
					b[off+i] = byte(v >> (8 * i))
				}
				check(t, b)
			}
		}
	}
}

// TestOverlappingNotes makes many segments name the same notes: reading them
// all would take the square of the file's size.
func TestOverlappingNotes(t *testing.T) {
	m := sample()
	m.loads = make([]load, 20000)
	b := m.bytes()
	for i := range m.loads {
		ph := b[layout.EhdrSize+(i+1)*layout.PhdrSize:]
		copy(ph, b[layout.EhdrSize:][:layout.PhdrSize])
	}
	p := check(t, b)
	if n := len(p.Threads()); n > 2*len(b)/layout.PRStatusSize(27) {
		t.Errorf("%d threads from %d bytes", n, len(b))
	}
}

// TestManyOddSegments checks that a million complaints are one.
func TestManyOddSegments(t *testing.T) {
	m := sample()
	m.loads = make([]load, 50000)
	for i := range m.loads {
		m.loads[i] = load{addr: 0x1000, size: 1 << 63, flags: 4}
	}
	if n := len(check(t, m.bytes()).Gaps()); n != 1 {
		t.Errorf("%d gaps", n)
	}
}

// TestManyOddNotes is the same for notes.
func TestManyOddNotes(t *testing.T) {
	m := &image{machine: layout.MachineAMD64}
	for range 10000 {
		m.note("CORE", layout.NTPRStatus, []byte("short"))
		m.note("CORE", layout.NTSigInfo, nil)
		m.note("CORE", layout.NTPRPSInfo, nil)
	}
	if n := len(check(t, m.bytes()).Gaps()); n < 4 || n > 30 {
		t.Errorf("%d gaps", n)
	}
}

func FuzzOpen(f *testing.F) {
	small := sample() // the fuzzer is slow with long inputs
	for i := range small.loads {
		small.loads[i].data = small.loads[i].data[:min(16, len(small.loads[i].data))]
	}
	f.Add([]byte{})
	f.Add(small.bytes())
	f.Add(small.bytes()[:1000])
	arm := &image{machine: layout.MachineARM64, extended: true}
	arm.thread(1, 6, 0)
	arm.loads = []load{{0x1000, 0x2000, []byte("\x7fELF\x02\x01\x01"), 5}}
	f.Add(arm.bytes())
	f.Fuzz(func(t *testing.T, data []byte) { check(t, data) })
}
