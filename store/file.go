package store

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"time"
)

const tmpPrefix = ".tmp-"

// staleTmp is the age at which a temporary file has no living owner any more.
const staleTmp = 24 * time.Hour

// write opens the store for writing, creating it and dir (slash-separated,
// relative to it) as needed.
func (s *Store) write(dir string) (*os.Root, error) {
	if err := os.MkdirAll(s.dir, 0o777); err != nil {
		return nil, fmt.Errorf("store %s: %w", s.dir, err)
	}
	root, err := os.OpenRoot(s.dir)
	if err != nil {
		return nil, fmt.Errorf("store %s: %w", s.dir, err)
	}
	if err := makeDirs(root, dir); err != nil {
		root.Close()
		return nil, fmt.Errorf("store %s: %w", s.dir, err)
	}
	return root, nil
}

// makeDirs creates dir below root and makes new names durable on the way.
func makeDirs(root *os.Root, dir string) error {
	if fi, err := root.Lstat(dir); err == nil && fi.IsDir() {
		return nil
	}
	parent := path.Dir(dir)
	if parent != "." {
		if err := makeDirs(root, parent); err != nil {
			return err
		}
	}
	if err := root.Mkdir(dir, 0o777); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	if fi, err := root.Lstat(dir); err != nil {
		return err
	} else if !fi.IsDir() {
		return &os.PathError{Op: "mkdir", Path: dir, Err: fmt.Errorf("is a %s, want a directory", kind(fi.Mode()))}
	}
	return syncDir(root, parent)
}

// A pending is a file that has no name in the store yet. Exactly one of
// commit and abandon ends it; abandon after commit does nothing.
type pending struct {
	root *os.Root
	f    *os.File
	dir  string
	tmp  string
}

// create starts a file in dir.
func create(root *os.Root, dir string) (*pending, error) {
	sweep(root, dir)
	tmp := path.Join(dir, tmpPrefix+rand.Text())
	f, err := root.OpenFile(tmp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o444)
	if err != nil {
		return nil, err
	}
	return &pending{root: root, f: f, dir: dir, tmp: tmp}, nil
}

// commit gives the file its name, replacing what had it, and returns when both
// contents and name are on disk.
func (p *pending) commit(name string) error {
	if err := p.f.Sync(); err != nil {
		return err
	}
	// Some file systems report a full disk only on close.
	if err := p.f.Close(); err != nil {
		return err
	}
	p.f = nil
	if err := p.root.Rename(p.tmp, path.Join(p.dir, name)); err != nil {
		return err
	}
	p.tmp = ""
	return syncDir(p.root, p.dir)
}

// abandon removes the file if it was not committed.
func (p *pending) abandon() {
	if p.f != nil {
		p.f.Close()
		p.f = nil
	}
	if p.tmp != "" {
		p.root.Remove(p.tmp)
		p.tmp = ""
	}
}

// sweep removes what killed processes left behind. It is best effort: a
// leftover costs room and nothing else.
func sweep(root *os.Root, dir string) {
	names, err := list(root, dir, func(n string) bool { return strings.HasPrefix(n, tmpPrefix) })
	if err != nil {
		return
	}
	for _, n := range names {
		n = path.Join(dir, n)
		if fi, err := root.Lstat(n); err == nil && time.Since(fi.ModTime()) > staleTmp {
			root.Remove(n)
		}
	}
}

// openRegular opens a file for reading if it is a regular file of at most
// limit bytes, and not a link to one.
func openRegular(root *os.Root, name string, limit int64) (*os.File, error) {
	// Another process may give the name to a new file between the look and the
	// opening; that many times in a row it does not.
	const tries = 100
	for range tries {
		f, err := openSame(root, name, limit)
		if err != nil || f != nil {
			return f, err
		}
	}
	return nil, fmt.Errorf("%s: replaced each of %d times it was opened: %w", name, tries, ErrDamaged)
}

// openSame is openRegular, once. Without a file and an error, the one that was
// opened is not the one that was looked at.
func openSame(root *os.Root, name string, limit int64) (*os.File, error) {
	lst, err := root.Lstat(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", name, ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	if !lst.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: is a %s, want a regular file: %w", name, kind(lst.Mode()), ErrDamaged)
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	if err == nil && fi.Size() > limit {
		err = fmt.Errorf("%s: %d bytes, at most %d are read: %w", name, fi.Size(), limit, ErrDamaged)
	}
	if err != nil || !os.SameFile(lst, fi) {
		f.Close()
		return nil, err
	}
	return f, nil
}

// readRegular reads a whole file under the rules of openRegular.
func readRegular(root *os.Root, name string, limit int64) ([]byte, error) {
	f, err := openRegular(root, name, limit)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	// The file may grow after the check of its size.
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%s: more than %d bytes: %w", name, limit, ErrDamaged)
	}
	return b, nil
}

// list returns the names in dir that keep accepts, sorted; none if dir does
// not exist.
func list(root *os.Root, dir string, keep func(string) bool) ([]string, error) {
	fi, err := root.Lstat(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	// Opening a named pipe would wait for its writer.
	if !fi.IsDir() {
		return nil, fmt.Errorf("%s: is a %s, want a directory: %w", dir, kind(fi.Mode()), ErrDamaged)
	}
	d, err := root.Open(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	return sortedKeep(names, keep), nil
}
