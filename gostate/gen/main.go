// Command gen writes the layout tables of moho/gostate/internal/layout.
//
// For each toolchain and architecture it compiles an empty program and reads
// what the compiler itself says about the runtime: offsets and constants from
// DWARF, the wait reasons from the initialised array. For wasm, which has no
// DWARF, it computes them from the runtime's source. Run it through
//
//	go generate ./gostate/...
//
// Toolchains that are missing are fetched by the go command (GOTOOLCHAIN).
//
// # Untrusted input
//
// None: it reads only binaries that it has just built.
package main

import (
	"bytes"
	"debug/buildinfo"
	"debug/elf"
	"flag"
	"fmt"
	"go/format"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"moho/gostate/internal/layout"
)

// toolchains has the last patch release of each minor version known here.
var toolchains = []string{
	"go1.21.13", "go1.22.12", "go1.23.12", "go1.24.13", "go1.25.12", "go1.26.8", "go1.27.3",
}

var archs = []string{"amd64", "arm64", "wasm", "wasm/js"}

func main() {
	out := flag.String("o", "", "file to write (default: standard output)")
	flag.Parse()
	src, err := generate()
	if err != nil {
		log.Fatalf("gen: %v", err)
	}
	if *out == "" {
		_, err = os.Stdout.Write(src)
	} else {
		err = os.WriteFile(*out, src, 0o644)
	}
	if err != nil {
		log.Fatalf("gen: %v", err)
	}
}

// generate returns the text of table.go.
func generate() ([]byte, error) {
	dir, err := os.MkdirTemp("", "layout")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	all := make(map[string][]facts) // by GOARCH, in the order of toolchains
	for _, tc := range toolchains {
		for _, arch := range archs {
			read := fromBinary
			if _, ok := sourceTargets[arch]; ok {
				read = fromSource
			}
			f, err := read(dir, tc, arch)
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", tc, arch, err)
			}
			all[arch] = append(all[arch], f)
		}
	}
	return print(all)
}

// fromBinary compiles for an architecture that has DWARF, and checks that what
// is computed from the source would have been the same.
func fromBinary(dir, tc, arch string) (facts, error) {
	bin, err := compile(dir, tc, arch)
	if err != nil {
		return facts{}, err
	}
	f, err := read(bin)
	if err != nil {
		return facts{}, err
	}
	computed, err := readSource(dir, tc, "linux", arch)
	if err != nil {
		return facts{}, err
	}
	return f, same(f.values, computed, "DWARF", "source")
}

// fromSource computes the layout of a target that has no DWARF.
func fromSource(dir, tc, arch string) (facts, error) {
	target := sourceTargets[arch]
	values, err := readSource(dir, tc, target[0], target[1])
	return facts{values: values}, err
}

// same returns an error that names the first value on which a and b differ.
func same(a, b map[string]int64, nameA, nameB string) error {
	for _, name := range layout.Names() {
		x, y := facts{values: a}.value(name), facts{values: b}.value(name)
		if x != y {
			return fmt.Errorf("%s is %d by %s and %d by %s", name, x, nameA, y, nameB)
		}
	}
	return nil
}

// compile builds a program that links the parts of the runtime whose types
// are wanted and returns the path of the binary.
func compile(dir, toolchain, arch string) (string, error) {
	src := filepath.Join(dir, "main.go")
	if err := os.WriteFile(src, []byte(program), 0o644); err != nil {
		return "", err
	}
	bin := filepath.Join(dir, toolchain+arch)
	cmd := exec.Command("go", "build", "-o", bin, src)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOTOOLCHAIN="+toolchain, "GOOS=linux", "GOARCH="+arch,
		"CGO_ENABLED=0", "GOFLAGS=", "GOEXPERIMENT=", "GOWORK=off")
	if msg, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", toolchain, arch, err, msg)
	}
	info, err := buildinfo.ReadFile(bin)
	if err != nil {
		return "", err
	}
	if info.GoVersion != toolchain {
		return "", fmt.Errorf("asked for %s, was built by %s", toolchain, info.GoVersion)
	}
	return bin, nil
}

