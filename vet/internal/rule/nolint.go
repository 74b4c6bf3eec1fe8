package rule

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// linter is what golangci-lint knows us by.
const linter = "moho"

// A Nolint is a comment that golangci-lint obeys, where it silences moho:
//
//	//nolint              //nolint:all           //nolint:moho,other // reason
//
// It is about the lines of its comment, and, where a declaration, a statement
// or the file's package clause starts on the next line in the same column, about
// all lines of that.
//
// Source: extractInlineRangeFromComment and rangeExpander of golangci-lint
// v2.15.0, pkg/result/processors/nolint_filter.go.
type Nolint struct {
	Pos, End token.Pos // of the comments it stands in
	Reason   string
}

// Nolints lists the directives of a file that silence moho, in order.
func Nolints(f *ast.File) []Nolint {
	var list []Nolint
	for _, group := range f.Comments {
		for _, c := range group.List {
			if reason, ok := nolint(c.Text); ok {
				list = append(list, Nolint{group.Pos(), group.End(), reason})
			}
		}
	}
	return list
}

// nolint reports whether a comment silences moho, and why it says it does.
func nolint(comment string) (reason string, ok bool) {
	text, ok := strings.CutPrefix(strings.TrimLeft(comment, "/ "), "nolint")
	if !ok || text != "" && text[0] != ' ' && text[0] != ':' {
		return "", false
	}
	text, reason, _ = strings.Cut(text, "//")
	reason = strings.TrimSpace(reason)
	names, some := strings.CutPrefix(text, ":")
	if !some || strings.HasPrefix(names, "all") {
		return reason, true
	}
	return reason, slices.ContainsFunc(strings.Split(names, ","), func(name string) bool {
		name = strings.ToLower(strings.TrimSpace(name))
		return name == "all" || name == linter
	})
}

// A block is the lines that a Nolint is about.
type block struct {
	file     string
	from, to int
	reason   string
}

// blocks works out which lines the directives of a file are about.
func blocks(fset *token.FileSet, f *ast.File) []block {
	list := Nolints(f)
	if len(list) == 0 {
		return nil
	}
	var out []block
	for _, n := range list {
		out = append(out, block{fset.Position(n.Pos).Filename, fset.Position(n.Pos).Line, fset.Position(n.End).Line, n.Reason})
	}
	ast.Inspect(f, func(node ast.Node) bool {
		if node == nil {
			return false
		}
		start, end := fset.Position(node.Pos()), fset.Position(node.End())
		for i, n := range list {
			if b := &out[i]; b.file == start.Filename && fset.Position(n.End).Line == start.Line-1 && fset.Position(n.Pos).Column == start.Column {
				b.to = max(b.to, end.Line)
			}
		}
		return true
	})
	return out
}
