//go:build linux

package where_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"moho/core"
	"moho/core/coretest"
	"moho/gostate"
	"moho/gostate/heap"
	"moho/gostate/where"
	"moho/internal/testbin"
	"moho/objfile"
)

// opened is the program of package heap's tests, dead, and what it said of
// itself.
type opened struct {
	m     *where.Map
	w     *gostate.World
	exe   *objfile.File
	addrs map[string]core.Addr
}

func open(tb testing.TB, c testbin.Config) opened {
	tb.Helper()
	return run(tb, testbin.Dir(tb, filepath.Join("..", "heap", "testdata", "src", "things")), c)
}

func run(tb testing.TB, src testbin.Source, c testbin.Config) opened {
	tb.Helper()
	path := testbin.Build(tb, src, c)
	corePath, output := coretest.Kernel(tb, []string{"GOTRACEBACK=crash", "GODEBUG=gcshrinkstackoff=1"}, path)
	p, err := core.Open(corePath)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { p.Close() })
	o := opened{addrs: map[string]core.Addr{}}
	if o.exe, err = objfile.Open(path); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { o.exe.Close() })
	if o.w, err = gostate.Open(p, o.exe, gostate.Options{}); err != nil {
		tb.Fatal(err)
	}
	h, err := heap.Open(o.w)
	if err != nil {
		tb.Fatal(err)
	}
	o.m = where.New(p, o.w, h)
	for line := range strings.Lines(output) {
		var name string
		var a uint64
		if _, err := fmt.Sscanf(line, "%s %v", &name, &a); err != nil {
			break
		}
		o.addrs[name] = core.Addr(a)
	}
	return o
}

func TestFind(t *testing.T) {
	configs := []testbin.Config{{}, {Mode: testbin.Stripped}, {Go: "1.27.3", Mode: testbin.PIE}}
	if testbin.IsLong() {
		for _, release := range []string{"1.21.13", "1.22.12", "1.23.12", "1.24.13", "1.25.12", "1.26.8", "1.27.3"} {
			for _, mode := range []testbin.Mode{testbin.Plain, testbin.Stripped, testbin.PIE, testbin.External} {
				configs = append(configs, testbin.Config{Go: release, Mode: mode})
			}
		}
	}
	for _, c := range configs {
		t.Run(c.Go+" "+string(c.Mode), func(t *testing.T) {
			o := open(t, c)
			find := func(name string, kind where.Kind) where.Place {
				pl := o.m.Find(o.addrs[name])
				if o.addrs[name] == 0 || pl.Kind != kind || !pl.Held || pl.Addr != o.addrs[name] {
					t.Errorf("%s at %#x: %+v, want %s", name, uint64(o.addrs[name]), pl, kind)
				}
				return pl
			}
			for _, name := range []string{"small", "noscan", "medium", "huge", "bytes", "byte", "slice", "closure", "finalizer", "chan"} {
				if pl := find(name, where.Heap); pl.Object == nil || pl.Span == nil {
					t.Errorf("%s: %+v", name, pl)
				}
			}
			data, bss := find("data", where.Data), find("bss", where.BSS)
			stripped := c.Mode == testbin.Stripped
			if got, want := data.Symbol, map[bool]string{false: "main.data"}[stripped]; got != want {
				t.Errorf("data: %+v", data)
			}
			if got, want := bss.Symbol, map[bool]string{false: "main.bss"}[stripped]; got != want || !stripped && bss.SymbolOff != 400 {
				t.Errorf("bss: %+v", bss)
			}
			fn := find("func", where.Text)
			if n := len(fn.Calls); n == 0 || fn.Calls[n-1].Func != "main.main" || fn.FuncOff != 0 || !strings.HasSuffix(fn.Calls[n-1].File, "main.go") {
				t.Errorf("func: %+v", fn.Calls)
			}
			if s := find("string", where.ROData); !strings.HasPrefix(s.Is, `text "a string that is nowhere else`) {
				t.Errorf("string: %q", s.Is)
			}
			for _, name := range []string{"parked", "deep"} {
				s := find(name, where.Stack)
				if s.Frame == nil || s.Frame.Func != "main.parked" || s.Owner == nil || s.Goroutine == nil || s.Goroutine.ID != s.Owner.GoID {
					t.Errorf("%s: %+v", name, s)
				}
			}
			if pl := o.m.Find(o.addrs["freed"]); pl.Object != nil && pl.Object.State != heap.Free || pl.Kind == where.Unmapped {
				t.Errorf("freed: %+v", pl)
			}
		})
	}
}

