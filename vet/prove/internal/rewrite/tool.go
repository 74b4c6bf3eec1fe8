// Package rewrite stands between the go command and the compiler: it changes the
// text of packages that use unsafe, so that what the runtime can't see by itself
// is shown to it.
//
// # Untrusted input
//
// Source code is parsed and type-checked, never run. What can't be parsed goes to
// the compiler as it is.
//
// # Compatibility
//
// Positions in the rewritten text are those of the original.
package rewrite

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// Env is set in the environment of the go command that starts moho as its tool.
const Env = "MOHO_PROVE_TOOL"

//go:embed *.go *.txt
var text embed.FS

// ID changes when what the package does may have changed: it is a hash of its own
// text and of the Go that compiled it.
func ID() string {
	h := sha256.New()
	fmt.Fprintln(h, runtime.Version())
	names, err := fs.Glob(text, "*")
	if err != nil {
		panic(err) // a constant pattern
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		b, err := text.ReadFile(name)
		if err != nil {
			panic(err) // embedded
		}
		fmt.Fprintln(h, name, len(b))
		h.Write(b)
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// IsTool reports whether this process was started by the go command as its
// -toolexec.
func IsTool() bool { return os.Getenv(Env) != "" && len(os.Args) > 1 }

// Main runs the tool that the arguments name, with the compiler's files rewritten,
// and returns its exit code.
func Main(args []string) int {
	compiler := filepath.Base(args[0]) == "compile"
	if len(args) == 2 && args[1] == "-V=full" {
		out, err := exec.Command(args[0], args[1]).Output()
		if err != nil {
			fmt.Fprintln(os.Stderr, "moho:", err)
			return 2
		}
		// The go command takes a line as a tool's version; with ours in it, what
		// was compiled here is never taken for what was not.
		line := strings.TrimSpace(string(out))
		if compiler {
			line += " moho-" + ID()
		}
		fmt.Println(line)
		return 0
	}
	if compiler {
		return compile(args)
	}
	return run(args)
}

// runQuiet runs a tool and returns what it prints.
func runQuiet(args []string) ([]byte, int) {
	out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return out, exit.ExitCode()
	}
	if err != nil {
		return []byte(err.Error()), 2
	}
	return out, 0
}

func run(args []string) int {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "moho:", err)
		return 2
	}
	return 0
}
