package rule

import (
	"fmt"
	"go/parser"
	"go/token"
	"strings"

	"golang.org/x/tools/go/analysis"
)

// MustDoc returns the text of the section "# Analyzer name" of the package
// comment in a doc.go. Every rule calls it while the program starts, on text
// that was embedded at build time; a test of vet calls it for all of them.
func MustDoc(source, name string) string {
	doc, err := Doc(source, name)
	if err != nil {
		panic(err)
	}
	return doc
}

// Doc is [MustDoc] with an error. The section has the form that go/analysis
// uses for its own passes,
//
//	# Analyzer name
//
//	name: one-line summary
//
//	full text
//
// and the result starts with the summary, without the name. The section ends
// at the next "# Analyzer" heading or at the end of the comment, so the text
// may have headings of its own.
func Doc(source, name string) (string, error) {
	f, err := parser.ParseFile(token.NewFileSet(), "doc.go", source, parser.ParseComments|parser.PackageClauseOnly)
	if err != nil {
		return "", fmt.Errorf("rule %s: doc.go: %w", name, err)
	}
	if f.Doc == nil {
		return "", fmt.Errorf("rule %s: doc.go has no package comment", name)
	}
	_, text, ok := strings.Cut("\n"+f.Doc.Text(), "\n# Analyzer "+name+"\n")
	if !ok {
		return "", fmt.Errorf("rule %s: doc.go has no heading %q", name, "# Analyzer "+name)
	}
	text, _, _ = strings.Cut(text, "\n# Analyzer ")
	body, ok := strings.CutPrefix(strings.TrimSpace(text), name+":")
	if !ok {
		return "", fmt.Errorf("rule %s: the heading in doc.go is not followed by %q", name, name+": summary")
	}
	return strings.TrimSpace(body), nil
}

// Title returns the summary line of a rule's text.
func Title(doc string) string {
	title, _, _ := strings.Cut(doc, "\n")
	return strings.TrimSpace(title)
}

// New completes a rule: its text and title come from the section of the doc.go
// that source holds, under the rule's name without hyphens.
func New(source string, r Rule) Rule {
	r.Doc = MustDoc(source, r.folder())
	r.Title = Title(r.Doc)
	return r
}

func (r Rule) folder() string { return strings.ReplaceAll(r.Name, "-", "") }

// Analyzer returns the rule for go/analysis drivers: run finds, the analyzer
// reports. Its result is *[Hits].
func (r Rule) Analyzer(run func(*analysis.Pass) ([]Hit, error), requires ...*analysis.Analyzer) *analysis.Analyzer {
	return &analysis.Analyzer{
		Name:       r.folder(),
		Doc:        r.Doc,
		Requires:   requires,
		ResultType: HitsType,
		Run: func(pass *analysis.Pass) (any, error) {
			hits, err := run(pass)
			if err != nil {
				return nil, err
			}
			return Report(pass, r, hits), nil
		},
	}
}
