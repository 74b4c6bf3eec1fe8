// Package target knows what Go can be built for: operating systems,
// architectures, and the instruction-set level of each.
//
// The go command checks most of this itself, but not all: since Go 1.23 (and
// still in 1.27.3) an invalid GOAMD64 or GOARM is accepted without a word and
// recorded in the binary as if it meant something, because parsing GOARM64
// afterwards clears the error. So levels are checked here, before a build.
//
// # Untrusted input
//
// Names and levels come from policies, flags and the environment; they are
// compared with tables and never used as paths before that.
//
// # Compatibility
//
// The tables are those of Go 1.26 and 1.27. A port or level that a later Go adds is
// refused until it is entered here.
//
// Source: $GOROOT/src/internal/platform/zosarch.go,
// $GOROOT/src/internal/buildcfg/cfg.go, go1.26.
package target

import (
	"fmt"
	"slices"
	"strings"
)

// A Target is one operating system and architecture.
type Target struct {
	GOOS   string
	GOARCH string
}

// String returns GOOS/GOARCH.
func (t Target) String() string { return t.GOOS + "/" + t.GOARCH }

// Parse reads GOOS/GOARCH and returns an error if Go has no such port.
func Parse(s string) (Target, error) {
	goos, goarch, ok := strings.Cut(s, "/")
	if !ok {
		return Target{}, fmt.Errorf("target %q: want GOOS/GOARCH, such as linux/amd64", s)
	}
	t := Target{goos, goarch}
	return t, t.Check()
}

// Check returns an error that says what is wrong if Go has no such port.
func (t Target) Check() error {
	archs, ok := ports[t.GOOS]
	if !ok {
		return fmt.Errorf("unknown operating system %q%s", t.GOOS, Suggest(t.GOOS, Systems()))
	}
	if slices.Contains(archs, t.GOARCH) {
		return nil
	}
	if !slices.Contains(Archs(), t.GOARCH) {
		return fmt.Errorf("unknown architecture %q%s", t.GOARCH, Suggest(t.GOARCH, Archs()))
	}
	return fmt.Errorf("no port of Go to %s; for %s there are %s", t, t.GOOS, strings.Join(archs, ", "))
}

// Format returns the name of the executable format, as evidence.BinaryInfo
// spells it.
func (t Target) Format() string {
	switch t.GOOS {
	case "darwin", "ios":
		return "macho"
	case "windows":
		return "pe"
	case "js", "wasip1":
		return "wasm"
	case "plan9":
		return "plan9"
	case "aix":
		return "xcoff"
	}
	return "elf"
}

// BuildMode returns what an artifact shows when nobody gave -buildmode.
//
// Source: $GOROOT/src/internal/platform/supported.go, DefaultPIE, go1.26.
func (t Target) BuildMode() string {
	switch t.GOOS {
	case "android", "ios", "darwin", "windows":
		return "pie"
	}
	return "exe"
}

// OnlyPIE reports whether the linker makes position independent executables
// whatever -buildmode asks for.
//
// Source: measured with go1.26 by the flags of the headers;
// $GOROOT/src/cmd/link/internal/ld/config.go (BuildMode.Set), go1.26.
func (t Target) OnlyPIE() bool {
	return (t.GOOS == "darwin" || t.GOOS == "ios" || t.GOOS == "windows") && t.GOARCH == "arm64"
}

// Exe returns the file name of the command called name.
func (t Target) Exe(name string) string {
	switch {
	case t.GOOS == "windows":
		return name + ".exe"
	case t.GOARCH == "wasm":
		return name + ".wasm"
	}
	return name
}

// ports is the output of go tool dist list.
var ports = map[string][]string{
	"aix":       {"ppc64"},
	"android":   {"386", "amd64", "arm", "arm64"},
	"darwin":    {"amd64", "arm64"},
	"dragonfly": {"amd64"},
	"freebsd":   {"386", "amd64", "arm", "arm64"},
	"illumos":   {"amd64"},
	"ios":       {"amd64", "arm64"},
	"js":        {"wasm"},
	"linux":     {"386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc64", "ppc64le", "riscv64", "s390x"},
	"netbsd":    {"386", "amd64", "arm", "arm64"},
	"openbsd":   {"386", "amd64", "arm", "arm64", "ppc64", "riscv64"},
	"plan9":     {"386", "amd64", "arm"},
	"solaris":   {"amd64"},
	"wasip1":    {"wasm"},
	"windows":   {"386", "amd64", "arm64"},
}

// Systems returns every GOOS, sorted.
func Systems() []string {
	var out []string
	for s := range ports {
		out = append(out, s)
	}
	slices.Sort(out)
	return out
}

// Archs returns every GOARCH, sorted.
func Archs() []string {
	var out []string
	for _, as := range ports {
		out = append(out, as...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// All returns every target, sorted.
func All() []Target {
	var out []Target
	for _, s := range Systems() {
		for _, a := range ports[s] {
			out = append(out, Target{s, a})
		}
	}
	return out
}
