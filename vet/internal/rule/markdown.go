package rule

import (
	"fmt"
	"strings"
)

// Markdown returns the rule's text for a page: docs/rules, SARIF, and what an
// editor shows are this one text. It starts below the rule's name.
func (r Rule) Markdown() string {
	_, text, _ := strings.Cut(r.Doc, "\n")
	return fmt.Sprintf("%s.\n\nSeverity: %s\n\n%s\n\n## Bad\n\n```go\n%s\n```\n\n## Good\n\n```go\n%s\n```\n\n## Fix\n\n%s.\n\n## Seen at run time by\n\n%s.\n\n## Where Go says so\n\n%s.\n",
		sentence(r.Title), r.Severity, escape(text), r.Bad, r.Good, sentence(r.Fix), sentence(r.Oracle), sentence(r.Source))
}

// Text returns the same for a terminal.
func (r Rule) Text() string {
	_, text, _ := strings.Cut(r.Doc, "\n")
	return fmt.Sprintf("%s.\n\n%s\n\nFix: %s.\n\nSeen at run time by: %s.\n\nWhere Go says so: %s.\n",
		sentence(r.Title), strings.TrimSpace(text), r.Fix, r.Oracle, r.Source)
}

func sentence(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

var special = strings.NewReplacer("*", `\*`, "[", `\[`, "_", `\_`, "<", `\<`)

// escape makes Markdown of the prose of a doc comment, and code blocks of its
// indented lines.
func escape(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i, l := range lines {
		if rest, ok := strings.CutPrefix(l, "\t"); ok {
			lines[i] = "    " + rest
		} else {
			lines[i] = special.Replace(l)
		}
	}
	return strings.Join(lines, "\n")
}