// TestFrames compares the words that link frames with what the walk found.
func TestFrames(t *testing.T) {
	o := open(t, testbin.Config{Mode: testbin.Stripped})
	checked := 0
	for g := range o.w.Goroutines() {
		for i := range g.Frames {
			f := &g.Frames[i]
			if f.Inlined || f.G0 || i+1 == len(g.Frames) || f.Fault {
				continue
			}
			pl := o.m.Find(f.CFA - 8)
			ret, err := o.w.Process().Word(f.CFA - 8)
			if err != nil || pl.Slot != "return address" || pl.Frame == nil || pl.Frame.SP != f.SP || pl.Goroutine.ID != g.ID {
				t.Fatalf("goroutine %d, frame %d %s: %+v", g.ID, i, f.Func, pl)
			}
			next := i + 1
			for g.Frames[next].Inlined {
				next++
			}
			if uint64(g.Frames[next].PC) != ret && !strings.Contains(f.Func, "sigpanic") {
				t.Errorf("goroutine %d, frame %d %s: returns to %#x, the next is at %#x", g.ID, i, f.Func, ret, uint64(g.Frames[next].PC))
			}
			checked++
		}
	}
	if checked < 100 {
		t.Errorf("%d frames", checked)
	}
}

// TestLinked looks up what symbols and the linker's own tables name.
func TestLinked(t *testing.T) {
	o := open(t, testbin.Config{})
	syms, err := o.exe.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[where.Kind]int{}
	for i, s := range syms {
		if s.Size == 0 || i%7 != 0 {
			continue
		}
		pl := o.m.Find(core.Addr(s.Addr))
		kinds[pl.Kind]++
		switch s.Kind {
		case objfile.Func:
			if pl.Kind != where.Text {
				t.Errorf("%s: %+v", s.Name, pl)
			}
		case objfile.Data:
			if pl.Symbol == "" || pl.SymbolOff != 0 || pl.Kind != where.Data && pl.Kind != where.BSS && pl.Kind != where.ROData {
				t.Errorf("%s: %+v", s.Name, pl)
			}
		}
	}
	if kinds[where.Text] < 50 || kinds[where.Data] < 5 || kinds[where.BSS] < 10 {
		t.Errorf("symbols by kind: %v", kinds)
	}
	types := 0
	for ty, err := range o.w.Table().Types() {
		if err != nil {
			t.Fatal(err)
		}
		if pl := o.m.Find(core.Addr(ty.Addr)); pl.Is != "descriptor of type "+ty.Name {
			t.Errorf("type %s: %+v", ty.Name, pl)
		}
		types++
	}
	itabs := 0
	for it, err := range o.w.Table().Itabs() {
		if err != nil {
			t.Fatal(err)
		}
		if pl := o.m.Find(core.Addr(it.Addr)); !strings.HasPrefix(pl.Is, "itab of ") {
			t.Errorf("itab %#x: %+v", uint64(it.Addr), pl)
		}
		itabs++
	}
	if types < 100 || itabs < 5 {
		t.Errorf("%d types, %d itabs", types, itabs)
	}
}

// TestRegions asks for an address in every region, and around it.
func TestRegions(t *testing.T) {
	o := open(t, testbin.Config{Mode: testbin.Stripped})
	kinds := map[where.Kind]int{}
	for _, r := range o.w.Process().Regions() {
		for _, a := range []core.Addr{r.Addr - 1, r.Addr, r.Addr + core.Addr(r.Size/2), r.End() - 1, r.End()} {
			pl := o.m.Find(a)
			kinds[pl.Kind]++
			if inside := r.Addr <= a && a < r.End(); inside && (pl.Region == nil || pl.Region.Addr != r.Addr) {
				t.Errorf("%#x in %+v: %+v", uint64(a), r, pl)
			}
			if pl.Kind == where.Unmapped && pl.Held {
				t.Errorf("%#x: %+v", uint64(a), pl)
			}
		}
	}
	for _, k := range []where.Kind{where.Text, where.ROData, where.Data, where.BSS, where.Stack, where.Anonymous, where.VDSO, where.Unmapped} {
		if kinds[k] == 0 {
			t.Errorf("nothing of kind %s: %v", k, kinds)
		}
	}
	for _, a := range []core.Addr{0, 1, 1 << 47, 1 << 63, ^core.Addr(0)} {
		if pl := o.m.Find(a); pl.Held {
			t.Errorf("%#x: %+v", uint64(a), pl)
		}
	}
}

