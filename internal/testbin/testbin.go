// Package testbin compiles the programs that tests read: fixtures are source,
// never binaries. One program is built for many targets, Go releases and link
// modes, and kept in a cache by the hash of all that went into it.
//
// # Untrusted input
//
// None: it runs compilers on moho's own test programs.
//
// # Compatibility
//
// Internal to moho's tests.
package testbin

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A Source is a main package: file names and their contents. A go.mod is added
// where there is none, with the language version of the toolchain.
type Source map[string]string

// Main returns the Source of a program that is one file.
func Main(text string) Source { return Source{"main.go": text} }

// Dir returns the files of a directory, which is usually testdata/src/NAME.
func Dir(tb testing.TB, dir string) Source {
	tb.Helper()
	src := Source{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		tb.Fatal(err)
	}
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			tb.Fatal(err)
		}
		src[e.Name()] = string(b)
	}
	return src
}

// Mode is how a program is linked.
type Mode string

const (
	Plain       Mode = "plain"        // Go's own linker, with symbols and DWARF
	Stripped    Mode = "stripped"     // -s -w
	PIE         Mode = "pie"          // position independent, Go's own linker where it can
	PIEStripped Mode = "pie-stripped" // the same with -s -w
	External    Mode = "external"     // linked by the C compiler
	ExternalPIE Mode = "external-pie" // both
	ExternalSW  Mode = "external-sw"  // linked by the C compiler, -s -w
)

// Modes returns all link modes that can be had for a target on this machine:
// external linking needs a C compiler for the target, hence the host's.
func Modes(goos, goarch string) []Mode {
	modes := []Mode{Plain, Stripped, PIE, PIEStripped}
	if goos == runtime.GOOS && goarch == runtime.GOARCH {
		modes = append(modes, External, ExternalPIE, ExternalSW)
	}
	return modes
}

// A Config says how to build a program. The zero value means the toolchain that
// runs the test, its target, mode Plain and no cgo.
type Config struct {
	Go      string // release such as "1.24.13"
	GOOS    string
	GOARCH  string
	Mode    Mode
	CGO     bool     // implied by the external modes
	Flags   []string // more flags of go build; one -ldflags or -gcflags would replace ours: see LDFlags
	LDFlags string   // more flags for the linker
	Env     []string // more environment, such as GOAMD64=v3
}

// String names the build in a way that fits a subtest.
func (c Config) String() string {
	c = c.filled()
	v := c.Go
	if v == "" {
		v = "local"
	}
	return fmt.Sprintf("go%s-%s-%s-%s", v, c.GOOS, c.GOARCH, c.Mode)
}

func (c Config) filled() Config {
	if c.GOOS == "" {
		c.GOOS = runtime.GOOS
	}
	if c.GOARCH == "" {
		c.GOARCH = runtime.GOARCH
	}
	if c.Mode == "" {
		c.Mode = Plain
	}
	return c
}

// args returns the arguments of go build without output and package.
func (c Config) args() []string {
	ld := ""
	args := []string{"build", "-trimpath", "-mod=mod"}
	if !slices.Contains(Old, c.Go) { // they know nothing of it
		args = append(args, "-buildvcs=false")
	}
	switch c.Mode {
	case Stripped, PIEStripped, ExternalSW:
		ld = "-s -w "
	}
	switch c.Mode {
	case PIE, PIEStripped, ExternalPIE:
		args = append(args, "-buildmode=pie")
	}
	switch c.Mode {
	case External, ExternalPIE, ExternalSW:
		ld += "-linkmode=external "
	}
	if ld += c.LDFlags; ld != "" {
		args = append(args, "-ldflags="+strings.TrimSpace(ld))
	}
	return append(args, c.Flags...)
}

// env returns a clean environment: what finds the tools and the caches, and
// what the build says. Nothing of the user's configuration of Go gets in.
func (c Config) env() []string {
	var env []string
	for _, k := range []string{"PATH", "HOME", "TMPDIR", "GOCACHE", "GOPATH", "GOMODCACHE", "GOPROXY", "GOSUMDB", "XDG_CACHE_HOME", "LocalAppData", "SystemRoot", "USERPROFILE"} {
		if v, ok := os.LookupEnv(k); ok {
			env = append(env, k+"="+v)
		}
	}
	cgo := "0"
	if c.CGO || c.Mode == External || c.Mode == ExternalPIE || c.Mode == ExternalSW {
		cgo = "1"
	}
	toolchain := "local"
	if c.Go != "" {
		toolchain = "go" + c.Go
	}
	env = append(env, "GOENV=off", "GOFLAGS=", "GOWORK=off", "GO111MODULE=on", "GOTOOLCHAIN="+toolchain,
		"GOOS="+c.GOOS, "GOARCH="+c.GOARCH, "CGO_ENABLED="+cgo)
	if strings.HasPrefix(c.Go, "1.19.") {
		// Its package index cannot find a GOROOT that lies in the module cache,
		// which is where GOTOOLCHAIN puts it: import "": unknown directory.
		env = append(env, "GODEBUG=goindex=0")
	}
	return append(env, c.Env...)
}

