package decode

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"moho/gotab"
	"moho/internal/testbin"
	"moho/objfile"
)

// TestWASMAgainstWABT: on whole programs, each instruction begins where
// wasm-objdump says and has the name it says.
func TestWASMAgainstWABT(t *testing.T) {
	testbin.NeedTool(t, "wasm-objdump")
	for _, goos := range []string{"js", "wasip1"} {
		t.Run(goos, func(t *testing.T) {
			path := testbin.Build(t, testbin.Toy(t), testbin.Config{GOOS: goos, GOARCH: "wasm"})
			n := compareWASM(t, path)
			if n < 500_000 {
				t.Errorf("only %d instructions compared", n)
			}
			t.Logf("%d instructions", n)
		})
	}
}

// compareWASM walks through all bodies beside wasm-objdump.
func compareWASM(t *testing.T, path string) int {
	f, err := objfile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cmd := exec.Command("wasm-objdump", "-d", path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<24)
	n := 0
	for i := range f.WASMNumFuncs() {
		fn, ok := f.WASMFunc(uint32(f.WASMNumImports() + i))
		if !ok {
			t.Fatalf("no function %d", i)
		}
		w, err := NewWASM(f.WASMBody(fn))
		if err != nil {
			t.Fatalf("%s: %v", fn.Name, err)
		}
		var in WASMInst
		for {
			err := w.Next(&in)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", fn.Name, err)
			}
			off, text := nextWASM(lines)
			got := string(w.AppendText(nil, &in, nil))
			op, _, _ := strings.Cut(got, " ")
			theirs, args, _ := strings.Cut(text, " ")
			if off != int64(fn.Off)+int64(in.Off) || op != theirs {
				t.Fatalf("%s+%#x: %s, wasm-objdump %#x %s", fn.Name, in.Off, got, off, text)
			}
			if index, _, _ := strings.Cut(args, " "); in.Op == 0x10 && index != strconv.FormatInt(in.Index, 10) {
				t.Fatalf("%s+%#x: %s, wasm-objdump %s", fn.Name, in.Off, got, text)
			}
			n++
		}
	}
	if off, text := nextWASM(lines); text != "" {
		t.Errorf("wasm-objdump goes on at %#x: %s", off, text)
	}
	return n
}

// nextWASM returns the next instruction that wasm-objdump prints.
func nextWASM(lines *bufio.Scanner) (int64, string) {
	for lines.Scan() {
		where, text, ok := bytes.Cut(lines.Bytes(), []byte("|"))
		text = bytes.TrimSpace(text)
		addr, _, colon := bytes.Cut(where, []byte(":"))
		if !ok || !colon || len(text) == 0 || bytes.HasPrefix(text, []byte("local[")) {
			continue // names, locals, bytes that did not fit a line
		}
		off, err := strconv.ParseInt(string(bytes.TrimSpace(addr)), 16, 64)
		if err != nil {
			continue
		}
		return off, string(text)
	}
	return 0, ""
}

// TestWASMBlocks compares what was found of resume blocks and of the stack
// pointer with Go's own table of its offsets: no block begins where the table
// has ended, and a function whose frame has n bytes lowers SP by n somewhere.
func TestWASMBlocks(t *testing.T) {
	for _, goos := range []string{"js", "wasip1"} {
		f, err := objfile.Open(testbin.Build(t, testbin.Toy(t), testbin.Config{GOOS: goos, GOARCH: "wasm"}))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		tab, err := gotab.Open(f)
		if err != nil {
			t.Fatal(err)
		}
		blocked, plain, moves := 0, 0, 0
		for i := range tab.NumFunc() {
			fn, err := tab.Func(i)
			if err != nil {
				t.Fatal(err)
			}
			index, ok := fn.CodeIndex()
			if !ok {
				t.Fatalf("%s has no index", fn.Name())
			}
			def, ok := f.WASMFunc(index + uint32(f.WASMNumImports()))
			if !ok {
				t.Fatalf("%s is not there", fn.Name())
			}
			w, err := NewWASM(f.WASMBody(def))
			if err != nil {
				t.Fatal(err)
			}
			top, err := fn.MaxSPDelta()
			if err != nil {
				t.Fatal(err)
			}
			last, entered := -1, false
			var in WASMInst
			for err = w.Next(&in); err == nil; err = w.Next(&in) {
				if in.Block >= 0 && in.Block < last {
					t.Fatalf("%s+%#x: block %d after %d", fn.Name(), in.Off, in.Block, last)
				}
				last = max(last, in.Block)
				entered = entered || in.SetsSP && in.SPKnown && in.SPDelta == -int64(top)
			}
			size, err := fn.Size()
			if err != nil {
				t.Fatal(err)
			}
			if w.targets == nil {
				plain++
				continue
			}
			blocked++
			if len(w.targets) > int(size) || last >= int(size) {
				t.Errorf("%s: %d values of PC_B, br_table has %d, block %d begins", fn.Name(), size, len(w.targets), last)
			}
			if w.block != -1 {
				t.Errorf("%s: ends in block %d", fn.Name(), w.block)
			}
			if top > 0 {
				if !entered {
					t.Errorf("%s: nothing lowers SP by its frame of %d bytes", fn.Name(), top)
				}
				moves++
			}
		}
		t.Logf("%s: %d functions with blocks, %d without, %d move SP", goos, blocked, plain, moves)
		if blocked < 1000 || moves < 1000 {
			t.Errorf("%s: only %d functions with blocks, %d that move SP", goos, blocked, moves)
		}
	}
}

