package listing_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/asm"
	"moho/asm/listing"
	"moho/decode"
	"moho/gotab"
	"moho/internal/testbin"
	"moho/internal/testschema"
)

var update = flag.Bool("update", false, "rewrite golden files")

// plain is a terminal without colours.
type plain struct{}

func (plain) Bold(s string) string { return s }
func (plain) Dim(s string) string  { return s }
func (plain) Good(s string) string { return s }
func (plain) Odd(s string) string  { return s }

// fixed is the release of golden files: another compiles otherwise.
const fixed = "1.26.8"

func open(tb testing.TB, c testbin.Config) *asm.Program {
	tb.Helper()
	p, err := asm.Open(testbin.Build(tb, testbin.Toy(tb), c))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { p.Close() })
	return p
}

func printer(w io.Writer, p *asm.Program) *listing.Printer {
	dir := filepath.Join("..", "..", "internal", "testbin", "testdata", "toy")
	return &listing.Printer{
		W: w, Arch: p.Arch(), Style: plain{}, Width: 100,
		Sources: listing.NewSources([]listing.SourceDir{{Prefix: "testprog/", Dir: dir}}),
	}
}

func read(tb testing.TB, p *asm.Program, name string, names bool) *listing.Func {
	tb.Helper()
	r, err := listing.NewReader(p, decode.GoSyntax, names)
	if err != nil {
		tb.Fatal(err)
	}
	fns, err := p.Find(name)
	if err != nil {
		tb.Fatal(err)
	}
	f, err := r.Func(fns[0])
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s: %s", path, diff)
	}
}

var wide = regexp.MustCompile(`(?m)^.{101,}$`)

func TestGolden(t *testing.T) {
	programs := map[string]*asm.Program{}
	for _, c := range []testbin.Config{
		{Go: fixed, GOOS: "linux", GOARCH: "amd64"},
		{Go: fixed, GOOS: "linux", GOARCH: "arm64"},
		{Go: fixed, GOOS: "wasip1", GOARCH: "wasm"},
	} {
		p := open(t, c)
		programs[c.GOARCH] = p
		var out bytes.Buffer
		pr := printer(&out, p)
		for _, name := range []string{"main.Spill", "main.WithDefer", "main.Huge", "main.asmAdd", "main.Caller"} {
			if name == "main.asmAdd" && c.GOARCH == "wasm" {
				continue // inlined
			}
			if err := pr.Func(read(t, p, name, true)); err != nil {
				t.Fatal(err)
			}
		}
		golden(t, c.GOARCH+".golden", out.Bytes())
		if long := wide.FindString(out.String()); long != "" {
			t.Errorf("%s: a line of more than 100 columns: %s", c.GOARCH, long)
		}
	}
	for _, pair := range [][2]string{{"amd64", "arm64"}, {"amd64", "wasm"}} {
		a, b := programs[pair[0]], programs[pair[1]]
		var out bytes.Buffer
		l := listing.Side{P: a, F: read(t, a, "main.Spill", true), Label: pair[0]}
		r := listing.Side{P: b, F: read(t, b, "main.Spill", true), Label: pair[1]}
		if err := printer(&out, a).Pair(l, r); err != nil {
			t.Fatal(err)
		}
		golden(t, "pair-"+pair[1]+".golden", out.Bytes())
		if long := wide.FindString(out.String()); long != "" {
			t.Errorf("%s: a line of more than 100 columns: %s", pair, long)
		}
	}
}

var row = regexp.MustCompile(`^  (\S+):(\d+) +0x([0-9a-f]+) +(\?|-?\d+)  (.+)$`)

