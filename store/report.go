package store

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"moho/evidence"
)

// MaxReport is the size of the largest report that is read back: 64 MiB.
const MaxReport = 64 << 20

const reportDir = "reports/sha256"

// A StoredReport is a report with the place where it lies.
type StoredReport struct {
	Path   string // absolute
	SHA256 string // of the file, in hex
	Report evidence.Report
}

// Artifact returns what the report says about the artifact with this digest.
func (r StoredReport) Artifact(sha string) (evidence.Artifact, bool) {
	i := slices.IndexFunc(r.Report.Statement.Artifacts, func(a evidence.Artifact) bool { return a.SHA256 == sha })
	if i < 0 {
		return evidence.Artifact{}, false
	}
	return r.Report.Statement.Artifacts[i], true
}

// PutReport stores a report and enters its artifacts into the index, by digest
// and by Build ID. It returns the SHA-256 of the report's file in hex and its
// path. Of several reports that state the same about an artifact the last one
// put is found again.
func (s *Store) PutReport(ctx context.Context, rep evidence.Report) (digest, file string, err error) {
	data, err := EncodeReport(rep)
	if err != nil {
		return "", "", err
	}
	for _, a := range rep.Statement.Artifacts {
		if err := checkDigest(a.SHA256); err != nil {
			return "", "", fmt.Errorf("report: artifact %s (%s): %w", a.Name, a.Target, err)
		}
	}
	stmt, err := StatementDigest(rep.Statement)
	if err != nil {
		return "", "", err
	}
	root, err := s.write(reportDir)
	if err != nil {
		return "", "", err
	}
	defer root.Close()

	digest = digestBytes(data)
	err = context.Cause(ctx)
	if err == nil {
		err = putFile(root, reportDir, digest+".json", data)
	}
	if err == nil {
		err = index(root, rep.Statement.Artifacts, stmt, digest)
	}
	if err != nil {
		return "", "", fmt.Errorf("store %s: put report: %w", s.dir, err)
	}
	return digest, filepath.Join(s.dir, filepath.FromSlash(reportDir), digest+".json"), nil
}

// EncodeReport returns the JSON of a report as the store and build-report.json
// hold it: indented, one trailing newline. It refuses what
// [evidence.DecodeReport] would refuse.
func EncodeReport(rep evidence.Report) ([]byte, error) {
	if rep.Schema != evidence.SchemaReport {
		return nil, fmt.Errorf("report: schema is %q, want %q", rep.Schema, evidence.SchemaReport)
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false) // people read it: << is no \u003c\u003c
	enc.SetIndent("", "  ")
	if err := enc.Encode(rep); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	data := buf.Bytes()
	if len(data) > MaxReport {
		return nil, fmt.Errorf("report: %d bytes of JSON, at most %d are kept", len(data), MaxReport)
	}
	return data, nil
}

func putFile(root *os.Root, dir, name string, data []byte) error {
	p, err := create(root, dir)
	if err != nil {
		return err
	}
	defer p.abandon()
	if _, err := p.f.Write(data); err != nil {
		return err
	}
	return p.commit(name)
}

// ReportsFor returns the reports about the artifact with this digest, newest
// first, one for each distinct statement. The error wraps [ErrNotFound] if
// there is none and [ErrDamaged] if one is not what the index says.
func (s *Store) ReportsFor(sha string) ([]StoredReport, error) {
	if err := checkDigest(sha); err != nil {
		return nil, err
	}
	root, err := s.read()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	reps, err := s.reportsFor(root, sha)
	if err != nil {
		return nil, fmt.Errorf("store %s: %w", s.dir, err)
	}
	return reps, nil
}

func (s *Store) reportsFor(root *os.Root, sha string) ([]StoredReport, error) {
	digests, err := indexed(root, sha)
	if err != nil {
		return nil, err
	}
	var reps []StoredReport
	for _, d := range digests {
		r, err := s.report(root, d)
		if err != nil {
			return nil, err
		}
		if _, ok := r.Artifact(sha); !ok {
			return nil, fmt.Errorf("%s: indexed for artifact %s but does not mention it: %w", path.Join(reportDir, d+".json"), sha, ErrDamaged)
		}
		reps = append(reps, r)
	}
	if len(reps) == 0 {
		return nil, fmt.Errorf("report about artifact %s: %w", sha, ErrNotFound)
	}
	sortReports(reps)
	return reps, nil
}

// report reads one report and checks that it is what its name says.
func (s *Store) report(root *os.Root, digest string) (StoredReport, error) {
	name := path.Join(reportDir, digest+".json")
	data, err := readRegular(root, name, MaxReport)
	if err != nil {
		return StoredReport{}, err
	}
	rep, err := decodeNamed(data, digest)
	if err != nil {
		return StoredReport{}, fmt.Errorf("%s: %w: %w", name, ErrDamaged, err)
	}
	return StoredReport{Path: filepath.Join(s.dir, filepath.FromSlash(name)), SHA256: digest, Report: rep}, nil
}

// decodeNamed decodes a report that must have the given digest.
func decodeNamed(data []byte, digest string) (evidence.Report, error) {
	if got := digestBytes(data); got != digest {
		return evidence.Report{}, fmt.Errorf("contents have sha256 %s", got)
	}
	return evidence.DecodeReport(data)
}

// sortReports puts the newest first; the digest breaks ties.
func sortReports(reps []StoredReport) {
	slices.SortFunc(reps, func(a, b StoredReport) int {
		return cmp.Or(b.Report.Run.Finished.Compare(a.Report.Run.Finished), strings.Compare(a.SHA256, b.SHA256))
	})
}

// Reports returns the digests of all reports, sorted: names found in the
// directory, not checked contents.
func (s *Store) Reports() ([]string, error) {
	root, err := s.read()
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer root.Close()
	names, err := list(root, reportDir, func(n string) bool {
		d, ok := strings.CutSuffix(n, ".json")
		return ok && isDigest(d)
	})
	if err != nil {
		return nil, fmt.Errorf("store %s: %w", s.dir, err)
	}
	for i, n := range names {
		names[i] = strings.TrimSuffix(n, ".json")
	}
	return names, nil
}
