package lsp

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"moho/vet"
)

// maxModules bounds the modules of a workspace: each is a run of its own.
const maxModules = 64

// maxDepth is how deep below a folder modules are looked for, in directories.
const maxDepth = 6

// loop analyses the workspace whenever something changed and then was quiet.
func (s *server) loop(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.dirty:
		}
		if !s.settle(ctx) {
			return
		}
		s.mu.Lock()
		if !s.ready || s.down {
			s.mu.Unlock()
			continue
		}
		run, cancel := context.WithCancel(ctx)
		s.cancel = cancel
		job := s.job()
		s.mu.Unlock()
		found := job.run(run)
		if run.Err() == nil { // otherwise there is another change waiting
			s.publish(job, found)
		}
		cancel()
	}
}

// settle waits until nothing has changed for a while.
func (s *server) settle(ctx context.Context) bool {
	t := time.NewTimer(s.opts.Quiet)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-s.dirty:
			t.Reset(s.opts.Quiet)
		case <-t.C:
			return true
		}
	}
}

// A job is one run over the workspace, as it was when it started.
type job struct {
	opts     vet.Options
	folders  []string
	versions map[string]int // of open documents, by path
}

func (s *server) job() job {
	j := job{opts: s.opts.Vet, folders: slices.Clone(s.folders), versions: map[string]int{}}
	j.opts.Overlay = map[string][]byte{}
	j.opts.Patterns = []string{"./..."}
	for path, d := range s.docs {
		j.versions[path] = d.version
		if strings.HasSuffix(path, ".go") {
			j.opts.Overlay[path] = d.text
		}
	}
	return j
}

// outcome is what a job found.
type outcome struct {
	results []vet.Result
	errors  []string
	broken  map[string]bool // directories with code that does not compile
}

func (j job) run(ctx context.Context) outcome {
	// What is saved is no news to the go command's cache.
	maps.DeleteFunc(j.opts.Overlay, func(path string, text []byte) bool {
		have, err := os.ReadFile(path)
		return err == nil && bytes.Equal(have, text)
	})
	out := outcome{broken: map[string]bool{}}
	for _, dir := range modules(j.folders) {
		opts := j.opts
		opts.Dir = dir
		res, err := vet.Run(ctx, opts)
		if ctx.Err() != nil {
			return outcome{}
		}
		if load, ok := errors.AsType[*vet.LoadError](err); ok {
			for _, m := range load.Messages {
				if d := dirOf(m, dir); d != "" {
					out.broken[d] = true
				}
			}
		}
		if err != nil && !errors.Is(err, vet.ErrNoPackages) {
			out.errors = append(out.errors, err.Error())
		}
		out.results = append(out.results, res)
	}
	return out
}

// dirOf is the directory of the file that a compiler's message starts with.
func dirOf(message, cwd string) string {
	file, _, ok := strings.Cut(message, ".go:")
	if !ok {
		return ""
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(cwd, file)
	}
	return filepath.Dir(file)
}

// modules lists where the go command has to be started: the modules in the
// folders, and a folder that lies inside of a module.
func modules(folders []string) []string {
	var list []string
	for _, root := range folders {
		n := len(list)
		filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || len(list) >= maxModules {
				return nil
			}
			if d.IsDir() {
				rel, err := filepath.Rel(root, path)
				if err != nil || skipped(d.Name()) && path != root || strings.Count(rel, string(filepath.Separator)) >= maxDepth {
					return filepath.SkipDir
				}
				return nil
			}
			if d.Name() == "go.mod" {
				list = append(list, filepath.Dir(path))
			}
			return nil
		})
		if len(list) == n {
			list = append(list, root)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// skipped names directories that the go command does not look into either.
func skipped(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") ||
		name == "testdata" || name == "vendor" || name == "node_modules"
}
