package target

import (
	"fmt"
	"slices"
	"strings"
)

// A level variable: which values it may have and which one is Go's default.
type level struct {
	name string
	def  string
	base []string   // the value, up to the first comma
	opts [][]string // options after it, one of each group at most
	want string
}

var levels = map[string]level{
	"386":      {name: "GO386", def: "sse2", base: []string{"sse2", "softfloat"}},
	"amd64":    {name: "GOAMD64", def: "v1", base: []string{"v1", "v2", "v3", "v4"}},
	"arm":      {name: "GOARM", def: "7", base: []string{"5", "6", "7"}, opts: [][]string{{"softfloat", "hardfloat"}}, want: "5, 6 or 7, then maybe ,softfloat or ,hardfloat"},
	"arm64":    {name: "GOARM64", def: "v8.0", base: arm64Levels(), opts: [][]string{{"lse"}, {"crypto"}}, want: "v8.0 to v8.9 or v9.0 to v9.5, then maybe ,lse and ,crypto"},
	"mips":     {name: "GOMIPS", def: "hardfloat", base: []string{"hardfloat", "softfloat"}},
	"mipsle":   {name: "GOMIPS", def: "hardfloat", base: []string{"hardfloat", "softfloat"}},
	"mips64":   {name: "GOMIPS64", def: "hardfloat", base: []string{"hardfloat", "softfloat"}},
	"mips64le": {name: "GOMIPS64", def: "hardfloat", base: []string{"hardfloat", "softfloat"}},
	"ppc64":    {name: "GOPPC64", def: "power8", base: []string{"power8", "power9", "power10"}},
	"ppc64le":  {name: "GOPPC64", def: "power8", base: []string{"power8", "power9", "power10"}},
	"riscv64":  {name: "GORISCV64", def: "rva20u64", base: []string{"rva20u64", "rva22u64", "rva23u64"}},
	// Both features became part of the base in Go 1.24; the names are still taken.
	"wasm": {name: "GOWASM", def: "", base: []string{""}, opts: [][]string{{"satconv"}, {"signext"}}, want: "satconv, signext, both separated by a comma, or nothing"},
}

func arm64Levels() []string {
	var out []string
	for i := range 10 {
		out = append(out, fmt.Sprintf("v8.%d", i))
	}
	for i := range 6 {
		out = append(out, fmt.Sprintf("v9.%d", i))
	}
	return out
}

// LevelVar returns the name of the variable that selects the instruction-set
// level of an architecture, "" if it has none.
func LevelVar(goarch string) string { return levels[goarch].name }

// DefaultLevel returns the level for which Go's distributions build. It is ""
// where there is none and for wasm.
func DefaultLevel(goarch string) string { return levels[goarch].def }

// LevelVars returns the names of all level variables, sorted.
func LevelVars() []string {
	var out []string
	for _, l := range levels {
		out = append(out, l.name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// CheckLevel returns an error unless value is a level of the architecture.
// Go's own check does nothing for some of them since Go 1.23.
func CheckLevel(goarch, value string) error {
	l, ok := levels[goarch]
	if !ok {
		if value == "" {
			return nil
		}
		return fmt.Errorf("%s has no instruction-set levels", goarch)
	}
	if l.ok(value) {
		return nil
	}
	want := l.want
	if want == "" {
		want = strings.Join(l.base, ", ")
	}
	return fmt.Errorf("%s=%s is not a level: want %s", l.name, value, want)
}

func (l level) ok(value string) bool {
	base, opts, _ := strings.Cut(value, ",")
	if slices.Contains(l.base, "") {
		base, opts = "", value // nothing but options
	}
	if !slices.Contains(l.base, base) || strings.HasSuffix(value, ",") {
		return false
	}
	used := make([]bool, len(l.opts))
	for o := range strings.SplitSeq(opts, ",") {
		if opts == "" {
			break
		}
		i := slices.IndexFunc(l.opts, func(g []string) bool { return slices.Contains(g, o) })
		if i < 0 || used[i] {
			return false
		}
		used[i] = true
	}
	return true
}
