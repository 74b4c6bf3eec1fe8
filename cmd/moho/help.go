package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"moho/internal/cli"
	"moho/vet"
)

// newHelp is cobra's help command plus the topics that are no verbs.
func newHelp(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "help [verb | rules | rule NAME]",
		Short: "help about a verb, or about a rule of vet",
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 1 && args[0] == "rules":
				return a.listRules()
			case len(args) == 2 && args[0] == "rule":
				return a.explainRule(args[1])
			case len(args) >= 1 && args[0] == "rule":
				return cli.WithHints(cli.Usagef("help rule takes the name of one rule"), "moho help rules lists them")
			}
			target, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				hint := "moho help lists the verbs"
				if slices.ContainsFunc(vet.Rules(), func(r vet.Rule) bool { return r.Name == args[0] }) {
					hint = "moho help rule " + args[0] + " explains the rule of that name"
				}
				return cli.WithHints(cli.Usagef("no help about %q", strings.Join(args, " ")), hint)
			}
			return target.Help()
		},
	}
}

type ruleList struct {
	Schema string     `json:"schema"`
	Rules  []vet.Rule `json:"rules"`
}

func (a *app) listRules() error {
	if a.ui.JSON {
		return cli.JSON(a.ui.Out, ruleList{"moho/rules/v1", vet.Rules()})
	}
	t := cli.NewTable(cli.Column{Title: "rule"}, cli.Column{Title: "severity"}, cli.Column{Title: "what it finds", Fit: cli.Wrap})
	for _, r := range vet.Rules() {
		t.Row(r.Name, string(r.Severity), r.Title)
	}
	a.ui.Table(t)
	return nil
}

func (a *app) explainRule(name string) error {
	for _, r := range vet.Rules() {
		if r.Name != name {
			continue
		}
		if a.ui.JSON {
			return cli.JSON(a.ui.Out, ruleList{"moho/rules/v1", []vet.Rule{r}})
		}
		a.printRule(r)
		return nil
	}
	return cli.WithHints(cli.Usagef("no rule %q", name), "moho help rules lists them")
}

// printRule prints the text of a rule: the same words as in docs/rules.
func (a *app) printRule(r vet.Rule) {
	doc := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(r.Doc), r.Title))
	a.ui.Printf("%s (%s): %s\n\n%s\n", a.ui.Bold(r.Name), r.Severity, r.Title, doc)
	for _, part := range []struct{ title, text string }{
		{"Bad", r.Bad}, {"Good", r.Good}, {"Fix", r.Fix}, {"What sees it at run time", r.Oracle}, {"Source", r.Source},
	} {
		if part.text != "" {
			text := strings.ReplaceAll(strings.TrimSpace(part.text), "\n", "\n    ")
			a.ui.Printf("\n%s\n    %s\n", a.ui.Bold(part.title), text)
		}
	}
}