// Build returns the path of the program, compiled now or by an earlier test.
// The file is shared: copy it before changing it. A build that does not succeed
// fails the test with the compiler's output.
func Build(tb testing.TB, src Source, c Config) string {
	tb.Helper()
	c = c.filled()
	version := Toolchain(tb, c.Go)
	if c.CGO || strings.HasPrefix(string(c.Mode), "external") {
		NeedTool(tb, "gcc")
	}
	files := maps.Clone(src)
	if _, ok := files["go.mod"]; !ok {
		files["go.mod"] = "module testprog\n\ngo " + language(version) + "\n"
	}
	h := sha256.New()
	fmt.Fprintf(h, "testbin 2\n%s\n%q\n%q\n", version, c.args(), append([]string{c.GOOS, c.GOARCH, string(c.Mode), fmt.Sprint(c.CGO)}, c.Env...))
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(h, "%q %q\n", name, files[name])
	}
	dir := cacheDir(tb)
	out := filepath.Join(dir, hex.EncodeToString(h.Sum(nil))[:32])
	if _, err := os.Stat(out); err == nil {
		return out
	}
	build(tb, files, c, out)
	return out
}

// Listing returns what the compiler says about the program when it is built
// with -gcflags=FLAGS: with -S its assembly listing.
func Listing(tb testing.TB, src Source, c Config, flags string) string {
	tb.Helper()
	c = c.filled()
	files := maps.Clone(src)
	if _, ok := files["go.mod"]; !ok {
		files["go.mod"] = "module testprog\n\ngo " + language(Toolchain(tb, c.Go)) + "\n"
	}
	c.Flags = append(slices.Clone(c.Flags), "-gcflags="+flags)
	return string(compile(tb, files, c, filepath.Join(tb.TempDir(), "testprog.out")))
}

// build compiles into a temporary name beside out and renames, so that two
// test processes may race for one program.
func build(tb testing.TB, files Source, c Config, out string) {
	tb.Helper()
	tmp, err := os.MkdirTemp(filepath.Dir(out), "build-")
	if err != nil {
		tb.Fatal(err)
	}
	defer os.RemoveAll(tmp)
	prog := filepath.Join(tmp, "testprog.out")
	compile(tb, files, c, prog)
	if err := os.Rename(prog, out); err != nil {
		tb.Fatal(err)
	}
}

// compile runs go build in a directory of its own and returns what it prints.
func compile(tb testing.TB, files Source, c Config, out string) []byte {
	tb.Helper()
	b, err := tryCompile(tb, files, c, out)
	if err != nil {
		tb.Fatalf("build %v: %v\n%s", c, err, b)
	}
	return b
}

func tryCompile(tb testing.TB, files Source, c Config, out string) ([]byte, error) {
	tb.Helper()
	work, err := os.MkdirTemp(filepath.Dir(out), "src-")
	if err != nil {
		tb.Fatal(err)
	}
	defer os.RemoveAll(work)
	for name, text := range files {
		p := filepath.Join(work, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o666); err != nil {
			tb.Fatal(err)
		}
	}
	cmd := exec.Command("go", append(c.args(), "-o", out, ".")...)
	cmd.Dir, cmd.Env = work, append(c.env(), "PWD="+work)
	return cmd.CombinedOutput()
}

var versions sync.Map // release → func() (string, error)

// Toolchain returns what go version says for that release, "" for the local
// one. A toolchain that can't be had skips the test, or fails it under
// MOHO_CI=1.
func Toolchain(tb testing.TB, release string) string {
	tb.Helper()
	get, _ := versions.LoadOrStore(release, sync.OnceValues(func() (string, error) {
		cmd := exec.Command("go", "version")
		cmd.Env = Config{Go: release}.filled().env()
		b, err := cmd.CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("go%s: %v: %s", release, err, b)
		}
		return strings.TrimSpace(string(b)), nil
	}))
	v, err := get.(func() (string, error))()
	if err != nil {
		Missing(tb, err.Error())
	}
	return v
}

// language returns the language version for go.mod from what go version says.
func language(version string) string {
	f := strings.Fields(version)
	if len(f) < 3 {
		return "1.18"
	}
	parts := strings.SplitN(strings.TrimPrefix(f[2], "go"), ".", 3)
	if len(parts) < 2 {
		return "1.18"
	}
	return parts[0] + "." + parts[1]
}
