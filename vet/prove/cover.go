package prove

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"moho/evidence"
)

type coverState int

const (
	coverUnknown coverState = iota
	coverNo
	coverYes
)

// coverage says which lines ran, in files that findings are in, when the programs
// were run plain and with counters.
type coverage struct {
	blocks map[string][]block // by file, as positions name it
	failed []string           // programs whose counters are not known, and why
}

// A block of source lines that ran, or did not.
type block struct {
	from, to int
	ran      bool
}

func (c *coverage) state(f *evidence.Finding) coverState {
	if f.Place.Symbol == "init" {
		return coverYes // variables of the package get their values in every program
	}
	s := coverUnknown
	for _, b := range c.blocks[f.Pos.File] {
		if b.from <= f.Pos.Line && f.Pos.Line <= b.to {
			if b.ran {
				return coverYes
			}
			s = coverNo
		}
	}
	if s == coverNo && len(c.failed) > 0 {
		return coverUnknown
	}
	return s
}

// measure runs programs once more, plain and with counters, when there are
// findings that no report has proved.
func (r *runner) measure(ctx context.Context, findings []evidence.Finding) error {
	r.cover.blocks = map[string][]block{}
	for i, p := range r.plan.programs {
		if r.ends[p] == endNotBuilt {
			continue
		}
		var pkgs []string
		for j := range findings {
			f := &findings[j]
			if f.Proof.State == evidence.Violated || !judged[f.Rule] || !r.links(p, f) {
				continue
			}
			path := importPath(f)
			if f.Place.Package == "main" {
				path = p.pkg.ImportPath
			}
			if !slices.Contains(pkgs, path) {
				pkgs = append(pkgs, path)
			}
		}
		if len(pkgs) == 0 {
			continue
		}
		r.progress("count what runs in "+p.pkg.ImportPath, int64(i), int64(len(r.plan.programs)))
		if err := r.count(ctx, p, pkgs, filepath.Join(r.dir, fmt.Sprintf("%03d", i), "cover")); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			r.cover.failed = append(r.cover.failed, p.pkg.ImportPath+": "+err.Error())
		}
	}
	return nil
}

// count builds a program with counters in pkgs, runs it and reads them.
func (r *runner) count(ctx context.Context, p *program, pkgs []string, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	binary, profile := filepath.Join(dir, p.name()), filepath.Join(dir, "profile")
	args := []string{"build"}
	if p.test {
		args = []string{"test", "-c", "-vet=off"}
	}
	args = append(args, "-o", binary, "-cover", "-covermode=set", "-race=false", "-trimpath=false", "-coverpkg="+strings.Join(pkgs, ","))
	if len(r.opts.Tags) > 0 {
		args = append(args, "-tags="+strings.Join(r.opts.Tags, ","))
	}
	if out, err := r.plain(ctx, append(args, p.pkg.ImportPath)...); err != nil {
		return fmt.Errorf("it could not be built with counters: %s", firstLines(string(out), 3, err.Error()))
	}
	// A program that ends in a crash writes no counters. It may do so without proof
	// too, and then in the same test or in another.
	var o outcome
	skip := slices.Clone(r.skips[p])
	for range maxRounds {
		var err error
		if o, err = r.execPlain(ctx, p, binary, profile, dir, skip); err != nil {
			return err
		}
		last := lastTest(o.output)
		if !p.test || o.end != endCrashed || last == "" || slices.Contains(skip, last) {
			break
		}
		skip = append(skip, last)
	}
	if !p.test {
		if out, err := r.plain(ctx, "tool", "covdata", "textfmt", "-i="+dir, "-o="+profile); err != nil {
			return fmt.Errorf("no counters: %s", firstLines(string(out), 3, err.Error()))
		}
	}
	b, err := os.ReadFile(profile)
	if err != nil || len(b) == 0 {
		return fmt.Errorf("no counters: the plain program ended with %q", o.end+" "+o.why)
	}
	return r.readProfile(b)
}

// plain runs the user's own go command.
func (r *runner) plain(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = r.opts.Dir, r.opts.Env
	return cmd.CombinedOutput()
}

// execPlain runs a program without the patched runtime.
func (r *runner) execPlain(ctx context.Context, p *program, binary, profile, dir string, skip []string) (outcome, error) {
	args, cwd := r.arguments(p)
	if p.test {
		args = append(args, "-test.coverprofile="+profile)
		if len(skip) > 0 {
			args = append(args, "-test.skip="+anyOf(skip))
		}
	}
	limit, cancel := context.WithTimeout(ctx, r.timeout+grace)
	defer cancel()
	cmd := exec.CommandContext(limit, binary, args...)
	cmd.Dir, cmd.Env = cwd, append(r.programEnv(false), "GOCOVERDIR="+dir)
	out := &tail{max: maxOutput}
	cmd.Stdout, cmd.Stderr = out, out
	over, err := runGroup(cmd, r.memory)
	if ctx.Err() != nil {
		return outcome{}, ctx.Err()
	}
	o := outcome{output: out.String()}
	o.end, o.why = ended(o.output, err, over, limit.Err() != nil)
	return o, nil
}

// readProfile reads the text form of counters: after a line with the mode, lines of
// file:line.col,line.col statements count.
func (r *runner) readProfile(b []byte) error {
	sc := bufio.NewScanner(bytes.NewReader(b))
	for sc.Scan() {
		name, rest, ok := cutLast(sc.Text(), ":")
		if !ok || strings.HasPrefix(sc.Text(), "mode:") {
			continue
		}
		var from, fromCol, to, toCol, n, count int
		if _, err := fmt.Sscanf(rest, "%d.%d,%d.%d %d %d", &from, &fromCol, &to, &toCol, &n, &count); err != nil {
			return fmt.Errorf("coverage profile: %q", sc.Text())
		}
		pkg := r.plan.byPath[path.Dir(name)]
		if pkg == nil {
			continue
		}
		file, _, _ := r.plan.locate(r.tool, filepath.Join(pkg.Dir, path.Base(name)))
		r.cover.blocks[file] = append(r.cover.blocks[file], block{from, to, count > 0})
	}
	return sc.Err()
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
