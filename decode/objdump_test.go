package decode

import (
	"bufio"
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"moho/arch"
	"moho/gotab"
	"moho/internal/testbin"
	"moho/objfile"
)

// objdumps are the programs that give the second answer.
var objdumps = map[*arch.Arch]string{arch.AMD64: "objdump", arch.ARM64: "aarch64-linux-gnu-objdump"}

// An extent is the code of one function, without the padding after it.
type extent struct {
	name       string
	start, end uint64
}

// extents returns the functions of a Go program by address.
func extents(t *testing.T, f *objfile.File) []extent {
	tab, err := gotab.Open(f)
	if err != nil {
		t.Fatal(err)
	}
	var list []extent
	for i := range tab.NumFunc() {
		fn, err := tab.Func(i)
		if err != nil {
			t.Fatal(err)
		}
		size, err := fn.Size()
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, extent{fn.Name(), uint64(fn.Entry()), uint64(fn.Entry()) + size})
	}
	return list
}

// TestBoundaries: within every function of whole programs, instructions begin
// exactly where GNU objdump says, and every one is read.
func TestBoundaries(t *testing.T) {
	for _, a := range []*arch.Arch{arch.AMD64, arch.ARM64} {
		c := testbin.Config{GOOS: "linux", GOARCH: a.Name}
		t.Run("toy/"+a.Name, func(t *testing.T) {
			boundaries(t, testbin.Build(t, testbin.Toy(t), c), 100_000)
		})
		t.Run("net/"+a.Name, func(t *testing.T) {
			testbin.Long(t)
			boundaries(t, testbin.Build(t, testbin.NetHTTP(), c), 500_000)
		})
		for name, pkg := range map[string]string{"etcd": testbin.Etcd, "dlv": testbin.Delve} {
			t.Run(name+"/"+a.Name, func(t *testing.T) {
				if name != "etcd" || a != arch.AMD64 {
					testbin.Long(t)
				}
				boundaries(t, testbin.Peer(t, pkg, c), 1_400_000)
			})
		}
	}
}

// boundaries compares one program, of at least atLeast instructions.
func boundaries(t *testing.T, path string, atLeast int) {
	f, err := objfile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	a := f.Arch()
	testbin.NeedTool(t, objdumps[a])
	d, err := New(a)
	if err != nil {
		t.Fatal(err)
	}
	starts := objdumpStarts(t, objdumps[a], path)
	n, pool, bad := 0, 0, 0
	for _, fn := range extents(t, f) {
		code, err := f.Slice(objfile.Addr(fn.start), int(fn.end-fn.start))
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 { // what lies before the first function
			for starts.pc < fn.start && starts.next() {
			}
		}
		var unread []uint64
		literals := map[uint64]bool{}
		var in Inst
		for pc := fn.start; pc < fn.end; pc += uint64(in.Len) {
			err := d.Decode(code[pc-fn.start:], pc, &in)
			if a == arch.ARM64 && in.HasMem && in.Mem.PCRel {
				literals[uint64(in.Mem.Disp)] = true
			}
			if starts.pc != pc {
				t.Fatalf("%s: an instruction at %#x, objdump's is at %#x", fn.name, pc, starts.pc)
			}
			none := starts.bad
			starts.next()
			n++
			switch {
			case err != nil && none && a == arch.AMD64: // nor does objdump; it may pass over more
				bad++
				in.Len = int(starts.pc - pc)
			case err != nil:
				unread = append(unread, pc)
			}
		}
		for _, pc := range unread {
			if !literals[pc] { // a constant that an instruction of the function loads
				t.Errorf("%s: % x at %#x is not read", fn.name, code[pc-fn.start:min(pc-fn.start+16, uint64(len(code)))], pc)
			}
			pool++
		}
		for starts.pc < fn.end || starts.pc != 0 && starts.padding(f) {
			if !starts.next() {
				break
			}
		}
	}
	t.Logf("%d instructions, %d constants among them, %d that are none", n, pool, bad)
	if bad > 2 { // in the bytes by which crypto/internal/boring/sig marks a program
		t.Errorf("%d are none", bad)
	}
	if n < atLeast {
		t.Errorf("only %d instructions", n)
	}
}

// A startScanner goes through the addresses at which objdump sees instructions.
type startScanner struct {
	lines *bufio.Scanner
	pc    uint64 // 0 at the end
	bad   bool   // objdump does not know it either
}

func objdumpStarts(t *testing.T, tool, path string) *startScanner {
	cmd := exec.Command(tool, "-d", "-z", "-w", "--no-show-raw-insn", "-j", ".text", path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	s := &startScanner{lines: bufio.NewScanner(out)}
	s.next()
	return s
}

func (s *startScanner) next() bool {
	for s.lines.Scan() {
		line := s.lines.Bytes()
		if len(line) == 0 || line[0] != ' ' {
			continue
		}
		addr, _, ok := bytes.Cut(line, []byte(":\t"))
		if !ok {
			continue
		}
		pc, err := strconv.ParseUint(string(bytes.TrimSpace(addr)), 16, 64)
		if err == nil {
			s.pc, s.bad = pc, bytes.Contains(line, []byte("(bad)")) || bytes.Contains(line, []byte("undefined"))
			return true
		}
	}
	s.pc = 0
	return false
}

// padding reports whether s is at what fills the space between functions.
func (s *startScanner) padding(f *objfile.File) bool {
	b, err := f.Slice(objfile.Addr(s.pc), f.Arch().Quantum)
	if err != nil {
		return false
	}
	return f.Arch() == arch.AMD64 && b[0] == 0xcc || f.Arch() == arch.ARM64 && binary.LittleEndian.Uint32(b) == 0
}

// TestC: what GNU objdump reads of the C library, instruction by instruction, is
// read here with the same length.
func TestC(t *testing.T) {
	testbin.NeedTool(t, "objdump", "gcc")
	path := strings.TrimSpace(testbin.Run(t, "gcc", "-print-file-name=libc.so.6"))
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	a := map[elf.Machine]*arch.Arch{elf.EM_X86_64: arch.AMD64, elf.EM_AARCH64: arch.ARM64}[f.Machine]
	if a == nil {
		testbin.Missing(t, "the C library is neither for amd64 nor for arm64")
	}
	text := f.Section(".text")
	code, err := text.Data()
	if err != nil {
		t.Fatal(err)
	}
	d, err := New(a)
	if err != nil {
		t.Fatal(err)
	}
	var in Inst
	n := 0
	for starts := objdumpStarts(t, "objdump", path); starts.pc != 0; n++ {
		pc, bad := starts.pc, starts.bad
		starts.next()
		if bad {
			continue
		}
		if err := d.Decode(code[pc-text.Addr:], pc, &in); err != nil {
			t.Errorf("% x at %#x is not read", code[pc-text.Addr:][:16], pc)
		} else if starts.pc != 0 && pc+uint64(in.Len) != starts.pc {
			t.Errorf("% x at %#x: length %d, objdump's is %d", code[pc-text.Addr:][:16], pc, in.Len, starts.pc-pc)
		}
	}
	t.Logf("%d instructions", n)
	if n < 100_000 {
		t.Errorf("only %d instructions", n)
	}
}
