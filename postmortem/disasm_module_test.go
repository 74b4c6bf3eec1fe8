//go:build linux && amd64

package postmortem_test

import (
	"slices"
	"strings"
	"testing"

	"moho/core/wasmtest"
	"moho/internal/testbin"
	"moho/postmortem"
)

// TestDisassembleWASM looks for the calls of all frames in the module.
func TestDisassembleWASM(t *testing.T) {
	module := testbin.Build(t, testbin.Main(disasmProgram), testbin.Config{GOOS: "wasip1", GOARCH: "wasm", Mode: testbin.Stripped})
	s := wasmtest.Take(t, module, "", wasmtest.Exit)
	c := reopen(t, s.Core, module)
	calls := 0
	for g := range c.World.Goroutines() {
		for i := range g.Frames {
			f := &g.Frames[i]
			if f.Foreign || f.Exact || i > 0 && g.Frames[i-1].Inlined || i+1 == len(g.Frames) {
				continue
			}
			d, err := c.Disassemble(postmortem.CodeAt{PC: f.PC, Return: true, Around: 3})
			if err != nil {
				t.Errorf("%s: %v", f.Func, err)
				continue
			}
			k := slices.IndexFunc(d.Insts, func(x postmortem.DisasmInst) bool { return x.Current })
			if k < 0 || !strings.HasPrefix(d.Insts[k].Text, "call") {
				t.Errorf("goroutine %d, frame %d %s at %#x: %+v", g.ID, i, f.Func, uint64(f.PC), d.Insts)
			}
			calls++
		}
	}
	if calls < 10 {
		t.Errorf("%d calls", calls)
	}
}
