// Package sarif writes what moho vet found as SARIF 2.1.0, for code scanning
// services and editors.
//
// What readers make of it decided the shape. GitHub shows a result at its first
// location and the steps of its code flow, and ignores relatedLocations unless the
// message links to them; VS Code's viewer shows both. GitHub wants paths relative
// to the root of the repository, sorts by security-severity, and recognises a
// result by partialFingerprints; results with a suppression are shown as
// dismissed. Columns count UTF-16 code units.
//
// # Untrusted input
//
// Findings about source that others wrote. File names become relative URIs with
// everything odd escaped; no absolute path of this machine is written.
//
// # Compatibility
//
// SARIF 2.1.0 (OASIS). The fingerprint's key carries its version.
package sarif

import (
	"encoding/json"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"moho/evidence"
	"moho/vet"
)

// FingerprintKey names the fingerprint among a result's: the finding's own, which
// baselines have too.
const FingerprintKey = "mohoFingerprint/v1"

// Options says what else belongs into the file.
type Options struct {
	Version string // of moho
	// Root is the directory that paths are relative to, absolute: the
	// repository's, as a rule. Files outside of it keep the names of positions.
	Root string
	// Known are findings that a baseline suppresses; with Baseline set, the
	// result says of each finding whether it is new.
	Known    []evidence.Finding
	Baseline bool
	Err      error // why the run is not complete
}

// Write writes one log with one run. It ends with a line feed.
func Write(w io.Writer, res vet.Result, opts Options) error {
	c := converter{res: res, opts: opts, rules: vet.Rules()}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	return enc.Encode(c.log())
}

type converter struct {
	res   vet.Result
	opts  Options
	rules []vet.Rule
}

func (c *converter) log() log {
	r := run{
		Tool:        tool{driver{Name: "moho", Version: c.opts.Version, Rules: []reportingDescriptor{}}},
		Invocations: []invocation{c.invocation()},
		OriginalURIBaseIDs: map[string]artifactLocation{
			srcRoot:  {Description: &message{Text: "The root of the source tree that was looked at."}},
			modCache: {Description: &message{Text: "Go's module cache: module@version/file."}},
		},
		ColumnKind:        "utf16CodeUnits",
		NewlineSequences:  []string{"\n"},
		DefaultEncoding:   "UTF-8",
		DefaultSourceLang: "go",
		Results:           []result{},
	}
	for _, rule := range c.rules {
		r.Tool.Driver.Rules = append(r.Tool.Driver.Rules, descriptor(rule))
	}
	var state, known string
	if c.opts.Baseline {
		state, known = "new", "unchanged"
	}
	for _, f := range c.res.Findings {
		r.Results = append(r.Results, c.result(f, state, nil))
	}
	for _, f := range c.opts.Known {
		r.Results = append(r.Results, c.result(f, known, []suppression{{Kind: "external", Justification: "in the baseline"}}))
	}
	for _, s := range c.res.Silenced {
		why := s.Why
		if why == "" {
			why = s.By + " without a reason"
		}
		r.Results = append(r.Results, c.result(s.Finding, state, []suppression{{Kind: "inSource", Justification: why}}))
	}
	return log{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []run{r}}
}

func (c *converter) invocation() invocation {
	inv := invocation{ExecutionSuccessful: c.opts.Err == nil}
	if c.opts.Err != nil {
		inv.Notifications = append(inv.Notifications, notification{"error", message{Text: c.opts.Err.Error()}})
	}
	for _, g := range c.res.Gaps {
		inv.Notifications = append(inv.Notifications, notification{"warning", message{Text: g.String()}})
	}
	return inv
}

func descriptor(r vet.Rule) reportingDescriptor {
	return reportingDescriptor{
		ID:                   r.Name,
		ShortDescription:     message{Text: r.Title},
		FullDescription:      message{Text: r.Title + ". " + paragraph(r.Doc)},
		Help:                 message{Text: r.Text(), Markdown: r.Markdown()},
		DefaultConfiguration: configuration{level(r.Severity)},
		Properties: ruleProps{
			Tags:             []string{"security", "unsafe"},
			Precision:        "high",
			SecuritySeverity: score(r.Severity),
		},
	}
}

