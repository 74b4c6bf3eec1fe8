package nosplit_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/asm"
	"moho/asm/nosplit"
	"moho/gotab"
	"moho/internal/testbin"
	"moho/objfile"
)

func analyze(t *testing.T, path string, o nosplit.Options) (*nosplit.Graph, *asm.Program) {
	t.Helper()
	p, err := asm.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	g, err := nosplit.Analyze(context.Background(), p, o)
	if err != nil {
		t.Fatal(err)
	}
	return g, p
}

var abi = regexp.MustCompile(`<\d+>`)

// ours writes a graph as the linker does with -debugnosplit, its leaves apart.
func ours(g *nosplit.Graph, p *asm.Program) (out, leaves []string) {
	for fn := range p.Functions() {
		name := fn.Name()
		switch g.Kind(fn) {
		case nosplit.Checks:
			out = append(out, fmt.Sprintf("nosplit: %s +%d -> runtime.morestack", name, g.CallSize))
		}
		for _, e := range g.Edges(fn) {
			line := fmt.Sprintf("nosplit: %s +%d", name, e.Growth)
			switch e.Target {
			case nosplit.Local:
			case nosplit.Indirect:
				line += " -> indirect"
			case nosplit.External:
				line += " -> external"
			default:
				to, err := p.Table.Func(e.Target)
				if err != nil {
					panic(err)
				}
				line += " -> " + to.Name()
			}
			if g.Kind(fn) == nosplit.Leaf {
				leaves = append(leaves, line)
			} else {
				out = append(out, line)
			}
		}
	}
	slices.Sort(out)
	return out, leaves
}

// typeArgs are what the pclntab abbreviates before Go 1.21.
var typeArgs = regexp.MustCompile(`\[[^\]]*\]`)

// TestLinker compares every edge with what the linker printed when it linked
// the program.
func TestLinker(t *testing.T) {
	targets := []testbin.Config{{GOOS: "linux", GOARCH: "amd64"}, {GOOS: "linux", GOARCH: "arm64"}}
	if testbin.IsLong() {
		for _, v := range testbin.Releases[1:] { // the linker of 1.18 prints no graph
			targets = append(targets, testbin.Config{Go: v, GOOS: "linux", GOARCH: "amd64"}, testbin.Config{Go: v, GOOS: "linux", GOARCH: "arm64"})
		}
	}
	for _, c := range targets {
		t.Run(c.String(), func(t *testing.T) {
			c.LDFlags = "-debugnosplit"
			path, text, err := testbin.Link(t, testbin.Toy(t), c)
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			var want []string
			for line := range strings.Lines(text) {
				line = abi.ReplaceAllString(strings.TrimSpace(line), "")
				if strings.HasPrefix(c.Go, "1.19.") || strings.HasPrefix(c.Go, "1.20.") {
					line = typeArgs.ReplaceAllString(line, "[...]")
				}
				if strings.HasPrefix(line, "nosplit: ") && !strings.HasPrefix(line, "nosplit: indirect ") {
					want = append(want, line)
				}
			}
			slices.Sort(want)
			if len(want) < 1500 {
				t.Fatalf("the linker printed %d edges", len(want))
			}
			g, p := analyze(t, path, nosplit.Options{})
			// Of a leaf without frame nothing tells whether it is NOSPLIT: to the
			// linker those that are not call morestack, whatever they jump to.
			mine, inLeaves := ours(g, p)
			leaves := 0
			for fn := range p.Functions() {
				if g.Kind(fn) == nosplit.Leaf {
					leaves++
					inLeaves = append(inLeaves, "nosplit: "+fn.Name()+" +0 -> runtime.morestack")
				}
			}
			missing, extra := subtract(want, mine), subtract(mine, want)
			if rest := subtract(missing, inLeaves); len(extra) > 0 || len(rest) > 0 {
				t.Errorf("edges that only the linker has: %q; that only we have: %q", rest, extra)
			}
			if (leaves > 0) != (c.GOARCH == "arm64") {
				t.Errorf("%d leaves", leaves)
			}
			t.Logf("%d edges; the linker has %d more, in %d leaves", len(mine), len(missing), leaves)
		})
	}
}