// TestRanges checks that the map of memory is that of the regions, and that its
// parts are what single addresses in them are.
func TestRanges(t *testing.T) {
	o := open(t, testbin.Config{Mode: testbin.Stripped})
	var total, held uint64
	end := core.Addr(0)
	kinds := map[where.Kind]int{}
	list := o.m.Ranges()
	for _, r := range list {
		if r.Start < end || r.Start >= r.End || r.Held > uint64(r.End-r.Start) {
			t.Errorf("range %+v after %#x", r, uint64(end))
		}
		end = r.End
		total += uint64(r.End - r.Start)
		held += r.Held
		kinds[r.Kind]++
		if pl := o.m.Find(r.Start); pl.Kind != r.Kind && r.Kind != where.Heap {
			t.Errorf("range %+v begins with %s", r, pl.Kind)
		}
	}
	var regions, bytes uint64
	for _, r := range o.w.Process().Regions() {
		regions += r.Size
	}
	for _, b := range o.w.Process().Memory() {
		bytes += uint64(len(b))
	}
	// Where a file's segment ends within a page, the image reaches beyond the region's part of it.
	if total != regions || held != bytes {
		t.Errorf("ranges have %d bytes, %d held; regions %d, memory %d", total, held, regions, bytes)
	}
	u := where.Total(list)
	if kinds[where.Heap] != 1 || u.Spans < 20 || u.InUse < u.Allocated || u.Stacks < 64<<10 || u.Allocated < 300_000 {
		t.Errorf("kinds %v, heap %+v", kinds, u)
	}
	names := map[string]bool{}
	for _, k := range o.m.Marks() {
		names[k.Name] = true
	}
	if len(names) != 4 {
		t.Errorf("marks: %v", names)
	}
}

// TestMarks compares with the symbol table, which a Map does not use for them.
func TestMarks(t *testing.T) {
	o := open(t, testbin.Config{})
	syms, err := o.exe.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]core.Addr{}
	for _, s := range syms {
		want[s.Name] = core.Addr(s.Addr)
	}
	for _, k := range o.m.Marks() {
		if want[k.Name] != k.Addr {
			t.Errorf("%s at %#x, by its symbol at %#x", k.Name, uint64(k.Addr), uint64(want[k.Name]))
		}
	}
}

const framesProgram = `package main

import "os"

//go:noinline
func leaf(p *int) int { return *p }

//go:noinline
func caller(p *int) int {
	var local [4]int
	for i := range local {
		local[i] = 0x5eed0000 + i*len(os.Args)
	}
	return leaf(p) + local[len(os.Args)]
}

func main() { println(caller(nil)) }
`

// TestVariable looks up a word of a variable that is known by what it holds. (Of
// variables whose address is taken the compiler's DWARF often has no place.)
func TestVariable(t *testing.T) {
	for _, mode := range []testbin.Mode{testbin.Plain, testbin.Stripped} {
		o := run(t, testbin.Main(framesProgram), testbin.Config{Mode: mode})
		want := map[testbin.Mode]string{testbin.Plain: "local+0x11 [4]int"}[mode]
		found := false
		for g := range o.w.Goroutines() {
			for _, f := range g.Frames {
				for a := f.SP; f.Func == "main.caller" && a < f.CFA; a += 8 {
					if x, err := o.w.Process().Word(a); err != nil || x != 0x5eed0002 {
						continue
					}
					found = true
					if pl := o.m.Find(a + 1); pl.Frame == nil || pl.Frame.Func != "main.caller" || pl.Variable != want {
						t.Errorf("%s: variable %q of %+v, want %q", mode, pl.Variable, pl.Frame, want)
					}
				}
			}
		}
		if !found {
			t.Errorf("%s: the variable is nowhere", mode)
		}
	}
}
