package core_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/arch"
	"moho/core"
	"moho/core/internal/layout"
)

func mustOpen(t *testing.T, b []byte) *core.Process {
	t.Helper()
	p, err := core.NewBytes("sample", b)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestSample(t *testing.T) {
	p := mustOpen(t, sample().bytes())
	if g := p.Gaps(); g != nil {
		t.Errorf("gaps %v", g)
	}
	if p.PID() != 100 || p.Command() != "prog -v" || p.Arch() != arch.AMD64 || p.Kind() != "elf-core" || p.Truncated() {
		t.Errorf("pid %d, command %q, arch %v, kind %q", p.PID(), p.Command(), p.Arch(), p.Kind())
	}
	s, ok := p.Signal()
	want := core.Signal{Number: 11, Name: "SIGSEGV", Code: 1, Addr: 0xdead, HasAddr: true, TID: 101}
	if !ok || s != want || s.CodeName() != "SEGV_MAPERR" {
		t.Errorf("signal %+v, %s", s, s.CodeName())
	}
	if n := len(p.Threads()); n != 2 || p.Threads()[0].TID != 101 || p.Threads()[1].TID != 102 {
		t.Errorf("threads %v", p.Threads())
	}
	if sp, ok := p.Threads()[1].Reg(p.Arch(), arch.SP); !ok || sp != 2019 {
		t.Errorf("sp %d, %v", sp, ok)
	}
	if diff := cmp.Diff(map[uint64]uint64{3: 0x400040, 9: 0x401000}, p.Auxv()); diff != "" {
		t.Error(diff)
	}
	wantMaps := []core.Mapping{
		{0x400000, 0x410000, 0, "/bin/prog"}, {0x410000, 0x420000, 4096, "/bin/prog"}, {0x420000, 0x430000, 8192, "/lib/other"},
	}
	if diff := cmp.Diff(wantMaps, p.Mappings()); diff != "" {
		t.Error(diff)
	}
	r := p.Regions()[0]
	if want := (core.Region{Addr: 0x400000, Size: 0x2000, FileSize: 0x1000, Read: true, Exec: true, File: "/bin/prog"}); r != want {
		t.Errorf("region %+v", r)
	}
}

func TestARM64(t *testing.T) {
	m := &image{machine: layout.MachineARM64}
	m.thread(7, 6, 500)
	p := mustOpen(t, m.bytes())
	th := p.Threads()[0]
	for role, want := range map[arch.Role]uint64{arch.SP: 531, arch.PC: 532, arch.LR: 530, arch.FP: 529, arch.G: 528} {
		if got, ok := th.Reg(p.Arch(), role); !ok || got != want {
			t.Errorf("%s is %d, %v, want %d", role, got, ok, want)
		}
	}
	if s, ok := p.Signal(); !ok || s.Name != "SIGABRT" || s.HasAddr {
		t.Errorf("signal %+v, %v, want SIGABRT from pr_cursig", s, ok)
	}
}

func TestThreadOrder(t *testing.T) {
	m := &image{machine: layout.MachineAMD64}
	m.thread(1, 0, 0)
	m.thread(2, 0, 0)
	m.thread(3, 11, 0)
	var tids []int
	for _, th := range mustOpen(t, m.bytes()).Threads() {
		tids = append(tids, th.TID)
	}
	if diff := cmp.Diff([]int{3, 1, 2}, tids); diff != "" {
		t.Error(diff)
	}
}

func TestSlice(t *testing.T) {
	p := mustOpen(t, sample().bytes())
	two, three := fillBytes(0x1000, 2), fillBytes(0x1000, 3)
	for _, c := range []struct {
		name string
		addr core.Addr
		n    int
		want []byte
		err  error
		at   core.Addr // where the error is
	}{
		{"first byte", 0x500000, 1, two[:1], nil, 0},
		{"last byte", 0x501fff, 1, three[0xfff:], nil, 0},
		{"whole region", 0x500000, 0x1000, two, nil, 0},
		{"across regions", 0x500ffc, 8, append(bytes.Clone(two[0xffc:]), three[:4]...), nil, 0},
		{"two whole regions", 0x500000, 0x2000, append(bytes.Clone(two), three...), nil, 0},
		{"nothing", 0x500010, 0, []byte{}, nil, 0},
		{"before memory", 0x100, 1, nil, core.ErrUnmapped, 0x100},
		{"between regions", 0x550000, 8, nil, core.ErrUnmapped, 0x550000},
		{"off the end", 0x501ff8, 9, nil, core.ErrUnmapped, 0x502000},
		{"absent part of a region", 0x401000, 8, nil, core.ErrAbsent, 0x401000},
		{"into the absent part", 0x400ff8, 16, nil, core.ErrAbsent, 0x401000},
		{"absent region", 0x600800, 8, nil, core.ErrAbsent, 0x600800},
		{"only NT_FILE knows it", 0x420010, 8, nil, core.ErrAbsent, 0x420010},
		{"negative", 0x500000, -1, nil, core.ErrLimit, 0},
		{"the last address", ^core.Addr(0), 1, nil, core.ErrUnmapped, ^core.Addr(0)},
		{"wraps around", ^core.Addr(0) - 3, 8, nil, core.ErrUnmapped, ^core.Addr(0)},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := p.Slice(c.addr, c.n)
			if !errors.Is(err, c.err) || !bytes.Equal(got, c.want) || (err != nil) != (got == nil) {
				t.Fatalf("%d bytes, %v; want %d bytes, %v", len(got), err, len(c.want), c.err)
			}
			if cap(got) != len(got) {
				t.Errorf("capacity %d of %d bytes: an append would write to the core", cap(got), len(got))
			}
			var m *core.MemoryError
			if errors.As(err, &m) && m.Addr != c.at {
				t.Errorf("error at %#x, want %#x", uint64(m.Addr), uint64(c.at))
			}
			v := p.View()
			for range 2 { // from afar, and from where it was
				if again, verr := v.Slice(c.addr, c.n); !bytes.Equal(again, got) || fmt.Sprint(verr) != fmt.Sprint(err) {
					t.Errorf("view: %d bytes, %v", len(again), verr)
				}
			}
			b := make([]byte, max(c.n, 0))
			n, err := p.ReadMemory(b, c.addr)
			if c.n >= 0 && (n == c.n) != (c.err == nil) || !bytes.Equal(b[:n], c.want) && c.err == nil || (err == nil) != (n == len(b)) {
				t.Errorf("ReadMemory: %d bytes, %v", n, err)
			}
		})
	}
	if w, err := p.Word(0x500ffc); err != nil || w != le.Uint64(append(bytes.Clone(two[0xffc:]), three[:4]...)) {
		t.Errorf("Word across regions: %#x, %v", w, err)
	}
	v := p.View()
	for _, a := range []core.Addr{0x500000, 0x500008, 0x500ffc, 0x700000, 0x7007f8, 0x7007f9, 0x600000, 0x500000} {
		w, err := p.Word(a)
		if got, verr := v.Word(a); got != w || fmt.Sprint(verr) != fmt.Sprint(err) {
			t.Errorf("view: word at %#x is %#x, %v; want %#x, %v", uint64(a), got, verr, w, err)
		}
	}
	if n := testing.AllocsPerRun(100, func() { p.Slice(0x500010, 64); p.Word(0x501000) }); n != 0 {
		t.Errorf("a read allocates %v times", n)
	}
}