// deep is a chain that the linker refuses where a chain may have 792 bytes, and
// links where it may have more.
const deep = `package main

var sink, source byte

//go:noinline
//go:nosplit
func use2(p *byte) { sink = *p }

//go:noinline
//go:nosplit
func n3(n uint8) {
	var b [300]byte
	b[n] = n
	use2(&b[n/2])
}

//go:noinline
//go:nosplit
func n2(n uint8) {
	var b [700]byte
	b[n] = n
	n3(b[n/2])
	use2(&b[n/2])
}

func main() { n2(source) }
`

// TestOver compares a chain that is too deep with what the linker says of it.
// The program cannot be had for the target that refuses it; for OpenBSD, which
// allows 1592 bytes, the same functions are compiled in the same way.
func TestOver(t *testing.T) {
	for _, goarch := range []string{"amd64", "arm64"} {
		if goarch != "amd64" && !testbin.IsLong() {
			continue // the runtime must be compiled for it
		}
		t.Run(goarch, func(t *testing.T) {
			_, text, err := testbin.Link(t, testbin.Main(deep), testbin.Config{GOOS: "linux", GOARCH: goarch})
			if err == nil {
				t.Fatal("the linker accepts the chain")
			}
			var limit, over int
			var grows []int
			var calls []string
			for line := range strings.Lines(text) {
				line = strings.TrimSpace(abi.ReplaceAllString(line, ""))
				if _, after, ok := strings.Cut(line, "nosplit stack over "); ok {
					fmt.Sscanf(after, "%d byte limit", &limit)
					continue
				}
				n, callee := 0, ""
				if k, _ := fmt.Sscanf(line, "grows %d bytes, calls %s", &n, &callee); k > 0 {
					grows, calls = append(grows, n), append(calls, callee)
				}
				fmt.Sscanf(line, "%d bytes over limit", &over)
				if over > 0 {
					break
				}
			}
			t.Log(text)
			path, text, err := testbin.Link(t, testbin.Main(deep), testbin.Config{GOOS: "openbsd", GOARCH: goarch})
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			g, p := analyze(t, path, nosplit.Options{})
			if r := g.Report(1); r.Limit != 1592 || len(r.Over) != 0 || len(r.Chains) != 1 {
				t.Errorf("on OpenBSD: limit %d (%s), %d chains over", r.Limit, r.LimitFrom, len(r.Over))
			}
			g, _ = analyze(t, path, nosplit.Options{Limit: limit})
			r := g.Report(3)
			if len(r.Over) != 1 || limit != 792 {
				t.Fatalf("%d chains over %d: %+v", len(r.Over), limit, r.Over)
			}
			var gotGrows []int
			var gotCalls []string
			for _, f := range r.Over[0].Frames {
				gotGrows, gotCalls = append(gotGrows, f.Uses), append(gotCalls, f.Name)
			}
			t.Logf("%+v", r.Over[0])
			if -r.Over[0].Room != over || over == 0 || !slices.Equal(gotCalls[:2], []string{"main.n2", "main.n3"}) || gotGrows[0] != grows[0] || gotGrows[1] != grows[1] || calls[0] != "main.n3" {
				t.Errorf("chain %+v; the linker has %v calling %v, %d over", r.Over[0], grows, calls, over)
			}
			c := g.ChainTo(p.Table.FuncNamed("main.n3")[0])
			if diff := cmp.Diff(r.Over[0], c); diff != "" {
				t.Errorf("chain to n3:\n%s", diff)
			}
		})
	}
}

