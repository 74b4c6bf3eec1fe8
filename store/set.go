package store

import (
	"errors"
	"fmt"
	"os"

	"moho/evidence"
)

// A Set is several stores read as one. What one of them can't answer another
// may; an error is returned only if none could answer.
type Set []*Store

// OpenSet opens every directory of dirs, in order.
func OpenSet(dirs []string) (Set, error) {
	var set Set
	for _, d := range dirs {
		s, err := Open(d)
		if err != nil {
			return nil, err
		}
		set = append(set, s)
	}
	return set, nil
}

// Artifact is [Store.Artifact] of the first store that has the artifact intact.
func (ss Set) Artifact(sha string) (string, error) {
	return first(ss, "artifact "+sha, func(s *Store) (string, error) { return s.Artifact(sha) })
}

// OpenArtifact is [Store.OpenArtifact] of the first store that has the artifact intact.
func (ss Set) OpenArtifact(sha string) (*os.File, error) {
	return first(ss, "artifact "+sha, func(s *Store) (*os.File, error) { return s.OpenArtifact(sha) })
}

func first[T any](ss Set, what string, get func(*Store) (T, error)) (T, error) {
	var errs []error
	for _, s := range ss {
		v, err := get(s)
		if err == nil {
			return v, nil
		}
		errs = append(errs, err)
	}
	var zero T
	return zero, notFound(what, errs)
}

// notFound prefers what is wrong with a store over what is merely not in it.
func notFound(what string, errs []error) error {
	var bad []error
	for _, err := range errs {
		if !errors.Is(err, ErrNotFound) {
			bad = append(bad, err)
		}
	}
	if len(bad) > 0 {
		return errors.Join(bad...)
	}
	if len(errs) == 1 {
		return errs[0]
	}
	return fmt.Errorf("%s: %w (%d stores asked)", what, ErrNotFound, len(errs))
}

// ByBuildID merges [Store.ByBuildID] of all stores; an artifact that several
// know appears once, with its bytes if any has them.
func (ss Set) ByBuildID(id evidence.BuildID) ([]Entry, error) {
	var out []Entry
	var errs []error
	at := map[string]int{}
	for _, s := range ss {
		es, err := s.ByBuildID(id)
		if err != nil {
			errs = append(errs, err)
		}
		for _, e := range es {
			i, dup := at[e.SHA256]
			switch {
			case !dup:
				at[e.SHA256] = len(out)
				out = append(out, e)
			case out[i].Path == "":
				out[i].Path = e.Path
			}
		}
	}
	if len(out) == 0 && len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	sortEntries(out)
	return out, nil
}

// ReportsFor merges [Store.ReportsFor] of all stores, newest first, each
// report once.
func (ss Set) ReportsFor(sha string) ([]StoredReport, error) {
	var out []StoredReport
	var errs []error
	seen := map[string]bool{}
	for _, s := range ss {
		reps, err := s.ReportsFor(sha)
		if err != nil {
			errs = append(errs, err)
		}
		for _, r := range reps {
			if !seen[r.SHA256] {
				seen[r.SHA256] = true
				out = append(out, r)
			}
		}
	}
	if len(out) == 0 {
		return nil, notFound("report about artifact "+sha, errs)
	}
	sortReports(out)
	return out, nil
}
