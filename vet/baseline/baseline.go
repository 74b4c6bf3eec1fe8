// Package baseline remembers findings that a module has today, so that only new
// ones are reported.
//
// An entry is a finding's fingerprint: lines that move, a file that is renamed
// and code that is laid out anew do not make a finding new; a copy of it does.
//
// # Untrusted input
//
// A baseline lies in a repository, where anybody may have edited it. Decoding
// refuses what is not of the schema and bounds the size; entries that match
// nothing do nothing.
//
// # Compatibility
//
// Schema moho/baseline/v1, docs/schemas/baseline.v1.json. The text is
// deterministic, one entry to a line, so that merges and reviews see what changed.
package baseline

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"moho/evidence"
	"moho/vet"
	"moho/vet/source"
)

// Schema is the kind of the file.
const Schema = "moho/baseline/v1"

// MaxSize bounds a baseline, in bytes: an entry has about 250, and nobody
// reviews a hundred thousand of them.
const MaxSize = 32 << 20

// maxCode is how much of the code an entry shows, in bytes. It is there for
// reviewers; the fingerprint knows all of it.
const maxCode = 80

// A Baseline is the findings of one run, and what the run looked at.
type Baseline struct {
	Schema  string   `json:"schema"`
	Targets []string `json:"targets"` // GOOS/GOARCH
	Tags    []string `json:"tags"`
	Tests   bool     `json:"tests"` // test files were looked at too
	Entries []Entry  `json:"entries"`
}

// An Entry is one finding. All but Fingerprint is for people.
type Entry struct {
	Fingerprint string   `json:"fingerprint"`
	Rule        string   `json:"rule"`
	Package     string   `json:"package"` // import path
	Symbol      string   `json:"symbol"`
	Closures    []string `json:"closures,omitempty"`
	Code        string   `json:"code"`
}

// Of returns the baseline of a result that opts asked for.
func Of(res vet.Result, opts vet.Options) Baseline {
	b := Baseline{Schema: Schema, Targets: some(res.Targets), Tags: some(opts.Tags), Tests: opts.Tests, Entries: []Entry{}}
	for _, f := range res.Findings {
		b.Entries = append(b.Entries, Entry{
			Fingerprint: f.Fingerprint,
			Rule:        f.Rule,
			Package:     source.Package(f.Place),
			Symbol:      f.Place.Symbol,
			Closures:    f.Place.Closures,
			Code:        clip(source.Code(f, res.Sources)),
		})
	}
	slices.SortFunc(b.Entries, func(x, y Entry) int {
		return cmp.Or(cmp.Compare(x.Package, y.Package), cmp.Compare(x.Symbol, y.Symbol), cmp.Compare(x.Rule, y.Rule),
			cmp.Compare(x.Code, y.Code), cmp.Compare(x.Fingerprint, y.Fingerprint))
	})
	return b
}

// Decode reads a baseline. On error the result is zero.
func Decode(data []byte) (Baseline, error) {
	if len(data) > MaxSize {
		return Baseline{}, fmt.Errorf("baseline: more than MaxSize = %d bytes", MaxSize)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	var b Baseline
	if err := dec.Decode(&b); err != nil {
		return Baseline{}, fmt.Errorf("baseline: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Baseline{}, errors.New("baseline: there is more after its end")
	}
	if b.Schema != Schema {
		return Baseline{}, fmt.Errorf("baseline: schema is %q, want %q", b.Schema, Schema)
	}
	for i, e := range b.Entries {
		if len(e.Fingerprint) != 32 || strings.Trim(e.Fingerprint, "0123456789abcdef") != "" {
			return Baseline{}, fmt.Errorf("baseline: entry %d: fingerprint %q, want 32 hexadecimal digits", i+1, clip(e.Fingerprint))
		}
	}
	return b, nil
}

// Read is Decode of a file.
func Read(name string) (Baseline, error) {
	f, err := os.Open(name)
	if err != nil {
		return Baseline{}, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	if err != nil {
		return Baseline{}, err
	}
	b, err := Decode(data)
	if err != nil {
		return Baseline{}, fmt.Errorf("%s: %w", name, err)
	}
	return b, nil
}

// Encode returns the text of the file.
func (b Baseline) Encode() []byte {
	var out bytes.Buffer
	line := func(format string, v any) {
		var text bytes.Buffer
		enc := json.NewEncoder(&text)
		enc.SetEscapeHTML(false)
		enc.Encode(v) // strings and booleans: it can't fail
		fmt.Fprintf(&out, format, bytes.TrimSpace(text.Bytes()))
	}
	line("{\n\"schema\": %s,\n", b.Schema)
	line("\"targets\": %s,\n", some(b.Targets))
	line("\"tags\": %s,\n", some(b.Tags))
	line("\"tests\": %s,\n", b.Tests)
	out.WriteString("\"entries\": [")
	for i, e := range b.Entries {
		line(map[bool]string{true: "\n%s", false: ",\n%s"}[i == 0], e)
	}
	out.WriteString("\n]\n}\n")
	return out.Bytes()
}

// Write puts the text into a file, by renaming a new one.
func (b Baseline) Write(name string) error {
	tmp, err := os.CreateTemp(filepath.Dir(name), ".moho-baseline-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(b.Encode())
	if err := errors.Join(err, tmp.Chmod(0o644), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), name)
}

// Split tells new findings from those that the baseline knows.
func (b Baseline) Split(fs []evidence.Finding) (fresh, known []evidence.Finding) {
	has := map[string]bool{}
	for _, e := range b.Entries {
		has[e.Fingerprint] = true
	}
	for _, f := range fs {
		if has[f.Fingerprint] {
			known = append(known, f)
		} else {
			fresh = append(fresh, f)
		}
	}
	return fresh, known
}

// Fixed lists the entries that a run should have found again and did not. A
// run that looked at less than the one that wrote the baseline can't tell: not
// at that package, not at tests, not at one of the targets, with other tags.
func (b Baseline) Fixed(res vet.Result, opts vet.Options) []Entry {
	if b.Tests && !opts.Tests || !slices.Equal(some(b.Tags), some(opts.Tags)) ||
		slices.ContainsFunc(b.Targets, func(t string) bool { return !slices.Contains(res.Targets, t) }) {
		return nil
	}
	has := map[string]bool{}
	for _, f := range res.Findings {
		has[f.Fingerprint] = true
	}
	var list []Entry
	for _, e := range b.Entries {
		if !has[e.Fingerprint] && looked(res.Paths, e.Package) {
			list = append(list, e)
		}
	}
	return list
}

func looked(paths []string, pkg string) bool {
	_, found := slices.BinarySearch(paths, pkg)
	if rest, ok := strings.CutSuffix(pkg, "_test"); ok && !found {
		_, found = slices.BinarySearch(paths, rest)
	}
	return found
}

// clip cuts a text to maxCode bytes on a character boundary.
func clip(s string) string {
	if len(s) <= maxCode {
		return s
	}
	cut := maxCode - len("…")
	for cut > 0 && s[cut]&0xc0 == 0x80 {
		cut--
	}
	return s[:cut] + "…"
}

func some(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
