package prove

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"moho/vet/prove/internal/report"
)

// ends of a run, as [Program.End] has them.
const (
	endOK       = "ok"
	endFailed   = "failed"
	endCrashed  = "crashed"
	endTimeout  = "timeout"
	endMemory   = "memory"
	endNotBuilt = "not built"
	endInternal = "moho" // the crash is in code that moho added
)

// outcome is one run of a program.
type outcome struct {
	end    string
	why    string
	log    report.Log
	output string // the beginning and the end of what it printed
	cpu    time.Duration
	memory int64
}

// Most of a program's output that is kept.
const maxOutput = 256 << 10

// grace is how much longer than its own limit a test binary may take to say so.
const grace = 10 * time.Second

// arguments are those of a program and the directory that it runs in.
func (r *runner) arguments(p *program) (args []string, dir string) {
	if !p.test {
		return r.opts.Args, r.opts.Dir
	}
	args = []string{"-test.paniconexit0", "-test.v", "-test.timeout=" + r.timeout.String()}
	if r.opts.RunTests != "" {
		args = append(args, "-test.run="+r.opts.RunTests)
	}
	return args, p.pkg.Dir
}

// A run is how a program is to be run.
type run struct {
	binary  string
	dir     string   // for what is left behind
	n       int      // counts the runs of a program
	skip    []string // tests that are left out
	only    []string // tests that are run, when there are any
	neutral bool     // nothing is judged
	collect bool     // the collector runs before calls of C

	noCopies bool // of strings that share a buffer, and of Go memory for C
}

// exec runs the binary once. What the program does wrong is in the outcome; the
// error is moho's own trouble.
func (r *runner) exec(ctx context.Context, p *program, how run) (outcome, error) {
	log := filepath.Join(how.dir, fmt.Sprintf("run%d.jsonl", how.n))
	if err := os.WriteFile(log, nil, 0o644); err != nil {
		return outcome{}, err
	}
	args, cwd := r.arguments(p)
	limit, cancel := context.WithTimeout(ctx, r.timeout+grace)
	defer cancel()
	if len(how.skip) > 0 {
		args = append(args, "-test.skip="+anyOf(how.skip))
	}
	if len(how.only) > 0 {
		args = append(args, "-test.run="+anyOf(how.only))
	}
	cmd := exec.CommandContext(limit, how.binary, args...)
	cmd.Dir = cwd
	cmd.Env = append(r.programEnv(!how.neutral), "MOHO_PROVE_OUT="+log, "MOHO_PROVE_GLOBALS="+filepath.Join(how.dir, "globals"))
	if how.noCopies {
		cmd.Env = append(cmd.Env, "MOHO_PROVE_VIEWS=0", "MOHO_PROVE_LOANS=0")
	}
	if how.collect {
		cmd.Env = append(cmd.Env, "MOHO_PROVE_COLLECT=1")
	}
	if how.neutral {
		cmd.Env = append(cmd.Env, "MOHO_PROVE_NEUTRAL=1")
	}
	out := &tail{max: maxOutput}
	cmd.Stdout, cmd.Stderr = out, out
	over, err := runGroup(cmd, r.memory)
	if ctx.Err() != nil {
		return outcome{}, ctx.Err()
	}
	o := outcome{output: out.String()}
	o.cpu, o.memory = usage(cmd)
	f, ferr := os.Open(log)
	if ferr != nil {
		return outcome{}, ferr
	}
	defer f.Close()
	if o.log, ferr = report.Read(f); ferr != nil {
		return outcome{}, fmt.Errorf("%s: reports: %w", p.pkg.ImportPath, ferr)
	}
	o.end, o.why = ended(o.output, err, over, limit.Err() != nil)
	return o, nil
}

// anyOf is a pattern for top-level tests of these names.
func anyOf(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = regexp.QuoteMeta(n)
	}
	return "^(" + strings.Join(quoted, "|") + ")$"
}

// ended says how a run ended from what is known of it.
func ended(output string, err error, over, late bool) (end, why string) {
	var exit *exec.ExitError
	switch {
	case over:
		return endMemory, "used more memory than it may"
	case late:
		return endTimeout, "ran longer than it may"
	case err == nil:
		return endOK, ""
	case !errors.As(err, &exit):
		return endFailed, err.Error()
	}
	crash := crashLine(output)
	switch {
	case inMoho(output):
		return endInternal, crash
	case strings.HasPrefix(crash, "panic: test timed out"):
		return endTimeout, crash
	case crash != "":
		return endCrashed, crash
	}
	return endFailed, exit.String()
}

// crashLine is the line with which the Go runtime begins to say why it dies.
func crashLine(output string) string {
	for line := range strings.Lines(output) {
		for _, p := range []string{"panic: ", "fatal error: ", "SIG", "unexpected fault address"} {
			if strings.HasPrefix(line, p) {
				return strings.TrimSpace(line)
			}
		}
	}
	return ""
}

// inMoho reports whether the goroutine that crashed was in code that moho added
// to the runtime: the fault is moho's then, not the program's.
func inMoho(output string) bool {
	i := strings.Index(output, "\ngoroutine ")
	if i < 0 {
		return false
	}
	for line := range strings.Lines(output[i+1:]) {
		if strings.TrimSpace(line) == "" {
			return false
		}
		switch {
		case strings.HasPrefix(line, "\t"), strings.HasPrefix(line, "goroutine "):
		case strings.HasPrefix(line, "runtime.moho"):
			return true
		case !strings.HasPrefix(line, "runtime."):
			return false
		}
	}
	return false
}

// programEnv is the user's environment; under proof, freed memory is made unlike
// any that is in use.
func (r *runner) programEnv(proof bool) []string {
	env := r.opts.Env
	if env == nil {
		env = os.Environ()
	}
	env = slices.Clone(env)
	if !proof {
		return env
	}
	godebug := "clobberfree=1"
	for i, kv := range env {
		if v, ok := strings.CutPrefix(kv, "GODEBUG="); ok && v != "" {
			env[i] = ""
			godebug = v + "," + godebug
		}
	}
	return append(slices.DeleteFunc(env, func(s string) bool { return s == "" }), "GODEBUG="+godebug)
}

// A tail keeps the beginning and the end of what is written to it.
type tail struct {
	max  int
	head bytes.Buffer
	rest []byte
	lost bool
}

func (t *tail) Write(b []byte) (int, error) {
	n := len(b)
	if room := t.max/2 - t.head.Len(); room > 0 {
		k := min(room, len(b))
		t.head.Write(b[:k])
		b = b[k:]
	}
	t.rest = append(t.rest, b...)
	if len(t.rest) > t.max {
		t.rest = append(t.rest[:0], t.rest[len(t.rest)-t.max/2:]...)
		t.lost = true
	}
	return n, nil
}

func (t *tail) String() string {
	s := t.head.String()
	if t.lost {
		s += "\n…\n"
	}
	return s + string(t.rest)
}
