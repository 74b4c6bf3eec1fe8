package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"moho/goenv"
	"moho/internal/cli"
	"moho/policy"
)

// explainBuild adds to an error of a governed build or vet what to do about it,
// where the reason is that moho builds in another way than the go command here.
func explainBuild(err error, pol *policy.Policy) error {
	if err == nil {
		return nil
	}
	var hints []string
	text := err.Error()
	if refused, ok := errors.AsType[*goenv.RefusedError](err); ok {
		hints = append(hints, unset(refused)...)
	}
	if !pol.CGO && hasAny(text, "no packages", "build constraints exclude all Go files") {
		hints = append(hints, `cgo is off, so files that import "C" are left out; "cgo: true" in moho.yaml takes them in`)
	}
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		hints = append(hints, "-o DIR puts artifacts, --store DIR the store where they can be written")
	}
	if work := workFile(workDir()); work != "" && hasAny(text, "go.sum", "go.mod", "no required module provides", "go get ") {
		hints = append(hints, relative(work)+" is not used: a governed build builds one module alone, by its go.mod")
	}
	if len(hints) == 0 {
		return err
	}
	return cli.WithHints(err, hints...)
}

// unset says how to get rid of a setting that is refused.
func unset(r *goenv.RefusedError) []string {
	switch {
	case !strings.HasPrefix(r.Name, "GO") && !strings.HasPrefix(r.Name, "CGO"):
		return nil
	case r.Origin == goenv.OriginEnv:
		return []string{"unset " + r.Name + "; what a build needs is said in moho.yaml"}
	case r.Origin == goenv.OriginFile:
		return []string{"go env -u " + r.Name + " removes it; what a build needs is said in moho.yaml"}
	}
	return nil
}

func hasAny(text string, parts ...string) bool {
	for _, p := range parts {
		if strings.Contains(text, p) {
			return true
		}
	}
	return false
}

// workFile returns the go.work that the go command would use in dir, or "".
func workFile(dir string) string {
	switch env := os.Getenv("GOWORK"); env {
	case "":
	case "off":
		return ""
	default:
		return env
	}
	for {
		name := filepath.Join(dir, "go.work")
		if fi, err := os.Stat(name); err == nil && fi.Mode().IsRegular() {
			return name
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}
