// Package rule is what every rule of moho vet is made of: its text, its
// metadata, and the way it reports.
//
// A rule is a go/analysis Analyzer, so that the same code runs standalone and
// under go vet -vettool. A diagnostic cannot carry all that moho knows about a
// finding; a rule therefore reports through [Report], which hands the driver
// the whole [Hit] as the analyzer's result and go vet its shadow.
//
// # Untrusted input
//
// Source code under analysis is read, never executed. Texts taken from it
// (names, expressions) are bounded here and escaped by whoever prints them.
//
// # Compatibility
//
// Internal to vet.
package rule

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"slices"

	"golang.org/x/tools/go/analysis"

	"moho/evidence"
)

// A Rule is the part of a rule that people read.
//
// Name is lower-case words with hyphens; the analyzer and the folder carry the
// same words without them, because go/analysis wants identifiers. Doc comes
// from the folder's doc.go and from nowhere else.
type Rule struct {
	Name     string            `json:"name"`
	Title    string            `json:"title"`
	Severity evidence.Severity `json:"severity"`
	Doc      string            `json:"doc"`
	Bad      string            `json:"bad"`
	Good     string            `json:"good"`
	Fix      string            `json:"fix"`
	Oracle   string            `json:"oracle"` // what sees the harm at run time
	Source   string            `json:"source"` // where Go itself says so
}

// A Hit is one finding in terms of the package under analysis. Symbol is set
// for one in assembly: the linker's name of the function, without the package's
// path where Own says that it is this package.
type Hit struct {
	Pos, End token.Pos
	Severity evidence.Severity
	Message  string
	Flow     []Step
	Fixes    []analysis.SuggestedFix
	Symbol   string
	Own      bool

	// Window is the code in which the harm happens, when it has to happen at a
	// moment: from where only a number, or nothing, refers to the memory up to
	// its use. It is what proof by execution aims at.
	Window Span
}

// A Span is the text from Pos up to End.
type Span struct{ Pos, End token.Pos }

// A Gap is a file that a rule could not read. Line is 0 when it does not matter.
type Gap struct {
	File string
	Line int
	Why  string
}

// A Step is one stop on a hit's way, in execution order.
type Step struct {
	Pos  token.Pos
	Text string
}

// Hits is the result type of every rule's analyzer.
type Hits struct {
	Rule       string
	Hits       []Hit
	Suppressed []Suppressed
	Gaps       []Gap
}

// A Suppressed is a hit that a comment silenced: By is moho:ignore or nolint,
// Why its reason, which only the first has to give.
type Suppressed struct {
	Hit Hit
	By  string
	Why string
}

// HitsType is Hits as go/analysis wants it.
var HitsType = reflect.TypeFor[*Hits]()

// Report sorts hits by position, drops those that a directive silences and
// reports the rest as diagnostics of the pass. Its result is the analyzer's.
func Report(pass *analysis.Pass, r Rule, hits []Hit) *Hits {
	slices.SortStableFunc(hits, func(a, b Hit) int { return int(a.Pos) - int(b.Pos) })
	out := &Hits{Rule: r.Name}
	ignored := ignores(pass)
	if slices.ContainsFunc(hits, func(h Hit) bool { return h.Symbol != "" }) {
		asmIgnores(pass, ignored)
	}
	for _, h := range hits {
		if by, why := ignored.covers(pass.Fset, h.Pos, r.Name); by != "" {
			out.Suppressed = append(out.Suppressed, Suppressed{h, by, why})
			continue
		}
		h.Fixes = usableFixes(pass, h.Fixes)
		out.Hits = append(out.Hits, h)
		d := analysis.Diagnostic{
			Pos:            h.Pos,
			End:            h.End,
			Category:       r.Name,
			Message:        h.Message + " (" + r.Name + ")",
			SuggestedFixes: h.Fixes,
		}
		for _, s := range h.Flow {
			if insideGolangci.Load() {
				break
			}
			d.Related = append(d.Related, analysis.RelatedInformation{Pos: s.Pos, Message: s.Text})
		}
		pass.Report(d)
	}
	return out
}

// usableFixes drops fixes that touch a file which is not the user's own text:
// cgo hands the analysis a rewritten copy, whose offsets mean nothing.
func usableFixes(pass *analysis.Pass, fixes []analysis.SuggestedFix) []analysis.SuggestedFix {
	return slices.DeleteFunc(slices.Clone(fixes), func(f analysis.SuggestedFix) bool {
		for _, e := range f.TextEdits {
			if pass.Fset.PositionFor(e.Pos, true) != pass.Fset.PositionFor(e.Pos, false) {
				return true
			}
		}
		return false
	})
}

// Expr prints an expression for a message, shortened to at most 60 bytes on a
// character boundary.
func Expr(e ast.Expr) string { return Short(types.ExprString(e)) }

// Short is s, shortened to at most 60 bytes on a character boundary.
func Short(s string) string {
	if len(s) <= 60 {
		return s
	}
	cut := 57
	for cut > 0 && s[cut]&0xc0 == 0x80 {
		cut--
	}
	return s[:cut] + "..."
}
