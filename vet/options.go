package vet

import (
	"moho/evidence"
	"moho/vet/source"
)

// Options says what [Run] looks at. The zero value is the package in the
// current directory, for the target that the environment selects.
type Options struct {
	Dir      string   // where patterns are resolved; "" is the current directory
	Patterns []string // as for go list; none means "."
	Tags     []string // build tags
	Targets  []string // GOOS/GOARCH; none means what the environment says
	Tests    bool     // also look at test files

	// Deps also looks at the packages of the main module that those matched by
	// Patterns import, directly or not: all that a build compiles from it.
	Deps bool

	// Env is the environment of the go command and of what it starts, as for
	// exec.Cmd; nil means this process's own. GOOS and GOARCH are set per
	// target, and a package driver is never used.
	Env []string

	// BuildFlags go to the go command as they are. A build that follows finds
	// its packages in the cache when it uses the same ones (-trimpath).
	BuildFlags []string

	// Overlay replaces the text of Go files by path, which is absolute: what an
	// editor has not saved, or what fixes would make of them.
	Overlay map[string][]byte

	// Cache is a directory for what is known about packages, so that those which
	// have not changed are not analysed again; [CacheDir] is the user's. "" means
	// that all are analysed. The result is the same.
	Cache string

	// Progress, when set, is called from one goroutine at a time with the
	// number of packages done and how many there are so far.
	Progress func(done, total int64)
}

// Result is what [Run] found.
//
// Findings are sorted as [evidence.SortFindings] does; one defect is listed
// once, with all targets and test variants it was seen in merged. Packages
// counts the packages looked at, whether they use unsafe or not.
type Result struct {
	Findings   []evidence.Finding
	Gaps       []evidence.Gap
	Packages   int
	Targets    []string // GOOS/GOARCH looked at, sorted
	Suppressed int      // findings that a comment silenced, or a baseline

	// Silenced are those that a comment silenced, with their fixes left out.
	Silenced []Silenced

	// Paths are the import paths of the packages looked at, sorted, and Sources
	// leads from positions to their files, for packages that have findings. Both
	// are about this machine and no part of a report.
	Paths   []string
	Sources *source.Tree
}

// A Silenced is a finding that a comment silenced: By is moho:ignore or nolint,
// Why its reason.
type Silenced struct {
	evidence.Finding
	By  string
	Why string
}

// Document is a Result as moho vet --json prints it: schema moho/vet/v1,
// docs/schemas/vet.v1.json.
type Document struct {
	Schema     string             `json:"schema"`
	Findings   []evidence.Finding `json:"findings"`
	Gaps       []evidence.Gap     `json:"gaps"`
	Packages   int                `json:"packages"`
	Targets    []string           `json:"targets"`
	Suppressed int                `json:"suppressed"`
}

// Document returns r with the schema's name and no null in it.
func (r Result) Document() Document {
	return Document{
		Schema:     evidence.SchemaVet,
		Findings:   some(r.Findings),
		Gaps:       some(r.Gaps),
		Packages:   r.Packages,
		Targets:    some(r.Targets),
		Suppressed: r.Suppressed,
	}
}

func some[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
