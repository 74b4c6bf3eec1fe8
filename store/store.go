package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Classes of error that a caller branches on.
var (
	ErrNotFound = errors.New("not in the store")
	ErrDamaged  = errors.New("store is damaged") // contents do not have the digest of their name
)

// DirName is the name of the default store, beside go.mod.
const DirName = ".moho"

// EnvVar lists stores for those who give none explicitly.
const EnvVar = "MOHO_STORE"

// A Store is one directory. It holds no descriptor and needs no Close; its
// methods may be called at the same time, also by several processes.
type Store struct{ dir string }

// Open returns the store in dir, which need not exist: reading from it then
// finds nothing, and the first write creates it. Open returns an error for a
// URL and for something that is not a directory.
func Open(dir string) (*Store, error) {
	if strings.Contains(dir, "://") {
		return nil, fmt.Errorf("store %s: remote stores are not supported; give a directory", dir)
	}
	if dir == "" {
		return nil, errors.New("store: no directory given")
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("store %s: %w", dir, err)
	}
	switch fi, err := os.Stat(abs); {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("store %s: %w", dir, err)
	case !fi.IsDir():
		return nil, fmt.Errorf("store %s: is a %s, want a directory", dir, kind(fi.Mode()))
	}
	return &Store{dir: abs}, nil
}

// Dir returns the store's directory as an absolute path.
func (s *Store) Dir() string { return s.dir }

// Locate returns the stores to use, the one to write to first: those listed in
// explicit (separated by commas), else those of $MOHO_STORE, else .moho beside
// the go.mod that governs startDir. Outside of any module it is the nearest
// .moho that exists, and nil if there is none. Nothing is opened or created.
func Locate(explicit, startDir string) []string {
	for _, list := range []string{explicit, os.Getenv(EnvVar)} {
		if dirs := split(list); len(dirs) > 0 {
			return dirs
		}
	}
	dir, err := filepath.Abs(startDir)
	if err != nil {
		return nil
	}
	for {
		if fi, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil && fi.Mode().IsRegular() {
			return []string{filepath.Join(dir, DirName)}
		}
		if fi, err := os.Stat(filepath.Join(dir, DirName)); err == nil && fi.IsDir() {
			return []string{filepath.Join(dir, DirName)}
		}
		up := filepath.Dir(dir)
		if up == dir {
			return nil
		}
		dir = up
	}
}

func split(list string) []string {
	var out []string
	for d := range strings.SplitSeq(list, ",") {
		if d = strings.TrimSpace(d); d != "" {
			out = append(out, d)
		}
	}
	return out
}

// read opens the store for reading. A store that does not exist is an
// [ErrNotFound]: nothing has been put there yet.
func (s *Store) read() (*os.Root, error) {
	root, err := os.OpenRoot(s.dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("store %s: does not exist: %w", s.dir, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("store %s: %w", s.dir, err)
	}
	return root, nil
}

// kind names what a file is instead of a regular file or directory.
func kind(m os.FileMode) string {
	switch {
	case m.IsRegular():
		return "regular file"
	case m.IsDir():
		return "directory"
	case m&os.ModeSymlink != 0:
		return "symbolic link"
	case m&os.ModeNamedPipe != 0:
		return "named pipe"
	case m&os.ModeSocket != 0:
		return "socket"
	case m&os.ModeDevice != 0:
		return "device"
	}
	return "special file"
}
