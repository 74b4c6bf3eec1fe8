package traceback_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/pprof/profile"

	"moho/gostate"
	"moho/internal/bounded"
	"moho/internal/testbin"
	"moho/traceback"
)

// sample has what tracebacks have: a reason, elided and inlined frames, several
// goroutines in one group, one on another thread, and the registers at the end.
const sample = `panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x18 pc=0x4dc135]

goroutine 1 [running]:
main.(*server).get(0xc000012345, {0x4d1000, 0x3}, ...)
	/src/server.go:20 +0x15
main.serve(...)
	/src/server.go:31
...7 frames elided...
main.main()
	/src/main.go:12 +0x1d

goroutine 18 [chan receive, 5 minutes]:
main.worker(0x1)
	/src/pool.go:16 +0x15
created by main.start in goroutine 1
	/src/pool.go:9 +0xec

goroutine 19 [chan receive, 2 minutes]:
main.worker(0x2)
	/src/pool.go:16 +0x15
created by main.start in goroutine 1
	/src/pool.go:9 +0xec

goroutine 20 [running]:
	goroutine running on other thread; stack unavailable
created by main.start in goroutine 1
	/src/pool.go:10 +0x44

rax    0x0
rip    0x4dc135
exit status 2
`

func read(t testing.TB, text string) *traceback.Dump {
	t.Helper()
	d, err := traceback.Read(t.Context(), strings.NewReader(text), int64(len(text)), traceback.Options{})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return d
}

// summary is a dump in a few words, for comparisons.
func summary(d *traceback.Dump) string {
	var b strings.Builder
	groups, rest := d.Groups(gostate.GroupOptions{System: true})
	for _, gr := range groups {
		fmt.Fprintf(&b, "%d %s/%s %v %v-%v:", gr.Count, gr.Status, gr.WaitReason, gr.IDs, gr.MinWait, gr.MaxWait)
		for i, fr := range gr.First.Frames {
			fmt.Fprintf(&b, " %s(%s)@%s:%d", fr.Func, gr.First.Printed.Args[i], fr.File, fr.Line)
		}
		fmt.Fprintf(&b, " by %s@%d elided %d@%d %s\n", gr.First.CreatedBy.Func, gr.First.CreatedBy.Line, gr.First.Elided, gr.First.ElidedAt, gr.First.Truncated)
	}
	c, _ := d.Crash()
	id, fault := uint64(0), ""
	if c.Goroutine != nil {
		id = c.Goroutine.ID
		if c.FaultFrame >= 0 {
			fault = c.Goroutine.Frames[c.FaultFrame].Func
		}
	}
	fmt.Fprintf(&b, "rest %d; %q crashed %d in %q by %s at %#x\n", rest, c.Reason, id, fault, c.Signal.Name, uint64(c.Signal.Addr))
	return b.String()
}

const want = `2 waiting/chan receive [18 19] 2m0s-5m0s: main.worker(0x1)@/src/pool.go:16 by main.start@9 elided 0@0 
1 running/ [1] 0s-0s: main.(*server).get(0xc000012345, {0x4d1000, 0x3}, ...)@/src/server.go:20 main.serve()@/src/server.go:31 main.main()@/src/main.go:12 by @0 elided 7@2 
1 running/ [20] 0s-0s: by main.start@10 elided 0@0 it was running on another thread, and its stack was not printed
rest 0; "panic: runtime error: invalid memory address or nil pointer dereference\n[signal SIGSEGV: segmentation violation code=0x1 addr=0x18 pc=0x4dc135]" crashed 1 in "main.(*server).get" by SIGSEGV at 0x18
`

