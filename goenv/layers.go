package goenv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
)

// maxEnvFile bounds a file of variables: 1 MiB.
const maxEnvFile = 1 << 20

// readEnvFile reads the lines NAME=value of a file as the go command does:
// comments and lines that are neither are skipped. A file that is not there,
// or whose name is "" or off, has no lines.
func readEnvFile(name string) (map[string]string, error) {
	if name == "" || name == "off" {
		return nil, nil
	}
	f, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("go env file: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxEnvFile+1))
	if err != nil {
		return nil, fmt.Errorf("go env file: %w", err)
	}
	if len(data) > maxEnvFile {
		return nil, fmt.Errorf("go env file %s: more than %d bytes", name, maxEnvFile)
	}
	return parseEnvFile(string(data)), nil
}

func parseEnvFile(text string) map[string]string {
	vars := map[string]string{}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		k, v, ok := strings.Cut(line, "=")
		if !ok || k == "" || strings.HasPrefix(line, "#") {
			continue
		}
		vars[k] = v
	}
	return vars
}

// A CommandError is a command that failed. Error gives its own words.
type CommandError struct {
	Argv   []string
	Exit   int // -1 if it did not exit by itself
	Output string
	Err    error
}

func (e *CommandError) Error() string {
	if s := strings.TrimSpace(e.Output); s != "" {
		return s
	}
	return fmt.Sprintf("%s: %v", strings.Join(e.Argv, " "), e.Err)
}

func (e *CommandError) Unwrap() error { return e.Err }

// run runs the go command and returns its standard output.
func run(ctx context.Context, goCmd, dir string, env []string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, goCmd, args...)
	cmd.Dir, cmd.Env = dir, env
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, &CommandError{Argv: cmd.Args, Exit: cmd.ProcessState.ExitCode(), Output: errOut.String(), Err: err}
	}
	return out.Bytes(), nil
}

var userinfo = regexp.MustCompile(`([a-zA-Z][a-zA-Z0-9+.-]*://)[^/@,|\s]*@`)

// redact replaces what could be a secret in the value of a variable.
func redact(name, value string) string {
	switch {
	case value == "":
		return value
	case name == "GOAUTH":
		return "(not recorded)"
	}
	value = userinfo.ReplaceAllString(value, "${1}***@")
	// Tokens also travel in queries.
	if i := strings.Index(value, "://"); i > 0 && strings.Contains(value, "?") {
		if u, err := url.Parse(value); err == nil && u.RawQuery != "" {
			u.RawQuery = "***"
			value = u.String()
		}
	}
	return value
}
