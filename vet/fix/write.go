package fix

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/diff"

	"moho/vet/source"
)

// Write puts the changed files on disk, each by renaming a new file with the
// old one's mode over it. A file whose text is no longer what was analysed stays
// as it is, and is named in the error together with those that could not be
// written; the others are written.
func (r Report) Write() error {
	var errs []error
	for _, f := range r.Files {
		if err := f.write(); err != nil {
			errs = append(errs, fmt.Errorf("%s is left alone: %w", f.Name, err))
		}
	}
	return errors.Join(errs...)
}

func (f File) write() error {
	path, err := filepath.EvalSymlinks(f.Path)
	if err != nil {
		return err
	}
	now, err := source.Read(path, nil)
	if err != nil {
		return err
	}
	if !bytes.Equal(now, f.Before) {
		return errors.New("it was changed since it was analysed")
	}
	fi, err := os.Stat(path)
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".moho-fix-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // gone already when all went well
	_, err = tmp.Write(f.After)
	if err := errors.Join(err, tmp.Chmod(fi.Mode().Perm()), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// Diff returns the changes of all files as one unified diff, with names as git
// writes them.
func (r Report) Diff() []byte {
	var b bytes.Buffer
	for _, f := range r.Files {
		d := diff.Diff("a/"+f.Name, f.Before, "b/"+f.Name, f.After)
		// Its first line is a command of its own, which patch does not know.
		_, rest, _ := bytes.Cut(d, []byte("\n"))
		b.Write(rest)
	}
	return b.Bytes()
}
