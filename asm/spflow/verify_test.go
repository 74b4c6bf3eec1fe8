package spflow_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/asm"
	"moho/asm/spflow"
	"moho/gotab"
	"moho/internal/testbin"
)

// tableErrors returns the mismatches that the tables of a release really have.
// The epilogue of a large frame on arm64 was two additions to SP and one row,
// wrong between them; golang.org/issue/73259 made it one addition, in functions
// that call others.
func tableErrors(c testbin.Config) []string {
	minor := 0
	if _, err := fmt.Sscanf(c.Go, "1.%d.", &minor); err != nil || c.GOARCH != "arm64" || minor > 22 {
		return nil
	}
	var out []string
	for n := int32(65536); n <= 8388608; n *= 2 {
		out = append(out, fmt.Sprintf("runtime.call%d %d %d", n, n+16, n))
	}
	return out
}

func verify(t *testing.T, path string) (spflow.Report, *asm.Program) {
	t.Helper()
	p, err := asm.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	r, err := spflow.VerifyAll(context.Background(), p, spflow.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r, p
}

// check asserts that r has exactly the mismatches want, that all else which
// could not be proved has flag SPWrite, and that almost all code was reached.
func check(t *testing.T, p *asm.Program, r spflow.Report, want []string) {
	t.Helper()
	var got []string
	names := map[string]bool{}
	for _, m := range r.Mismatches {
		got = append(got, fmt.Sprintf("%s %d %d", m.Name, m.Table, m.Flow))
		names[m.Name] = true
		if m.Insts != 1 || m.Rule != spflow.Table {
			t.Errorf("mismatch %+v: want one instruction, rule table", m)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("mismatches (-want +got):\n%s", diff)
	}
	for _, s := range r.Skipped {
		if s.Why == "has no code" {
			continue
		}
		if !strings.HasPrefix(s.Why, "SPWRITE: ") {
			t.Errorf("skipped %+v", s)
		}
		flagged := slices.ContainsFunc(p.Table.FuncNamed(s.Name), func(fn gotab.Func) bool { return fn.Flags()&gotab.SPWrite != 0 })
		if !flagged {
			t.Errorf("skipped %s, which has no flag SPWrite", s.Name)
		}
	}
	if r.Functions != p.Table.NumFunc() || r.Functions != r.Verified+len(r.Skipped)+len(names) {
		t.Errorf("%d functions of %d: %d verified, %d skipped, %d with mismatches", r.Functions, p.Table.NumFunc(), r.Verified, len(r.Skipped), len(names))
	}
	unreached := int64(0)
	for _, g := range r.Unreached {
		unreached += int64(g.Insts)
	}
	if sum := r.Reached + r.Assumed + r.Filler + unreached; sum != r.Instructions {
		t.Errorf("%d reached, %d assumed, %d filler and %d unreached of %d instructions", r.Reached, r.Assumed, r.Filler, unreached, r.Instructions)
	}
	if unreached*300 > r.Instructions || r.Assumed*30 > r.Instructions {
		t.Errorf("%d unreached and %d assumed of %d instructions", unreached, r.Assumed, r.Instructions)
	}
	if r.Checked < (r.Reached+r.Assumed)*995/1000 {
		t.Errorf("%d checked of %d reached and %d assumed", r.Checked, r.Reached, r.Assumed)
	}
	t.Logf("%d functions, %d verified, %d skipped; %d instructions, %d reached, %d assumed, %d filler, %d unreached in %d functions; doubts %v",
		r.Functions, r.Verified, len(r.Skipped), r.Instructions, r.Reached, r.Assumed, r.Filler, unreached, len(r.Unreached), r.Doubts)
}

func TestToy(t *testing.T) {
	targets := []testbin.Config{
		{GOOS: "linux", GOARCH: "amd64"},
		{GOOS: "linux", GOARCH: "arm64"},
		{GOOS: "linux", GOARCH: "amd64", Mode: testbin.Stripped},
		{GOOS: "linux", GOARCH: "amd64", Mode: testbin.PIE},
		{GOOS: "linux", GOARCH: "amd64", Mode: testbin.External},
		{Go: "1.21.13", GOOS: "linux", GOARCH: "amd64"},
		{Go: "1.21.13", GOOS: "linux", GOARCH: "arm64"},
	}
	for _, c := range targets {
		t.Run(c.String(), func(t *testing.T) {
			r, p := verify(t, testbin.Build(t, testbin.Toy(t), c))
			check(t, p, r, tableErrors(c))
		})
	}
}

func TestReleases(t *testing.T) {
	testbin.Long(t)
	for _, v := range testbin.Releases {
		for _, target := range []testbin.Config{{GOOS: "linux", GOARCH: "amd64"}, {GOOS: "linux", GOARCH: "arm64"}} {
			for _, mode := range testbin.Modes(target.GOOS, target.GOARCH) {
				c := target
				c.Go, c.Mode = v, mode
				t.Run(c.String(), func(t *testing.T) {
					r, p := verify(t, testbin.Build(t, testbin.Toy(t), c))
					check(t, p, r, tableErrors(c))
				})
			}
			c := target
			c.Go = v
			t.Run(c.String()+"-nethttp", func(t *testing.T) {
				r, p := verify(t, testbin.Build(t, testbin.NetHTTP(), c))
				check(t, p, r, tableErrors(c))
			})
		}
	}
}

func TestPeers(t *testing.T) {
	for _, pkg := range []string{testbin.Etcd, testbin.Delve} {
		for i, c := range testbin.PeerTargets {
			if !testbin.IsLong() && (i > 0 || pkg != testbin.Etcd) {
				continue // a minute to compile
			}
			t.Run(pkg[strings.LastIndex(pkg, "/")+1:]+"-"+c.GOOS+"-"+c.GOARCH, func(t *testing.T) {
				r, p := verify(t, testbin.Peer(t, pkg, c))
				check(t, p, r, nil)
			})
		}
	}
}

// TestWorkers asserts that what is found does not depend on how many look.
func TestWorkers(t *testing.T) {
	p, err := asm.Open(testbin.Build(t, testbin.Toy(t), testbin.Config{GOOS: "linux", GOARCH: "arm64"}))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var first spflow.Report
	for _, n := range []int{1, 2, 7} {
		calls, last := 0, int64(0)
		r, err := spflow.VerifyAll(context.Background(), p, spflow.Options{Workers: n, Progress: func(done, total int64) {
			if done <= last || done > total || total != int64(p.Table.NumFunc()) {
				t.Errorf("progress %d of %d after %d", done, total, last)
			}
			calls, last = calls+1, done
		}})
		if err != nil {
			t.Fatal(err)
		}
		if calls == 0 || last != int64(p.Table.NumFunc()) {
			t.Errorf("%d calls of Progress, the last with %d", calls, last)
		}
		if n == 1 {
			first = r
		} else if diff := cmp.Diff(first, r); diff != "" {
			t.Errorf("%d workers find other things:\n%s", n, diff)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if r, err := spflow.VerifyAll(ctx, p, spflow.Options{}); err == nil || r.Functions != 0 {
		t.Errorf("VerifyAll under an ended context: %v, %v", r.Functions, err)
	}
}

// TestOne compares what one function alone gives with what all together do:
// the functions that never return are found in another order then.
func TestOne(t *testing.T) {
	for _, arch := range []string{"amd64", "arm64"} {
		p, err := asm.Open(testbin.Build(t, testbin.Toy(t), testbin.Config{GOOS: "linux", GOARCH: arch}))
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		all, err := spflow.New(p)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < p.Table.NumFunc(); i++ {
			fn, err := p.Table.Func(i)
			if err != nil {
				t.Fatal(err)
			}
			a, err := all.Verify(fn)
			if err != nil {
				t.Fatal(err)
			}
			if i%67 != 0 {
				continue
			}
			b, err := spflow.Verify(p, fn)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(a, b); diff != "" {
				t.Errorf("%s: alone it is different:\n%s", fn.Name(), diff)
			}
		}
	}
}

func TestFlow(t *testing.T) {
	for _, arch := range []string{"amd64", "arm64"} {
		p, err := asm.Open(testbin.Build(t, testbin.Toy(t), testbin.Config{GOOS: "linux", GOARCH: arch}))
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		for _, name := range []string{"main.Spill", "main.Huge"} {
			fn := p.Table.FuncNamed(name)[0]
			steps, err := spflow.Flow(p, fn)
			if err != nil {
				t.Fatal(err)
			}
			want, err := fn.MaxSPDelta()
			if err != nil {
				t.Fatal(err)
			}
			most, blocks := int32(0), 0
			for _, s := range steps {
				most = max(most, s.SP)
				if s.Block {
					blocks++
				}
				if s.Reached && !s.Known {
					t.Errorf("%s: SP is not known at +%#x", name, s.Off)
				}
			}
			if most != want || most < 100 || blocks < 3 || steps[0] != (spflow.Step{Known: true, Reached: true, Block: true}) {
				t.Errorf("%s %s: SP goes down to %d in %d blocks, want %d; first step %+v", arch, name, most, blocks, want, steps[0])
			}
		}
		// A function that goes to another stack: SP is known to where it does.
		steps, err := spflow.Flow(p, p.Table.FuncNamed("runtime.mcall")[0])
		if err != nil {
			t.Fatal(err)
		}
		known, unknown := 0, 0
		for _, s := range steps {
			switch {
			case s.Known && unknown == 0:
				known++
			case s.Reached && !s.Known:
				unknown++
			}
		}
		if known < 5 || unknown < 3 {
			t.Errorf("%s runtime.mcall: SP known at %d instructions, then unknown at %d", arch, known, unknown)
		}
	}
}

// A leaf with a large frame on arm64 still has an epilogue of two additions and
// one row: a mismatch that is true, in code that anyone may write.
func TestLeafEpilogue(t *testing.T) {
	src := testbin.Main(`package main

import "os"

//go:noinline
func leaf(n uint) byte {
	var b [70000]byte
	b[n%70000] = 1
	return b[(n+1)%70000]
}

func main() { os.Exit(int(leaf(uint(len(os.Args))))) }
`)
	r, p := verify(t, testbin.Build(t, src, testbin.Config{GOOS: "linux", GOARCH: "arm64"}))
	fn := p.Table.FuncNamed("main.leaf")[0]
	size, err := fn.MaxSPDelta()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{fmt.Sprintf("main.leaf %d %d", size, size&^4095)}
	check(t, p, r, want)
	alone, err := spflow.Verify(p, fn)
	if err != nil || alone.Verified || !slices.Equal(alone.Mismatches, r.Mismatches) {
		t.Errorf("alone: %+v, %v", alone, err)
	}
}
