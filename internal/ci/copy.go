package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// left are directories that no copy of the tree needs: history, stores, output.
var left = []string{".git", ".moho", "dist"}

// copyTree copies the files of a module to an empty directory: those that git
// knows or would add, or all where there is no history. Symbolic links and other
// irregular files are not followed and not copied.
func copyTree(dst, src string) error {
	names, err := tracked(src)
	if err != nil {
		return err
	}
	for _, name := range names {
		from, to := filepath.Join(src, name), filepath.Join(dst, name)
		info, err := os.Lstat(from)
		if errors.Is(err, fs.ErrNotExist) { // deleted and not yet committed
			continue
		}
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			continue
		}
		data, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(to, data, info.Mode().Perm()|0o200); err != nil {
			return err
		}
	}
	return nil
}

// tracked returns the files of a tree, relative to it.
func tracked(root string) ([]string, error) {
	if _, err := os.Stat(filepath.Join(root, ".git")); err != nil {
		list, err := files(root)
		return slices.Sorted(maps.Keys(list)), err
	}
	// A checkout that belongs to somebody else is no reason to refuse.
	cmd := exec.Command("git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("git ls-files: %w", err)
	}
	return slices.DeleteFunc(strings.Split(string(out), "\x00"), func(name string) bool { return name == "" }), nil
}

// files returns the regular files under dir, by their slash-separated paths.
func files(dir string) (map[string][]byte, error) {
	list := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains(left, d.Name()):
			return filepath.SkipDir
		case !d.Type().IsRegular():
			return nil
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		list[filepath.ToSlash(rel)] = data
		return err
	})
	return list, err
}
