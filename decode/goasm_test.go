package decode

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"moho/arch"
	"moho/internal/testbin"
	"moho/objfile"
)

// notAssembled are operations that are not given to Go's assembler.
var notAssembled = map[string]string{
	"UDF":  "Go has no name for it",
	"ADR":  "wants a label",
	"ADRP": "the assembler makes it itself, of MOVD $name(SB)",
	"NOP":  "no instruction to the assembler, but a place",
	"NOPL": "the assembler takes a shorter displacement",
	"NOPW": "the assembler takes a shorter displacement",
}

// refused are operations of which the assembler does not read every text, or
// makes another instruction with the same effect.
var refused = map[string]string{
	"STXRB": "data that looks like one, with a register that may not be there twice",
	"MOVK":  "of zero: the assembler sees no need for it",
	"MRS":   "of system registers by number",
	"MSR":   "of system registers by number",
	"MOVD":  "of a constant that ORR makes as well",
}

// TestGoAssemblerReadsIt writes each different text of whole programs into a
// source file, has Go's assembler compile it, and reads what comes out: the
// same text.
func TestGoAssemblerReadsIt(t *testing.T) {
	for _, a := range []*arch.Arch{arch.AMD64, arch.ARM64} {
		c := testbin.Config{GOOS: "linux", GOARCH: a.Name}
		t.Run("toy/"+a.Name, func(t *testing.T) { goAssembler(t, testbin.Build(t, testbin.Toy(t), c), 11_000) })
		t.Run("etcd/"+a.Name, func(t *testing.T) {
			testbin.Long(t)
			goAssembler(t, testbin.Peer(t, testbin.Etcd, c), 70_000)
		})
	}
}

func goAssembler(t *testing.T, path string, atLeast int) {
	f, err := objfile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d, err := New(f.Arch())
	if err != nil {
		t.Fatal(err)
	}
	ext := func(dst []byte, _ uint64) []byte { return append(dst, "ext"...) }
	seen := map[string]bool{}
	var in Inst
	var text []byte
	for _, fn := range extents(t, f) {
		code, err := f.Slice(objfile.Addr(fn.start), int(fn.end-fn.start))
		if err != nil {
			t.Fatal(err)
		}
		for ; len(code) > 0; code = code[in.Len:] {
			if d.Decode(code, 0x1000, &in) == nil && standsAlone(f.Arch(), &in) {
				text = d.AppendText(text[:0], &in, GoSyntax, ext)
				seen[string(text)] = true
			}
		}
	}
	var list []string
	for s := range seen {
		op, _, _ := strings.Cut(s, " ")
		if notAssembled[op] == "" {
			list = append(list, s)
		}
	}
	slices.Sort(list)
	n := len(list)
	list, code := assemble(t, f.Arch(), list)
	differ := 0
	for _, want := range list {
		if err := d.Decode(code, 0x1000, &in); err != nil {
			t.Fatalf("%s: % x: %v", want, code[:min(len(code), 16)], err)
		}
		text = d.AppendText(text[:0], &in, GoSyntax, ext)
		op, _, _ := strings.Cut(want, " ")
		if string(text) != want && refused[op] == "" {
			if differ++; differ > 20 {
				t.Fatal("too many differences")
			}
			t.Errorf("%s became %s (% x)", want, text, code[:in.Len])
		}
		code = code[in.Len:]
	}
	t.Logf("%d texts, %d assembled", n, len(list))
	if n < atLeast || len(list) < n-100 {
		t.Errorf("%d texts, %d assembled", n, len(list))
	}
}

// standsAlone reports whether in can be assembled without a place to go to, and
// without an assembler that counts how far SP moves losing count.
func standsAlone(a *arch.Arch, in *Inst) bool {
	if in.Flow == Branch || a == arch.ARM64 && (in.HasMem && in.Mem.PCRel || in.Flow == Call || in.Flow == Jump) {
		return false
	}
	return a == arch.AMD64 || !in.Defs.Has(RSP)
}

// assemble returns those of list that Go's assembler accepts, and what it makes
// of them, one after the other. What it refuses must be in refused.
func assemble(t *testing.T, a *arch.Arch, list []string) ([]string, []byte) {
	dir := t.TempDir()
	src, obj := filepath.Join(dir, "x.s"), filepath.Join(dir, "x.o")
	line := regexp.MustCompile(`x\.s:(\d+)[:)\s]+(.*)`)
	for range 4 {
		var b bytes.Buffer
		for i, s := range list {
			if i%500 == 0 {
				fmt.Fprintf(&b, "TEXT ·f%d(SB),4|512,$0; ", i)
			}
			b.WriteString(s + "\n")
		}
		if err := os.WriteFile(src, b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("go", "tool", "asm", "-e", "-p", "x", "-o", obj, src)
		cmd.Env = append(os.Environ(), "GOARCH="+a.Name)
		out, err := cmd.CombinedOutput()
		if err == nil {
			return list, objectCode(t, a, obj)
		}
		bad := map[int]bool{}
		for _, m := range line.FindAllStringSubmatch(string(out), -1) {
			n, _ := strconv.Atoi(m[1])
			if bad[n-1] {
				continue
			}
			bad[n-1] = true
			if op, _, _ := strings.Cut(list[n-1], " "); refused[op] == "" {
				t.Errorf("%s: %s", list[n-1], m[2])
			}
		}
		if len(bad) == 0 || t.Failed() {
			t.Fatalf("go tool asm: %v\n%s", err, out[:min(len(out), 2000)])
		}
		var keep []string
		for i, s := range list {
			if !bad[i] {
				keep = append(keep, s)
			}
		}
		list = keep
	}
	t.Fatal("go tool asm finds something else each time")
	return nil, nil
}

// objectCode returns the code in an object file, as go tool objdump shows it.
func objectCode(t *testing.T, a *arch.Arch, obj string) []byte {
	var code []byte
	for line := range strings.Lines(testbin.Run(t, "go", "tool", "objdump", obj)) {
		f := strings.Fields(line)
		if len(f) < 3 || f[0] == "TEXT" {
			continue
		}
		b, err := hex.DecodeString(f[2])
		if err != nil {
			continue
		}
		if a == arch.ARM64 {
			slices.Reverse(b)
		}
		code = append(code, b...)
	}
	return code
}
