// Package since tells which findings lie in code that was changed since a
// revision in git.
//
// # Untrusted input
//
// The output of git about a repository that others wrote: file names in it are
// compared, never opened. The revision comes from the command line; git gets it
// where no option can stand.
//
// # Compatibility
//
// Internal to the vet verb.
package since

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"moho/evidence"
	"moho/vet"
)

// ErrRevision reports text that can't name the revision to compare with.
var ErrRevision = errors.New(`want one revision, or REV... for where this branch left it`)

// sources are the files that findings can be in.
var sources = []string{"*.go", "*.s", "*.S", "*.c", "*.h", "*.cc", "*.cpp", "*.hpp", "*.m"}

// A Change says which lines of the files in a repository's working tree are
// not those of a revision.
type Change struct {
	Base  string // the commit compared with
	root  string // of the working tree, links resolved
	files map[string]*lines
}

// Of compares the working tree around dir with a revision: staged or not, and
// files that git does not know. "main..." means the commit where this branch
// left main, so that what others did on main since does not count.
func Of(ctx context.Context, dir, rev string) (*Change, error) {
	if strings.HasPrefix(rev, "-") || strings.TrimSpace(rev) == "" {
		return nil, fmt.Errorf("revision %q: %w", rev, ErrRevision)
	}
	g := git{ctx, dir}
	root, err := g.run("rev-parse", "--show-toplevel")
	if err != nil {
		return nil, err
	}
	c := &Change{root: strings.TrimRight(string(root), "\r\n")}
	if real, err := filepath.EvalSymlinks(c.root); err == nil {
		c.root = real
	}
	if c.Base, err = g.base(rev); err != nil {
		return nil, err
	}
	out, err := g.in(c.root).run(append([]string{
		"-c", "core.quotePath=false", "diff", "--unified=0", "--inter-hunk-context=0", "--find-renames",
		"--no-color", "--no-ext-diff", "--no-textconv", "--src-prefix=a/", "--dst-prefix=b/", c.Base, "--",
	}, sources...)...)
	if err != nil {
		return nil, err
	}
	if c.files, err = parse(out); err != nil {
		return nil, fmt.Errorf("git diff: %w", err)
	}
	return c, nil
}

// Filter returns the findings that changed lines take part in: those of the
// statement, of the way there, of the window in which harm happens. Lines that
// were deleted count between the first and the last of these.
func (c *Change) Filter(ctx context.Context, res vet.Result) ([]evidence.Finding, error) {
	known, err := c.tracked(ctx, res)
	if err != nil {
		return nil, err
	}
	var list []evidence.Finding
	for _, f := range res.Findings {
		if c.takesPart(f, res, known) {
			list = append(list, f)
		}
	}
	return list, nil
}

// takesPart decides for one finding.
func (c *Change) takesPart(f evidence.Finding, res vet.Result, known map[string]bool) bool {
	spans := map[string]*span{}
	touched := false
	see := func(file string, from, to int) {
		name := c.name(res, f.Place.Module, file)
		if name == "" {
			return
		}
		l := c.files[name]
		if !known[name] || l.changed(from, to) {
			touched = true
		}
		if s := spans[name]; s == nil {
			spans[name] = &span{from, to}
		} else {
			s.from, s.to = min(s.from, from), max(s.to, to)
		}
	}
	see(f.Pos.File, min(f.Place.Line, f.Pos.Line), max(f.Place.EndLine, f.Pos.Line))
	for _, s := range f.Flow {
		see(s.Pos.File, s.Pos.Line, s.Pos.Line)
	}
	if w := f.Window; w != nil && w.From.File == w.To.File && w.From.Line <= w.To.Line {
		see(w.From.File, w.From.Line, w.To.Line)
	}
	for name, s := range spans {
		touched = touched || c.files[name].deleted(s.from, s.to)
	}
	return touched
}

// name is a file's name in the repository, empty for one outside.
func (c *Change) name(res vet.Result, module, file string) string {
	f, ok := res.Sources.Lookup(module, file)
	if !ok {
		return ""
	}
	path := f.Path
	if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		path = filepath.Join(dir, filepath.Base(path))
	}
	rel, err := filepath.Rel(c.root, path)
	if err != nil || !filepath.IsLocal(rel) {
		return ""
	}
	return filepath.ToSlash(rel)
}

// tracked asks git which of the files with findings it knows.
func (c *Change) tracked(ctx context.Context, res vet.Result) (map[string]bool, error) {
	names := map[string]bool{}
	for _, f := range res.Findings {
		for _, p := range append([]evidence.Step{{Pos: f.Pos}}, f.Flow...) {
			if name := c.name(res, f.Place.Module, p.Pos.File); name != "" {
				names[name] = true
			}
		}
	}
	known := map[string]bool{}
	list := slices.Sorted(maps.Keys(names))
	const atOnce = 200 // command lines have an end
	for len(list) > 0 {
		n := min(atOnce, len(list))
		out, err := git{ctx, c.root}.run(append([]string{"--literal-pathspecs", "ls-files", "-z", "--"}, list[:n]...)...)
		if err != nil {
			return nil, err
		}
		for name := range bytes.SplitSeq(out, []byte{0}) {
			known[string(name)] = true
		}
		list = list[n:]
	}
	return known, nil
}

// git runs commands in a directory.
type git struct {
	ctx context.Context
	dir string
}

func (g git) in(dir string) git { return git{g.ctx, dir} }

func (g git) run(args ...string) ([]byte, error) {
	if _, err := exec.LookPath("git"); err != nil {
		return nil, fmt.Errorf("git: %w", exec.ErrNotFound)
	}
	cmd := exec.CommandContext(g.ctx, "git", args...)
	cmd.Dir = g.dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "GIT_OPTIONAL_LOCKS=0", "GIT_PAGER=cat", "GIT_EXTERNAL_DIFF=")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		said := strings.TrimPrefix(strings.TrimSpace(stderr.String()), "fatal: ")
		if said == "" {
			said = err.Error()
		}
		return nil, fmt.Errorf("git %s: %s", verb(args), said)
	}
	return out, nil
}

// verb is the command among git's arguments.
func verb(args []string) string {
	for i := 0; i < len(args); i++ {
		if args[i] == "-c" {
			i++
		} else if !strings.HasPrefix(args[i], "-") {
			return args[i]
		}
	}
	return ""
}

// base resolves REV and REV... to a commit.
func (g git) base(rev string) (string, error) {
	rev, fork := strings.CutSuffix(rev, "...")
	if strings.Contains(rev, "..") || rev == "" {
		return "", fmt.Errorf("revision %q: %w", rev, ErrRevision)
	}
	out, err := g.run("rev-parse", "--verify", "--quiet", "--end-of-options", rev+"^{commit}")
	if err != nil {
		return "", fmt.Errorf("git knows no revision %q", rev)
	}
	commit := strings.TrimSpace(string(out))
	if !fork {
		return commit, nil
	}
	out, err = g.run("merge-base", commit, "HEAD")
	if err != nil {
		return "", fmt.Errorf("HEAD and %s have no commit in common (a shallow clone may lack it)", rev)
	}
	first, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimSpace(first), nil
}
