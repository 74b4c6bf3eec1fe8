package rule

import (
	"go/ast"
	"go/token"
	"strings"
	"sync/atomic"

	"golang.org/x/tools/go/analysis"
)

// Directive is how a suppression starts:
//
//	//moho:ignore RULE reason
//
// on the line of the finding or alone on the line above. RULE is one rule's
// name. The reason is not optional: without one the comment silences nothing,
// and the rule ignore-directive says so.
const Directive = "//moho:ignore"

// An Ignore is one directive as written.
type Ignore struct {
	Pos    token.Pos
	Rule   string
	Reason string
}

// Ignores lists the directives of a file in order, well-formed or not.
func Ignores(f *ast.File) []Ignore {
	var list []Ignore
	for _, group := range f.Comments {
		for _, c := range group.List {
			rest, ok := strings.CutPrefix(c.Text, Directive)
			if !ok || rest != "" && rest[0] != ' ' && rest[0] != '\t' {
				continue
			}
			ig := Ignore{Pos: c.Pos()}
			if words := strings.Fields(rest); len(words) > 0 {
				ig.Rule, ig.Reason = words[0], strings.Join(words[1:], " ")
			}
			list = append(list, ig)
		}
	}
	return list
}

type lineRule struct {
	file string
	line int
	rule string
}

// ignoreSet holds what directives cover: the reason by line and rule, with files
// as positions name them, and the blocks of golangci-lint's.
type ignoreSet struct {
	lines  map[lineRule]string
	blocks []block
}

func ignores(pass *analysis.Pass) *ignoreSet {
	set := &ignoreSet{lines: map[lineRule]string{}}
	for _, f := range pass.Files {
		if !insideGolangci.Load() {
			set.blocks = append(set.blocks, blocks(pass.Fset, f)...)
		}
		list := Ignores(f)
		if len(list) == 0 {
			continue
		}
		code := codeLines(pass.Fset, f)
		alone := map[int]bool{}
		for _, ig := range list {
			if line := pass.Fset.Position(ig.Pos).Line; !code[line] {
				alone[line] = true
			}
		}
		for _, ig := range list {
			if ig.Rule == "" || ig.Reason == "" {
				continue
			}
			p := pass.Fset.Position(ig.Pos)
			// Directives for several rules stand on lines of their own, one
			// below the other; all mean the first line of code after them.
			line := p.Line
			for alone[line] {
				line++
			}
			set.lines[lineRule{p.Filename, line, ig.Rule}] = ig.Reason
		}
	}
	return set
}

// asmIgnores adds the directives in a package's assembly.
func asmIgnores(pass *analysis.Pass, set *ignoreSet) {
	for _, name := range pass.OtherFiles {
		if !strings.HasSuffix(name, ".s") {
			continue
		}
		text, err := pass.ReadFile(name)
		if err != nil {
			continue // whoever wants its code says so
		}
		var waiting []AsmIgnore // on the lines above
		for i, ig := range AsmIgnores(text) {
			if ig.Rule != "" && ig.Reason != "" {
				waiting = append(waiting, ig)
			}
			if ig.alone {
				continue
			}
			for _, w := range waiting {
				set.lines[lineRule{name, i + 1, w.Rule}] = w.Reason
			}
			waiting = waiting[:0]
		}
	}
}

// An AsmIgnore is what one line of assembly says of directives; Rule and Reason
// are empty on most. Off is where the directive is in the text.
type AsmIgnore struct {
	Off    int
	Found  bool
	Rule   string
	Reason string
	alone  bool // no code on the line
}

// AsmIgnores returns one entry for each line of a text.
func AsmIgnores(text []byte) []AsmIgnore {
	var list []AsmIgnore
	off := 0
	for line := range strings.Lines(string(text)) {
		code, comment, _ := strings.Cut(line, "//")
		ig := AsmIgnore{alone: strings.TrimSpace(code) == ""}
		if rest, ok := strings.CutPrefix("//"+comment, Directive); ok && comment != "" && (strings.TrimSpace(rest) == "" || rest[0] == ' ' || rest[0] == '\t') {
			ig.Found, ig.Off = true, off+len(code)
			if words := strings.Fields(rest); len(words) > 0 {
				ig.Rule, ig.Reason = words[0], strings.Join(words[1:], " ")
			}
		}
		off += len(line)
		list = append(list, ig)
	}
	return list
}

// codeLines returns the lines on which some syntax starts or ends.
func codeLines(fset *token.FileSet, f *ast.File) map[int]bool {
	lines := map[int]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n.(type) {
		case nil, *ast.Comment, *ast.CommentGroup:
			return false
		case *ast.File:
			return true
		}
		lines[fset.Position(n.Pos()).Line] = true
		lines[fset.Position(n.End()).Line] = true
		return true
	})
	return lines
}

// covers says which directive, if any, silences a rule at a position, and why.
func (s *ignoreSet) covers(fset *token.FileSet, pos token.Pos, rule string) (by, why string) {
	p := fset.Position(pos)
	if why, ok := s.lines[lineRule{p.Filename, p.Line, rule}]; ok {
		return Directive[len("//"):], why
	}
	for _, b := range s.blocks {
		if b.file == p.Filename && b.from <= p.Line && p.Line <= b.to {
			return "nolint", b.reason
		}
	}
	return "", ""
}

// insideGolangci is set where golangci-lint runs the analyzers.
var insideGolangci atomic.Bool

// InsideGolangci makes all rules report as golangci-lint wants it: what a nolint
// comment silences too, because it filters itself and tells which comments are of
// no use; and no related positions, because it makes an issue of each.
func InsideGolangci() { insideGolangci.Store(true) }
