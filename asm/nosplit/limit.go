package nosplit

import (
	"fmt"
	"strconv"
	"strings"

	"moho/arch"
	"moho/asm"
)

// A Limit is how many bytes the frames of a chain of calls without check may
// have together.
type Limit struct {
	Bytes int
	From  string // how it was found
}

// base is what a function that checks its stack guarantees below its frame.
//
// Source: $GOROOT/src/internal/abi/stack.go (StackNosplitBase), go1.27; the
// same number is StackLimit of cmd/internal/objabi before Go 1.21.
const base = 800

// limitOf returns the limit that the linker had: the base, twice where system
// calls or the race detector need more, less the return address of the call
// that a chain begins with, and on arm64 less the frame pointer that a callee
// saves below SP.
//
// Source: $GOROOT/src/cmd/internal/objabi/stack.go (StackNosplit) and
// $GOROOT/src/cmd/link/internal/ld/stackcheck.go (doStackCheck), go1.18 to
// go1.27.
func limitOf(p *asm.Program) Limit {
	release, minor, race, known := "an unknown release", 99, false, false
	goos := p.File.OS()
	if bi, err := p.File.BuildInfo(); err == nil {
		if m, ok := minorOf(bi.GoVersion); ok {
			release, minor, known = bi.GoVersion, m, true
		}
		for _, s := range bi.Settings {
			race = race || s.Key == "-race" && s.Value == "true"
			if s.Key == "GOOS" {
				goos = s.Value
			}
		}
	}
	if !known {
		race = len(p.Table.FuncNamed("runtime.racefuncenter")) > 0
	}
	times, why := 1, ""
	if goos == "aix" || goos == "openbsd" && minor >= 24 {
		times, why = times+1, why+" for "+goos
	}
	if race && minor >= 20 {
		times, why = times+1, why+" for -race"
	}
	from := strconv.Itoa(base)
	if times > 1 {
		from = fmt.Sprintf("%d*%d%s", times, base, why)
	}
	what := "the return address"
	if p.Arch() == arch.ARM64 {
		what = "the saved frame pointer"
	}
	target := p.Arch().Name
	if goos != "" { // ELF does not say, nor does build info before Go 1.18
		target = goos + "/" + target
	}
	return Limit{
		Bytes: times*base - 8,
		From:  fmt.Sprintf("%s, %s: %s, less 8 of %s", release, target, from, what),
	}
}

// minorOf returns N of go1.N….
func minorOf(version string) (int, bool) {
	rest, ok := strings.CutPrefix(version, "go1.")
	if !ok {
		return 0, false
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(rest)
	}
	n, err := strconv.Atoi(rest[:end])
	return n, err == nil
}
