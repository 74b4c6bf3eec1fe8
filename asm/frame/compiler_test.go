package frame_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"moho/asm/frame"
	"moho/evidence"
	"moho/gotab"
	"moho/internal/testbin"
)

var (
	textInst = regexp.MustCompile(`^\t0x0000 \d+ \(.*\)\tTEXT\t(\S+?)(?:\(SB\)|<1>\(SB\)), (?:([A-Z][A-Za-z0-9|]*), )?\$(-?\d+)(?:-(\d+))?`)
	goSymbol = regexp.MustCompile(`^main\.`)
)

// A compiled function is what the compiler's own listing says in its TEXT line:
// flags and final sizes.
type compiled struct {
	name  string
	flags map[string]bool
	frame int64
	args  int64
}

func compiledFuncs(text string) []compiled {
	var out []compiled
	for line := range strings.Lines(text) {
		m := textInst.FindStringSubmatch(strings.TrimRight(line, "\n"))
		if m == nil {
			continue
		}
		c := compiled{name: strings.ReplaceAll(m[1], `"".`, "main."), flags: map[string]bool{}}
		for f := range strings.SplitSeq(m[2], "|") {
			c.flags[f] = true
		}
		c.frame, _ = strconv.ParseInt(m[3], 10, 64)
		c.args, _ = strconv.ParseInt(m[4], 10, 64)
		out = append(out, c)
	}
	return out
}

// TestCompilerAgrees compares with the TEXT lines of go build -gcflags=-S. Its
// size is the final one, which is Frame; the flags are those that the assembler
// has added to, too.
func TestCompilerAgrees(t *testing.T) {
	releases := []string{"1.20.14", "1.26.8"}
	if testbin.IsLong() {
		releases = testbin.Releases
	}
	for _, release := range releases {
		for _, goarch := range []string{"amd64", "arm64"} {
			t.Run(release+"/"+goarch, func(t *testing.T) {
				c := testbin.Config{Go: release, GOOS: "linux", GOARCH: goarch}
				p, l := open(t, testbin.Build(t, testbin.Toy(t), c))
				n := 0
				for _, want := range compiledFuncs(testbin.Listing(t, testbin.Toy(t), c, "-S")) {
					found := p.Table.FuncNamed(want.name)
					if !goSymbol.MatchString(want.name) || len(found) != 1 || want.flags["ABIWRAPPER"] {
						continue // of another package, or unreachable, or linked away
					}
					f, err := l.Of(found[0])
					if err != nil {
						t.Fatal(err)
					}
					n++
					compareCompiled(t, want, &f)
				}
				if n < 20 {
					t.Errorf("only %d functions compared", n)
				}
			})
		}
	}
}

func compareCompiled(t *testing.T, want compiled, f *frame.Frame) {
	t.Helper()
	if f.Frame != want.frame {
		t.Errorf("%s: frame %d, the compiler has %d", want.name, f.Frame, want.frame)
	}
	if f.Text.Args.Value != want.args || !f.Text.Args.Known() {
		t.Errorf("%s: args %+v, the compiler has %d", want.name, f.Text.Args, want.args)
	}
	if f.Text.ABI.Value != "ABIInternal" {
		t.Errorf("%s: %+v", want.name, f.Text.ABI)
	}
	for _, flag := range f.Text.Flags {
		if flag.How == evidence.Unknown || flag.Name == "NOFRAME" && want.frame == 0 {
			continue // the assembler sets NOFRAME itself for what has no frame
		}
		if flag.Set != want.flags[flag.Name] {
			t.Errorf("%s: %+v, the compiler has %v", want.name, flag, want.flags)
		}
	}
}

var (
	listedFunc    = regexp.MustCompile(`^(main\.\S+) STEXT `)
	listedOperand = regexp.MustCompile(`^\t0x([0-9a-f]+) \d+ \(.*\)\t[A-Z0-9]+\t.*?\bmain\.(\.?[\w&~]+)([+-]\d+)\(SP\)`)
)

// TestSlotsEqualListing compares names and offsets with the operands of the
// compiler's listing for amd64, where the assembler has filled in the offsets
// from SP: MOVQ AX, main.p+112(SP).
func TestSlotsEqualListing(t *testing.T) {
	c := linux("amd64")
	p, l := open(t, testbin.Build(t, testbin.Toy(t), c))
	var f *frame.Frame
	named, placed := 0, 0
	for line := range strings.Lines(testbin.Listing(t, testbin.Toy(t), c, "-S")) {
		if m := listedFunc.FindStringSubmatch(line); m != nil {
			f = nil
			if found := p.Table.FuncNamed(m[1]); len(found) == 1 && found[0].Flags()&gotab.Asm == 0 {
				got, err := l.Of(found[0])
				if err != nil {
					t.Fatal(err)
				}
				f = &got
			}
		}
		m := listedOperand.FindStringSubmatch(line)
		if m == nil || f == nil {
			continue
		}
		at, _ := strconv.ParseUint(m[1], 16, 32)
		off, _ := strconv.ParseInt(m[3], 10, 64)
		for _, row := range f.SP {
			if at >= uint64(row.Start) && at < uint64(row.End) {
				off -= int64(row.Value)
			}
		}
		placed++
		s, ok := f.SlotAt(off)
		switch {
		case !ok || s.Kind == frame.Unused || s.Kind == frame.SavedFP || s.Kind == frame.ReturnPC || s.Kind == frame.Outgoing:
			t.Errorf("%s: %s lies at %d, where the frame has %+v", f.Name, m[2], off, s)
		case s.Name != "" && !strings.HasPrefix(m[2], "."):
			named++
			if base, _, _ := strings.Cut(s.Name, "."); base != m[2] && base != "&"+m[2] {
				t.Errorf("%s: %s lies at %d, where the frame has %+v", f.Name, m[2], off, s)
			}
		}
	}
	if placed < 100 || named < 40 {
		t.Errorf("%d operands compared, %d with names", placed, named)
	}
	t.Logf("%d operands, %d with names", placed, named)
}
