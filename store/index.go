package store

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"moho/evidence"
)

const (
	byArtifactDir = "index/artifact"
	byBuildIDDir  = "index/buildid"

	// maxIndex bounds how many entries one key may have before a reader gives
	// up: far more statements or twins than any real artifact has.
	maxIndex = 4096
)

// An Entry is one artifact that carries a Build ID, as a report states it.
type Entry struct {
	SHA256 string
	Path   string // "" if the store has the report but not the bytes
	ID     evidence.BuildID
}

// index enters artifacts: what points to the report first, what points to the
// artifact last, so that nobody finds an artifact without its report.
func index(root *os.Root, as []evidence.Artifact, stmt, report string) error {
	for _, a := range as {
		dir := path.Join(byArtifactDir, a.SHA256)
		if err := makeDirs(root, dir); err != nil {
			return err
		}
		if err := putFile(root, dir, stmt, []byte(report+"\n")); err != nil {
			return err
		}
	}
	for _, a := range as {
		for _, key := range keys(a.BuildID()) {
			dir := path.Join(byBuildIDDir, key)
			if err := makeDirs(root, dir); err != nil {
				return err
			}
			if err := mark(root, dir, a.SHA256); err != nil {
				return err
			}
		}
	}
	return nil
}

// mark creates an empty file. It needs no temporary name: there is nothing in
// it to be half-written.
func mark(root *os.Root, dir, name string) error {
	f, err := root.OpenFile(path.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o444)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return syncDir(root, dir)
}

// keys returns the directory names under which a Build ID is filed. Go IDs
// hold slashes and may be anything a linker flag says, so both are hashed.
func keys(id evidence.BuildID) []string {
	var out []string
	if id.Go != "" {
		out = append(out, digestBytes([]byte("go:"+id.Go)))
	}
	if id.GNU != "" {
		out = append(out, digestBytes([]byte("gnu:"+strings.ToLower(id.GNU))))
	}
	return out
}

// indexed returns the digests of the reports filed for an artifact, sorted.
func indexed(root *os.Root, sha string) ([]string, error) {
	dir := path.Join(byArtifactDir, sha)
	stmts, err := list(root, dir, isDigest)
	if err != nil {
		return nil, err
	}
	if len(stmts) > maxIndex {
		return nil, fmt.Errorf("%s: %d entries, at most %d are read: %w", dir, len(stmts), maxIndex, ErrDamaged)
	}
	var out []string
	for _, stmt := range stmts {
		name := path.Join(dir, stmt)
		b, err := readRegular(root, name, 128)
		if err != nil {
			return nil, err
		}
		d, err := decodeEntry(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out = append(out, d)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// decodeEntry returns the digest that an index entry holds.
func decodeEntry(b []byte) (string, error) {
	d, ok := strings.CutSuffix(string(b), "\n")
	if !ok || !isDigest(d) {
		return "", fmt.Errorf("does not hold one line with a digest: %w", ErrDamaged)
	}
	return d, nil
}

// ByBuildID returns the artifacts that carry id, sorted by digest. An artifact
// is returned only if a stored report states a Build ID for it that matches
// (see [evidence.BuildID.Matches]). No match is an empty set, not an error; an
// error means that nothing was found and something could not be read.
func (s *Store) ByBuildID(id evidence.BuildID) ([]Entry, error) {
	id.GNU = strings.ToLower(id.GNU)
	root, err := s.read()
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer root.Close()

	var shas []string
	var errs []error
	for _, key := range keys(id) {
		dir := path.Join(byBuildIDDir, key)
		names, err := list(root, dir, isDigest)
		if err == nil && len(names) > maxIndex {
			err = fmt.Errorf("%s: %d entries, at most %d are read: %w", dir, len(names), maxIndex, ErrDamaged)
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		shas = append(shas, names...)
	}
	slices.Sort(shas)
	var out []Entry
	for _, sha := range slices.Compact(shas) {
		e, ok, err := s.entry(root, sha, id)
		if err != nil {
			errs = append(errs, err)
		} else if ok {
			out = append(out, e)
		}
	}
	if len(out) == 0 && len(errs) > 0 {
		return nil, fmt.Errorf("store %s: %w", s.dir, errors.Join(errs...))
	}
	return out, nil
}

// entry checks against the reports that an artifact really carries id.
func (s *Store) entry(root *os.Root, sha string, id evidence.BuildID) (Entry, bool, error) {
	reps, err := s.reportsFor(root, sha)
	if err != nil {
		return Entry{}, false, err
	}
	for _, r := range reps {
		a, _ := r.Artifact(sha)
		have := a.BuildID()
		have.GNU = strings.ToLower(have.GNU)
		if !have.Matches(id) {
			continue
		}
		e := Entry{SHA256: sha, ID: have}
		if has(root, sha) {
			e.Path = filepath.Join(s.dir, filepath.FromSlash(artifactDir), sha)
		}
		return e, true, nil
	}
	return Entry{}, false, nil
}

func sortEntries(es []Entry) {
	slices.SortFunc(es, func(a, b Entry) int { return cmp.Compare(a.SHA256, b.SHA256) })
}
