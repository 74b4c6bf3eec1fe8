package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
)

// MaxArtifact is the size of the largest artifact that is read back: 4 GiB.
const MaxArtifact = 4 << 30

const artifactDir = "artifacts/sha256"

// PutArtifact stores what r holds and returns its SHA-256 in hex and its size.
// If the store already has these bytes, nothing is written. On an error (the
// disk is full or read-only, ctx is done, r fails) nothing new has a name in
// the store.
func (s *Store) PutArtifact(ctx context.Context, r io.Reader) (sha256hex string, size int64, err error) {
	root, err := s.write(artifactDir)
	if err != nil {
		return "", 0, err
	}
	defer root.Close()
	sha256hex, size, err = putArtifact(ctx, root, r)
	if err != nil {
		return "", 0, fmt.Errorf("store %s: put artifact: %w", s.dir, err)
	}
	return sha256hex, size, nil
}

func putArtifact(ctx context.Context, root *os.Root, r io.Reader) (string, int64, error) {
	// Reading twice is far cheaper than writing and syncing once.
	if rs, ok := r.(io.ReadSeeker); ok {
		sum, n, err := copyHash(ctx, io.Discard, rs)
		if err != nil {
			return "", 0, err
		}
		if verified(ctx, root, sum) == nil {
			return sum, n, nil
		}
		if _, err := rs.Seek(0, io.SeekStart); err != nil {
			return "", 0, err
		}
	}
	p, err := create(root, artifactDir)
	if err != nil {
		return "", 0, err
	}
	defer p.abandon()
	sum, n, err := copyHash(ctx, p.f, r)
	if err != nil {
		return "", 0, err
	}
	if err := p.commit(sum); err != nil {
		return "", 0, err
	}
	return sum, n, nil
}

// Artifact returns the path of an artifact whose bytes have just been checked
// against its digest. The error wraps [ErrNotFound] if the store does not have
// it and [ErrDamaged] if what lies there is something else.
//
// The path can be changed by others between this check and its use; who can't
// accept that uses [Store.OpenArtifact].
func (s *Store) Artifact(sha string) (string, error) {
	f, err := s.OpenArtifact(sha)
	if err != nil {
		return "", err
	}
	f.Close()
	return filepath.Join(s.dir, filepath.FromSlash(artifactDir), sha), nil
}

// OpenArtifact returns an artifact opened for reading, at its start, after the
// digest was recomputed from this very descriptor. Errors are those of
// [Store.Artifact].
func (s *Store) OpenArtifact(sha string) (*os.File, error) {
	if err := checkDigest(sha); err != nil {
		return nil, err
	}
	root, err := s.read()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	f, err := openVerified(context.Background(), root, sha)
	if err != nil {
		return nil, fmt.Errorf("store %s: %w", s.dir, err)
	}
	return f, nil
}

func openVerified(ctx context.Context, root *os.Root, sha string) (*os.File, error) {
	name := path.Join(artifactDir, sha)
	f, err := openRegular(root, name, MaxArtifact)
	if err != nil {
		return nil, err
	}
	got, _, err := copyHash(ctx, io.Discard, f)
	if err == nil && got != sha {
		err = fmt.Errorf("%s: contents have sha256 %s: %w", name, got, ErrDamaged)
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func verified(ctx context.Context, root *os.Root, sha string) error {
	f, err := openVerified(ctx, root, sha)
	if err != nil {
		return err
	}
	return f.Close()
}

// has reports whether there is a file for the artifact, without reading it.
func has(root *os.Root, sha string) bool {
	fi, err := root.Lstat(path.Join(artifactDir, sha))
	return err == nil && fi.Mode().IsRegular()
}

// Artifacts returns the digests of all artifacts, sorted. They are names found
// in the directory, not checked contents.
func (s *Store) Artifacts() ([]string, error) {
	root, err := s.read()
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer root.Close()
	names, err := list(root, artifactDir, isDigest)
	if err != nil {
		return nil, fmt.Errorf("store %s: %w", s.dir, err)
	}
	return names, nil
}
