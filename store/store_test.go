package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"moho/evidence"
)

func open(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t testing.TB, s *Store, data string) string {
	t.Helper()
	sha, n, err := s.PutArtifact(t.Context(), strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if n != int64(len(data)) {
		t.Fatalf("size = %d, want %d", n, len(data))
	}
	return sha
}

// report returns a report over artifacts, finished at second sec.
func report(sec int64, as ...evidence.Artifact) evidence.Report {
	return evidence.Report{
		Schema:    evidence.SchemaReport,
		Statement: evidence.Statement{Source: evidence.Source{Module: "example.org/app"}, Artifacts: as},
		Run:       evidence.Run{Started: time.Unix(sec-1, 0).UTC(), Finished: time.Unix(sec, 0).UTC()},
	}
}

func putReport(t testing.TB, s *Store, r evidence.Report) string {
	t.Helper()
	digest, path, err := s.PutReport(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(path); err != nil || digestBytes(data) != digest {
		t.Fatalf("report %s: read back: %v, digest %s", path, err, digestBytes(data))
	}
	return digest
}

// files lists everything below dir, directories left out.
func files(t testing.TB, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, p)
			out = append(out, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestArtifactRoundTrip(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "deep", ".moho"))
	const data = "not really a program"
	sha := put(t, s, data)
	if want := digestBytes([]byte(data)); sha != want {
		t.Fatalf("sha = %s, want %s", sha, want)
	}
	if again := put(t, s, data); again != sha {
		t.Errorf("second put = %s, want %s", again, sha)
	}
	// A reader that can't seek takes the other way to the same file.
	if got, _, err := s.PutArtifact(t.Context(), io.MultiReader(strings.NewReader(data))); err != nil || got != sha {
		t.Errorf("put without seek = %s, %v", got, err)
	}
	path, err := s.Artifact(sha)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != data {
		t.Errorf("read back %q, %v", got, err)
	}
	if diff := cmp.Diff([]string{"artifacts/sha256/" + sha}, files(t, s.Dir())); diff != "" {
		t.Errorf("files in the store (-want +got):\n%s", diff)
	}
	if got, err := s.Artifacts(); err != nil || !cmp.Equal(got, []string{sha}) {
		t.Errorf("Artifacts = %v, %v", got, err)
	}
}

func TestArtifactRefused(t *testing.T) {
	good := digestBytes([]byte("good"))
	tests := []struct {
		name  string
		sha   string
		plant func(t *testing.T, path string)
		want  error
		text  string
	}{
		{"unknown", good, nil, ErrNotFound, "not in the store"},
		{"not a digest", "../../etc/passwd", nil, nil, "64 lower-case hex"},
		{"upper case", strings.ToUpper(good), nil, nil, "64 lower-case hex"},
		{"one byte changed", good, func(t *testing.T, p string) { write(t, p, "goof") }, ErrDamaged, "contents have sha256"},
		{"appended", good, func(t *testing.T, p string) { write(t, p, "good\n") }, ErrDamaged, "contents have sha256"},
		{"truncated", good, func(t *testing.T, p string) { write(t, p, "") }, ErrDamaged, "contents have sha256"},
		{"directory", good, func(t *testing.T, p string) { mkdir(t, p) }, ErrDamaged, "is a directory"},
		{"link to the right bytes", good, func(t *testing.T, p string) {
			write(t, p+".real", "good")
			if err := os.Symlink(filepath.Base(p)+".real", p); err != nil {
				t.Fatal(err)
			}
		}, ErrDamaged, "is a symbolic link"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t, t.TempDir())
			put(t, s, "something else")
			if tt.plant != nil {
				tt.plant(t, filepath.Join(s.Dir(), "artifacts", "sha256", tt.sha))
			}
			path, err := s.Artifact(tt.sha)
			if path != "" || err == nil {
				t.Fatalf("Artifact = %q, %v; want an error", path, err)
			}
			if tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("error %v does not wrap %v", err, tt.want)
			}
			if !strings.Contains(err.Error(), tt.text) {
				t.Errorf("error %q does not say %q", err, tt.text)
			}
		})
	}
}

func write(t testing.TB, path, data string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
		t.Fatal(err)
	}
}

