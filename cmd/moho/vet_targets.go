package main

import (
	"moho/internal/cli"
	"moho/policy"
	"moho/policy/target"
)

// vetTargets returns what vet looks at the packages for: the targets of the
// command line, else those that the policy beside go.mod builds for, else none,
// which is the host.
func vetTargets(given []string) ([]string, error) {
	for _, t := range given {
		if _, err := target.Parse(t); err != nil {
			return nil, cli.Usagef("--targets %s: %w", t, err)
		}
	}
	if len(given) > 0 {
		return given, nil
	}
	file, ok := policy.Find(workDir())
	if !ok {
		return nil, nil
	}
	pol, err := policy.Load(file)
	if err != nil {
		return nil, err
	}
	var list []string
	for _, want := range pol.Plan() {
		list = append(list, want.Target.String())
	}
	return list, nil
}
