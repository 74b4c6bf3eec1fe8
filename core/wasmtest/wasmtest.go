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
	dir := tb.TempDir()
	script := filepath.Join(dir, "run.mjs")
	if err := os.WriteFile(script, runner, 0o644); err != nil {
		tb.Fatal(err)
	}
	f, err := objfile.Open(module)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { f.Close() })
	support := ""
	if f.OS() == "js" {
		support = filepath.Join(goroot(tb, release), "lib", "wasm", "wasm_exec.js")
	}
	ctx, cancel := context.WithTimeout(tb.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", append([]string{"--no-warnings", script, dir, module, support, string(when)}, args...)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		tb.Fatalf("node: %v\n%s", err, out.String())
	}
	s := Snapshot{Module: module, Memory: filepath.Join(dir, "memory"), Core: filepath.Join(dir, "core"), Output: out.String()}
	s.Dump = readState(tb, f, dir)
	w, err := os.Create(s.Core)
	if err != nil {
		tb.Fatal(err)
	}
	defer w.Close()
	if _, err := s.Dump.WriteTo(w); err != nil {
		tb.Fatal(err)
	}
	return s
}

// readState makes a dump of what the script has written.
func readState(tb testing.TB, f *objfile.File, dir string) *wasmdump.Dump {
	tb.Helper()
	memory, err := os.ReadFile(filepath.Join(dir, "memory"))
	if err != nil {
		tb.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "state.json"))
	if err != nil {
		tb.Fatal(err)
	}
	var state struct {
		Globals []string
		Frames  []struct{ Func, At uint32 }
	}
	if err := json.Unmarshal(text, &state); err != nil {
		tb.Fatal(err)
	}
	d := &wasmdump.Dump{
		Name: filepath.Base(f.Name()), BuildID: f.BuildID(), Thread: "main",
		Pages: uint32(len(memory) / wasmbin.PageSize), Data: []core.Bytes{{Data: memory}}, Frames: []wasmdump.Frame{},
	}
	for i, g := range state.Globals {
		bits, err := strconv.ParseUint(g, 10, 64)
		if err != nil {
			tb.Fatal(err)
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
			tb.Fatalf("frame in function %d, which the module does not define", fr.Func)
		}
		d.Frames = append(d.Frames, wasmdump.Frame{Func: fr.Func, Offset: fr.At - uint32(fn.Off)})
	}
	return d
}

// goroot asks the toolchain of a release where its files are.
func goroot(tb testing.TB, release string) string {
	tb.Helper()
	cmd := exec.CommandContext(tb.Context(), "go", "env", "GOROOT")
	cmd.Dir = tb.TempDir()
	cmd.Env = os.Environ()
	if release != "" {
		cmd.Env = append(cmd.Env, "GOTOOLCHAIN=go"+release)
	}
	out, err := cmd.Output()
	if err != nil {
		tb.Fatal(err)
	}
	return string(bytes.TrimSpace(out))
}
