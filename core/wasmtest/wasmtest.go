// Package wasmtest makes coredumps and memories of WebAssembly instances for
// tests: it runs a Go module in node and looks at it at a given moment.
//
// # Untrusted input
//
// None: it runs moho's own test programs.
//
// # Compatibility
//
// For moho's tests.
package wasmtest

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"moho/core"
	"moho/core/wasmdump"
	"moho/internal/testbin"
	"moho/objfile"
	"moho/objfile/wasmbin"
)

// When is the moment at which the instance is looked at.
type When string

const (
	Wait  When = "wait"  // the first time that the program waits for its host
	Write When = "write" // while it writes the line "look" with print
	Exit  When = "exit"  // when it ends
	Trap  When = "trap"  // when the engine stops it
)

// A Snapshot is what was there.
type Snapshot struct {
	Module string // path
	Memory string // path of the linear memory alone
	Core   string // path of a coredump that wasmdump wrote
	Dump   *wasmdump.Dump
	Output string // what the program had written
}

//go:embed run.mjs
var runner []byte

// Take runs the module, which is for wasip1, or for js where release names the
// Go release (1.24 or later) whose wasm_exec.js it needs.
func Take(tb testing.TB, module, release string, when When, args ...string) Snapshot {
	tb.Helper()
	testbin.NeedTool(tb, "node")
	s, err := Run(tb.Context(), tb.TempDir(), module, release, when, args...)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// Run is [Take] where there is no test. It leaves its files in dir.
func Run(ctx context.Context, dir, module, release string, when When, args ...string) (Snapshot, error) {
	script := filepath.Join(dir, "run.mjs")
	if err := os.WriteFile(script, runner, 0o644); err != nil {
		return Snapshot{}, err
	}
	f, err := objfile.Open(module)
	if err != nil {
		return Snapshot{}, err
	}
	defer f.Close()
	support := ""
	if f.OS() == "js" {
		root, err := goroot(ctx, dir, release)
		if err != nil {
			return Snapshot{}, err
		}
		support = filepath.Join(root, "lib", "wasm", "wasm_exec.js")
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", append([]string{"--no-warnings", script, dir, module, support, string(when)}, args...)...)
	outPath := filepath.Join(dir, "output") // a pipe would lose what does not fit
	out, err := os.Create(outPath)
	if err != nil {
		return Snapshot{}, err
	}
	cmd.Stdout, cmd.Stderr = out, out
	err = errors.Join(cmd.Run(), out.Close())
	text, readErr := os.ReadFile(outPath)
	if err = errors.Join(err, readErr); err != nil {
		return Snapshot{}, fmt.Errorf("node: %w\n%s", err, text)
	}
	s := Snapshot{Module: module, Memory: filepath.Join(dir, "memory"), Core: filepath.Join(dir, "core"), Output: string(text)}
	if s.Dump, err = readState(f, dir); err != nil {
		return Snapshot{}, err
	}
	w, err := os.Create(s.Core)
	if err != nil {
		return Snapshot{}, err
	}
	if _, err := s.Dump.WriteTo(w); err != nil {
		return Snapshot{}, errors.Join(err, w.Close())
	}
	return s, w.Close()
}

// readState makes a dump of what the script has written.
func readState(f *objfile.File, dir string) (*wasmdump.Dump, error) {
	memory, err := os.ReadFile(filepath.Join(dir, "memory"))
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(dir, "state.json"))
	if err != nil {
		return nil, err
	}
	var state struct {
		Globals []string
		Frames  []struct{ Func, At uint32 }
	}
	if err := json.Unmarshal(text, &state); err != nil {
		return nil, err
	}
	d := &wasmdump.Dump{
		Name: filepath.Base(f.Name()), BuildID: f.BuildID(), Thread: "main",
		Pages: uint32(len(memory) / wasmbin.PageSize), Data: []core.Bytes{{Data: memory}}, Frames: []wasmdump.Frame{},
	}
	for i, g := range state.Globals {
		bits, err := strconv.ParseUint(g, 10, 64)
		if err != nil {
			return nil, err
		}
		v := wasmbin.Value{Type: f.WASM().Globals()[i].Type, Known: true, Bits: bits}
		if v.Type.Code == wasmbin.I32 {
			v.Bits = uint64(uint32(bits))
		}
		d.Globals = append(d.Globals, v)
	}
	for _, fr := range state.Frames {
		fn, ok := f.WASMFunc(fr.Func)
		if !ok {
			return nil, fmt.Errorf("a frame is in function %d, which the module does not define", fr.Func)
		}
		d.Frames = append(d.Frames, wasmdump.Frame{Func: fr.Func, Offset: fr.At - uint32(fn.Off)})
	}
	return d, nil
}

// goroot asks the toolchain of a release where its files are.
func goroot(ctx context.Context, dir, release string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "env", "GOROOT")
	cmd.Dir, cmd.Env = dir, os.Environ()
	if release != "" {
		cmd.Env = append(cmd.Env, "GOTOOLCHAIN=go"+release)
	}
	out, err := cmd.Output()
	return string(bytes.TrimSpace(out)), err
}

// Open opens the coredump, and the module, until the test ends.
func (s Snapshot) Open(tb testing.TB) (*core.Process, *objfile.File) {
	tb.Helper()
	p, err := wasmdump.Open(s.Core)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { p.Close() })
	f, err := objfile.Open(s.Module)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { f.Close() })
	return p, f
}