// notInWABT are opcodes that wabt 1.0.32, Debian's, does not read, or not by
// their name.
var notInWABT = map[string]bool{
	"throw_ref": true, "try_table": true, "return_call_ref": true, "call_ref": true, "ref.eq": true, "ref.as_non_null": true,
	"br_on_null": true, "br_on_non_null": true, "i16x8.relaxed_dot_i8x16_i7x16_s": true, "i32x4.relaxed_dot_i8x16_i7x16_add_s": true,
}

// TestWASMOpcodes compares the name of every opcode, and the length of its
// immediates, with wasm-objdump's.
func TestWASMOpcodes(t *testing.T) {
	testbin.NeedTool(t, "wasm-objdump")
	var bodies [][]byte
	for prefix, list := range wasmTable() {
		for n, o := range list {
			if o.name == "" || notInWABT[o.name] || o.name == "else" || strings.HasPrefix(o.name, "catch") || o.name == "end" || o.name == "delegate" || o.name == "rethrow" {
				continue
			}
			body := []byte{0}
			if prefix != 3 {
				body = append(body, 0xfc|byte(prefix))
				body = binary.AppendUvarint(body, uint64(n))
			} else {
				body = append(body, byte(n))
			}
			body = append(body, sampleArgs[o.args]...)
			if o.args == argBlock || o.args == argCatches {
				body = append(body, 0x0b)
			}
			bodies = append(bodies, append(body, 0x0b))
		}
	}
	path := filepath.Join(t.TempDir(), "all.wasm")
	if err := os.WriteFile(path, wasmModule(bodies), 0o666); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("wasm-objdump", "-d", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(bytes.NewReader(out))
	for _, body := range bodies {
		w, err := NewWASM(body)
		if err != nil {
			t.Fatal(err)
		}
		var in WASMInst
		start := int64(-1)
		for err = w.Next(&in); err == nil; err = w.Next(&in) {
			off, text := nextWASM(lines)
			if start < 0 {
				start = off - int64(in.Off)
			}
			got := string(w.AppendText(nil, &in, nil))
			op, _, _ := strings.Cut(got, " ")
			theirs, _, _ := strings.Cut(text, " ")
			if op != theirs || off-start != int64(in.Off) {
				t.Fatalf("% x: at %d %s, wasm-objdump at %d %s", body, in.Off, got, off-start, text)
			}
		}
		if err != io.EOF {
			t.Errorf("% x: %v", body, err)
		}
	}
	if len(bodies) < 480 {
		t.Errorf("only %d opcodes", len(bodies))
	}
}

// sampleArgs are immediates of each kind.
var sampleArgs = map[wasmArgs][]byte{
	argBlock: {0x40}, argIndex: {0}, argIndex2: {0, 0}, argCallIndirect: {0, 0}, argMem: {0, 3}, argMemLane: {0, 3, 1}, argLane: {0},
	argI32: {0x7f}, argI64: {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f},
	argF32: {0, 0, 0x80, 0x3f}, argF64: {0, 0, 0, 0, 0, 0, 0xf0, 0x3f}, argV128: {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
	argTable: {1, 0, 0}, argTypes: {1, 0x7f}, argHeap: {0x70}, argCatches: {0x40, 0},
}

// wasmModule returns a module with functions of the given bodies.
func wasmModule(bodies [][]byte) []byte {
	var funcs, code []byte
	funcs = binary.AppendUvarint(funcs, uint64(len(bodies)))
	code = binary.AppendUvarint(code, uint64(len(bodies)))
	for _, b := range bodies {
		funcs = append(funcs, 0)
		code = append(binary.AppendUvarint(code, uint64(len(b))), b...)
	}
	m := []byte("\x00asm\x01\x00\x00\x00")
	for _, s := range []struct {
		id byte
		b  []byte
	}{
		{1, []byte{1, 0x60, 0, 0}},
		{3, funcs},
		{4, []byte{1, 0x70, 0, 1}},
		{5, []byte{1, 0, 1}},
		{6, []byte{1, 0x7f, 1, 0x41, 0, 0x0b}},
		{12, []byte{1}},
		{10, code},
		{11, []byte{1, 1, 0}},
	} {
		m = append(m, s.id)
		m = append(binary.AppendUvarint(m, uint64(len(s.b))), s.b...)
	}
	return m
}
