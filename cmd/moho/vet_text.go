package main

import (
	"fmt"
	"strings"

	"moho/evidence"
	"moho/internal/cli"
	"moho/vet"
	"moho/vet/source"
)

// printFindings writes findings as editors parse them: file:line:col first, in
// paths that can be clicked when the file is there. With explain, the source
// stands below each position, and the rule's text below its first finding.
func (a *app) printFindings(fs []evidence.Finding, tree *source.Tree, explain bool) {
	told := map[string]bool{}
	for _, f := range fs {
		a.ui.Printf("%s: %s: %s%s\n", a.ui.Bold(cli.Escape(f.Pos.String())),
			a.severity(f.Severity), f.Rule, onlyTargets(f.Targets))
		a.paragraph("   ", f.Message)
		if !explain {
			if f.Proof.State != evidence.Violated {
				a.printSteps(f.Flow)
			}
			a.printProof(f)
			continue
		}
		if n := len(f.Flow); n == 0 || f.Flow[n-1].Pos != f.Pos {
			a.excerpt("     ", f, f.Pos, tree)
		}
		for _, s := range f.Flow {
			a.paragraph("     "+cli.Escape(s.Pos.String()), s.Text)
			a.excerpt("       ", f, s.Pos, tree)
		}
		a.printProof(f)
		for _, x := range f.Fixes {
			a.paragraph("     fix, with --fix:", x.Message)
		}
		if !told[f.Rule] {
			told[f.Rule] = true
			a.explain(f.Rule)
		}
	}
}

// paragraph prints text that breaks at words, indented.
func (a *app) paragraph(indent, text string) {
	t := cli.NewTable(cli.Column{}, cli.Column{Fit: cli.Wrap})
	t.Row(indent, text)
	a.ui.Table(t)
}

// excerpt prints the line of a position with a mark below the column.
func (a *app) excerpt(indent string, f evidence.Finding, pos evidence.Position, tree *source.Tree) {
	line := tree.Text(f.Place.Module, pos.File).Line(pos.Line)
	if strings.TrimSpace(line) == "" {
		return
	}
	number := fmt.Sprintf("%s%d | ", indent, pos.Line)
	text, at := cli.Mark(line, pos.Col-1, a.ui.Width()-len(number))
	a.ui.Printf("%s%s\n", a.ui.Dim(number), text)
	if pos.Col > 0 {
		a.ui.Printf("%s%s\n", strings.Repeat(" ", len(number)+at), a.ui.Bold("^"))
	}
}

// explain prints what a rule is about: why, what to do, what would see it.
func (a *app) explain(name string) {
	for _, r := range vet.Rules() {
		if r.Name != name {
			continue
		}
		a.ui.Printf("     %s\n", a.ui.Bold(r.Name+": "+r.Title))
		_, doc, _ := strings.Cut(r.Doc, "\n")
		for i, p := range strings.Split(strings.TrimSpace(doc), "\n\n") {
			if i > 0 {
				a.ui.Printf("\n")
			}
			a.block("       ", p)
		}
		for _, part := range []struct{ title, text string }{{"fix", r.Fix}, {"seen at run time by", r.Oracle}, {"where Go says so", r.Source}} {
			a.paragraph("       "+part.title+":", part.text)
		}
		a.ui.Printf("\n")
	}
}

// block prints a paragraph of a rule's text; code in it, which is indented,
// stays as it is.
func (a *app) block(indent, text string) {
	if !strings.HasPrefix(text, "\t") {
		for _, line := range cli.Reflow(text, a.ui.Width()-len(indent)) {
			a.ui.Printf("%s%s\n", indent, cli.EscapeText(line))
		}
		return
	}
	for line := range strings.Lines(text) {
		a.ui.Printf("%s    %s\n", indent, cli.EscapeText(strings.TrimSpace(line)))
	}
}
