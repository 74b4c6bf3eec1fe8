//go:build linux

package heap_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"moho/core"
	"moho/core/coretest"
	"moho/gostate"
	"moho/gostate/heap"
	"moho/internal/testbin"
	"moho/objfile"
)

// A thing is a line of what the program testdata/src/things prints.
type thing struct {
	name string
	addr core.Addr
	size uint64
}

// things builds and runs the program and returns its heap and what it printed.
func things(tb testing.TB, c testbin.Config, run coretest.Maker) (*heap.Heap, *gostate.World, []thing) {
	tb.Helper()
	exe := testbin.Build(tb, testbin.Dir(tb, filepath.Join("testdata", "src", "things")), c)
	corePath, output := run(tb, []string{"GOTRACEBACK=crash", "GODEBUG=gcshrinkstackoff=1"}, exe)
	w := open(tb, corePath, exe)
	h, err := heap.Open(w)
	if err != nil {
		tb.Fatal(err)
	}
	return h, w, manifest(tb, output)
}

func manifest(tb testing.TB, output string) []thing {
	tb.Helper()
	var list []thing
	for line := range strings.Lines(output) {
		var t thing
		if _, err := fmt.Sscanf(line, "%s %v %d\n", &t.name, (*uint64)(&t.addr), &t.size); err != nil {
			break
		}
		if t.name == "done" {
			return list
		}
		list = append(list, t)
	}
	tb.Fatalf("no manifest in\n%.2000s", output)
	return nil
}

