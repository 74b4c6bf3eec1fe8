package evidence

import (
	"encoding/json"
	"fmt"
	"time"
)

// Schemas of the kinds that this package defines; docs/schemas describes them.
const (
	SchemaReport  = "moho/report/v1"
	SchemaVet     = "moho/vet/v1"
	SchemaEscapes = "moho/escapes/v1"
	SchemaVerdict = "moho/verdict/v1"
)

// A Report is what a governed build leaves behind.
//
// Statement is deterministic: the same source, policy and toolchain give the
// same bytes on any machine. Run holds what differs from one run to the next.
type Report struct {
	Schema    string    `json:"schema"`
	Statement Statement `json:"statement"`
	Run       Run       `json:"run"`
}

// Statement is the part of a [Report] that is worth signing.
type Statement struct {
	Source       Source       `json:"source"`
	Toolchain    Toolchain    `json:"toolchain"`
	Policy       PolicyRef    `json:"policy"`
	Config       []Setting    `json:"config"`
	Findings     []Finding    `json:"findings"`
	Artifacts    []Artifact   `json:"artifacts"`
	Dependencies []Dependency `json:"dependencies"`
	Sandbox      Sandbox      `json:"sandbox"`
}

// Source says what was built. Digest is a dirhash ("h1:…") over the files of
// the main module; Revision and Dirty come from version control, when it is there.
type Source struct {
	Module   string   `json:"module"`
	Packages []string `json:"packages"`
	Digest   string   `json:"digest"`
	VCS      string   `json:"vcs,omitempty"`
	Revision string   `json:"revision,omitempty"`
	Dirty    bool     `json:"dirty,omitempty"`
}

// Toolchain is the Go that built it. Digest covers the go command, compiler and
// linker ("sha256:…").
type Toolchain struct {
	Go     string `json:"go"`
	Digest string `json:"digest"`
	Origin string `json:"origin"` // which setting chose this toolchain
}

// PolicyRef names the policy that governed the build.
type PolicyRef struct {
	Name   string `json:"name"`
	Digest string `json:"digest"` // sha256 of the policy's text; "built-in" has one too
	Origin string `json:"origin"` // "built-in", or the file relative to the module root
}

// A Setting is one effective configuration value with the layer that set it
// and the values that it hides.
type Setting struct {
	Name     string   `json:"name"`
	Value    string   `json:"value"`
	Origin   string   `json:"origin"`
	Target   string   `json:"target,omitempty"` // GOOS/GOARCH, where it differs by target
	Shadowed []Shadow `json:"shadowed,omitempty"`
}

// A Shadow is a value that lost, and why.
type Shadow struct {
	Origin string `json:"origin"`
	Value  string `json:"value"`
	Why    string `json:"why"`
}

// An Artifact is one file that the build produced.
type Artifact struct {
	Name       string     `json:"name"`    // base name of the command
	Package    string     `json:"package"` // import path of its main package
	Target     string     `json:"target"`  // GOOS/GOARCH
	SHA256     string     `json:"sha256"`
	Size       int64      `json:"size"`
	GoBuildID  string     `json:"goBuildID"`
	GNUBuildID string     `json:"gnuBuildID"`
	Binary     BinaryInfo `json:"binary"`
	Checks     []Check    `json:"checks"`
}

// BuildID returns both IDs of the artifact.
func (a Artifact) BuildID() BuildID { return BuildID{Go: a.GoBuildID, GNU: a.GNUBuildID} }

// BinaryInfo is what was read off the artifact itself, not what was asked for.
type BinaryInfo struct {
	Format      string   `json:"format"` // elf, macho, pe, wasm
	Arch        string   `json:"arch"`   // GOARCH, from the machine field of the header
	OS          string   `json:"os,omitempty"`
	BuildMode   string   `json:"buildMode"`             // exe, pie, …, as the file shows it
	Link        string   `json:"link"`                  // static, dynamic
	Interpreter string   `json:"interpreter,omitempty"` // PT_INTERP, LC_LOAD_DYLINKER
	Needed      []string `json:"needed,omitempty"`      // libraries, in file order
	Go          string   `json:"go,omitempty"`          // from the embedded build info
	MainPackage string   `json:"mainPackage,omitempty"`
	CGO         string   `json:"cgo,omitempty"` // CGO_ENABLED as recorded
}

// Verdict is the outcome of one check, or of all of them.
type Verdict string

const (
	Pass       Verdict = "pass"
	Refuse     Verdict = "refuse"
	NotChecked Verdict = "not-checked" // policy does not ask for it, or it can't be known
)

// A Check is one question asked of an artifact, its answer and the reason.
type Check struct {
	ID       string  `json:"id"`
	Verdict  Verdict `json:"verdict"`
	Why      string  `json:"why"`
	Evidence string  `json:"evidence,omitempty"`
}

// A Dependency is a module that is linked into at least one artifact.
type Dependency struct {
	Module   string `json:"module"`
	Version  string `json:"version"`
	Sum      string `json:"sum,omitempty"`
	Replaced string `json:"replaced,omitempty"` // module@version or a local directory's name
}

// Sandbox says what isolation was achieved, never what was asked for.
type Sandbox struct {
	Level    string   `json:"level"` // none, environment, namespaces, …
	Controls []string `json:"controls,omitempty"`
	Why      string   `json:"why,omitempty"`
}

// Run is what a [Report] knows about the one run that made it.
type Run struct {
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`
	Host     string    `json:"host"` // GOOS/GOARCH and CPU count, not a name
	Commands []Command `json:"commands"`
}

// A Command is a process that the build started. Env lists only what was set.
type Command struct {
	Argv     []string `json:"argv"`
	Env      []string `json:"env"`
	Exit     int      `json:"exit"`
	Seconds  float64  `json:"seconds"`
	Warnings []string `json:"warnings,omitempty"`
}

// VerdictReport is the answer of verify for one artifact.
type VerdictReport struct {
	Schema   string  `json:"schema"`
	Artifact string  `json:"artifact"`
	SHA256   string  `json:"sha256"`
	Verdict  Verdict `json:"verdict"`
	Checks   []Check `json:"checks"`
}

// DecodeReport reads a report. It returns an error, and a zero Report, for
// anything that is not one JSON object of schema moho/report/v1.
func DecodeReport(data []byte) (Report, error) {
	var r Report
	if err := json.Unmarshal(data, &r); err != nil {
		return Report{}, fmt.Errorf("report: %w", err)
	}
	if r.Schema != SchemaReport {
		return Report{}, fmt.Errorf("report: schema is %q, want %q", r.Schema, SchemaReport)
	}
	return r, nil
}
