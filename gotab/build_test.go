package gotab_test

import (
	"slices"
	"testing"

	"moho/gotab"
	"moho/internal/testbin"
	"moho/objfile"
)

// toy builds the test program.
func toy(tb testing.TB, c testbin.Config) string {
	tb.Helper()
	return testbin.Build(tb, testbin.Dir(tb, "testdata/src/toy"), c)
}

// open opens the tables of the program at path; all is closed with the test.
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

// matrix returns the builds to test: all of them in the long part; otherwise all
// of the releases whose cores are read (1.24 and newer), and of the ones before
// what needs few builds of the standard library.
func matrix() []testbin.Config {
	var out []testbin.Config
	for _, release := range testbin.Old {
		for _, mode := range []testbin.Mode{testbin.Plain, testbin.Stripped, testbin.PIE, testbin.PIEStripped} {
			if testbin.IsLong() || mode == testbin.Plain || mode == testbin.Stripped {
				out = append(out, testbin.Config{Go: release, GOOS: "linux", GOARCH: "amd64", Mode: mode})
			}
			if testbin.IsLong() {
				out = append(out, testbin.Config{Go: release, GOOS: "linux", GOARCH: "arm64", Mode: mode})
			}
		}
	}
	for i, release := range testbin.Releases {
		for _, goarch := range []string{"amd64", "arm64"} {
			for _, mode := range testbin.Modes("linux", goarch) {
				recent, fresh := i >= 3, i >= 6
				simple := mode == testbin.Plain || mode == testbin.Stripped || goarch == "amd64" && mode == testbin.PIEStripped
				if testbin.IsLong() || fresh || recent && simple {
					out = append(out, testbin.Config{Go: release, GOOS: "linux", GOARCH: goarch, Mode: mode})
				}
			}
		}
	}
	return out
}

// every runs test for each build in the matrix whose mode is among modes.
func every(t *testing.T, test func(t *testing.T, c testbin.Config), modes ...testbin.Mode) {
	for _, c := range matrix() {
		if len(modes) == 0 || slices.Contains(modes, c.Mode) {
			t.Run(c.String(), func(t *testing.T) { test(t, c) })
		}
	}
}

func TestOpen(t *testing.T) {
	every(t, func(t *testing.T, c testbin.Config) {
		f, tab := open(t, toy(t, c))
		mod, ok := tab.Module()
		if !ok || mod.Layout == "" || mod.GoFunc == 0 && tab.Version() > gotab.V116 || mod.Text != tab.TextBase() || tab.TextBaseFrom() != "moduledata" {
			t.Fatalf("module %+v, text base from %s", mod, tab.TextBaseFrom())
		}
		bi, err := f.BuildInfo()
		if tab.Version() == gotab.V116 {
			if mod.Layout != "1.16" {
				t.Errorf("layout %s", mod.Layout)
			}
		} else if err != nil || bi.GoVersion != "go"+c.Go {
			t.Fatalf("build info: %v, %v; want go%s", bi, err, c.Go)
		}
		if len(tab.FuncNamed("main.deferred")) != 1 {
			t.Errorf("main.deferred is there %d times", len(tab.FuncNamed("main.deferred")))
		}
	})
}
