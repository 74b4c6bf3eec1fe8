package evidence

import (
	"cmp"
	"slices"
)

// Severity ranks a finding by what happens if it is real.
type Severity string

const (
	Critical Severity = "critical" // memory corruption without an odd schedule
	High     Severity = "high"     // memory corruption when the timing is right
	Medium   Severity = "medium"   // wrong results, leaks, or wrong on other targets
	Low      Severity = "low"      // a habit that makes the others likely
)

// Rank orders severities: 4 for critical down to 1 for low, 0 for anything else.
func (s Severity) Rank() int {
	switch s {
	case Critical:
		return 4
	case High:
		return 3
	case Medium:
		return 2
	case Low:
		return 1
	}
	return 0
}

// A Finding is one defect in the source: where it stands in the text and
// where it will stand in the program.
type Finding struct {
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	Message  string   `json:"message"`
	Pos      Position `json:"pos"`
	Place    Place    `json:"place"`
	Flow     []Step   `json:"flow"`
	Fixes    []Fix    `json:"fixes"`
	Targets  []string `json:"targets"` // GOOS/GOARCH it was seen in, sorted
	Window   *Window  `json:"window,omitempty"`
	Proof    Proof    `json:"proof"`

	// Fingerprint is the same as long as the code is: moved lines, another
	// layout and another file name do not change it. Baselines and SARIF go by it.
	Fingerprint string `json:"fingerprint,omitempty"`
}

// A Window is the code in which something has to happen for the finding to do
// harm: a garbage collection, a stack that grows, a release. It is nil for a
// finding that needs no moment.
type Window struct {
	From Position `json:"from"`
	To   Position `json:"to"`
}

// A Step is one stop on the way from where a value was born to where it does
// harm, in execution order.
type Step struct {
	Pos  Position `json:"pos"`
	Text string   `json:"text"`
}

// A Fix is a change that removes the finding. Message is a verb phrase.
type Fix struct {
	Message string `json:"message"`
	Edits   []Edit `json:"edits"`
}

// An Edit replaces the bytes [Start, End) of File by New. Offsets count from 0.
type Edit struct {
	File  string `json:"file"`
	Start int    `json:"start"`
	End   int    `json:"end"`
	New   string `json:"new"`
}

// ProofState says what execution has shown about a finding.
type ProofState string

const (
	Violated     ProofState = "violated"      // an oracle saw the rule broken
	ProvedHarm   ProofState = "proved-harm"   // memory was really corrupted
	ReachedClean ProofState = "reached-clean" // executed, nothing seen
	NotReached   ProofState = "not-reached"   // the tests do not execute it
	Untested     ProofState = "untested"      // nobody has tried
	ProofUnknown ProofState = "unknown"       // tried; could not be told
)

// Proof is what is known about a finding beyond the source text. Oracle names
// what saw (or, for an untested finding, what would see) the harm.
//
// Evidence is one sentence: what was seen, in what. Story is the way there in
// order of time, when there was one: where memory was allocated, where its
// address became an integer, where it was freed, and last where the rule was
// broken.
type Proof struct {
	State    ProofState `json:"state"`
	Oracle   string     `json:"oracle,omitempty"`
	Evidence string     `json:"evidence,omitempty"`
	Story    []Step     `json:"story,omitempty"`
}

// SortFindings orders findings by position, then rule, then message: the
// order in which every report lists them.
func SortFindings(fs []Finding) { slices.SortFunc(fs, CompareFindings) }

// CompareFindings is the order of [SortFindings].
func CompareFindings(a, b Finding) int {
	return cmp.Or(
		cmp.Compare(a.Pos.File, b.Pos.File),
		cmp.Compare(a.Pos.Line, b.Pos.Line),
		cmp.Compare(a.Pos.Col, b.Pos.Col),
		cmp.Compare(a.Rule, b.Rule),
		cmp.Compare(a.Message, b.Message),
	)
}