func mkdir(t testing.TB, path string) {
	t.Helper()
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestPutHealsDamage(t *testing.T) {
	s := open(t, t.TempDir())
	sha := put(t, s, "good")
	path := filepath.Join(s.Dir(), "artifacts", "sha256", sha)
	os.Chmod(path, 0o644)
	write(t, path, "evil")
	if _, err := s.Artifact(sha); !errors.Is(err, ErrDamaged) {
		t.Fatalf("Artifact of damaged file: %v", err)
	}
	put(t, s, "good")
	if _, err := s.Artifact(sha); err != nil {
		t.Errorf("after putting it again: %v", err)
	}
}

func TestReports(t *testing.T) {
	s := open(t, t.TempDir())
	a := evidence.Artifact{Name: "app", Target: "linux/amd64", SHA256: put(t, s, "app"), GoBuildID: "a/b/c/d", GNUBuildID: "ab12"}
	stripped := a
	stripped.SHA256 = put(t, s, "app stripped") // strip keeps both IDs
	other := evidence.Artifact{Name: "other", SHA256: put(t, s, "other"), GoBuildID: "a/b/c/e"}
	absent := evidence.Artifact{Name: "absent", SHA256: digestBytes([]byte("nowhere")), GoBuildID: "x/y", GNUBuildID: "ff"}

	old := putReport(t, s, report(100, a))
	r2 := putReport(t, s, report(300, a, stripped))
	r1 := putReport(t, s, report(200, a)) // states the same as old
	putReport(t, s, report(400, other, absent))

	reps, err := s.ReportsFor(a.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range reps {
		got = append(got, r.SHA256)
	}
	if diff := cmp.Diff([]string{r2, r1}, got); diff != "" {
		t.Errorf("reports, newest first, %s superseded (-want +got):\n%s", old, diff)
	}
	if _, err := s.ReportsFor(digestBytes([]byte("never"))); !errors.Is(err, ErrNotFound) {
		t.Errorf("reports of an unknown artifact: %v", err)
	}
	if all, err := s.Reports(); err != nil || len(all) != 4 {
		t.Errorf("Reports = %d names, %v; want 4", len(all), err)
	}

	tests := []struct {
		name string
		id   evidence.BuildID
		want []string
	}{
		{"by Go ID", evidence.BuildID{Go: "a/b/c/d"}, []string{a.SHA256, stripped.SHA256}},
		{"by GNU ID", evidence.BuildID{GNU: "ab12"}, []string{a.SHA256, stripped.SHA256}},
		{"by GNU ID in capitals", evidence.BuildID{GNU: "AB12"}, []string{a.SHA256, stripped.SHA256}},
		{"by both", evidence.BuildID{Go: "a/b/c/d", GNU: "ab12"}, []string{a.SHA256, stripped.SHA256}},
		{"one agrees, one does not", evidence.BuildID{Go: "a/b/c/z", GNU: "ab12"}, nil},
		{"only one is known", evidence.BuildID{Go: "a/b/c/e", GNU: "77"}, []string{other.SHA256}},
		{"bytes not stored", evidence.BuildID{GNU: "ff"}, []string{absent.SHA256}},
		{"unknown", evidence.BuildID{Go: "q"}, nil},
		{"none", evidence.BuildID{}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			es, err := s.ByBuildID(tt.id)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range es {
				got = append(got, e.SHA256)
				if (e.Path == "") != (e.SHA256 == absent.SHA256) {
					t.Errorf("path of %s is %q", e.SHA256, e.Path)
				}
			}
			want := sortedKeep(append([]string(nil), tt.want...), isDigest)
			if len(want) == 0 {
				want = nil
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestIndexLies: the index only points; what it points to decides.
func TestIndexLies(t *testing.T) {
	id := evidence.BuildID{Go: "id"}
	setup := func(t *testing.T) (s *Store, sha, digest, stmt string) {
		s = open(t, t.TempDir())
		sha = put(t, s, "app")
		r := report(1, evidence.Artifact{SHA256: sha, GoBuildID: id.Go})
		stmt, err := StatementDigest(r.Statement)
		if err != nil {
			t.Fatal(err)
		}
		return s, sha, putReport(t, s, r), stmt
	}
	t.Run("Build ID filed under another artifact", func(t *testing.T) {
		s, sha, _, _ := setup(t)
		evil := put(t, s, "evil")
		putReport(t, s, report(2, evidence.Artifact{SHA256: evil, GoBuildID: "other"}))
		write(t, filepath.Join(s.Dir(), "index", "buildid", keys(id)[0], evil), "")
		es, err := s.ByBuildID(id)
		if err != nil || len(es) != 1 || es[0].SHA256 != sha {
			t.Errorf("ByBuildID = %v, %v", es, err)
		}
	})
	t.Run("report about another artifact", func(t *testing.T) {
		s, sha, digest, _ := setup(t)
		evil := put(t, s, "evil")
		mkdir(t, filepath.Join(s.Dir(), "index", "artifact", evil))
		write(t, filepath.Join(s.Dir(), "index", "artifact", evil, sha), digest+"\n")
		if reps, err := s.ReportsFor(evil); !errors.Is(err, ErrDamaged) || reps != nil {
			t.Errorf("ReportsFor = %v, %v", reps, err)
		}
	})
	t.Run("report changed", func(t *testing.T) {
		s, sha, digest, _ := setup(t)
		p := filepath.Join(s.Dir(), "reports", "sha256", digest+".json")
		data, _ := os.ReadFile(p)
		os.Chmod(p, 0o644)
		write(t, p, strings.Replace(string(data), "example.org", "evil.org", 1))
		if reps, err := s.ReportsFor(sha); !errors.Is(err, ErrDamaged) || reps != nil {
			t.Errorf("ReportsFor = %v, %v", reps, err)
		}
		if es, err := s.ByBuildID(id); !errors.Is(err, ErrDamaged) || es != nil {
			t.Errorf("ByBuildID = %v, %v", es, err)
		}
	})
	for name, entry := range map[string]string{
		"entry is a path":    "../../../etc/passwd",
		"entry is empty":     "",
		"entry is endless":   strings.Repeat("0", 1<<16),
		"entry names nobody": digestBytes([]byte("gone")) + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			s, sha, _, stmt := setup(t)
			p := filepath.Join(s.Dir(), "index", "artifact", sha, stmt)
			os.Chmod(p, 0o644)
			write(t, p, entry)
			if reps, err := s.ReportsFor(sha); err == nil || reps != nil {
				t.Errorf("ReportsFor = %v, %v", reps, err)
			}
		})
	}
}

func TestPutReportRefuses(t *testing.T) {
	s := open(t, t.TempDir())
	for name, r := range map[string]evidence.Report{
		"no schema":        {},
		"digest is a path": report(1, evidence.Artifact{SHA256: "../../x"}),
		"no digest":        report(1, evidence.Artifact{Name: "app"}),
	} {
		if d, p, err := s.PutReport(t.Context(), r); err == nil || d != "" || p != "" {
			t.Errorf("%s: PutReport = %q, %q, %v", name, d, p, err)
		}
	}
	if got := files(t, s.Dir()); len(got) != 0 {
		t.Errorf("left behind: %v", got)
	}
}

func TestPutArtifactInterrupted(t *testing.T) {
	cause := errors.New("the wire was cut")
	ctx, cancel := context.WithCancelCause(t.Context())
	tests := []struct {
		name string
		ctx  context.Context
		r    io.Reader
	}{
		{"reader fails half way", t.Context(), io.MultiReader(strings.NewReader("half"), errReader{cause})},
		{"context done half way", ctx, io.MultiReader(strings.NewReader("half"), readFunc(func([]byte) (int, error) { cancel(cause); return 0, nil }), strings.NewReader("rest"))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t, t.TempDir())
			sha, n, err := s.PutArtifact(tt.ctx, tt.r)
			if !errors.Is(err, cause) || sha != "" || n != 0 {
				t.Errorf("PutArtifact = %q, %d, %v", sha, n, err)
			}
			if got := files(t, s.Dir()); len(got) != 0 {
				t.Errorf("left behind: %v", got)
			}
		})
	}
}

type errReader struct{ err error }

func (e errReader) Read([]byte) (int, error) { return 0, e.err }

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

// TestConcurrent has many writers put overlapping things while readers look:
// whatever has a name must be whole.
func TestConcurrent(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			s, err := Open(dir)
			if err != nil {
				t.Error(err)
				return
			}
			for i := range 12 {
				data := bytes.Repeat(fmt.Appendf(nil, "artifact %d ", i), 1000)
				// Without a seek every writer really writes.
				sha, _, err := s.PutArtifact(context.Background(), io.MultiReader(bytes.NewReader(data)))
				if err != nil {
					t.Error(err)
					return
				}
				a := evidence.Artifact{SHA256: sha, GoBuildID: fmt.Sprint("id", i)}
				if _, _, err := s.PutReport(context.Background(), report(int64(w*100+i), a)); err != nil {
					t.Error(err)
				}
				if _, err := s.Artifact(sha); err != nil {
					t.Error(err)
				}
				if reps, err := s.ReportsFor(sha); err != nil || len(reps) != 1 {
					t.Errorf("writer %d, artifact %d: %d reports, %v", w, i, len(reps), err)
				}
				if es, err := s.ByBuildID(a.BuildID()); err != nil || len(es) != 1 || es[0].SHA256 != sha {
					t.Errorf("writer %d, artifact %d: ByBuildID = %v, %v", w, i, es, err)
				}
			}
		})
	}
	wg.Wait()
	for _, f := range files(t, dir) {
		if strings.Contains(f, tmpPrefix) {
			t.Errorf("left behind: %s", f)
		}
	}
}

func TestSweep(t *testing.T) {
	s := open(t, t.TempDir())
	put(t, s, "first")
	dir := filepath.Join(s.Dir(), "artifacts", "sha256")
	stale, young := filepath.Join(dir, tmpPrefix+"stale"), filepath.Join(dir, tmpPrefix+"young")
	write(t, stale, "killed yesterday")
	write(t, young, "being written")
	old := time.Now().Add(-2 * staleTmp)
	if err := os.Chtimes(stale, old, old); err != nil {
		t.Fatal(err)
	}
	put(t, s, "second")
	if _, err := os.Stat(stale); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("stale temporary file: %v", err)
	}
	if _, err := os.Stat(young); err != nil {
		t.Errorf("another's temporary file: %v", err)
	}
	if got, err := s.Artifacts(); err != nil || len(got) != 2 {
		t.Errorf("Artifacts = %v, %v", got, err)
	}
}
