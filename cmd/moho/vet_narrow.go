package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	"moho/evidence"
	"moho/internal/cli"
	"moho/vet"
	"moho/vet/baseline"
	"moho/vet/sarif"
	"moho/vet/since"
)

// narrowed is what is left of a result once the user's selection has been applied.
type narrowed struct {
	vet.Result
	known     []evidence.Finding // in the baseline
	untouched int                // by changes since --new-from
	compared  bool               // with a baseline
	accepted  bool               // findings were written into a baseline
	notes     []string
}

// narrow takes out what the user does not want to see again.
func (a *app) narrow(ctx context.Context, res vet.Result, incomplete error, o vet.Options, vf vetFlags) (narrowed, error) {
	v := narrowed{Result: res}
	if vf.writeBaseline != "" {
		if incomplete != nil {
			return narrowed{}, fmt.Errorf("%s is not written: %w", vf.writeBaseline, incomplete)
		}
		b := baseline.Of(res, o)
		if err := b.Write(vf.writeBaseline); err != nil {
			return narrowed{}, fmt.Errorf("write baseline: %w", err)
		}
		v.accepted = true
		v.notes = append(v.notes, fmt.Sprintf("%s: %d written", vf.writeBaseline, len(b.Entries)))
	}
	if vf.baseline != "" {
		b, err := baseline.Read(vf.baseline)
		if errors.Is(err, fs.ErrNotExist) {
			err = cli.WithHints(err, "moho vet --write-baseline "+vf.baseline+" makes it")
		}
		if err != nil {
			return narrowed{}, err
		}
		v.compared = true
		v.Findings, v.known = b.Split(v.Findings)
		v.Suppressed += len(v.known)
		if n := len(b.Fixed(res, o)); n > 0 {
			v.notes = append(v.notes, fixedNote(n, vf.baseline))
		}
	}
	if vf.newFrom != "" {
		change, err := since.Of(ctx, o.Dir, vf.newFrom)
		if err != nil {
			return narrowed{}, revisionError(err)
		}
		all := len(v.Findings)
		if v.Findings, err = change.Filter(ctx, v.Result); err != nil {
			return narrowed{}, err
		}
		v.untouched = all - len(v.Findings)
	}
	return v, nil
}

func fixedNote(n int, file string) string {
	if n == 1 {
		return "1 entry of the baseline is fixed; --write-baseline " + file + " drops it"
	}
	return fmt.Sprintf("%d entries of the baseline are fixed; --write-baseline %s drops them", n, file)
}

func revisionError(err error) error {
	switch {
	case errors.Is(err, since.ErrRevision):
		return &cli.ExitError{Code: cli.Usage, Err: fmt.Errorf("--new-from: %w", err)}
	case errors.Is(err, exec.ErrNotFound):
		return cli.WithHints(fmt.Errorf("--new-from: %w", err), "--baseline FILE needs no git")
	}
	return fmt.Errorf("--new-from: %w", err)
}

// writeSARIF writes the file of --sarif, and standard output for --format sarif.
func (a *app) writeSARIF(v narrowed, vf vetFlags, incomplete error) error {
	opts := sarif.Options{
		Version: versionInfo().Version, Root: sourceRoot(), Known: v.known, Baseline: v.compared, Err: incomplete,
	}
	var errs []error
	if vf.format == "sarif" || vf.sarif == "-" {
		errs = append(errs, sarif.Write(a.ui.Out, v.Result, opts))
	}
	if vf.sarif != "" && vf.sarif != "-" {
		f, err := os.Create(vf.sarif)
		if err == nil {
			err = errors.Join(sarif.Write(f, v.Result, opts), f.Close())
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// sourceRoot is what paths in SARIF are relative to: the repository around the
// working directory, or else the module's root.
func sourceRoot() string {
	wd, err := filepath.Abs(workDir())
	if err != nil {
		return ""
	}
	for dir := wd; ; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	for dir := wd; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			return wd
		}
	}
}
