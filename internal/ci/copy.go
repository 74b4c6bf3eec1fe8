package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// left are directories that no copy of the tree needs: history, stores, output.
var left = []string{".git", ".moho", "dist"}

// copyTree copies the files of a module to an empty directory. Symbolic links
// and other irregular files are not followed and not copied.
func copyTree(dst, src string) error {
	return filepath.WalkDir(src, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(src, path)
		if err != nil {
			return err
		}
		to := filepath.Join(dst, rel)
		switch {
		case d.IsDir() && slices.Contains(left, d.Name()):
			return filepath.SkipDir
		case d.IsDir():
			return os.MkdirAll(to, 0o755)
		case !d.Type().IsRegular():
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(to, data, info.Mode().Perm()|0o200)
	})
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
