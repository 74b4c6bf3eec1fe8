package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"moho/gostate/internal/layout"
	"moho/internal/testbin"
)

// TestCompilerAgrees asks the compiler itself for the layout on wasm: it writes the
// offsets of fields for the runtime's assembly.
func TestCompilerAgrees(t *testing.T) {
	testbin.Long(t)
	for column, target := range sourceTargets {
		t.Run(column, func(t *testing.T) {
			header := asmHeader(t, target[0], target[1])
			minor, err := layout.ParseMinor(runtime.Version())
			if err != nil {
				t.Fatal(err)
			}
			values, err := readSource(t.TempDir(), "local", target[0], target[1])
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, name := range layout.Names() {
				symbol, ok := asmName(name)
				if !ok {
					continue
				}
				want, known := header[symbol]
				if got, ok := values[name]; ok != known || got != want {
					t.Errorf("Go 1.%d: %s is %d (%v), the compiler has %d (%v)", minor, name, got, ok, want, known)
				}
				n++
			}
			if n < 120 {
				t.Errorf("only %d values", n)
			}
		})
	}
}

// asmName returns what assembly calls a size or a field of a struct of the
// runtime; those of structs inside it have no name there.
func asmName(name string) (string, bool) {
	if typ, ok := strings.CutPrefix(name, "sizeof runtime."); ok {
		return typ + "__size", true
	}
	path, ok := strings.CutPrefix(name, "runtime.")
	if !ok || strings.Count(path, ".") != 1 || strings.HasPrefix(path, "hmap.") {
		return "", false
	}
	return strings.Replace(path, ".", "_", 1), true
}

// asmHeader compiles the runtime as far as the compiler needs to write go_asm.h.
func asmHeader(t *testing.T, goos, goarch string) map[string]int64 {
	t.Helper()
	dir := t.TempDir()
	run := func(args ...string) []byte {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0", "GOFLAGS=")
		out, _ := cmd.Output() // without what go build knows of assembly the compiler fails, afterwards
		return out
	}
	cfg := filepath.Join(dir, "cfg")
	if err := os.WriteFile(cfg, run("list", "-export", "-deps", "-f", "{{if .Export}}packagefile {{.ImportPath}}={{.Export}}{{end}}", "runtime"), 0o644); err != nil {
		t.Fatal(err)
	}
	files := strings.Fields(string(run("list", "-f", "{{range .GoFiles}}{{$.Dir}}/{{.}} {{end}}", "runtime")))
	out := filepath.Join(dir, "go_asm.h")
	run(append([]string{"tool", "compile", "-p", "runtime", "-std", "-asmhdr", out, "-importcfg", cfg, "-o", filepath.Join(dir, "out")}, files...)...)
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	header := map[string]int64{}
	for line := range bytes.Lines(text) {
		var name string
		var value int64
		if n, _ := fmt.Sscanf(string(line), "#define %s %d", &name, &value); n == 2 {
			header[name] = value
		}
	}
	return header
}
