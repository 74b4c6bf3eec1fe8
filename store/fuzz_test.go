package store

import (
	"os"
	"reflect"
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

// FuzzReport decodes arbitrary bytes as a stored report. Properties: an error
// comes with a zero report; the wrong name is always an error; what was decoded
// can be stored and read again and still states the same.
func FuzzReport(f *testing.F) {
	good, err := EncodeReport(report(1, evidenceArtifact(digestBytes([]byte("app")), "id")))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add([]byte(`{"schema":"moho/report/v1"}`))
	f.Add([]byte(`{"schema":"moho/report/v1","statement":{"artifacts":[{}],"findings":null}}`))
	f.Add([]byte(`{"schema":"moho/report/v2"}`))
	f.Add([]byte(`[]`))

	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := decodeNamed(data, digestBytes([]byte("x"))); err == nil && string(data) != "x" {
			t.Error("read under a name that is not its digest")
		}
		rep, err := decodeNamed(data, digestBytes(data))
		if err != nil {
			if !reflect.ValueOf(rep).IsZero() {
				t.Errorf("error %v and report %v", err, rep)
			}
			return
		}
		enc, err := EncodeReport(rep)
		if err != nil {
			t.Fatalf("decoded, can't be encoded: %v", err)
		}
		again, err := decodeNamed(enc, digestBytes(enc))
		if err != nil {
			t.Fatalf("encoded, can't be decoded: %v", err)
		}
		a, errA := StatementDigest(rep.Statement)
		b, errB := StatementDigest(again.Statement)
		if a != b || errA != nil || errB != nil {
			t.Errorf("statement %s became %s (%v, %v)", a, b, errA, errB)
		}
	})
}

// FuzzEntry: an index entry gives a digest, safe as a file name, or an error.
func FuzzEntry(f *testing.F) {
	f.Add([]byte(digestBytes(nil) + "\n"))
	f.Add([]byte("../../../../etc/passwd\n"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := decodeEntry(data)
		if (err == nil) != (d != "") {
			t.Errorf("decodeEntry = %q, %v", d, err)
		}
		if err == nil && d+"\n" != string(data) {
			t.Errorf("entry %q read as %q", data, d)
		}
	})
}