const program = `package main

import (
	"net"
	"sync"
	"time"
)

func main() {
	c := make(chan int)
	go func() { defer close(c); select { case c <- 1: case <-c: } }()
	<-c
	m := map[string]any{"a": c}
	for k := range m {
		delete(m, k)
	}
	time.AfterFunc(time.Hour, func() { panic(m) }).Stop()
	sync.NewCond(new(sync.Mutex)).Broadcast()
	l, err := net.Listen("unix", "")
	if err == nil {
		l.Close()
	}
}
`

// facts is what one binary says.
type facts struct {
	values      map[string]int64 // by the DWARF names of package layout
	waitReasons []string
}

func read(bin string) (facts, error) {
	f, err := elf.Open(bin)
	if err != nil {
		return facts{}, err
	}
	defer f.Close()
	values, err := readDWARF(f)
	if err != nil {
		return facts{}, err
	}
	reasons, err := readStrings(f, "runtime.waitReasonStrings")
	return facts{values, reasons}, err
}

// readStrings returns the elements of the string array that the linker calls
// symbol. The binary must not be position independent.
func readStrings(f *elf.File, symbol string) ([]string, error) {
	syms, err := f.Symbols()
	if err != nil {
		return nil, err
	}
	for _, s := range syms {
		if s.Name != symbol {
			continue
		}
		headers, err := at(f, s.Value, s.Size)
		if err != nil {
			return nil, err
		}
		var list []string
		for ; len(headers) >= 16; headers = headers[16:] {
			text, err := at(f, f.ByteOrder.Uint64(headers), f.ByteOrder.Uint64(headers[8:]))
			if err != nil {
				return nil, err
			}
			list = append(list, string(text))
		}
		return list, nil
	}
	return nil, fmt.Errorf("symbol %s not found", symbol)
}

func at(f *elf.File, addr, size uint64) ([]byte, error) {
	if size == 0 {
		return nil, nil
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_LOAD && p.Vaddr <= addr && addr+size <= p.Vaddr+p.Filesz {
			b := make([]byte, size)
			_, err := p.ReadAt(b, int64(addr-p.Vaddr))
			return b, err
		}
	}
	return nil, fmt.Errorf("address %#x: not in the file", addr)
}

// print formats the table: a row per value, a column per version, so that a
// reader sees what moved when.
func print(all map[string][]facts) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("// Code generated by gostate/gen; DO NOT EDIT.\n\npackage layout\n\n")
	b.WriteString("// minors are the columns of the tables below: Go 1.N.\nvar minors = [...]int{")
	for _, tc := range toolchains {
		m, err := layout.ParseMinor(tc)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%d, ", m)
	}
	b.WriteString("}\n\ntype row struct {\n\tname string\n\tvalues [len(minors)]Off\n}\n\n")
	tables := make(map[string]string) // by their text: architectures share one
	var index strings.Builder
	for _, arch := range archs {
		text := rows(all[arch])
		name, ok := tables[text]
		if !ok {
			name = "offsets" + strings.ToUpper(strings.ReplaceAll(arch, "/", ""))
			tables[text] = name
			fmt.Fprintf(&b, "var %s = []row{\n%s}\n\n", name, text)
		}
		fmt.Fprintf(&index, "%q: %s,\n", arch, name)
	}
	fmt.Fprintf(&b, "var offsets = map[string][]row{\n%s", index.String())
	b.WriteString("}\n\nvar waitReasons = [len(minors)][]string{\n")
	for _, f := range all[archs[0]] {
		b.WriteString("{\n")
		for i, s := range f.waitReasons {
			fmt.Fprintf(&b, "%q,", s)
			if i%4 == 3 || i == len(f.waitReasons)-1 {
				b.WriteString("\n")
			}
		}
		b.WriteString("},\n")
	}
	b.WriteString("}\n")
	return format.Source(b.Bytes())
}

// rows returns one row per name, one column per toolchain.
func rows(columns []facts) string {
	var b strings.Builder
	for _, name := range layout.Names() {
		fmt.Fprintf(&b, "{%q, [...]Off{", name)
		for _, f := range columns {
			fmt.Fprintf(&b, "%d, ", f.value(name))
		}
		b.WriteString("}},\n")
	}
	return b.String()
}

// value returns the named value of this binary, or -1 if it has none.
func (f facts) value(name string) int64 {
	if v, ok := f.values[name]; ok {
		return v
	}
	return -1
}
