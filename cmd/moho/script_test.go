package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"moho/core/capture"
	"moho/core/wasmtest"
	"moho/internal/testschema"
	"moho/vet/prove"
)

// TestMain makes the test binary double as moho, so that scripts run the real
// program as a process of its own.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"moho": main})
}

// TestScript runs the user-visible contract: every script under
// testdata/script is commands as a user types them with what they must print.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:   filepath.Join("testdata", "script"),
		Setup: scriptEnv,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"alive":    alive,
			"setenvs":  setenvs,
			"crash":    crash,
			"instance": instance,
			"module":   module,
			"validate": validate,
			"patch":    patch,
			"truncate": truncate,
		},
		Condition:           condition,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// scriptEnv lets scripts use the caller's Go caches: compiling the standard
// library once for every script would take most of the time.
func scriptEnv(env *testscript.Env) error {
	for _, name := range []string{"GOCACHE", "GOMODCACHE"} {
		env.Setenv(name, goEnv(name))
	}
	for _, name := range []string{"GOPROXY", "GOSUMDB", "GONOSUMDB", "GOTOOLCHAIN"} {
		if v, ok := os.LookupEnv(name); ok {
			env.Setenv(name, v)
		}
	}
	env.Setenv("NO_COLOR", "1")
	env.Setenv("MOHO_CACHE", "off") // the home of scripts is no place for one
	if dir, err := prove.CacheDir(); err == nil {
		env.Setenv("PROVE_CACHE", filepath.Dir(dir)) // a patched runtime takes long to compile
	}
	moho, err := exec.LookPath("moho") // testscript has put it into PATH
	env.Setenv("MOHO", moho)
	return err
}

// condition adds [long]: scripts that take minutes.
func condition(name string) (bool, error) {
	if name == "long" {
		return os.Getenv("MOHO_LONG") != "", nil
	}
	return false, fmt.Errorf("unknown condition %q", name)
}

// module copies a module from the module proxy into the current directory:
//
//	module PATH@VERSION
func module(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: module PATH@VERSION")
	}
	cmd := exec.Command("go", "mod", "download", "-json", args[0])
	cmd.Dir = os.TempDir()
	out, err := cmd.Output()
	ts.Check(err)
	var mod struct{ Dir string }
	ts.Check(json.Unmarshal(out, &mod))
	ts.Check(os.CopyFS(ts.MkAbs("."), os.DirFS(mod.Dir)))
	ts.Check(filepath.WalkDir(ts.MkAbs("."), func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() {
			return err
		}
		return os.Chmod(path, 0o777)
	}))
}

// crash runs a program until it dies and leaves its core:
//
//	crash CORE PROGRAM [ARG...]
func crash(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: crash CORE PROGRAM [ARG...]")
	}
	stderr, err := os.Create(ts.MkAbs("crash.stderr"))
	ts.Check(err)
	defer stderr.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	res, err := capture.Run(ctx, append([]string{ts.MkAbs(args[1])}, args[2:]...), ts.MkAbs(args[0]), capture.Options{
		Dir:    ts.MkAbs("."),
		Env:    append(os.Environ(), "GOTRACEBACK=crash"),
		Stderr: stderr,
	})
	ts.Check(err)
	if res.Core == "" {
		ts.Fatalf("%s exited with %d instead of crashing", args[1], res.Exit)
	}
}

// setenvs sets a variable for each line of a file that is a name and a value:
// what a program printed of itself before it died.
//
//	setenvs FILE
func setenvs(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: setenvs FILE")
	}
	n := 0
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		if f := strings.Fields(line); len(f) == 2 && strings.ToUpper(f[0]) == f[0] {
			ts.Setenv(f[0], f[1])
			n++
		}
	}
	if n == 0 {
		ts.Fatalf("%s: no line of a name and a value", args[0])
	}
}

// instance runs a WebAssembly module and leaves its files memory and core in DIR:
//
//	instance DIR WHEN MODULE [ARG...]     (WHEN as in wasmtest)
func instance(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: instance DIR WHEN MODULE [ARG...]")
	}
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o777))
	s, err := wasmtest.Run(context.Background(), dir, ts.MkAbs(args[2]), "", wasmtest.When(args[1]), args[3:]...)
	ts.Check(err)
	ts.Check(os.WriteFile(filepath.Join(dir, "output"), []byte(s.Output), 0o666))
}

// validate checks JSON, or the JSON lines of a file.jsonl, against docs/schemas:
//
//	validate FILE KIND     (KIND as in moho/KIND/v1)
func validate(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: validate FILE KIND")
	}
	text := []byte(ts.ReadFile(args[0]))
	err := testschema.Check(args[1], text)
	if strings.HasSuffix(args[0], ".jsonl") {
		_, err = testschema.CheckLines(args[1], text)
	}
	if neg == (err == nil) {
		ts.Fatalf("%s against %s: %v", args[0], args[1], err)
	}
}

// patch replaces the first occurrence of some bytes in a file by as many others:
//
//	patch FILE OLD NEW
func patch(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 || len(args[1]) != len(args[2]) {
		ts.Fatalf("usage: patch FILE OLD NEW (of the same length)")
	}
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, args[1]) {
		ts.Fatalf("%s does not contain %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(text, args[1], args[2], 1)), 0o777))
}

// truncate cuts a file after some percent of its bytes:
//
//	truncate FILE PERCENT
func truncate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 || len(args[1]) != 2 {
		ts.Fatalf("usage: truncate FILE PERCENT")
	}
	name := ts.MkAbs(args[0])
	fi, err := os.Stat(name)
	ts.Check(err)
	percent := int64(args[1][0]-'0')*10 + int64(args[1][1]-'0')
	ts.Check(os.Truncate(name, fi.Size()*percent/100))
}

// goEnv asks the go command, whose defaults depend on the home directory that
// scripts do not have.
func goEnv(name string) string {
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
