package asm_test

import (
	"testing"

	"moho/asm"
	"moho/internal/testbin"
)

// TestForeign: code of C that Go's own linker took in has neither size nor frame
// in the tables; it is told as what it is, and shown up to the next function.
func TestForeign(t *testing.T) {
	p := openProgram(t, testbin.Build(t, testbin.NetHTTP(), testbin.Config{GOOS: "linux", GOARCH: "amd64", CGO: true}))
	syms, err := p.File.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	sizes := map[uint64]uint64{}
	for _, s := range syms { // the shortest: sections of C objects are among them
		if old, ok := sizes[uint64(s.Addr)]; s.Size > 0 && (!ok || s.Size < old) {
			sizes[uint64(s.Addr)] = s.Size
		}
	}
	n := 0
	for fn := range p.Functions() {
		f, err := p.Function(fn)
		if err != nil {
			t.Fatal(err)
		}
		if p.Foreign(fn) != (f.Flags == asm.Foreign) {
			t.Errorf("%s: flags %v", f.Name, f.Flags.Names())
		}
		if f.Flags != asm.Foreign {
			continue
		}
		n++
		body, err := p.Body(fn)
		if err != nil || f.Size < sizes[uint64(f.Entry)] || f.Size == 0 || uint64(len(body)) != f.Size {
			t.Errorf("%s: size %d, body of %d bytes, %v; the symbol table says %d", f.Name, f.Size, len(body), err, sizes[uint64(f.Entry)])
		}
		if f.ArgsKnown || f.ABI.Value != "unknown" || f.Check != asm.UnknownCheck {
			t.Errorf("%s: %+v", f.Name, f)
		}
	}
	if n < 20 {
		t.Errorf("%d functions of C", n)
	}
}
