package nosplit_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/asm"
	"moho/asm/nosplit"
	"moho/internal/testbin"
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

// ours writes a graph as the linker does with -debugnosplit, without its leaves.
func ours(g *nosplit.Graph, p *asm.Program) []string {
	var out []string
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
			out = append(out, line)
		}
	}
	slices.Sort(out)
	return out
}

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
				if strings.HasPrefix(line, "nosplit: ") && !strings.HasPrefix(line, "nosplit: indirect ") {
					want = append(want, line)
				}
			}
			slices.Sort(want)
			if len(want) < 2000 {
				t.Fatalf("the linker printed %d edges", len(want))
			}
			g, p := analyze(t, path, nosplit.Options{})
			// Of a leaf without frame nothing tells whether it is NOSPLIT: the linker
			// has no edge for those that are.
			leaves := map[string]bool{}
			for fn := range p.Functions() {
				if g.Kind(fn) == nosplit.Leaf {
					leaves["nosplit: "+fn.Name()+" +0 -> runtime.morestack"] = true
				}
			}
			before := len(want)
			want = slices.DeleteFunc(want, func(line string) bool { return leaves[line] })
			if diff := cmp.Diff(want, ours(g, p)); diff != "" {
				t.Errorf("edges (-linker +moho):\n%s", diff)
			}
			if (len(leaves) > 0) != (c.GOARCH == "arm64") || before-len(want) > len(leaves) {
				t.Errorf("%d leaves, of which the linker has %d", len(leaves), before-len(want))
			}
			t.Logf("%d edges, and %d of %d leaves that are not NOSPLIT", len(want), before-len(want), len(leaves))
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
