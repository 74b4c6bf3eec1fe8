package gotab_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/gotab"
	"moho/internal/testbin"
)

// one returns the only function of that name.
func one(t *testing.T, tab *gotab.Table, name string) gotab.Func {
	t.Helper()
	fns := tab.FuncNamed(name)
	if len(fns) != 1 {
		t.Fatalf("%d functions are named %s", len(fns), name)
	}
	return fns[0]
}

// bitmaps returns maps as strings of 0 and 1, bit 0 first.
func bitmaps(m gotab.StackMaps) []string {
	var out []string
	for i := range m.N {
		s := make([]byte, m.Bits)
		for b := range s {
			s[b] = '0'
			if m.Live(i, b) {
				s[b] = '1'
			}
		}
		out = append(out, string(s))
	}
	return out
}

// args writes the description of arguments as a traceback would, with the
// offset instead of the value.
func argString(args []gotab.Arg) string {
	var s strings.Builder
	start := true
	for _, a := range args {
		if !start && a.Kind != gotab.ArgClose {
			s.WriteString(", ")
		}
		start = false
		switch a.Kind {
		case gotab.ArgOpen:
			s.WriteString("{")
			start = true
		case gotab.ArgClose:
			s.WriteString("}")
		case gotab.ArgMore:
			s.WriteString("...")
		case gotab.ArgFar:
			s.WriteString("_")
		case gotab.ArgValue:
			fmt.Fprintf(&s, "%d/%d", a.Off, a.Size)
			if !a.Live {
				s.WriteString("?")
			}
		}
	}
	return s.String()
}

// TestToyFuncData compares with what the machine code of the toy does, as read
// by hand in a listing of Go 1.26.8.
func TestToyFuncData(t *testing.T) {
	for _, goarch := range []string{"amd64", "arm64"} {
		t.Run(goarch, func(t *testing.T) {
			_, tab := open(t, testbin.Build(t, testbin.Toy(t), testbin.Config{Go: "1.26.8", GOOS: "linux", GOARCH: goarch}))
			f := one(t, tab, "main.Spill")
			args, err := f.ArgsMaps()
			if diff := cmp.Diff([]string{"11", "01", "00"}, bitmaps(args)); diff != "" || err != nil || args.Offset(0) != 8 {
				t.Errorf("args: %v, at %d, %s", err, args.Offset(0), diff)
			}
			locals, err := f.LocalsMaps()
			if diff := cmp.Diff([]string{"", "", ""}, bitmaps(locals)); diff != "" || err != nil {
				t.Errorf("locals: %v, %s", err, diff)
			}
			info, err := f.ArgInfo(nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := f.ArgsLive(info, f.Entry()); err != nil || argString(info) != "8/8, {16/8, 24/8}, 32/8" {
				t.Errorf("arguments at the entry: %s, %v", argString(info), err)
			}
			rows, err := f.PCDataRows(gotab.PCDataArgLiveIndex)
			if err != nil || len(rows) != 3 {
				t.Fatalf("argument liveness: %v, %v", rows, err)
			}
			if err := f.ArgsLive(info, f.Entry()+gotab.PC(rows[2].Start)); err != nil || argString(info) != "8/8, {16/8, 24/8}, 32/8?" {
				t.Errorf("arguments at %+v: %s, %v", rows[2], argString(info), err)
			}

			f = one(t, tab, "main.WithDefer")
			locals, err = f.LocalsMaps()
			if locals.N != 4 || err != nil || locals.Offset(locals.Bits-1) != -16 {
				t.Errorf("locals: %v, %v, the last at %d", bitmaps(locals), err, locals.Offset(locals.Bits-1))
			}
			n, objects, err := f.StackObjects()
			var got [][3]int64
			var masks []byte
			for o := range objects {
				got = append(got, [3]int64{o.Off, o.Size, o.PtrBytes})
				m, ok := tab.ObjectMask(o)
				if len(m) != 1 || !ok {
					t.Fatalf("stack object %+v: mask %v, %v", o, m, ok)
				}
				masks = append(masks, m...)
			}
			// err, the arguments of Fprintln and more, the first closure.
			if diff := cmp.Diff([][3]int64{{-136, 16, 16}, {-112, 56, 56}, {-56, 32, 24}}, got); n != 3 || err != nil || diff != "" {
				t.Errorf("%d stack objects, %v, %s", n, err, diff)
			}
			// Of an interface the data, as itabs are not collected; not the code
			// pointer of the closure but the words after it.
			if len(masks) != 3 || masks[0] != 2 || masks[2] != 6 {
				t.Errorf("masks %b", masks)
			}
			d, ok, err := f.OpenDefers()
			if first, ok := d.Slot(0); !ok || d.Slots != first {
				t.Errorf("slot 0 of %+v is at %d", d, first)
			}
			// autotmp_25+200(SP) and autotmp_24+47(SP) of a frame of 224 on amd64.
			if err != nil || !ok || d.Count != 0 || d.Slots != -24 || d.Bits != -177 {
				t.Errorf("defers %+v, %v, %v", d, ok, err)
			}
			if at := f.DeferReturn(); at == 0 {
				t.Errorf("deferreturn is %d", at)
			}
			if _, ok, err := one(t, tab, "main.Spill").OpenDefers(); ok || err != nil {
				t.Errorf("main.Spill has open-coded defers: %v", err)
			}
		})
	}
}

// TestWrapInfo follows all closures that stand for the call of a defer or go
// statement, which the compiler names so.
func TestWrapInfo(t *testing.T) {
	_, tab := open(t, large(t))
	wrappers, called := 0, 0
	for i := range tab.NumFunc() {
		f, err := tab.Func(i)
		if err != nil {
			t.Fatal(err)
		}
		name := f.Name()
		pc, ok := f.WrapInfo()
		if !ok {
			continue
		}
		wrappers++
		to, ok := tab.FuncAt(pc)
		if !ok || pc != to.Entry() || !strings.Contains(name, ".deferwrap") && !strings.Contains(name, ".gowrap") {
			t.Errorf("%s wraps %#x, which is in %s", name, pc, to.Name())
		}
		if to.Name() == "sync.(*Mutex).Unlock" {
			called++
		}
	}
	t.Logf("%d wrappers, %d of Mutex.Unlock", wrappers, called)
	if wrappers < 100 || called < 20 {
		t.Errorf("%d wrappers, %d of Mutex.Unlock", wrappers, called)
	}
}

// TestInlineTree compares the tree with the chains that Frames finds.
func TestInlineTree(t *testing.T) {
	_, tab := open(t, large(t))
	calls, deepest := 0, 0
	for i := range tab.NumFunc() {
		f, err := tab.Func(i)
		if err != nil {
			t.Fatal(err)
		}
		tree, err := f.InlineTree()
		if err != nil {
			t.Fatal(err)
		}
		calls += len(tree)
		rows, err := f.PCDataRows(gotab.PCDataInlTreeIndex)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			var got []string
			for i := int(r.Value); i >= 0 && len(got) < 100; i = tree[i].Parent {
				got = append(got, tree[i].Func)
			}
			var want []string
			for _, fr := range tab.Frames(nil, f, f.Entry()+gotab.PC(r.Start)) {
				if fr.Inlined {
					want = append(want, fr.Func)
				}
			}
			deepest = max(deepest, len(want))
			if !slices.Equal(got, want) {
				t.Errorf("%s at %+v: %q, want %q", f.Name(), r, got, want)
			}
		}
	}
	if calls < 10000 || deepest < 5 {
		t.Errorf("%d calls, at most %d deep", calls, deepest)
	}
}

