package inspect

import (
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/evidence"
	"moho/internal/testbin"
	"moho/objfile"
)

var hello = testbin.Main("package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println(\"hello\") }\n")

// users pulls C in, through os/user, where cgo is on.
var users = testbin.Main("package main\n\nimport \"os/user\"\n\nfunc main() { user.Current() }\n")

func open(t testing.TB, path string) *objfile.File {
	t.Helper()
	f, err := objfile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

var darwinLibs = []string{"/usr/lib/libSystem.B.dylib", "/usr/lib/libresolv.9.dylib"}

const interp = "/lib64/ld-linux-x86-64.so.2"

func TestBinary(t *testing.T) {
	tests := []struct {
		name string
		src  testbin.Source
		c    testbin.Config
		want evidence.BinaryInfo // Go and MainPackage are the same for all
	}{
		{"static", hello, testbin.Config{GOOS: "linux", GOARCH: "amd64"}, evidence.BinaryInfo{Format: "elf", Arch: "amd64", BuildMode: "exe", Link: "static", CGO: "0"}},
		{"stripped", hello, testbin.Config{GOOS: "linux", GOARCH: "amd64", Mode: testbin.Stripped}, evidence.BinaryInfo{Format: "elf", Arch: "amd64", BuildMode: "exe", Link: "static", CGO: "0"}},
		// facts: asking for a PIE without cgo gives an interpreter and no library.
		{"pie without cgo", hello, testbin.Config{GOOS: "linux", GOARCH: "amd64", Mode: testbin.PIE}, evidence.BinaryInfo{Format: "elf", Arch: "amd64", BuildMode: "pie", Link: "dynamic", Interpreter: interp, CGO: "0"}},
		{"cgo", users, testbin.Config{GOOS: "linux", GOARCH: "amd64", CGO: true}, evidence.BinaryInfo{Format: "elf", Arch: "amd64", BuildMode: "exe", Link: "dynamic", Interpreter: interp, Needed: []string{"libc.so.6"}, CGO: "1"}},
		{"external pie", users, testbin.Config{GOOS: "linux", GOARCH: "amd64", Mode: testbin.ExternalPIE}, evidence.BinaryInfo{Format: "elf", Arch: "amd64", OS: "linux", BuildMode: "pie", Link: "dynamic", Interpreter: interp, Needed: []string{"libc.so.6"}, CGO: "1"}},
		{"static by the C linker", users, testbin.Config{GOOS: "linux", GOARCH: "amd64", Mode: testbin.External, LDFlags: "-extldflags=-static"}, evidence.BinaryInfo{Format: "elf", Arch: "amd64", OS: "linux", BuildMode: "exe", Link: "static", CGO: "1"}},
		{"pie and -static is no pie", users, testbin.Config{GOOS: "linux", GOARCH: "amd64", Mode: testbin.ExternalPIE, LDFlags: "-extldflags=-static"}, evidence.BinaryInfo{Format: "elf", Arch: "amd64", OS: "linux", BuildMode: "exe", Link: "static", CGO: "1"}},
		{"static pie", users, testbin.Config{GOOS: "linux", GOARCH: "amd64", Mode: testbin.ExternalPIE, LDFlags: "-extldflags=-static-pie"}, evidence.BinaryInfo{Format: "elf", Arch: "amd64", OS: "linux", BuildMode: "pie", Link: "static", CGO: "1"}},
		{"arm64", hello, testbin.Config{GOOS: "linux", GOARCH: "arm64"}, evidence.BinaryInfo{Format: "elf", Arch: "arm64", BuildMode: "exe", Link: "static", CGO: "0"}},
		// Build info says exe for these three; the header says what the linker did.
		{"windows", hello, testbin.Config{GOOS: "windows", GOARCH: "amd64"}, evidence.BinaryInfo{Format: "pe", Arch: "amd64", OS: "windows", BuildMode: "pie", Link: "dynamic", Needed: []string{"kernel32.dll"}, CGO: "0"}},
		{"windows, fixed", hello, testbin.Config{GOOS: "windows", GOARCH: "amd64", Flags: []string{"-buildmode=exe"}}, evidence.BinaryInfo{Format: "pe", Arch: "amd64", OS: "windows", BuildMode: "exe", Link: "dynamic", Needed: []string{"kernel32.dll"}, CGO: "0"}},
		{"windows 386", hello, testbin.Config{GOOS: "windows", GOARCH: "386"}, evidence.BinaryInfo{Format: "pe", Arch: "386", OS: "windows", BuildMode: "pie", CGO: "0"}},
		{"darwin", hello, testbin.Config{GOOS: "darwin", GOARCH: "arm64"}, evidence.BinaryInfo{Format: "macho", Arch: "arm64", OS: "darwin", BuildMode: "pie", Link: "dynamic", Interpreter: "/usr/lib/dyld", Needed: darwinLibs, CGO: "0"}},
		{"darwin, fixed", hello, testbin.Config{GOOS: "darwin", GOARCH: "amd64", Flags: []string{"-buildmode=exe"}}, evidence.BinaryInfo{Format: "macho", Arch: "amd64", OS: "darwin", BuildMode: "exe", Link: "dynamic", Interpreter: "/usr/lib/dyld", Needed: darwinLibs, CGO: "0"}},
		{"wasm", hello, testbin.Config{GOOS: "wasip1", GOARCH: "wasm"}, evidence.BinaryInfo{Format: "wasm", Arch: "wasm", OS: "wasip1", BuildMode: "exe", CGO: "0"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.c.GOOS != "linux" || tt.c.GOARCH != "amd64" {
				testbin.Long(t) // compiles the standard library for another target
			}
			got, gaps := Binary(open(t, testbin.Build(t, tt.src, tt.c)))
			if wasm := got.Format == "wasm"; !wasm && (!strings.HasPrefix(got.Go, "go1.") || got.MainPackage != "testprog") {
				t.Errorf("built by %q, main package %q", got.Go, got.MainPackage)
			}
			got.Go, got.MainPackage = "", ""
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if read := tt.want.Link != "" || tt.want.Format == "wasm"; read == (len(gaps) > 0) {
				t.Errorf("gaps: %v", gaps)
			}
		})
	}
}

// TestReadelfAgrees: an independent tool sees the same interpreter and type.
func TestReadelfAgrees(t *testing.T) {
	testbin.NeedTool(t, "readelf")
	for _, m := range []testbin.Mode{testbin.Plain, testbin.PIE, testbin.External} {
		path := testbin.Build(t, users, testbin.Config{GOOS: "linux", GOARCH: "amd64", Mode: m})
		info, _ := Binary(open(t, path))
		out := testbin.Run(t, "readelf", "-hld", path)
		if has := strings.Contains(out, "Requesting program interpreter: "+interp); has != (info.Interpreter == interp) {
			t.Errorf("%s: readelf sees an interpreter: %v; have %q", m, has, info.Interpreter)
		}
		for _, n := range info.Needed {
			if !strings.Contains(out, "Shared library: ["+n+"]") {
				t.Errorf("%s: readelf does not see %s", m, n)
			}
		}
		if got := strings.Count(out, "(NEEDED)"); got != len(info.Needed) {
			t.Errorf("%s: readelf sees %d libraries, have %v", m, got, info.Needed)
		}
	}
}

func TestBinaryWithoutBuildInfo(t *testing.T) {
	data, err := os.ReadFile(testbin.Build(t, hello, testbin.Config{GOOS: "linux", GOARCH: "amd64", Mode: testbin.Stripped}))
	if err != nil {
		t.Fatal(err)
	}
	data = []byte(strings.ReplaceAll(string(data), "\xff Go buildinf:", "\xff No buildinf:"))
	f, err := objfile.NewBytes("forged", data)
	if err != nil {
		t.Fatal(err)
	}
	info, gaps := Binary(f)
	if info.Go != "" || info.MainPackage != "" || len(gaps) != 1 || gaps[0].What != "Go build info" {
		t.Errorf("Binary = %+v, %v", info, gaps)
	}
	if info.BuildMode != "exe" || info.Link != "static" {
		t.Errorf("the header still says what it is: %+v", info)
	}
}

func TestPaths(t *testing.T) {
	// Without -trimpath the source directory is in the binary: in the function
	// table as it is, in DWARF compressed.
	trimmed := open(t, testbin.Build(t, hello, testbin.Config{GOOS: "linux", GOARCH: "amd64"}))
	leaky := open(t, testbin.Build(t, hello, testbin.Config{GOOS: "linux", GOARCH: "amd64", Flags: []string{"-trimpath=false"}}))
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{filepath.Join(cache, "moho-testbin"), "/nowhere/at/all", "x"}
	if got, err := Paths(trimmed, want); err != nil || len(got) != 0 {
		t.Errorf("trimmed: %v, %v", got, err)
	}
	got, err := Paths(leaky, want)
	if err != nil || len(got) != 1 || got[0].Path != want[0] || !strings.HasPrefix(got[0].Text, want[0]) || got[0].Off <= 0 {
		t.Errorf("leaky: %+v, %v", got, err)
	}
}

// TestPathsCompressed: a name that only compressed DWARF holds is found where
// its section lies.
func TestPathsCompressed(t *testing.T) {
	src := testbin.Main("package main\n\nfunc main() { aMostPeculiarLocal := 1; for aMostPeculiarLocal < 9 { aMostPeculiarLocal += len(name()) }; println(aMostPeculiarLocal) }\n\n//go:noinline\nfunc name() string { return \"x\" }\n")
	f := open(t, testbin.Build(t, src, testbin.Config{GOOS: "linux", GOARCH: "amd64"}))
	got, err := Paths(f, []string{"aMostPeculiarLocal"})
	if err != nil || len(got) != 1 {
		t.Fatalf("Paths = %v, %v", got, err)
	}
	for _, s := range f.Sections() {
		if s.Off == got[0].Off && s.FileSize > 0 {
			if !strings.HasPrefix(s.Name, ".debug_") {
				t.Errorf("found in section %s", s.Name)
			}
			return
		}
	}
	t.Errorf("found at %#x, where no section begins", int64(got[0].Off))
}

func TestPathsAcrossWindows(t *testing.T) {
	data, err := os.ReadFile(testbin.Build(t, hello, testbin.Config{GOOS: "linux", GOARCH: "amd64"}))
	if err != nil {
		t.Fatal(err)
	}
	const secret = "/home/somebody/secret"
	for _, off := range []int{1<<20 - 5, 1<<20 - 8<<10 - 5, 1 << 20, len(data)} {
		d := append(slices.Clone(data), secret...) // after the end as well
		copy(d[len(data):], strings.Repeat("x", len(secret)))
		copy(d[off:], secret)
		f, err := objfile.NewBytes("patched", d)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Paths(f, []string{secret}); err != nil || len(got) != 1 || int(got[0].Off) != off {
			t.Errorf("at %d: %+v, %v", off, got, err)
		}
	}
}

func TestDependencies(t *testing.T) {
	bi := &debug.BuildInfo{Deps: []*debug.Module{
		{Path: "z.org/z", Version: "v1.0.0", Sum: "h1:z"},
		{Path: "a.org/a", Version: "v1.2.0", Replace: &debug.Module{Path: "/home/me/work/a"}},
		{Path: "b.org/b", Version: "v1.2.0", Sum: "h1:old", Replace: &debug.Module{Path: "fork.org/b", Version: "v1.3.0", Sum: "h1:new"}},
		nil,
	}}
	want := []evidence.Dependency{
		{Module: "a.org/a", Version: "v1.2.0", Replaced: "a"},
		{Module: "b.org/b", Version: "v1.2.0", Sum: "h1:new", Replaced: "fork.org/b@v1.3.0"},
		{Module: "z.org/z", Version: "v1.0.0", Sum: "h1:z"},
	}
	got := Dependencies(bi)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, Merge(got[1:], got, got[:2])); diff != "" {
		t.Errorf("merged (-want +got):\n%s", diff)
	}
}
