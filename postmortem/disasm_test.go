//go:build linux && amd64

package postmortem_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"moho/core"
	"moho/core/coretest"
	"moho/internal/testbin"
	"moho/postmortem"
)

const disasmProgram = `package main

import "os"

//go:noinline
func leaf(p *int, n int) int { return *p + n }

//go:noinline
func mid(p *int) int { return leaf(p, len(os.Args)) + leaf(p, 2) }

func main() {
	c := make(chan int)
	go func() { c <- 1 }()
	select {
	case <-c:
	}
	var p *int
	println(mid(p))
}
`

// died returns the case of a program that crashed, with its text in the core.
func died(t *testing.T, mode testbin.Mode) (c *postmortem.Case, corePath, exe string) {
	t.Helper()
	exe = testbin.Build(t, testbin.Main(disasmProgram), testbin.Config{Mode: mode})
	corePath, _ = coretest.Kernel(t, []string{"GOTRACEBACK=crash"}, "sh", "-c", `echo 0x37 >/proc/self/coredump_filter && exec "$0"`, exe)
	return reopen(t, corePath, exe), corePath, exe
}

func reopen(t *testing.T, corePath, exe string) *postmortem.Case {
	t.Helper()
	c, err := postmortem.Open(t.Context(), corePath, postmortem.Options{Exe: exe, Memory: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// TestDisassemble compares a function with what objdump finds, and the frames
// of all stacks with the calls that their return addresses are behind.
func TestDisassemble(t *testing.T) {
	testbin.NeedTool(t, "objdump")
	for _, mode := range []testbin.Mode{testbin.Plain, testbin.Stripped, testbin.PIE} {
		t.Run(string(mode), func(t *testing.T) {
			c, _, exe := died(t, mode)
			entries := c.FuncsNamed("main.mid")
			if len(entries) != 1 {
				t.Fatalf("main.mid at %#x", entries)
			}
			d, err := c.Disassemble(postmortem.CodeAt{Entry: entries[0]})
			if err != nil {
				t.Fatal(err)
			}
			bias := core.Addr(c.World.Bias())
			out := testbin.Run(t, "objdump", "-d", "--insn-width=16", fmt.Sprintf("--start-address=%#x", uint64(entries[0]-bias)),
				fmt.Sprintf("--stop-address=%#x", uint64(entries[0]-bias)+d.Size), exe)
			var want, got []string
			for line := range strings.Lines(out) {
				if cols := strings.Split(line, "\t"); len(cols) >= 3 {
					var a uint64
					fmt.Sscanf(strings.TrimSpace(cols[0]), "%x:", &a)
					want = append(want, fmt.Sprintf("%#x %s", a+uint64(bias), strings.ReplaceAll(cols[1], " ", "")))
				}
			}
			calls := 0
			for _, x := range d.Insts {
				got = append(got, x.Address+" "+x.Bytes)
				if strings.HasPrefix(x.Text, "CALL main.leaf(SB)") {
					calls++
				}
				if x.SP == nil || x.Line == 0 || x.File != "" {
					t.Errorf("%+v", x)
				}
			}
			if d.Func != "main.mid" || calls != 2 || !slices.Equal(got, want) {
				t.Errorf("%s, %d calls of main.leaf\n%q\nobjdump\n%q", d.Func, calls, got, want)
			}

			frames := 0
			for g := range c.World.Goroutines() {
				for i := 1; i < len(g.Frames); i++ {
					f := &g.Frames[i]
					if f.Exact || f.Fault || g.Frames[i-1].Inlined {
						continue
					}
					d, err := c.Disassemble(postmortem.CodeAt{PC: f.PC, Return: true, Around: 2})
					if err != nil {
						t.Fatalf("%s: %v", f.Func, err)
					}
					k := slices.IndexFunc(d.Insts, func(x postmortem.DisasmInst) bool { return x.Current })
					if k < 0 || len(d.Insts) > 5 || len(d.Insts) > 2+k+1 {
						t.Fatalf("%s: %+v", f.Func, d)
					}
					// What is behind the bottom frame was never called.
					if x := d.Insts[k]; !strings.HasPrefix(x.Text, "CALL ") && i+1 < len(g.Frames) {
						t.Errorf("goroutine %d, frame %d %s returns to %#x, behind %+v", g.ID, i, f.Func, uint64(f.PC), x)
					}
					frames++
				}
			}
			if frames < 12 {
				t.Errorf("%d frames", frames)
			}
		})
	}
}

// TestBreakpoint puts a breakpoint into the code in the core.
func TestBreakpoint(t *testing.T) {
	c, corePath, exe := died(t, testbin.Plain)
	entry := c.FuncsNamed("main.mid")[0]
	d, err := c.Disassemble(postmortem.CodeAt{Entry: entry})
	if err != nil {
		t.Fatal(err)
	}
	code, err := c.Process.Slice(entry, int(d.Size))
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(corePath)
	if err != nil {
		t.Fatal(err)
	}
	i := bytes.Index(data, code)
	if i < 0 {
		t.Fatal("the core has no text")
	}
	x := d.Insts[3]
	data[i+int(x.Off)] = 0xcc
	changed := filepath.Join(t.TempDir(), "core")
	if err := os.WriteFile(changed, data, 0o600); err != nil {
		t.Fatal(err)
	}
	c = reopen(t, changed, exe)
	d, err = c.Disassemble(postmortem.CodeAt{Entry: entry})
	if err != nil {
		t.Fatal(err)
	}
	if got := d.Insts[3]; !strings.HasPrefix(got.Text, "INT") || got.File != x.Text || got.Address != x.Address {
		t.Errorf("%+v, before the breakpoint %+v", got, x)
	}
}

// TestDisassembleAnywhere reads code at places that are none.
func TestDisassembleAnywhere(t *testing.T) {
	c, _, _ := died(t, testbin.Stripped)
	r := rand.New(rand.NewPCG(1, 2))
	places := []core.Addr{0, 1, 1 << 47, ^core.Addr(0)}
	for _, reg := range c.Process.Regions() {
		for range 20 {
			places = append(places, reg.Addr+core.Addr(r.Uint64N(reg.Size)))
		}
		places = append(places, reg.End()-1)
	}
	for _, a := range places {
		for _, ret := range []bool{false, true} {
			d, err := c.Disassemble(postmortem.CodeAt{PC: a, Return: ret, Around: 3})
			if err != nil && len(d.Insts) > 0 {
				t.Errorf("%#x: %v with %+v", uint64(a), err, d)
			}
			var mem *core.MemoryError
			if err != nil && !errors.As(err, &mem) {
				t.Errorf("%#x: %v", uint64(a), err)
			}
		}
	}
}
