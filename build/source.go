package build

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/dirhash"

	"moho/evidence"
	"moho/policy/target"
	"moho/store"
)

// compiled are the patterns of files that the go command reads by themselves.
var compiled = []string{"*.go", "*.s", "*.S", "*.sx", "*.c", "*.h", "*.cc", "*.cpp", "*.cxx", "*.hh", "*.hpp", "*.hxx", "*.m", "*.f", "*.F", "*.for", "*.f90", "*.swig", "*.swigcxx", "*.syso"}

// describeSource returns the digest of the module's files and what version
// control says about them. isOutput reports which files (slash-separated,
// relative to the module) builds have left there.
//
// The files are those of the tree without version control's own, without
// nested modules, and, where git knows the tree, without the files it ignores,
// unless the compiler would read them: because of their names, or because they
// are among embedded.
func describeSource(ctx context.Context, module string, isOutput func(string) bool, embedded []string) (evidence.Source, error) {
	src := evidence.Source{}
	files, err := gitFiles(ctx, module)
	switch {
	case err == nil:
		src.VCS = "git"
		src.Revision, src.Dirty = gitState(ctx, module, isOutput)
	case ctx.Err() != nil:
		return src, context.Cause(ctx)
	default:
		if files, err = walkFiles(ctx, module); err != nil {
			return src, fmt.Errorf("source: %w", err)
		}
	}
	files = append(slices.DeleteFunc(dropNested(files), isOutput), embedded...)
	if files, err = present(module, files); err != nil {
		return src, fmt.Errorf("source: %w", err)
	}
	src.Digest, err = dirhash.Hash1(files, func(name string) (io.ReadCloser, error) {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		return openSource(filepath.Join(module, filepath.FromSlash(name)))
	})
	if err != nil {
		return src, fmt.Errorf("source: %w", err)
	}
	return src, nil
}

// isOutput returns the test for describeSource: the stores, and what a build
// writes into its output directory. The rest of that directory is source: it
// may be the module itself.
func (j *job) isOutput() func(string) bool {
	below := func(dir string) (prefix string, ok bool) {
		rel, err := filepath.Rel(j.module, dir)
		if err != nil || !filepath.IsLocal(rel) {
			return "", false
		}
		if rel == "." {
			return "", true
		}
		return filepath.ToSlash(rel) + "/", true
	}
	var made []string
	for _, t := range target.All() {
		made = append(made, dirName(t))
	}
	out, outOK := below(j.output)
	st, stOK := below(j.store.Dir())
	return func(f string) bool {
		if strings.HasPrefix(f, store.DirName+"/") || stOK && st != "" && strings.HasPrefix(f, st) {
			return true
		}
		rest, in := strings.CutPrefix(f, out)
		if !outOK || !in {
			return false
		}
		first, _, deeper := strings.Cut(rest, "/")
		return rest == ReportName || deeper && (slices.Contains(made, first) || strings.HasPrefix(first, tmpPrefix))
	}
}

// openSource opens a file as the compiler would: through a link to a file. A
// link to anything else counts as the text of the link.
func openSource(name string) (io.ReadCloser, error) {
	fi, err := os.Lstat(name)
	if err != nil {
		return nil, err
	}
	if fi.Mode()&fs.ModeSymlink != 0 {
		if to, err := os.Stat(name); err != nil || !to.Mode().IsRegular() {
			text, err := os.Readlink(name)
			return io.NopCloser(strings.NewReader("link to " + text)), err
		}
	}
	return os.Open(name)
}

// present keeps the names that are files or links now: git also lists what was
// deleted, and directories of submodules.
func present(module string, files []string) ([]string, error) {
	var out []string
	for _, f := range files {
		fi, err := os.Lstat(filepath.Join(module, filepath.FromSlash(f)))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if fi.Mode().IsRegular() || fi.Mode()&fs.ModeSymlink != 0 {
			out = append(out, f)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// dropNested removes the files of modules inside the module.
func dropNested(files []string) []string {
	nested := map[string]bool{}
	for _, f := range files {
		if dir, ok := strings.CutSuffix(f, "/go.mod"); ok {
			nested[dir] = true
		}
	}
	return slices.DeleteFunc(files, func(f string) bool {
		for d := path.Dir(f); d != "."; d = path.Dir(d) {
			if nested[d] {
				return true
			}
		}
		return false
	})
}

// walkFiles lists all files of a tree that no git knows.
func walkFiles(ctx context.Context, module string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(module, func(p string, d fs.DirEntry, err error) error {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return err
		}
		if d.IsDir() {
			if slices.Contains([]string{".git", ".hg", ".svn", ".bzr", ".jj"}, d.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		rel, err := filepath.Rel(module, p)
		if err == nil {
			files = append(files, filepath.ToSlash(rel))
		}
		return err
	})
	return files, err
}

// gitFiles lists what git tracks or would track, and what it ignores though the
// compiler reads it.
func gitFiles(ctx context.Context, module string) ([]string, error) {
	known, err := git(ctx, module, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	if err != nil {
		return nil, err
	}
	ignored, err := git(ctx, module, append([]string{"ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--"}, compiled...)...)
	if err != nil {
		return nil, err
	}
	files := strings.FieldsFunc(known+ignored, func(r rune) bool { return r == 0 })
	if !slices.Contains(files, "go.mod") {
		return nil, errors.New("git ignores the module")
	}
	return files, nil
}

// gitState returns the revision and whether the module, without output, differs
// from it.
func gitState(ctx context.Context, module string, isOutput func(string) bool) (revision string, dirty bool) {
	out, err := git(ctx, module, "rev-parse", "--show-prefix", "--verify", "HEAD")
	prefix, rev, ok := strings.Cut(out, "\n")
	if err != nil || !ok {
		return "", false // no commit yet
	}
	revision = strings.TrimSpace(rev)
	state, err := git(ctx, module, "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--", ".")
	if err != nil {
		return revision, true
	}
	for entry := range strings.SplitSeq(state, "\x00") {
		const mark = len("XY ")
		if len(entry) > mark && !isOutput(strings.TrimPrefix(entry[mark:], prefix)) {
			return revision, true
		}
	}
	return revision, false
}

// git runs git in the module. Nothing that the repository configures is run.
func git(ctx context.Context, module string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-c", "core.fsmonitor=false", "-c", "core.hooksPath=" + os.DevNull}, args...)...)
	cmd.Dir = module
	cmd.Env = append(cmd.Environ(), "GIT_OPTIONAL_LOCKS=0", "LC_ALL=C")
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil {
		return "", err
	}
	return out.String(), nil
}
