package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"moho/evidence"
	"moho/policy/target"
)

const (
	// APIVersion is the only value of apiVersion that is understood.
	APIVersion = "moho/v1"
	// FileName is what a policy is called, beside go.mod.
	FileName = "moho.yaml"
	// BuiltIn is the name and origin of the policy that holds without a file.
	BuiltIn = "built-in"
)

// A Policy is one moho.yaml.
type Policy struct {
	APIVersion string     `yaml:"apiVersion" need:"yes"`
	Name       string     `yaml:"name" need:"yes"`
	Expires    Date       `yaml:"expires"` // last day on which it holds, UTC
	Toolchain  Toolchain  `yaml:"toolchain"`
	CGO        bool       `yaml:"cgo"`
	Flags      Flags      `yaml:"flags"`
	Targets    []Platform `yaml:"targets" need:"yes"`
	Vet        Vet        `yaml:"vet"`
	Binary     Binary     `yaml:"binary"`

	text    []byte
	origin  string // the file
	builtIn bool
}

// Toolchain pins what builds.
type Toolchain struct {
	Go string `yaml:"go"` // exact, go1.26.8; "" leaves it to go.mod
}

// Flags are what the go command is given besides the flags moho always gives.
type Flags struct {
	Tags    []string `yaml:"tags"`
	Strip   bool     `yaml:"strip"`   // leave out DWARF and the symbol table
	LDFlags []string `yaml:"ldflags"` // each one flag: -X name=value, -linkmode=…, -extldflags=…
}

// A Platform is one operating system, the architectures to build for, and what
// the artifacts must look like.
type Platform struct {
	GOOS         string            `yaml:"goos" need:"yes"`
	GOARCH       []string          `yaml:"goarch" need:"yes"`
	CPU          map[string]string `yaml:"cpu"` // GOARCH to level: amd64: v3
	Link         string            `yaml:"link" enum:"static,dynamic,any"`
	BuildMode    string            `yaml:"buildmode" enum:"exe,pie"`
	Interpreters []string          `yaml:"interpreters"` // allowed PT_INTERP; empty allows any
	Needed       []string          `yaml:"needed"`       // allowed DT_NEEDED; empty allows any
}

// Vet says which findings refuse an artifact.
type Vet struct {
	Refuse []string `yaml:"refuse" enum:"critical,high,medium,low"`
}

// Binary bounds the artifact itself.
type Binary struct {
	ForbidPaths bool `yaml:"forbidPaths"` // no path of the building machine inside
	MaxSize     Size `yaml:"maxSize"`     // bytes; 0 is no limit
}

// Default returns the policy that holds without a file: this machine's target,
// no cgo, nothing refused for its findings.
func Default() *Policy {
	text := fmt.Sprintf("apiVersion: %s\nname: %s\ntargets:\n  - {goos: %s, goarch: \"%s\"}\n", APIVersion, BuiltIn, runtime.GOOS, runtime.GOARCH)
	p, err := Parse(BuiltIn, []byte(text))
	if err != nil {
		// moho was built for a port that package target does not know.
		p = &Policy{APIVersion: APIVersion, Name: BuiltIn, Targets: []Platform{{GOOS: "linux", GOARCH: []string{"amd64"}, Link: "any"}}, text: []byte(text)}
	}
	p.builtIn = true
	return p
}

// Find returns the policy file beside the go.mod that governs dir.
func Find(dir string) (path string, ok bool) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", false
	}
	for {
		path := filepath.Join(dir, FileName)
		if fi, err := os.Stat(path); err == nil && !fi.IsDir() {
			return path, true
		}
		// A policy above the module governs something else.
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return "", false
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", false
		}
		dir = up
	}
}

// Ref names the policy in a report about the module in root.
func (p *Policy) Ref(root string) evidence.PolicyRef {
	sum := sha256.Sum256(p.text)
	origin := BuiltIn
	if !p.builtIn {
		origin = p.origin
		if rel, err := filepath.Rel(root, origin); err == nil && filepath.IsLocal(rel) {
			origin = filepath.ToSlash(rel)
		} else {
			origin = filepath.Base(origin) // no path of this machine in a report
		}
	}
	return evidence.PolicyRef{Name: p.Name, Digest: "sha256:" + hex.EncodeToString(sum[:]), Origin: origin}
}

