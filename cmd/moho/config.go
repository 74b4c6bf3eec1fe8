package main

import (
	"os"
	"runtime"

	"github.com/spf13/cobra"

	"moho/internal/cli"
	"moho/policy"
	"moho/store"
	"moho/vet"
)

const configLong = `Config prints moho's own effective settings and where each comes from:
flag > MOHO_* > moho.yaml > default.`

const configExample = `    $ moho config`

// configReport is the kind moho/config/v1.
type configReport struct {
	Schema   string          `json:"schema"`
	Settings []configSetting `json:"settings"`
}

type configSetting struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Origin string `json:"origin"`
}

func newConfig(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "config",
		Short:   "print the effective settings with their origins",
		Long:    configLong,
		Example: configExample,
		Args:    args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			rep := a.config()
			if a.ui.JSON {
				return cli.JSON(a.ui.Out, rep)
			}
			t := cli.NewTable(cli.Column{Title: "setting"}, cli.Column{Title: "value", Fit: cli.ClipTop}, cli.Column{Title: "origin"})
			for _, s := range rep.Settings {
				t.Row(s.Name, s.Value, s.Origin)
			}
			a.ui.Table(t)
			return nil
		},
	}
}

// cacheOrigin says what chose the directory of vet's cache.
func cacheOrigin() string {
	switch v, set := os.LookupEnv(vet.CacheVar); {
	case set && v == "off":
		return "environment " + vet.CacheVar + ": nothing is kept"
	case set && v != "":
		return "environment " + vet.CacheVar
	}
	return "default"
}

func (a *app) config() configReport {
	rep := configReport{Schema: "moho/config/v1"}
	add := func(name, value, origin string) {
		rep.Settings = append(rep.Settings, configSetting{name, value, origin})
	}
	stores := store.Locate(a.stores, workDir())
	origin := "default"
	switch {
	case a.stores != "":
		origin = "flag --store"
	case os.Getenv(store.EnvVar) != "":
		origin = "environment " + store.EnvVar
	case len(stores) == 0:
		origin = "default: outside a module there is none"
	}
	if len(stores) == 0 {
		add("store", "", origin)
	}
	for _, s := range stores {
		add("store", s, origin)
	}
	if file, ok := policy.Find(workDir()); ok {
		add("policy", file, "found beside go.mod")
	} else {
		add("policy", "built-in", "default: no "+policy.FileName+" beside go.mod")
	}
	add("cache", vet.CacheDir(), cacheOrigin())
	if n, origin, err := a.sizeLimit(); err == nil {
		add("max-size", formatSize(n), origin)
	}
	add("host", runtime.GOOS+"/"+runtime.GOARCH, "this binary")
	return rep
}
