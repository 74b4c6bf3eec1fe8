package xcheck_test

import (
	"strings"
	"testing"

	"moho/asm/xcheck"
	"moho/gotab"
	"moho/internal/testbin"
	"moho/objfile"
)

// A program is a build to compare, of the toy or of net/http.
type program struct {
	testbin.Config
	http bool
}

func (p program) String() string {
	if p.http {
		return "http-" + p.Config.String()
	}
	return "toy-" + p.Config.String()
}

func (p program) build(tb testing.TB) string {
	tb.Helper()
	if p.http {
		return testbin.Build(tb, testbin.NetHTTP(), p.Config)
	}
	return testbin.Build(tb, testbin.Toy(tb), p.Config)
}

// matrix returns the builds to compare.
func matrix() []program {
	var out []program
	add := func(http bool, release, goos, goarch string, modes ...testbin.Mode) {
		for _, m := range modes {
			out = append(out, program{testbin.Config{Go: release, GOOS: goos, GOARCH: goarch, Mode: m}, http})
		}
	}
	if !testbin.IsLong() {
		add(false, "1.26.8", "linux", "amd64", testbin.Plain, testbin.PIE, testbin.External)
		add(false, "1.26.8", "linux", "arm64", testbin.Plain)
		add(false, "1.24.13", "linux", "amd64", testbin.Plain)
		add(false, "1.27.3", "linux", "amd64", testbin.Plain)
		add(false, "1.26.8", "windows", "amd64", testbin.Plain)
		add(false, "1.26.8", "darwin", "arm64", testbin.Plain)
		add(false, "1.26.8", "js", "wasm", testbin.Plain)
		return out
	}
	for _, release := range testbin.Releases {
		for _, goarch := range []string{"amd64", "arm64"} {
			add(false, release, "linux", goarch, testbin.Modes("linux", goarch)...)
			add(true, release, "linux", goarch, testbin.Plain)
		}
		add(true, release, "linux", "amd64", testbin.External)
		add(false, release, "windows", "amd64", testbin.Plain, testbin.Stripped)
		add(false, release, "windows", "arm64", testbin.Plain)
		add(false, release, "darwin", "amd64", testbin.Plain)
		add(false, release, "darwin", "arm64", testbin.Plain, testbin.Stripped)
		add(false, release, "js", "wasm", testbin.Plain, testbin.Stripped)
		if release >= "1.21" {
			add(false, release, "wasip1", "wasm", testbin.Plain)
		}
	}
	return out
}

func open(tb testing.TB, path string) (*objfile.File, *gotab.Table) {
	tb.Helper()
	f, err := objfile.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { f.Close() })
	t, err := gotab.Open(f)
	if err != nil {
		tb.Fatal(err)
	}
	return f, t
}

