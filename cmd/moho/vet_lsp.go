package main

import (
	"errors"

	"github.com/spf13/cobra"

	"moho/internal/cli"
	"moho/vet"
	"moho/vet/lsp"
)

const lspLong = `Lsp is a language server: an editor starts it, speaks to it over standard
input and output, and shows the findings of all modules of its workspace while the
code is written, saved or not. It offers the fixes that are safe, and on hovering
a finding the rule's text.

It runs beside gopls; an editor asks both. initializationOptions may have tags,
targets (lists) and tests (true or false).`

const lspExample = `    -- Neovim
    vim.lsp.config.moho = { cmd = {"moho", "vet", "lsp"}, filetypes = {"go"}, root_markers = {"go.mod"} }
    vim.lsp.enable("moho")`

func newVetLSP(a *app) *cobra.Command {
	var pf packageFlags
	var tests bool
	cmd := &cobra.Command{
		Use:     "lsp",
		Short:   "findings in your editor, as a language server",
		Long:    lspLong,
		Example: lspExample,
		Args:    args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := lsp.Serve(cmd.Context(), a.ui.In, a.ui.Out, lsp.Options{
				Vet:     vet.Options{Tags: pf.tags, Targets: pf.targets, Tests: tests},
				Version: versionInfo().Version,
			})
			if errors.Is(err, lsp.ErrNoShutdown) {
				return &cli.ExitError{Code: 1, Err: err} // as the protocol has it
			}
			return err
		},
	}
	pf.add(cmd)
	cmd.Flags().BoolVar(&tests, "tests", true, "analyse test files too")
	return cmd
}
