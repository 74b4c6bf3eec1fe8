package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"moho/evidence"
	"moho/gate"
	"moho/internal/cli"
	"moho/policy"
)

const verifyLong = `Verify answers whether a binary may ship, and why not: its digest must be known
to a store, the report about it must say what the file itself shows, and both
must be what the policy asks for. It exits 1 when an artifact is refused.

Without a signing policy the signature is "not checked", not refused. With --json
every artifact has an object of its own.`

const verifyExample = `    $ moho verify dist/linux_amd64/crashy
    pass         store.known         a report states this digest
    pass         target.allowed      linux/amd64 is a target of policy "built-in"
    …
    not-checked  signature           the policy asks for no signature
    pass  dist/linux_amd64/crashy`

func newVerify(a *app) *cobra.Command {
	var policyFile string
	var targets []string
	cmd := &cobra.Command{
		Use:     "verify ARTIFACT...",
		Short:   "may this binary ship? why not?",
		Long:    verifyLong,
		Example: verifyExample,
		Args:    args(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, artifacts []string) error {
			pol, err := loadPolicy(policyFile, targets)
			if err != nil {
				return err
			}
			code := cli.OK
			var failed []error
			for _, path := range artifacts {
				v, err := a.verify(cmd.Context(), pol, path)
				if err != nil {
					failed = append(failed, err)
					continue
				}
				if a.ui.JSON {
					failed = append(failed, cli.JSON(a.ui.Out, v))
				} else {
					a.printVerdict(v)
				}
				code = cli.Worse(code, verdictCode(v))
			}
			if err := errors.Join(failed...); err != nil {
				return &cli.ExitError{Code: cli.Worse(code, cli.CodeOf(err)), Err: err}
			}
			return cli.Exit(code)
		},
	}
	cmd.Flags().StringVar(&policyFile, "policy", "", "policy file (default moho.yaml beside go.mod, else built in)")
	cmd.Flags().StringSliceVar(&targets, "targets", nil, "GOOS/GOARCH pairs to allow, separated by commas (default: the policy's)")
	return cmd
}

func (a *app) verify(ctx context.Context, pol *policy.Policy, path string) (evidence.VerdictReport, error) {
	stores, err := a.readStores(workDir())
	if err != nil {
		return evidence.VerdictReport{}, err
	}
	return gate.Verify(ctx, gate.Options{Artifact: path, Policy: pol, Stores: stores})
}

func verdictCode(v evidence.VerdictReport) int {
	if v.Verdict != evidence.Pass {
		return cli.Findings
	}
	return cli.OK
}

func (a *app) printVerdict(v evidence.VerdictReport) {
	t := cli.NewTable(cli.Column{}, cli.Column{}, cli.Column{Fit: cli.Wrap})
	for _, c := range v.Checks {
		t.Row(string(c.Verdict), c.ID, c.Why)
	}
	a.ui.Table(t)
	a.ui.Printf("%s  %s\n", a.verdict(v.Verdict), cli.Escape(v.Artifact))
}

func (a *app) verdict(v evidence.Verdict) string {
	switch v {
	case evidence.Pass:
		return a.ui.Good(string(v))
	case evidence.Refuse:
		return a.ui.Bad(string(v))
	}
	return string(v)
}
