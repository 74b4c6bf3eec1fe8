package build

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/dirhash"

	"moho/evidence"
	"moho/goenv"
	"moho/store"
)

// inputs is what goes into the artifacts and can't be told from the names of
// files: what is embedded, and which modules are directories of this machine.
type inputs struct {
	embedded []string            // files in the main module, relative to it
	replaced map[string]*dirTree // by module path
	cached   map[string]string   // directory in the module cache, by path@version
}

// A dirTree is a directory that stands for a module.
type dirTree struct {
	dir      string
	embedded []string
}

// An inputPackage is what go list says of a package that is compiled in.
type inputPackage struct {
	ImportPath string
	Dir        string
	EmbedFiles []string
	Module     *struct {
		Path, Version, Dir string
		Main               bool
		Replace            *struct{ Path, Version string }
	}
	CgoCFLAGS, CgoCPPFLAGS, CgoCXXFLAGS, CgoFFLAGS, CgoLDFLAGS []string
}

// listInputs asks for every package that is compiled in, for every target. What
// is wrong with a package the compiler says better: errors are left to it.
func (j *job) listInputs(ctx context.Context) (inputs, error) {
	in := inputs{replaced: map[string]*dirTree{}, cached: map[string]string{}}
	for _, t := range j.plan {
		args := []string{"list", "-e", "-deps", "-json=ImportPath,Dir,EmbedFiles,Module,CgoCFLAGS,CgoCPPFLAGS,CgoCXXFLAGS,CgoFFLAGS,CgoLDFLAGS"}
		if j.base.Tags != "" {
			args = append(args, "-tags="+j.base.Tags)
		}
		out, _, err := j.goCommand(ctx, j.module, t.env, slices.Concat(args, []string{"--"}, t.packages, t.libraries)...)
		if err != nil {
			return in, err
		}
		for dec := json.NewDecoder(bytes.NewReader(out)); ; {
			var p inputPackage
			if err := dec.Decode(&p); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return in, fmt.Errorf("go list: %w", err)
			}
			if err := p.native(); err != nil {
				return in, err
			}
			in.take(p, j.module)
		}
	}
	return in, nil
}

// native refuses what goenv refuses in the environment, in #cgo lines.
func (p *inputPackage) native() error {
	for _, f := range slices.Concat(p.CgoCFLAGS, p.CgoCPPFLAGS, p.CgoCXXFLAGS, p.CgoFFLAGS, p.CgoLDFLAGS) {
		if m := goenv.NativeFlag(f); m != "" {
			return fmt.Errorf("%w: %s: %s in a #cgo line makes the artifact depend on the processor of this machine, and leaves no trace in it", ErrRefused, p.ImportPath, m)
		}
	}
	return nil
}

func (in *inputs) take(p inputPackage, module string) {
	if m := p.Module; m != nil && m.Replace != nil && m.Replace.Version == "" && m.Dir != "" {
		// With a vendor directory the package lies there and not in m.Dir.
		if rel, ok := inside(m.Dir, p.Dir); ok {
			t := in.replaced[m.Path]
			if t == nil {
				t = &dirTree{dir: m.Dir}
				in.replaced[m.Path] = t
			}
			t.embedded = appendFiles(t.embedded, rel, p.EmbedFiles)
			return
		}
	}
	if m := p.Module; m != nil && !m.Main && m.Dir != "" {
		name := m.Path + "@" + m.Version
		if m.Replace != nil {
			name = m.Replace.Path + "@" + m.Replace.Version
		}
		in.cached[name] = m.Dir
		return
	}
	if rel, ok := inside(module, p.Dir); ok {
		in.embedded = appendFiles(in.embedded, rel, p.EmbedFiles)
	}
}

// inside returns dir relative to root, slash-separated.
func inside(root, dir string) (string, bool) {
	if dir == "" {
		return "", false
	}
	rel, err := filepath.Rel(root, dir)
	if err != nil || !filepath.IsLocal(rel) {
		return "", false
	}
	return filepath.ToSlash(rel), true
}

func appendFiles(files []string, dir string, names []string) []string {
	for _, n := range names {
		files = append(files, path.Join(dir, filepath.ToSlash(n)))
	}
	return files
}

// digests returns the digest of every directory that stands for a module, by
// the module's path.
func (in *inputs) digests(ctx context.Context) (map[string]string, error) {
	sums := map[string]string{}
	for name, t := range in.replaced {
		src, err := describeSource(ctx, t.dir, func(f string) bool { return strings.HasPrefix(f, store.DirName+"/") }, t.embedded)
		if err != nil {
			return nil, fmt.Errorf("module %s: %w", name, err)
		}
		sums[name] = src.Digest
	}
	return sums, nil
}

// sums returns the digest of every module in the cache, by path@version, as
// go.sum has it. The go command compares it once, when it fills the cache.
func (in *inputs) sums(ctx context.Context) (map[string]string, error) {
	sums := map[string]string{}
	for name, dir := range in.cached {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		sum, err := dirhash.HashDir(dir, name, dirhash.Hash1)
		if err != nil {
			return nil, fmt.Errorf("module %s: %w", name, err)
		}
		sums[name] = sum
	}
	return sums, nil
}

// checkSums refuses a build of modules that are not what go.sum says they are.
func checkSums(deps []evidence.Dependency, sums map[string]string) error {
	for _, d := range deps {
		name := d.Module + "@" + d.Version
		if d.Replaced != "" {
			name = d.Replaced
		}
		if have := sums[name]; d.Sum != "" && have != "" && have != d.Sum {
			return fmt.Errorf("%w: module %s: what lies in the module cache has digest %s, go.sum says %s: it was changed after it was downloaded", ErrRefused, name, have, d.Sum)
		}
	}
	return nil
}

// sumReplaced gives dependencies that are directories the digest of what lies
// there: go.sum has none for them.
func sumReplaced(deps []evidence.Dependency, sums map[string]string) {
	for i := range deps {
		if d := &deps[i]; d.Sum == "" && d.Replaced != "" {
			d.Sum = sums[d.Module]
		}
	}
}
