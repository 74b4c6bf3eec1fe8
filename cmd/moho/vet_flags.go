package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

// vetFlags are the flags of moho vet.
type vetFlags struct {
	packageFlags
	tests         bool
	fix, diff     bool
	explain       bool
	format        string
	sarif         string
	baseline      string
	writeBaseline string
	newFrom       string
	escapes       string
	prove         proveFlags
}

func (v *vetFlags) add(cmd *cobra.Command) {
	v.packageFlags.add(cmd)
	v.prove.add(cmd)
	f := cmd.Flags()
	f.BoolVar(&v.tests, "tests", true, "analyse test files too")
	f.BoolVar(&v.fix, "fix", false, "carry out the fixes that are safe")
	f.BoolVar(&v.diff, "diff", false, "with --fix: print a unified diff and change nothing")
	f.BoolVar(&v.explain, "explain", false, "show the source, and what a rule is about")
	f.StringVar(&v.format, "format", "text", "text, json or sarif")
	f.StringVar(&v.sarif, "sarif", "", "also write SARIF 2.1.0 to this file")
	f.StringVar(&v.baseline, "baseline", "", "do not report what this file lists")
	f.StringVar(&v.writeBaseline, "write-baseline", "", "list the findings in this file, and exit 0")
	f.StringVar(&v.newFrom, "new-from", "", "report what changes since this git revision take part in; main... compares with where this branch left main")
	f.StringVar(&v.escapes, "escapes", "", "show what the compiler moved to the heap in this function, and why")
}

// check refuses flags that contradict each other.
func (v *vetFlags) check() error {
	switch v.format {
	case "text", "json", "sarif":
	default:
		return fmt.Errorf("--format is text, json or sarif, not %q", v.format)
	}
	switch {
	case v.escapes != "" && (v.fix || v.baseline != "" || v.writeBaseline != "" || v.newFrom != "" || v.sarif != "" || v.format == "sarif" || v.explain || v.prove.on):
		return errors.New("--escapes reports no findings: it goes with --json, --tags and --targets only")
	case v.diff && !v.fix:
		return errors.New("--diff shows what --fix would do: give both")
	case v.fix && (v.baseline != "" || v.writeBaseline != "" || v.newFrom != "" || v.sarif != "" || v.format == "sarif" || v.explain || v.prove.on):
		return errors.New("--fix goes with no other selection or format of findings")
	case v.writeBaseline != "" && v.newFrom != "":
		return errors.New("--write-baseline lists all findings; --new-from would leave some out")
	}
	return nil
}