// TestPeers asserts what must be so in any program that was linked: no chain is
// over the limit, and every chain adds up.
func TestPeers(t *testing.T) {
	for i, c := range testbin.PeerTargets {
		if !testbin.IsLong() && i > 0 {
			continue // a minute to compile
		}
		t.Run(c.GOOS+"-"+c.GOARCH, func(t *testing.T) {
			g, p := analyze(t, testbin.Peer(t, testbin.Etcd, c), nosplit.Options{})
			r := g.Report(20)
			if len(r.Over) != 0 || len(r.Chains) != 20 || r.Limit != 792 || !strings.Contains(r.LimitFrom, c.GOOS+"/"+c.GOARCH) {
				t.Errorf("limit %d (%s): %d chains over, %d chains", r.Limit, r.LimitFrom, len(r.Over), len(r.Chains))
			}
			if n := r.Checks + r.NoSplit + r.Leaf + r.Unknown; n != p.Table.NumFunc() || r.Checks < 20000 || r.NoSplit < 300 || len(r.Functions) != r.NoSplit+r.Leaf {
				t.Errorf("%d check, %d do not, %d leaves, %d unknown of %d functions; %d listed", r.Checks, r.NoSplit, r.Leaf, r.Unknown, p.Table.NumFunc(), len(r.Functions))
			}
			for _, c := range r.Chains {
				sum := 0
				for _, f := range c.Frames {
					sum += f.Uses
				}
				if c.End == "checks" || c.End == "indirect" {
					sum += r.CallSize
				}
				if sum != c.Total || c.Room != r.Limit-c.Total {
					t.Errorf("chain %+v adds up to %d", c, sum)
				}
			}
			for fn := range p.Functions() {
				if from := g.ChainFrom(fn); g.Kind(fn) != nosplit.Unknown && from.Total != g.Height(fn) {
					t.Errorf("%s: height %d, chain %+v", fn.Name(), g.Height(fn), from)
				}
				if to := g.ChainTo(fn); to.Total < g.Height(fn) || to.Total > r.Limit {
					t.Errorf("%s: height %d, chain to it %+v", fn.Name(), g.Height(fn), to)
				}
			}
			t.Logf("%s: deepest %+v; %d check, %d do not, %d leaves", r.LimitFrom, r.Chains[0], r.Checks, r.NoSplit, r.Leaf)
		})
	}
}

// TestUnknownSystem reads a program that says neither its release nor its system:
// ELF has no field for the latter, build info has it since Go 1.18.
func TestUnknownSystem(t *testing.T) {
	for _, goarch := range []string{"amd64", "arm64"} {
		path := testbin.Build(t, testbin.Dir(t, "../../gotab/testdata/src/toy"),
			testbin.Config{Go: testbin.Old[1], GOOS: "linux", GOARCH: goarch, Mode: testbin.Stripped})
		g, _ := analyze(t, path, nosplit.Options{})
		if l := g.Limit; l.Bytes != 792 || !strings.Contains(l.From, ", "+goarch+": 800, less 8 of") {
			t.Errorf("limit %d (%s)", l.Bytes, l.From)
		}
	}
}

// FuzzAnalyze reads programs whose code was changed: a graph always comes out,
// with heights that end.
func FuzzAnalyze(f *testing.F) {
	path := testbin.Build(f, testbin.Toy(f), testbin.Config{GOOS: "linux", GOARCH: "amd64"})
	data, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	file, err := objfile.NewBytes("toy", data)
	if err != nil {
		f.Fatal(err)
	}
	table, err := gotab.Open(file)
	if err != nil {
		f.Fatal(err)
	}
	p := &asm.Program{File: file, Table: table}
	fns := slices.Collect(p.Functions())
	code, err := p.Code(table.FuncNamed("main.ns1")[0])
	if err != nil {
		f.Fatal(err)
	}
	at := bytes.Index(data, code) - int(table.FuncNamed("main.ns1")[0].Entry())
	f.Add([]byte("\xe8\xfb\xff\xff\xff"), uint16(1900)) // calls itself
	f.Add([]byte("\xeb\xfe\xff\xd0\xc3"), uint16(7))
	f.Fuzz(func(t *testing.T, code []byte, i uint16) {
		fn := fns[int(i)%len(fns)]
		size, err := fn.Size()
		if err != nil {
			t.Fatal(err)
		}
		old := data[at+int(fn.Entry()):][:size]
		before := slices.Clone(old)
		copy(old, code)
		defer copy(old, before)
		g, err := nosplit.Analyze(context.Background(), p, nosplit.Options{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		r := g.Report(5)
		if r.Checks+r.NoSplit+r.Leaf+r.Unknown != len(fns) {
			t.Fatalf("%d functions: %+v", len(fns), r)
		}
		for _, x := range r.Functions {
			if x.Height < 0 || x.Height > 1<<15 || x.Room != r.Limit-x.Height {
				t.Fatalf("%+v", x)
			}
		}
		g.ChainTo(fn)
	})
}

// subtract returns what a has more of than b.
func subtract(a, b []string) []string {
	n := map[string]int{}
	for _, s := range b {
		n[s]++
	}
	var out []string
	for _, s := range a {
		if n[s]--; n[s] < 0 {
			out = append(out, s)
		}
	}
	return out
}
