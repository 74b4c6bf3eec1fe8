package gostate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/core"
	"moho/core/coretest"
	"moho/gostate"
	"moho/internal/testbin"
	"moho/objfile"
)

// TestGather: of a process of which only what Gather asks for is there, every
// goroutine has the stack that it has in the complete one.
func TestGather(t *testing.T) {
	exe := zoo(t, testbin.Config{Mode: testbin.Stripped})
	path, _ := coretest.Captured(t, []string{"GOTRACEBACK=crash"}, exe, "nil")
	full, err := core.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	f, err := objfile.Open(exe)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()

	const page = 4096
	have := map[core.Addr]bool{}
	var memory []core.Bytes
	rounds := 0
	part := func() *core.Process {
		p, err := core.Assemble(core.Parts{
			Name: "part", Kind: "part", Arch: full.Arch(), Memory: memory, Regions: full.Regions(), Maps: full.Mappings(),
			Threads: full.Threads(), Auxv: full.Auxv(), PID: full.PID(),
		})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	fetch := func(rs []core.Range) (*core.Process, error) {
		rounds++
		for _, r := range rs {
			for a := r.Addr &^ (page - 1); a < r.Addr+core.Addr(r.Size); a += page {
				b, err := full.Slice(a, page)
				if err == nil && !have[a] {
					have[a] = true
					memory = append(memory, core.Bytes{Addr: a, Data: b})
				}
			}
		}
		return part(), nil
	}
	if err := gostate.Gather(part(), f, fetch); err != nil {
		t.Fatal(err)
	}
	kept, err := gostate.Structures(full, f)
	if err != nil {
		t.Fatal(err)
	}
	if rounds > 20 {
		t.Errorf("%d rounds", rounds)
	}
	var end core.Addr
	var size uint64
	for _, r := range kept {
		if r.Addr < end {
			t.Fatalf("ranges overlap at %#x", uint64(r.Addr))
		}
		end = r.Addr + core.Addr(r.Size)
		size += r.Size
	}
	var total int
	for _, b := range full.Memory() {
		total += len(b)
	}
	if n := len(have) * page; n >= total/2 || size == 0 || size > uint64(n) {
		t.Errorf("%d bytes fetched, %d of them structs and stacks, of %d", n, size, total)
	}
	if diff := cmp.Diff(stacks(t, full, f), stacks(t, part(), f)); diff != "" {
		t.Errorf("goroutines: -complete +gathered\n%s", diff)
	}
}

func stacks(t *testing.T, p *core.Process, f *objfile.File) []gostate.Goroutine {
	t.Helper()
	w, err := gostate.Open(p, f, gostate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var list []gostate.Goroutine
	for g := range w.Goroutines() {
		list = append(list, *g.Clone())
	}
	if len(list) < 5 {
		t.Errorf("%d goroutines", len(list))
	}
	return list
}