func run(tb testing.TB, path string, o xcheck.Options) xcheck.Report {
	tb.Helper()
	f, t := open(tb, path)
	r, err := xcheck.Run(f, t, o)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// describe writes a report for a person.
func describe(tb testing.TB, r xcheck.Report) {
	tb.Helper()
	for _, s := range r.Sources {
		tb.Logf("%s: %d %s", s.Source, s.Count, s.Why)
	}
	for _, g := range r.Groups {
		tb.Logf("%s %s, explained %v: %d, first %s: %s", g.Source, g.Kind, g.Explained, g.Count, g.First, g.Why)
	}
	n := 0
	for _, d := range r.Differences {
		if n++; !d.Explained && n < 20 {
			tb.Logf("%s %s %#x %s: %s", d.Source, d.Kind, d.Addr, d.Name, d.Why)
		}
	}
}

// TestProgramsAgree compares what nobody has tampered with.
func TestProgramsAgree(t *testing.T) {
	for _, p := range matrix() {
		t.Run(p.String(), func(t *testing.T) {
			t.Parallel()
			r := run(t, p.build(t), xcheck.Options{})
			describe(t, r)
			want := p.sources()
			if want == 0 { // stripped: nothing is known
				if r.Agree || r.Compared != 0 || len(r.Differences) != 0 {
					t.Errorf("agree %v, %d compared, %d differences", r.Agree, r.Compared, len(r.Differences))
				}
				return
			}
			if !r.Agree || r.Compared != want {
				t.Errorf("agree %v, %d compared, want %d; %d unexplained", r.Agree, r.Compared, want, r.Failures())
			}
		})
	}
}

// sources returns how many sources there are beside the pclntab.
func (p program) sources() int {
	n := 2
	switch stripped := strings.Contains(string(p.Mode), "stripped") || strings.HasSuffix(string(p.Mode), "-sw"); {
	case p.GOARCH == "wasm" && !stripped:
		n = 1 // no DWARF
	case p.GOOS == "darwin" && stripped && p.Go < "1.22":
		n = 1 // -s left the symbol table there
	case stripped:
		n = 0
	}
	if p.GOOS == "windows" && p.GOARCH == "amd64" && (p.Go == "" || p.Go >= "1.21") {
		n++ // .pdata, which stays
	}
	return n
}

// TestPeersAgree compares large programs of others.
func TestPeersAgree(t *testing.T) {
	testbin.Long(t)
	for _, pkg := range []string{testbin.Etcd, testbin.Delve} {
		for _, c := range testbin.PeerTargets {
			t.Run(pkg+"-"+c.String(), func(t *testing.T) {
				r := run(t, testbin.Peer(t, pkg, c), xcheck.Options{})
				describe(t, r)
				if want := (program{c, false}).sources(); !r.Agree || r.Compared != want {
					t.Errorf("agree %v, %d compared, want %d; %d unexplained", r.Agree, r.Compared, want, r.Failures())
				}
				pclntab, _ := r.Count(xcheck.PCLNTab)
				symtab, _ := r.Count(xcheck.Symtab)
				dwarf, _ := r.Count(xcheck.DWARF)
				lacks := 2 // the marks of FIPS 140
				if c.GOOS != "linux" {
					lacks++ // the Build ID
				}
				if symtab != pclntab+2 || dwarf != pclntab-lacks {
					t.Errorf("%d in the pclntab, %d symbols, %d in DWARF", pclntab, symtab, dwarf)
				}
			})
		}
	}
}

// TestOddBuildsAgree compares programs that are linked in less usual ways.
func TestOddBuildsAgree(t *testing.T) {
	testbin.Long(t)
	for _, tt := range []struct {
		name     string
		compared int
		p        program
	}{
		{"static C library", 2, program{testbin.Config{Mode: testbin.External, LDFlags: "-extldflags=-static", Flags: []string{"-tags=netgo,osusergo"}}, true}},
		{"C in, Go's linker", 2, program{testbin.Config{CGO: true}, true}},
		{"race detector", 2, program{testbin.Config{CGO: true, Flags: []string{"-race"}}, false}},
		{"shared library", 2, program{testbin.Config{CGO: true, Flags: []string{"-buildmode=c-shared"}}, false}},
		{"plugin", 2, program{testbin.Config{CGO: true, Flags: []string{"-buildmode=plugin"}}, false}},
		{"not optimised", 2, program{testbin.Config{Flags: []string{"-gcflags=all=-N -l"}}, false}},
		{"no DWARF", 1, program{testbin.Config{LDFlags: "-w"}, false}},
		{"DWARF 4", 2, program{testbin.Config{Env: []string{"GOEXPERIMENT=nodwarf5"}}, false}},
		{"FIPS 140", 2, program{testbin.Config{Env: []string{"GOFIPS140=latest"}}, true}},
		{"coverage", 2, program{testbin.Config{Flags: []string{"-cover"}}, true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.p.GOOS, tt.p.GOARCH = "linux", "amd64"
			r := run(t, tt.p.build(t), xcheck.Options{})
			describe(t, r)
			if !r.Agree || r.Compared != tt.compared {
				t.Errorf("agree %v, %d compared, %d unexplained", r.Agree, r.Compared, r.Failures())
			}
		})
	}
}