func TestMemory(t *testing.T) {
	var got []string
	for a, b := range mustOpen(t, sample().bytes()).Memory() {
		got = append(got, fmt.Sprintf("%#x %#x", uint64(a), len(b)))
	}
	want := []string{"0x400000 0x1000", "0x500000 0x1000", "0x501000 0x1000", "0x700000 0x800"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestOddSegments checks memory that is described more than once, or badly.
func TestOddSegments(t *testing.T) {
	one, two := fillBytes(0x2000, 1), fillBytes(0x2000, 2)
	for _, c := range []struct {
		name  string
		loads []load
		want  []string // regions
		gap   string
		check func(p *core.Process) bool
	}{
		{
			"the later part of the second counts",
			[]load{{0x1000, 0x2000, one, 4}, {0x2000, 0x2000, two, 4}},
			[]string{"0x1000 0x2000 0x2000", "0x3000 0x1000 0x1000"},
			"overlapping segment",
			func(p *core.Process) bool { w, _ := p.Word(0x3000); return w == le.Uint64(two[0x1000:]) },
		},
		{
			"inside another",
			[]load{{0x1000, 0x2000, one, 4}, {0x1800, 0x100, two[:0x100], 4}},
			[]string{"0x1000 0x2000 0x2000"},
			"overlapping segment", nil,
		},
		{
			"the same twice",
			[]load{{0x1000, 0x2000, one, 4}, {0x1000, 0x2000, two, 4}},
			[]string{"0x1000 0x2000 0x2000"},
			"overlapping segment",
			func(p *core.Process) bool { w, _ := p.Word(0x1000); return w == le.Uint64(one) },
		},
		{
			"not in order",
			[]load{{0x4000, 0x1000, one[:0x1000], 4}, {0x1000, 0x1000, two[:0x1000], 4}},
			[]string{"0x1000 0x1000 0x1000", "0x4000 0x1000 0x1000"},
			"",
			func(p *core.Process) bool { w, _ := p.Word(0x1000); return w == le.Uint64(two) },
		},
		{
			"wraps around",
			[]load{{^uint64(0xfff), 0x2000, one, 4}},
			[]string{"0xfffffffffffff000 0xfff 0xfff"},
			"wraps around", nil,
		},
		{
			"ends at the end",
			[]load{{^uint64(0xfff), 0x1000, one[:0x1000], 4}},
			[]string{"0xfffffffffffff000 0xfff 0xfff"},
			"wraps around", nil,
		},
		{
			"larger in the file",
			[]load{{0x1000, 0x800, one, 4}},
			[]string{"0x1000 0x800 0x800"},
			"larger in the file", nil,
		},
		{"empty", []load{{0x1000, 0, nil, 4}}, nil, "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &image{machine: layout.MachineAMD64, loads: c.loads}
			m.thread(1, 6, 0)
			p := mustOpen(t, m.bytes())
			var got []string
			for _, r := range p.Regions() {
				got = append(got, fmt.Sprintf("%#x %#x %#x", uint64(r.Addr), r.Size, r.FileSize))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if gaps := fmt.Sprint(p.Gaps()); c.gap == "" && p.Gaps() != nil || !strings.Contains(gaps, c.gap) {
				t.Errorf("gaps %s, want %q", gaps, c.gap)
			}
			if c.check != nil && !c.check(p) {
				t.Error("the wrong bytes")
			}
		})
	}
}

// TestExtendedNumbering reads more segments than e_phnum can count, complete
// and after the end of the file with the true count is lost.
func TestExtendedNumbering(t *testing.T) {
	m := sample()
	m.loads = nil
	for i := range uint64(70000) {
		m.loads = append(m.loads, load{0x10000000 + i*0x2000, 0x1000, nil, 4})
	}
	m.extended = true
	b := m.bytes()
	for _, c := range []struct {
		name string
		data []byte
		cut  bool
	}{{"complete", b, false}, {"truncated", b[:len(b)-10], true}} {
		t.Run(c.name, func(t *testing.T) {
			p := mustOpen(t, c.data)
			if n := len(p.Regions()); n != 70000 || len(p.Threads()) != 2 || p.Truncated() != c.cut {
				t.Errorf("%d regions, %d threads, truncated %v", n, len(p.Threads()), p.Truncated())
			}
		})
	}
}

// TestNotCores checks what is said of files that people give by mistake.
func TestNotCores(t *testing.T) {
	bend := func(off int, v ...byte) []byte {
		b := sample().bytes()
		copy(b[off:], v)
		return b
	}
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "the file is empty"},
		{"text", []byte("goroutine 1 [running]:\nmain.main()\n"), "the file is text"},
		{"long text", []byte(strings.Repeat("größer als 512 Bytes\n", 100)), "the file is text"},
		{"binary", []byte("\x01\x02\x03\x04 something"), "not ELF: it starts with 01 02 03 04"},
		{"gzip", []byte("\x1f\x8b\x08\x00"), "compressed with gzip"},
		{"zstd", []byte("\x28\xb5\x2f\xfd"), "compressed with zstd"},
		{"lz4", []byte("\x04\x22\x4d\x18"), "compressed with lz4"},
		{"xz", []byte("\xfd7zXZ\x00"), "compressed with xz"},
		{"minidump", []byte("MDMP\x93\xa7"), "a Windows minidump"},
		{"header cut", sample().bytes()[:40], "truncated: 40 bytes"},
		{"program headers cut", sample().bytes()[:100], "ends at byte 100, before its program headers at 64"},
		{"executable", bend(layout.EhType, layout.TypeExec, 0), "this is an executable or a shared library, not a core"},
		{"PIE", bend(layout.EhType, layout.TypeDyn, 0), "this is an executable or a shared library, not a core"},
		{"object file", bend(layout.EhType, layout.TypeRel, 0), "this is an object file"},
		{"32-bit", bend(4, 1), "32-bit ELF"},
		{"class", bend(4, 9), "ELF class is 9"},
		{"big-endian", bend(5, 2), "big-endian"},
		{"byte order", bend(5, 0), "byte order is 0"},
		{"riscv64", bend(layout.EhMachine, 243, 0), "the core is of riscv64 (ELF machine 243)"},
		{"unknown machine", bend(layout.EhMachine, 0xff, 0xff), "the core is of ELF machine 65535"},
		{"header size", bend(layout.EhPhentsize, 32, 0), "a program header has 32 bytes, want 56"},
		{"no headers", bend(layout.EhPhnum, 0, 0), "there are no program headers"},
		{"headers inside the header", bend(layout.EhPhoff, 8), "the program headers are at 0x8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "file")
			if err := os.WriteFile(path, c.data, 0o600); err != nil {
				t.Fatal(err)
			}
			p, err := core.Open(path)
			if p != nil || !errors.Is(err, core.ErrFormat) {
				t.Fatalf("%v, %v, want an error that wraps ErrFormat", p, err)
			}
			var f *core.FormatError
			if !errors.As(err, &f) || f.Name != path || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%q does not say %q", err, c.want)
			}
		})
	}
	for name, path := range map[string]string{"missing": filepath.Join(t.TempDir(), "none"), "directory": t.TempDir(), "device": os.DevNull} {
		if p, err := core.Open(path); p != nil || err == nil || errors.Is(err, core.ErrFormat) {
			t.Errorf("%s: %v, %v", name, p, err)
		}
	}
}
