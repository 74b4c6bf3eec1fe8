package store

import (
	"os"
	"path/filepath"
	"testing"

	"moho/evidence"
)

func evidenceArtifact(sha, id string) evidence.Artifact {
	return evidence.Artifact{SHA256: sha, GoBuildID: id}
}

func breakFile(t testing.TB, path string) {
	t.Helper()
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	write(t, path, "broken")
}

// FuzzStored plants arbitrary bytes as an index entry and as a report that is
// named by its digest. Property: an answer is given only about the artifact
// that was asked for, and on an error there is none.
func FuzzStored(f *testing.F) {
	good, err := EncodeReport(report(1, evidenceArtifact(digestBytes([]byte("app")), "id")))
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(digestBytes(good)+"\n"), good)
	f.Add([]byte(digestBytes(good)), good[:len(good)/2])
	f.Add([]byte("../../../../etc/passwd"), []byte(`{"schema":"moho/report/v1"}`))
	f.Add([]byte{}, []byte(`{"schema":"moho/report/v1","statement":{"artifacts":[{}]}}`))
	f.Add([]byte("x"), []byte(`[]`))

	f.Fuzz(func(t *testing.T, entry, rep []byte) {
		s := open(t, t.TempDir())
		sha := digestBytes([]byte("app"))
		id := evidence.BuildID{Go: "id"}
		for p, data := range map[string][]byte{
			"reports/sha256/" + digestBytes(rep) + ".json":   rep,
			"index/artifact/" + sha + "/" + digestBytes(nil): entry,
			// The report as what the index points to, whatever entry says.
			"index/artifact/" + sha + "/" + sha:        []byte(digestBytes(rep)),
			"index/buildid/" + keys(id)[0] + "/" + sha: nil,
		} {
			p = filepath.Join(s.Dir(), filepath.FromSlash(p))
			mkdir(t, filepath.Dir(p))
			write(t, p, string(data))
		}
		reps, err := s.ReportsFor(sha)
		if (err == nil) != (len(reps) > 0) {
			t.Errorf("ReportsFor = %d reports, %v", len(reps), err)
		}
		for _, r := range reps {
			if _, ok := r.Artifact(sha); !ok || r.SHA256 != digestBytes(rep) {
				t.Errorf("report %s is about something else", r.SHA256)
			}
		}
		es, err := s.ByBuildID(id)
		if err != nil && es != nil {
			t.Errorf("ByBuildID = %v and %v", es, err)
		}
		for _, e := range es {
			if e.SHA256 != sha || !e.ID.Matches(id) {
				t.Errorf("entry %v does not match", e)
			}
		}
	})
}
