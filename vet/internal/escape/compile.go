package escape

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Options says what to compile and how: one package, by its import path.
type Options struct {
	Dir        string
	Package    string
	Env        []string // nil means this process's own
	BuildFlags []string
}

// Compile returns the compiler's decisions about one package. File names in
// them are absolute. The error is the go command's when it does not compile.
func Compile(ctx context.Context, o Options) ([]Decision, error) {
	args := append([]string{"build", "-gcflags=-m=2", "-o", os.DevNull}, o.BuildFlags...)
	cmd := exec.CommandContext(ctx, "go", append(args, o.Package)...)
	cmd.Dir, cmd.Env = o.Dir, o.Env
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("go build %s: %w: %s", o.Package, err, firstError(stderr.String()))
	}
	out, err := Parse(&stderr)
	if err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	for i := range out {
		out[i].Pos.File = absolute(dir, out[i].Pos.File)
		for j := range out[i].Flow {
			out[i].Flow[j].Pos.File = absolute(dir, out[i].Flow[j].Pos.File)
		}
	}
	return out, nil
}

func absolute(dir, file string) string {
	if filepath.IsAbs(file) {
		return filepath.Clean(file)
	}
	return filepath.Join(dir, file)
}

// firstError returns the first line that is no decision: the compiler prints
// those of other packages before it stops.
func firstError(out string) string {
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		m := lineForm.FindStringSubmatch(line)
		if m == nil || !decisionText(m[4]) {
			return line
		}
	}
	return "no message"
}

func decisionText(s string) bool {
	for _, part := range []string{
		"can inline ", "cannot inline ", "inlining call to ", "moved to heap: ", "escape", "leaking param",
		"leaks to", "flow: ", "from ", "capturing by", "zero-copy ",
	} {
		if strings.Contains(s, part) {
			return true
		}
	}
	return false
}