// paragraph is the first one of a rule's text below its title, on one line.
func paragraph(doc string) string {
	_, text, _ := strings.Cut(doc, "\n")
	text, _, _ = strings.Cut(strings.TrimSpace(text), "\n\n")
	return strings.Join(strings.Fields(text), " ")
}

func level(s evidence.Severity) string {
	switch {
	case s.Rank() >= evidence.High.Rank():
		return "error"
	case s == evidence.Medium:
		return "warning"
	}
	return "note"
}

// score is a CVSS-like number in the middle of what GitHub calls by the name
// of the severity: above 9.0 critical, from 7.0 high, from 4.0 medium.
func score(s evidence.Severity) string {
	switch s {
	case evidence.Critical:
		return "9.5"
	case evidence.High:
		return "8.0"
	case evidence.Medium:
		return "5.5"
	}
	return "2.0"
}

func (c *converter) result(f evidence.Finding, state string, sup []suppression) result {
	at := c.location(f, f.Pos)
	if s := f.Place.Symbol; s != "" {
		at.LogicalLocations = []logicalLocation{{FullyQualifiedName: qualified(f.Place), Kind: "function"}}
	}
	r := result{
		RuleID:        f.Rule,
		Level:         level(f.Severity),
		Message:       message{Text: f.Message},
		Locations:     []location{at},
		BaselineState: state,
		Suppressions:  sup,
		Properties: resultProps{
			Severity: string(f.Severity), Targets: f.Targets, Proof: string(f.Proof.State), Oracle: f.Proof.Oracle,
		},
	}
	if i := slices.IndexFunc(c.rules, func(r vet.Rule) bool { return r.Name == f.Rule }); i >= 0 {
		r.RuleIndex = &i
	}
	if f.Fingerprint != "" {
		r.PartialFingerprints = map[string]string{FingerprintKey: f.Fingerprint}
	}
	var flow threadFlow
	for i, s := range f.Flow {
		l := c.location(f, s.Pos)
		l.Message = &message{Text: s.Text}
		flow.Locations = append(flow.Locations, threadFlowLocation{l})
		id := i + 1
		l.ID = &id
		r.RelatedLocations = append(r.RelatedLocations, l)
	}
	if len(flow.Locations) > 0 {
		r.CodeFlows = []codeFlow{{[]threadFlow{flow}}}
	}
	for _, x := range f.Fixes {
		if fix, ok := c.fix(f, x); ok {
			r.Fixes = append(r.Fixes, fix)
		}
	}
	return r
}

func qualified(p evidence.Place) string {
	name := p.Symbol
	if p.Package != "" {
		name = p.Package + "." + name
	}
	return strings.Join(append([]string{name}, p.Closures...), ".")
}

// location translates a position in a finding. Without the text there is a
// line and no column: what a column means is not known then.
func (c *converter) location(f evidence.Finding, pos evidence.Position) location {
	l := location{PhysicalLocation: physicalLocation{ArtifactLocation: c.artifact(f, pos.File)}}
	if pos.Line < 1 {
		return l
	}
	l.PhysicalLocation.Region = &region{StartLine: pos.Line}
	if text := c.res.Sources.Text(f.Place.Module, pos.File); text != nil {
		if pos.Col > 0 {
			l.PhysicalLocation.Region.StartColumn = text.UTF16(pos.Line, pos.Col)
		}
		if line := text.Line(pos.Line); line != "" {
			l.PhysicalLocation.Region.Snippet = &message{Text: strings.ToValidUTF8(line, "�")}
		}
	}
	return l
}

const (
	srcRoot  = "SRCROOT"
	modCache = "GOMODCACHE"
)

// artifact names a file: below Root by its path, elsewhere as positions do.
func (c *converter) artifact(f evidence.Finding, name string) artifactLocation {
	src, ok := c.res.Sources.Lookup(f.Place.Module, name)
	if ok && c.opts.Root != "" {
		if rel, err := filepath.Rel(c.opts.Root, src.Path); err == nil && filepath.IsLocal(rel) {
			return artifactLocation{URI: uri(filepath.ToSlash(rel)), URIBaseID: srcRoot}
		}
	}
	base := srcRoot
	if f.Place.Version != "" {
		base = modCache
	}
	return artifactLocation{URI: uri(path.Clean(strings.TrimLeft(filepath.ToSlash(name), "/"))), URIBaseID: base}
}