// TestStream: every function is listed once and in order, and every row says
// what the tables say when they are asked for that instruction alone.
func TestStream(t *testing.T) {
	for _, c := range []testbin.Config{
		{GOOS: "linux", GOARCH: "amd64"},
		{GOOS: "linux", GOARCH: "arm64", Mode: testbin.Stripped},
	} {
		p := open(t, c)
		var out bytes.Buffer
		sum, err := listing.Stream(t.Context(), &out, p, listing.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if sum.Functions != p.Table.NumFunc() || len(sum.Gaps) > 0 {
			t.Errorf("%v: %+v, want %d functions and no gap", c, sum, p.Table.NumFunc())
		}
		fns, rows := 0, 0
		var fn gotab.Func
		for line := range strings.Lines(out.String()) {
			if strings.HasPrefix(line, "TEXT ") {
				if fn, err = p.Table.Func(fns); err != nil || !strings.HasPrefix(line, "TEXT "+fn.Name()+"(SB) ") {
					t.Fatalf("%v: function %d: %s, want %s", c, fns, line, fn.Name())
				}
				fns++
				continue
			}
			m := row.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
			if m == nil {
				continue
			}
			rows++
			pc, _ := strconv.ParseUint(m[3], 16, 64)
			sp, _ := fn.SPDelta(gotab.PC(pc))
			file, n, _ := fn.FileLine(gotab.PC(pc))
			if m[4] != "?" && m[4] != strconv.Itoa(int(sp)) || m[1] != filepath.Base(file) || m[2] != strconv.Itoa(n) {
				t.Fatalf("%v: %s: row %s, tables %s:%d SP %d", c, fn.Name(), line, file, n, sp)
			}
		}
		if fns != sum.Functions || rows != sum.Insts || rows < 100_000 {
			t.Errorf("%v: %d functions and %d rows, summary %+v", c, fns, rows, sum)
		}
	}
}

// TestSPWrite: after SP was loaded from elsewhere no number is shown.
func TestSPWrite(t *testing.T) {
	for _, goarch := range []string{"amd64", "arm64"} {
		f := read(t, open(t, testbin.Config{GOOS: "linux", GOARCH: goarch}), "runtime.systemstack", false)
		first, last := f.Insts[0], f.Insts[len(f.Insts)-1]
		if !first.HasSP || last.HasSP {
			t.Errorf("%s: SP known at the entry %v, at the end %v; want true, false", goarch, first.HasSP, last.HasSP)
		}
	}
}

func TestJSON(t *testing.T) {
	for _, c := range []testbin.Config{{GOOS: "linux", GOARCH: "amd64"}, {GOOS: "js", GOARCH: "wasm"}} {
		p := open(t, c)
		fns, err := p.Find(`^main\.`)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		sum, err := listing.WriteJSON(t.Context(), &out, p, fns, listing.Options{})
		if err != nil || sum.Functions != len(fns) {
			t.Errorf("%v: %d of %d functions, %v", c, sum.Functions, len(fns), err)
		}
		testschema.Valid(t, "asm", out.Bytes())
	}
}

// TestDiffOfTwins: a stripped program has the same code, and says so.
func TestDiffOfTwins(t *testing.T) {
	for _, goarch := range []string{"amd64", "arm64"} {
		p := open(t, testbin.Config{GOOS: "linux", GOARCH: goarch})
		q := open(t, testbin.Config{GOOS: "linux", GOARCH: goarch, Mode: testbin.Stripped})
		for _, name := range []string{"main.Spill", "main.main", "runtime.mallocgc", "fmt.(*pp).printValue"} {
			d := listing.Diff(read(t, p, name, false), read(t, q, name, false), false)
			if !d.Same() {
				t.Errorf("%s %s: %d instructions added, %d removed", goarch, name, d.Added, d.Removed)
			}
		}
		if d := listing.Diff(read(t, p, "main.Spill", false), read(t, p, "main.Huge", false), true); d.Same() {
			t.Errorf("%s: Spill and Huge are the same", goarch)
		}
	}
}

type full struct{ left int }

var errFull = errors.New("disk full")

func (f *full) Write(b []byte) (int, error) {
	if f.left -= len(b); f.left < 0 {
		return 0, errFull
	}
	return len(b), nil
}

func TestStreamStops(t *testing.T) {
	p := open(t, testbin.Config{GOOS: "linux", GOARCH: "amd64"})
	if _, err := listing.Stream(t.Context(), &full{1 << 20}, p, listing.Options{}); !errors.Is(err, errFull) {
		t.Errorf("error %v, want %v", err, errFull)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := listing.Stream(ctx, io.Discard, p, listing.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
}

// TestStreamMemory: what a listing keeps does not grow with the program.
func TestStreamMemory(t *testing.T) {
	path := testbin.Build(t, testbin.NetHTTP(), testbin.Config{GOOS: "linux", GOARCH: "amd64"})
	if testbin.IsLong() {
		path = testbin.Peer(t, testbin.Etcd, testbin.Config{GOOS: "linux", GOARCH: "amd64"})
	}
	p, err := asm.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	if _, err := listing.Stream(t.Context(), io.Discard, p, listing.Options{}); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapSys) - int64(before.HeapSys); grown > 64<<20 {
		t.Errorf("the heap grew by %d MB", grown>>20)
	}
}

// TestSourcesStayInside: a name out of a program leads nowhere else.
func TestSourcesStayInside(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"in/a.go": "one\ntwo\n", "out.go": "secret\n", "in/notes.txt": "text\n"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../out.go", filepath.Join(dir, "in", "link.go")); err != nil {
		t.Fatal(err)
	}
	s := listing.NewSources([]listing.SourceDir{{Prefix: "m/", Dir: filepath.Join(dir, "in")}})
	if got, ok := s.Line("m/a.go", 2); !ok || got != "two" {
		t.Errorf("m/a.go:2 = %q, %v", got, ok)
	}
	for _, name := range []string{
		"m/../out.go", "../out.go", filepath.Join(dir, "out.go"), "m/link.go", "m/notes.txt", "m/", "m//etc/passwd", "other/a.go", "",
	} {
		if got, ok := s.Line(name, 1); ok {
			t.Errorf("%s: %q was read", name, got)
		}
	}
	for _, n := range []int{-1, 0, 3} {
		if _, ok := s.Line("m/a.go", n); ok {
			t.Errorf("line %d", n)
		}
	}
}