// TestAsLogged: whatever collectors and people do to a text, it says the same.
func TestAsLogged(t *testing.T) {
	each := func(f func(i int, line string) string) string {
		var b strings.Builder
		for i, line := range strings.Split(strings.TrimSuffix(sample, "\n"), "\n") {
			b.WriteString(f(i, line))
		}
		return b.String()
	}
	for name, text := range map[string]string{
		"as it is": sample,
		"crlf":     strings.ReplaceAll(sample, "\n", "\r\n"),
		"kubectl": each(func(i int, l string) string {
			return fmt.Sprintf("2026-11-25T03:14:%02d.%09dZ stderr F %s\n", i, i*7, l)
		}),
		"journald": each(func(i int, l string) string {
			return strings.TrimRight(fmt.Sprintf("Nov 25 03:14:%02d host prog[123]: %s", i, l), " ") + "\n"
		}),
		"compose":        each(func(_ int, l string) string { return "web-1  | " + l + "\n" }),
		"json-file":      each(func(_ int, l string) string { return fmt.Sprintf("{\"log\":%q,\"stream\":\"stderr\"}\n", l+"\n") }),
		"spaces":         strings.ReplaceAll(sample, "\t", "        "),
		"no tabs":        strings.ReplaceAll(sample, "\t", ""),
		"no empty lines": strings.ReplaceAll(sample, "\n\n", "\n"),
		"interleaved": each(func(i int, l string) string {
			if i < 3 {
				return l + "\n"
			}
			return l + "\n" + fmt.Sprintf("2026/11/25 03:14:15 listening on :8080 (attempt %d)\n", i)
		}),
		"interleaved with a prefix": each(func(i int, l string) string {
			return "a: " + l + "\n" + "http: TLS handshake error from 10.0.0.1:5 (EOF)\n"
		}),
		"long before":  strings.Repeat("2026/11/25 03:14:15 all is well\n", 1000) + sample,
		"coloured log": "\x1b[31mERROR\x1b[0m it dies\n" + sample,
	} {
		t.Run(name, func(t *testing.T) {
			d := read(t, text)
			if diff := cmp.Diff(want, summary(d)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if d.NumG() != 4 || d.Arch() != "amd64" || len(d.Gaps()) != 0 || d.Kind() != traceback.KindTraceback {
				t.Errorf("%d goroutines, arch %q, gaps %v", d.NumG(), d.Arch(), d.Gaps())
			}
		})
	}
}

// TestStructured: a structured log has a whole stack in one field.
func TestStructured(t *testing.T) {
	stack := strings.ReplaceAll(strings.ReplaceAll("goroutine %d [running]:\nmain.f(0x1)\n\t/a.go:1 +0x1\n", "\n", `\n`), "\t", `\t`)
	for _, form := range []string{
		`time=2026-11-25T03:14:15Z level=ERROR msg="it failed" stack="%s"`,
		`{"level":"error","ts":1,"msg":"it failed","stack":"%s","code":5}`,
		`2026-11-25T03:14:15.9Z stderr F {"level":"error","stack":"%s"}`,
	} {
		text := ""
		for id := 1; id <= 3; id++ {
			text += fmt.Sprintf(form, fmt.Sprintf(stack, id)) + "\n" + fmt.Sprintf(form, "all is well") + "\n"
		}
		d := read(t, text)
		check(t, d)
		groups, _ := d.Groups(gostate.GroupOptions{})
		if len(groups) != 1 || groups[0].Count != 3 || len(groups[0].First.Frames) != 1 || len(d.Gaps()) != 0 {
			t.Errorf("%s: %d groups, %d goroutines, gaps %v", form, len(groups), d.NumG(), d.Gaps())
		}
	}
}

// TestExcerpt: a paste that begins or ends in the middle gives what it has and
// says that something is missing.
func TestExcerpt(t *testing.T) {
	lines := strings.SplitAfter(sample, "\n")
	for _, prefix := range []string{"", "2026-11-25T03:14:15.9Z stderr F "} {
		for from := range lines[:len(lines)-1] {
			text := prefix + strings.Join(lines[from:], prefix)
			text = strings.TrimSuffix(text, prefix)
			d, err := traceback.Read(t.Context(), strings.NewReader(text), int64(len(text)), traceback.Options{})
			if from >= 28 { // nothing but registers
				if !errors.Is(err, traceback.ErrNone) {
					t.Errorf("from line %d: %v", from, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("from line %d: %v", from, err)
				continue
			}
			inside := !strings.HasPrefix(lines[from], "goroutine ") && from > 3 && lines[from] != "\n"
			if cut := len(d.Gaps()) > 0; cut != inside {
				t.Errorf("from line %d, %q: gaps %v", from, lines[from], d.Gaps())
			}
			whole := strings.Count(text, "\n"+prefix+"goroutine ") + strings.Count(text[:min(len(text), len(prefix)+10)], prefix+"goroutine ")
			if n := d.NumG(); n < whole || n > whole+1 {
				t.Errorf("from line %d: %d goroutines, %d headers", from, n, whole)
			}
		}
	}
}

// TestCutOff: cut off anywhere, the text is read, in bounded memory.
func TestCutOff(t *testing.T) {
	testbin.Bounded(t, 40*len(sample)*len(sample), func() {
		for n := range len(sample) {
			d, err := traceback.Read(context.Background(), strings.NewReader(sample[:n]), int64(n), traceback.Options{})
			if err != nil && !errors.Is(err, traceback.ErrNone) || (err == nil) == (d == nil) {
				t.Fatalf("%d bytes: %v", n, err)
			}
			if d != nil {
				check(t, d)
			}
		}
	})
}

// check holds what is true of every dump.
func check(t *testing.T, d *traceback.Dump) {
	t.Helper()
	n, items := 0, 0
	for g := range d.Goroutines() {
		if g.Printed == nil || len(g.Printed.Args) != len(g.Frames) || g.Printed.Count < 1 {
			t.Fatalf("goroutine %d: printed %+v, %d frames", g.ID, g.Printed, len(g.Frames))
		}
		n += g.Printed.Count
		items++
	}
	if n != d.NumG() || n == 0 {
		t.Errorf("NumG is %d, %d are yielded", d.NumG(), n)
	}
	for _, o := range []gostate.GroupOptions{{System: true}, {System: true, IDs: 100, Max: 2}} {
		groups, rest := d.Groups(o)
		sum := rest
		for _, gr := range groups {
			sum += gr.Count
		}
		if sum != n {
			t.Errorf("%+v: groups and rest are %d, want %d", o, sum, n)
		}
	}
}

func TestSeveral(t *testing.T) {
	one := func(id int, at string) string {
		return fmt.Sprintf("goroutine %d [running]:\nmain.%s()\n\t/a.go:1 +0x1\n\n", id, at)
	}
	stack := one(5, "log")
	quit := "SIGQUIT: quit\nPC=0x1 m=0 sigcode=0\n\n" + one(1, "a") + one(2, "b")
	told := "-----\n\nSIGQUIT: quit\nPC=0x2 m=3 sigcode=0\n\ngoroutine 0 gp=0x1 m=3 mp=0x2 [idle]:\nruntime.futex(0x1)\n\t/sys.s:1 +0x1\nrip    0x2\n\n"
	for _, c := range []struct {
		name, text string
		ids        []uint64
		gaps       int
	}{
		{"logged stacks of one goroutine", stack + stack + stack, []uint64{5}, 1},
		{"logged stacks of several", one(1, "a") + one(2, "a"), []uint64{1, 2}, 0},
		{"logged stacks, then SIGQUIT", stack + stack + quit, []uint64{1, 2}, 1},
		{"the largest, nobody dies", one(1, "a") + one(2, "b") + one(1, "c"), []uint64{1, 2}, 1},
		{"dies twice", quit + "panic: x\n\n" + one(7, "c"), []uint64{7}, 1},
		{"two threads die at once", "fatal error: x\n\n" + one(1, "a") + "fatal error: x\n\n" + one(2, "b"), []uint64{1, 2}, 0},
		{"dies of the same again, cut off", "panic: x\n\n" + one(1, "a") + one(2, "a") + "panic: x\n\n" + one(1, "a"), []uint64{1, 2}, 1},
		{"dies, is restarted and logs", quit + stack, []uint64{1, 2, 5}, 0},
		{"its threads are told to show what they do", "SIGSEGV: segmentation violation\nPC=0x1 m=0 sigcode=1\n\n" + one(1, "a") + one(2, "b") + told, []uint64{1, 2}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := read(t, c.text)
			check(t, d)
			var ids []uint64
			for g := range d.Goroutines() {
				ids = append(ids, g.ID)
			}
			if !slices.Equal(ids, c.ids) || len(d.Gaps()) != c.gaps {
				t.Errorf("goroutines %v, want %v; gaps %v", ids, c.ids, d.Gaps())
			}
		})
	}
}

const race = `==================
WARNING: DATA RACE
Write at 0x00c0000b4010 by goroutine 7:
  main.main.func1()
      /src/main.go:12 +0x44

Goroutine 7 (running) created at:
  main.main()
      /src/main.go:10 +0x1d
==================
`

func TestNone(t *testing.T) {
	for _, text := range []string{"", "\n", "nothing of the kind\n", "goroutine leak in line 12 (main.go:12)\n", race} {
		d, err := traceback.Read(t.Context(), strings.NewReader(text), int64(len(text)), traceback.Options{})
		if !errors.Is(err, traceback.ErrNone) || d != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// many is a text of n goroutines in a few groups.
type many struct {
	n, i int
	rest []byte
}

func (m *many) Read(p []byte) (int, error) {
	if len(m.rest) == 0 {
		if m.i == m.n {
			return 0, io.EOF
		}
		m.i++
		m.rest = fmt.Appendf(m.rest[:0], "goroutine %d [select, %d minutes]:\nmain.worker%d(%#x, {%#x, 0x2})\n\t/src/a.go:%d +0x1d\nmain.loop()\n\t/src/a.go:9 +0x9\ncreated by main.main in goroutine 1\n\t/src/main.go:1 +0x1\n\n",
			m.i+1, m.i%90, m.i%4, m.i*64, m.i, m.i%4+10)
	}
	n := copy(p, m.rest)
	m.rest = m.rest[n:]
	return n, nil
}

// TestMany: memory does not grow with the number of goroutines.
func TestMany(t *testing.T) {
	text, err := io.ReadAll(&many{n: 50_000})
	if err != nil {
		t.Fatal(err)
	}
	var d *traceback.Dump
	testbin.Bounded(t, 0, func() { d = read(t, string(text)) })
	check(t, d)
	groups, _ := d.Groups(gostate.GroupOptions{})
	if len(groups) != 4 || groups[0].Count != 12_500 || groups[0].MaxWait != 89*time.Minute {
		t.Errorf("%d groups, first %+v", len(groups), groups[0])
	}
}

func FuzzRead(f *testing.F) {
	f.Add(sample)
	f.Add("2026-11-25T03:14:15Z stderr F goroutine 1 [x, 3 minutes]:\n2026-11-25T03:14:15Z stderr F main.f(0x1)\n2026-11-25T03:14:15Z stderr F \t/a.go:1 +0x1")
	f.Add("goroutine profile: total 3\n3 @ 0x1 0x2\n# labels: {\"k\":\"v\"}\n#\t0x1\tmain.f+0x1\t/a.go:1\n")
	f.Add("{\"log\":\"goroutine 1 [running]:\\n\"}\n{\"log\":\"a.b()\\n\"}\n{\"log\":\"\\ta.go:1\\n\"}")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := traceback.Read(context.Background(), strings.NewReader(text), int64(len(text)), traceback.Options{})
		if err != nil {
			if d != nil {
				t.Error("an error with a dump")
			}
			return
		}
		check(t, d)
		d.Crash()
		for _, s := range d.Sites() {
			if s.Func == "" || s.Line < 0 {
				t.Errorf("site %+v", s)
			}
		}
	})
}

// encoded returns a goroutine profile in pprof's format, not compressed.
func encoded(t testing.TB, kind string) []byte {
	fn := &profile.Function{ID: 1, Name: "main.worker[go.shape.int]", Filename: "/src/pool.go"}
	in := &profile.Function{ID: 2, Name: "main.inlined", Filename: "/src/pool.go"}
	m := &profile.Mapping{ID: 1, Start: 0x400000, Limit: 0x500000, File: "/bin/x", BuildID: "0123456789abcdef"}
	loc := &profile.Location{ID: 1, Mapping: m, Address: 0x401000, Line: []profile.Line{{Function: in, Line: 7}, {Function: fn, Line: 16}}}
	p := &profile.Profile{
		SampleType: []*profile.ValueType{{Type: kind, Unit: "count"}},
		Sample: []*profile.Sample{
			{Location: []*profile.Location{loc}, Value: []int64{4}, Label: map[string][]string{"user": {"7"}}},
			{Location: []*profile.Location{loc, loc}, Value: []int64{3}},
		},
		Mapping: []*profile.Mapping{m}, Location: []*profile.Location{loc}, Function: []*profile.Function{fn, in},
	}
	var b bytes.Buffer
	if err := p.WriteUncompressed(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestProfile(t *testing.T) {
	d := read(t, string(encoded(t, "goroutine")))
	check(t, d)
	if d.Kind() != traceback.KindProfile || d.NumG() != 7 || d.BuildID().GNU != "0123456789abcdef" || len(d.Gaps()) != 0 {
		t.Errorf("%s of %d goroutines, Build ID %s, gaps %v", d.Kind(), d.NumG(), d.BuildID(), d.Gaps())
	}
	groups, _ := d.Groups(gostate.GroupOptions{})
	first := groups[0].First
	want := []gostate.Frame{
		{Func: "main.inlined", File: "/src/pool.go", Line: 7, PCIndex: 0, Inlined: true},
		{Func: "main.worker[...]", File: "/src/pool.go", Line: 16, PCIndex: 1},
	}
	if diff := cmp.Diff(want, first.Frames); diff != "" || groups[0].Count != 4 || first.Printed.Labels["user"] != "7" {
		t.Errorf("%d, %v, -want +got\n%s", groups[0].Count, first.Printed, diff)
	}
	text := string(encoded(t, "samples"))
	if d, err := traceback.Read(t.Context(), strings.NewReader(text), int64(len(text)), traceback.Options{}); !errors.Is(err, traceback.ErrNone) || d != nil || !strings.Contains(err.Error(), "a profile of samples") {
		t.Errorf("a profile of the CPU: %v", err)
	}
}

// TestProfileLimits: a profile of a great many tiny records is refused before it
// is decoded.
func TestProfileLimits(t *testing.T) {
	text := string(encoded(t, "goroutine")) + strings.Repeat("\x12\x00", 2<<20)
	testbin.Bounded(t, len(text), func() {
		d, err := traceback.Read(t.Context(), strings.NewReader(text), int64(len(text)), traceback.Options{})
		if !errors.Is(err, bounded.ErrLimit) || d != nil {
			t.Errorf("2 million empty samples: %v", err)
		}
	})
}

func FuzzProfile(f *testing.F) {
	f.Add(encoded(f, "goroutine"))
	f.Add(encoded(f, "samples"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := traceback.Read(context.Background(), bytes.NewReader(data), int64(len(data)), traceback.Options{})
		if err != nil {
			if d != nil {
				t.Error("an error with a dump")
			}
			return
		}
		check(t, d)
	})
}

// Since Go 1.22 the other threads say SIGQUIT too, after the reason: it is not theirs.
func TestThreadsTold(t *testing.T) {
	const told = "-----\n\nSIGQUIT: quit\nPC=0x2 m=3 sigcode=0\n\ngoroutine 0 gp=0x1 m=3 mp=0x2 [idle]:\nruntime.futex(0x1)\n\t/sys.s:1 +0x1\n\n"
	for _, first := range []string{
		"SIGABRT: abort\nPC=0x1 m=0 sigcode=0", "SIGSEGV: segmentation violation\nPC=0x1 m=0 sigcode=1", "SIGQUIT: quit\nPC=0x1 m=0 sigcode=0", "panic: x",
	} {
		d := read(t, first+"\n\ngoroutine 1 [running]:\nmain.f()\n\t/a.go:1 +0x1\n\n"+told+told)
		want, _, _ := strings.Cut(first, "\n")
		c, ok := d.Crash()
		if !ok || c.Reason != want {
			t.Errorf("%q, want %q", c.Reason, want)
		}
		if died := strings.HasPrefix(first, "SIGSEGV") || first == "panic: x"; (c.Goroutine != nil) != died {
			t.Errorf("%s: goroutine %+v", want, c.Goroutine)
		}
	}
}