func open(tb testing.TB, corePath, exe string) *gostate.World {
	tb.Helper()
	p, err := core.Open(corePath)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { p.Close() })
	f, err := objfile.Open(exe)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { f.Close() })
	w, err := gostate.Open(p, f, gostate.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

// want is what a thing's slot must be like.
type want struct {
	noscan, tiny, large bool
	header              uint64
	typ, from           string
}

func wants(minor int) map[string]want {
	w := map[string]want{
		"small":     {},
		"noscan":    {noscan: true},
		"medium":    {header: 8, typ: "main.medium", from: "malloc header"},
		"huge":      {large: true, typ: "main.huge", from: "span"},
		"bytes":     {large: true, noscan: true},
		"byte":      {noscan: true, tiny: true},
		"word":      {noscan: true, tiny: true},
		"at512":     {},
		"over512":   {header: 8, typ: "[65]*int", from: "malloc header"},
		"slice":     {header: 8, typ: "main.medium", from: "malloc header"},
		"closure":   {typ: "closure of main.main.func1", from: "contents"},
		"finalizer": {typ: "main.small", from: "finalizer"},
		"chan":      {noscan: true, typ: "runtime.hchan, of a chan int", from: "contents"},
		"bufchan":   {noscan: true, typ: "runtime.hchan, of a chan int", from: "contents"},
	}
	if minor < 22 {
		for name, x := range w {
			if x.header = 0; x.from == "malloc header" || x.from == "span" {
				x.typ, x.from = "", ""
			}
			w[name] = x
		}
	}
	return w
}

// checkThings compares what the program said of its objects with what the heap
// says of their addresses.
func checkThings(t *testing.T, h *heap.Heap, w *gostate.World, list []thing) {
	t.Helper()
	minor, _ := w.Layout()
	expect := wants(minor)
	seen := map[string]int{}
	for _, th := range list {
		seen[th.name]++
		o, ok := h.Find(th.addr)
		switch th.name {
		case "data", "bss", "func", "string":
			if s, inSpan := h.SpanAt(th.addr); ok || inSpan {
				t.Errorf("%s at %#x: in an object %+v of span %+v", th.name, th.addr, o, s)
			}
		case "parked", "deep":
			owner, ok := h.StackAt(th.addr)
			g, live := w.Goroutine(owner.GoID)
			if !ok || !live || owner.What != "goroutine" || th.addr < owner.Lo || th.addr >= owner.Hi ||
				g.Start != "main.parked" && g.Start != "main.main.gowrap1" && g.Start != "main.main.gowrap2" && !strings.HasPrefix(g.Start, "main.main.func") {
				t.Errorf("%s at %#x: stack of %+v, found %v", th.name, th.addr, owner, ok)
			}
			if s, ok := h.SpanAt(th.addr); !ok || s.State != heap.Manual || h.FreeStack(s, th.addr) {
				t.Errorf("%s at %#x: span %+v, found %v", th.name, th.addr, s, ok)
			}
		case "freed":
			s, _ := h.SpanAt(th.addr) // its pages may be a stack's by now, or of smaller slots
			if ok && o.State != heap.Free && o.Size >= th.size {
				t.Errorf("freed at %#x: %+v", th.addr, o)
			} else if s.State != heap.Manual {
				seen["free"]++
			}
		default:
			x := expect[th.name]
			typ := h.TypeOf(&o)
			got := want{o.Span.NoScan, o.Tiny, o.Span.Large(), o.Header, typ.Name, typ.From}
			if got != x {
				t.Errorf("%s at %#x: got %+v, want %+v (%s)", th.name, th.addr, got, x, typ.Why)
			}
			if !ok || o.State != heap.Allocated || th.addr < o.Data() || th.addr+core.Addr(th.size) > o.End() {
				t.Errorf("%s at %#x, %d bytes: object %+v, found %v", th.name, th.addr, th.size, o, ok)
			}
			if room := o.Size - o.Header; th.name != "slice" && !o.Tiny && th.size < room*2/3 {
				t.Errorf("%s: %d bytes in a slot of %d", th.name, th.size, room)
			}
			if (typ.Name == "") != (typ.Why != "") {
				t.Errorf("%s: type %+v", th.name, typ)
			}
		}
	}
	for name := range expect {
		if seen[name] != 1 {
			t.Errorf("%d things named %s", seen[name], name)
		}
	}
	if seen["freed"] != 50 || seen["parked"] != 1 || seen["deep"] != 1 || seen["free"] < 20 {
		t.Errorf("manifest: %v", seen)
	}
	if gaps := h.Gaps(); len(gaps) > 0 {
		t.Errorf("gaps: %v", gaps)
	}
}

// checkCounts compares the slots of every span with what the span itself counts,
// and the way to a span by its address with the list of all of them.
func checkCounts(t *testing.T, h *heap.Heap) {
	t.Helper()
	spans, objects := 0, 0
	for s := range h.Spans() {
		if got, ok := h.SpanAt(s.End - 1); !ok || got != s {
			t.Errorf("span at %#x: %+v by its last byte, %+v in the list", s.Start, got, s)
		}
		if s.State != heap.InUse {
			continue
		}
		spans++
		n := 0
		for i := range s.Elems {
			if o, ok := h.ObjectIn(s, s.Start+core.Addr(uint64(i)*s.ElemSize)); !ok || o.Index != i {
				t.Fatalf("object %d of %+v: %+v", i, s, o)
			} else if o.State != heap.Free {
				n++
			}
		}
		if n != s.Count {
			t.Errorf("span %+v: %d objects", s, n)
		}
		objects += n
	}
	if spans < 20 || objects < 100 {
		t.Errorf("%d objects in %d spans", objects, spans)
	}
}

func TestThings(t *testing.T) {
	for _, c := range configs(t) {
		t.Run(c.Go+" "+string(c.Mode), func(t *testing.T) {
			h, w, list := things(t, c, coretest.Kernel)
			checkThings(t, h, w, list)
			checkCounts(t, h)
		})
	}
}

// configs are the builds that are looked at: a few, or with the long tests all.
func configs(tb testing.TB) []testbin.Config {
	if !testbin.IsLong() {
		return []testbin.Config{{Go: "1.21.13", Mode: testbin.Stripped}, {Go: "1.24.13"}, {Go: "1.26.8", Mode: testbin.Stripped}, {Go: "1.27.3", Mode: testbin.PIE}}
	}
	var list []testbin.Config
	for _, release := range []string{"1.21.13", "1.22.12", "1.23.12", "1.24.13", "1.25.12", "1.26.8", "1.27.3"} {
		for _, mode := range []testbin.Mode{testbin.Plain, testbin.Stripped, testbin.PIE, testbin.External} {
			list = append(list, testbin.Config{Go: release, Mode: mode})
		}
	}
	return list
}
