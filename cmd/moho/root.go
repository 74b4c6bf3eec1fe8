package main

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"moho/internal/cli"
	"moho/store"
)

// app is what the verbs share: the caller and the global flags.
type app struct {
	ui      *cli.UI
	stores  string   // --store
	maxSize sizeFlag // --max-size
}

const rootLong = `moho works below the Go source line: machine frames, memory, built artifacts.

It joins what it finds in one chain of evidence:

    source line ── vet ──▶ build ──▶ verify ──▶ run ──▶ core
         ▲       findings  report    gate              goroutines, frames
         └──────────────── joined by the Build ID ────────────┘

Start with:

    moho demo              shows the whole chain on a bundled example
    moho check ./...       is this module fit to ship? vet + build + verify
    moho core CORE         what was every goroutine doing when it died?

Exit codes: 0 fine; 1 findings, or an artifact that policy refuses; 2 usage;
3 could not finish (what was found is still printed). --json does not change them.`

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:           "moho",
		Short:         "from source line to core dump, one chain of evidence",
		Long:          rootLong,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noVerb,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },

		SuggestionsMinimumDistance: 2,
	}
	f := root.PersistentFlags()
	f.BoolVar(&a.ui.JSON, "json", false, "print JSON (docs/schemas) instead of text")
	f.BoolVarP(&a.ui.Quiet, "quiet", "q", false, "no progress, no notes")
	f.StringVar(&a.stores, "store", "", "stores to use, separated by commas; the first is written to (default $MOHO_STORE, else .moho beside go.mod)")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage(cmd, err)
	})

	for _, verb := range []*cobra.Command{
		newCheck(a), newVet(a), newBuild(a), newVerify(a), newCore(a), newDump(a), newFuncs(a), newAsm(a), newFrame(a), newNosplit(a), newXcheck(a), newDemo(a), newConfig(a), newVersion(a),
	} {
		root.AddCommand(verb)
	}
	root.SetHelpCommand(newHelp(a))
	root.SetUsageTemplate(usageTemplate)
	return root
}

// usageTemplate is cobra's with the worked example at the end, where the eye
// rests when the text has scrolled by.
const usageTemplate = `Usage:{{if .Runnable}}
  {{.UseLine}}{{end}}{{if .HasAvailableSubCommands}}
  {{.CommandPath}} VERB{{end}}{{if .HasAvailableSubCommands}}

Verbs:{{range .Commands}}{{if or .IsAvailableCommand (eq .Name "help")}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{if .HasAvailableLocalFlags}}

Flags:
{{.LocalFlags.FlagUsagesWrapped 100 | trimTrailingWhitespaces}}{{end}}{{if .HasAvailableInheritedFlags}}

Global flags:
{{.InheritedFlags.FlagUsagesWrapped 100 | trimTrailingWhitespaces}}{{end}}{{if .HasExample}}

Example:

{{.Example}}{{end}}
`

// noVerb turns an unknown verb into a usage error with the nearest known one.
func noVerb(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := cli.Usagef("unknown verb %q", args[0])
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 && args[0] != "" {
		return cli.WithHints(err, "did you mean: moho "+strings.Join(near, ", moho "))
	}
	return cli.WithHints(err, "moho help lists the verbs")
}

// usage makes err a usage error that points to the verb's help.
func usage(cmd *cobra.Command, err error) error {
	if exit, ok := errors.AsType[*cli.ExitError](err); ok && exit.Code == cli.Usage {
		return err
	}
	path := strings.TrimPrefix(cmd.CommandPath(), "moho")
	return &cli.ExitError{Code: cli.Usage, Err: err, Hints: []string{"moho help" + path + " explains it"}}
}

// args is one of cobra's argument checks with a usage error of ours.
func args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, given []string) error {
		if check(cmd, given) == nil {
			return nil
		}
		want := strings.TrimPrefix(strings.TrimSuffix(cmd.UseLine(), " [flags]"), cmd.CommandPath())
		if want = strings.TrimSpace(want); want == "" {
			want = "no arguments"
		}
		return usage(cmd, fmt.Errorf("%s takes %s, not %s", cmd.CommandPath(), want, count(len(given), "argument")))
	}
}

// readStores opens the stores that dir's settings name, to read from.
func (a *app) readStores(dir string) (store.Set, error) {
	return store.OpenSet(store.Locate(a.stores, dir))
}

// writeStore opens the store that is written to.
func (a *app) writeStore(dir string) (*store.Store, error) {
	dirs := store.Locate(a.stores, dir)
	if len(dirs) == 0 {
		return nil, cli.WithHints(errors.New("no store: not inside a module, and neither --store nor $MOHO_STORE is set"),
			"run it in a module, or give --store DIR")
	}
	return store.Open(dirs[0])
}

func newVersion(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "print moho's version and the Go it was built with",
		Args:  args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			v := versionInfo()
			if a.ui.JSON {
				return cli.JSON(a.ui.Out, v)
			}
			fmt.Fprintf(a.ui.Out, "moho %s, built with %s\n", v.Version, v.Go)
			return nil
		},
	}
}

type version struct {
	Schema   string `json:"schema"`
	Version  string `json:"version"`
	Go       string `json:"go"`
	Revision string `json:"revision,omitempty"`
}

func versionInfo() version {
	v := version{Schema: "moho/version/v1", Version: "(devel)", Go: "unknown"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	v.Go = info.GoVersion
	if info.Main.Version != "" {
		v.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			v.Revision = s.Value
		}
	}
	return v
}
