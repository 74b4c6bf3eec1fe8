package frame_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"moho/asm/frame"
	"moho/evidence"
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