// TestOpenDefers reads what each release says about the two defer statements of
// one function: each closure lies in the frame, where a map has a pointer at
// calls, and the bits beside them.
func TestOpenDefers(t *testing.T) {
	every(t, func(t *testing.T, c testbin.Config) {
		_, tab := open(t, toy(t, c))
		f := one(t, tab, "main.deferred")
		d, ok, err := f.OpenDefers()
		if !ok || err != nil {
			t.Fatal(ok, err)
		}
		count := 2
		if i := slices.Index(testbin.Releases, c.Go); i >= slices.Index(testbin.Releases, "1.22.12") {
			count = 0
		}
		if d.Count != count {
			t.Errorf("%d defers, want %d", d.Count, count)
		}
		sp, err := f.MaxSPDelta()
		if err != nil {
			t.Fatal(err)
		}
		maps, err := f.LocalsMaps()
		if err != nil {
			t.Fatal(err)
		}
		for i := range 2 {
			at, ok := d.Slot(i)
			if bit := int(at-maps.Offset(0)) / 8; !ok || at%8 != 0 || at <= -int64(sp) ||
				!slices.ContainsFunc([]int{0, 1, 2, 3, 4, 5}, func(i int) bool { return maps.Live(i, bit) }) {
				t.Errorf("slot %d at %d of a frame of %d, maps %v from %d", i, at, sp, bitmaps(maps), maps.Offset(0))
			}
		}
		if d.Bits <= -int64(sp) || d.Bits >= -8 {
			t.Errorf("bits at %d of a frame of %d", d.Bits, sp)
		}
	}, testbin.Plain)
}
