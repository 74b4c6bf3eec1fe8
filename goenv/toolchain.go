package goenv

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"go/version"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/mod/modfile"
)

// A Toolchain is the Go that a build uses.
type Toolchain struct {
	Version string // go1.26.8
	Origin  string // what chose it
	Root    string // GOROOT
	ToolDir string // compiler, linker, …
}

// choose returns the version to pin and what chose it: the policy if it pins
// one, else what the go command would run in the module.
func (c *Config) choose(pin string) (v, origin string, err error) {
	v, _, _ = strings.Cut(c.values["GOVERSION"], " ")
	setting := c.Setting("GOTOOLCHAIN")
	origin = "the go command in PATH"
	if setting.Value == v {
		origin = "GOTOOLCHAIN in " + describeOrigin(setting.Origin)
	}
	if pin != "" {
		v, origin = pin, "policy toolchain.go"
	}
	for _, name := range []string{c.values["GOMOD"], c.values["GOWORK"]} {
		if name == "" || name == "off" {
			continue
		}
		goLine, toolLine, err := versionLines(name)
		if err != nil {
			return "", "", err
		}
		if err := c.satisfied(name, goLine, toolLine, v, pin); err != nil {
			return "", "", err
		}
		if pin == "" && setting.Value != "local" && (toolLine == v || goLine != "" && "go"+goLine == v) {
			origin = "a line of " + filepath.Base(name)
		}
	}
	return v, origin, nil
}

// satisfied refuses a toolchain that is older than what a go.mod or go.work
// asks for. The go command minds the go line in some of its verbs; with
// GOTOOLCHAIN=local it ignores the toolchain line without a word. A policy's
// pin may ignore that too: the line is a wish, the pin is a rule.
func (c *Config) satisfied(name, goLine, toolLine, v, pin string) error {
	if !version.IsValid(v) {
		return nil // a development tree is newer than anything
	}
	s := c.Setting("GOTOOLCHAIN")
	refused := &RefusedError{Name: "GOTOOLCHAIN", Value: s.Value, Origin: s.Origin}
	if pin != "" {
		refused = &RefusedError{Name: "toolchain.go", Value: pin, Origin: OriginPolicy}
	}
	if goLine != "" && version.Compare("go"+goLine, v) > 0 {
		refused.Why = fmt.Sprintf("%s requires go >= %s, this makes it %s", filepath.Base(name), goLine, v)
		return refused
	}
	if pin == "" && version.IsValid(toolLine) && version.Compare(toolLine, v) > 0 {
		refused.Why = fmt.Sprintf("%s asks for toolchain %s, the go command would build with %s and not say so", filepath.Base(name), toolLine, v)
		return refused
	}
	return nil
}

// versionLines returns the go and toolchain lines of a go.mod or go.work.
func versionLines(name string) (goLine, toolLine string, err error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return "", "", err
	}
	var g *modfile.Go
	var t *modfile.Toolchain
	if strings.HasSuffix(name, ".work") {
		f, err := modfile.ParseWork(filepath.Base(name), data, nil)
		if err != nil {
			return "", "", err
		}
		g, t = f.Go, f.Toolchain
	} else {
		f, err := modfile.Parse(filepath.Base(name), data, nil)
		if err != nil {
			return "", "", err
		}
		g, t = f.Go, f.Toolchain
	}
	if g != nil {
		goLine = g.Version
	}
	if t != nil && t.Name != "default" {
		toolLine = t.Name
	}
	return goLine, toolLine, nil
}

// gotoolchain returns the value of GOTOOLCHAIN that pins a version. What is no
// release (a development tree, a vendor's build) can only be the local one.
func gotoolchain(v string) string {
	if version.IsValid(v) && !strings.ContainsAny(v, "-+ ") {
		return v
	}
	return "local"
}

// Digest returns the digest ("sha256:…") of the programs that turn source into
// a binary: the go command, the compiler, assembler, linker and cgo.
func (t Toolchain) Digest(ctx context.Context) (string, error) {
	exe := ""
	if runtime.GOOS == "windows" {
		exe = ".exe"
	}
	list := sha256.New()
	for _, p := range []struct{ name, path string }{
		{"go", filepath.Join(t.Root, "bin", "go"+exe)},
		{"asm", filepath.Join(t.ToolDir, "asm"+exe)},
		{"cgo", filepath.Join(t.ToolDir, "cgo"+exe)},
		{"compile", filepath.Join(t.ToolDir, "compile"+exe)},
		{"link", filepath.Join(t.ToolDir, "link"+exe)},
	} {
		sum, err := fileDigest(ctx, p.path)
		// A downloaded toolchain need not hold what it never needs.
		if errors.Is(err, os.ErrNotExist) && p.name == "cgo" {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("toolchain: %w", err)
		}
		fmt.Fprintf(list, "%s  %s\n", sum, p.name)
	}
	return "sha256:" + hex.EncodeToString(list.Sum(nil)), nil
}

func fileDigest(ctx context.Context, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	for {
		if err := context.Cause(ctx); err != nil {
			return "", err
		}
		if _, err := io.CopyN(h, f, 4<<20); errors.Is(err, io.EOF) {
			return hex.EncodeToString(h.Sum(nil)), nil
		} else if err != nil {
			return "", err
		}
	}
}