// IsBuiltIn reports whether no file says what p says.
func (p *Policy) IsBuiltIn() bool { return p.builtIn }

// A Date is a day, UTC.
type Date struct{ time.Time }

func (d *Date) fromText(s string) error {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return fmt.Errorf("%q is not a date such as 2027-06-30", s)
	}
	d.Time = t
	return nil
}

// A Size is a number of bytes, written 1048576, 1024KiB or 1MiB.
type Size int64

func (z *Size) fromText(s string) error {
	num, shift := s, 0
	for suffix, n := range map[string]int{"KiB": 10, "MiB": 20, "GiB": 30} {
		if t, ok := strings.CutSuffix(s, suffix); ok {
			num, shift = strings.TrimRight(t, " "), n
		}
	}
	n, err := strconv.ParseInt(num, 10, 64)
	if err != nil || n <= 0 || n > 1<<(62-shift) {
		return fmt.Errorf("%q is not a size such as 60MiB (bytes, KiB, MiB, GiB)", s)
	}
	*z = Size(n << shift)
	return nil
}

// String returns the size in the largest unit that shows it exactly.
func (z Size) String() string {
	for _, u := range []struct {
		name  string
		shift int
	}{{"GiB", 30}, {"MiB", 20}, {"KiB", 10}} {
		if z > 0 && z%(1<<u.shift) == 0 {
			return fmt.Sprint(int64(z)>>u.shift, " ", u.name)
		}
	}
	return fmt.Sprint(int64(z), " bytes")
}

// A Build is one thing to build: a target and what the policy asks of it.
type Build struct {
	Target       target.Target
	Level        string // as the policy fixes it; "" leaves it open
	Link         string // static, dynamic, any
	BuildMode    string // exe, pie; "" leaves it to the go command
	Interpreters []string
	Needed       []string
}

// Plan returns everything to build, in the order of the file.
func (p *Policy) Plan() []Build {
	var out []Build
	for _, t := range p.Targets {
		for _, a := range t.GOARCH {
			b := Build{
				Target: target.Target{GOOS: t.GOOS, GOARCH: a}, Level: t.CPU[a], Link: t.Link, BuildMode: t.BuildMode,
				Interpreters: t.Interpreters, Needed: t.Needed,
			}
			out = append(out, b)
		}
	}
	return out
}

// Select returns p for the given targets (GOOS/GOARCH) only. The built-in
// policy allows any; another must name each of them. No targets select all.
func (p *Policy) Select(targets []string) (*Policy, error) {
	if len(targets) == 0 {
		return p, nil
	}
	q := *p
	q.Targets = nil
	seen := map[target.Target]bool{}
	for _, s := range targets {
		t, err := target.Parse(s)
		if err != nil {
			return nil, err
		}
		if seen[t] {
			continue
		}
		seen[t] = true
		pl, ok := p.platform(t)
		if !ok && !p.IsBuiltIn() {
			return nil, fmt.Errorf("target %s: policy %q does not have it; it has %s", t, p.Name, p.targetList())
		}
		if !ok {
			pl = Platform{GOOS: t.GOOS, Link: "any"}
		}
		pl.GOARCH = []string{t.GOARCH}
		q.Targets = append(q.Targets, pl)
	}
	return &q, nil
}

func (p *Policy) platform(t target.Target) (Platform, bool) {
	for _, pl := range p.Targets {
		if pl.GOOS == t.GOOS {
			for _, a := range pl.GOARCH {
				if a == t.GOARCH {
					return pl, true
				}
			}
		}
	}
	return Platform{}, false
}

func (p *Policy) targetList() string {
	var out []string
	for _, b := range p.Plan() {
		out = append(out, b.Target.String())
	}
	return strings.Join(out, ", ")
}
